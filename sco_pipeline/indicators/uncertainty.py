"""What becomes of the uncertainty that a product carries when cells are averaged."""

from __future__ import annotations

import numpy as np
import xarray as xr


def mean_error(uncertainty: xr.DataArray, weights: xr.DataArray, correlated: bool) -> xr.DataArray:
    """Return the standard error of a weighted mean over space.

    Parameters
    ----------
    uncertainty : DataArray (..., space)
        Standard error of each cell.
    weights : DataArray (space)
        For example areas.
    correlated : bool
        Whether the errors of cells are taken as fully correlated, else as independent.

    Returns
    -------
    DataArray (...)
        In the units of `uncertainty`; cells without a value take no part.
    """
    space = [dim for dim in weights.dims if dim in uncertainty.dims]
    held = weights * uncertainty.notnull()
    if correlated:
        return (weights * uncertainty).sum(space) / held.sum(space)
    square: xr.DataArray = ((weights * uncertainty) ** 2).sum(space)
    error: xr.DataArray = np.sqrt(square) / held.sum(space)  # type: ignore[assignment]
    return error
