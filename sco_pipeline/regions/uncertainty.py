"""Uncertainty of a regional mean from the uncertainty of each cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from .aggregate import MIN_VALID_FRACTION, reduced
from .region import Regions
from .statistics import uncertainty

Floats = NDArray[np.float64]


def uncertainty_of_mean(
    sigma: xr.DataArray,
    regions: Regions | Any,
    *,
    of: xr.DataArray | None = None,
    bounds: xr.Dataset | None = None,
    min_valid_fraction: float = MIN_VALID_FRACTION,
    cache_dir: Path | None = None,
) -> xr.Dataset:
    """Return the standard uncertainty of regional means for the two ends of correlation.

    The truth lies between them: errors that are independent from cell to cell shrink with the
    number of cells, errors that all cells share do not.

    Parameters
    ----------
    sigma : DataArray (..., lat, lon)
        Standard uncertainty of each cell, in units of the field; NaN is missing.
    regions : Regions, or what `aggregate` takes
        What the means are of.
    of : DataArray (..., lat, lon), optional
        The field; cells where it is missing do not count.
    bounds, min_valid_fraction, cache_dir
        As in `aggregate`.

    Returns
    -------
    Dataset (..., region)
        ``uncorrelated``, the root of the sum of squares of weight times sigma; ``correlated``,
        the weighted mean of sigma. Weights are areas divided by the valid area.

    Raises
    ------
    RegionError
        As `aggregate`.
    """
    shown = sigma if of is None else sigma.where(of.notnull())
    both = reduced(
        shown,
        regions,
        uncertainty(),
        bounds=bounds,
        min_valid_fraction=min_valid_fraction,
        cache_dir=cache_dir,
    )
    result = xr.Dataset()
    for number, (name, errors) in enumerate(
        (("uncorrelated", "independent from cell to cell"), ("correlated", "shared by all cells"))
    ):
        one = both.isel(quantile=number, drop=True)
        attrs = {
            **one.attrs,
            "long_name": f"standard uncertainty of the regional mean, errors {errors}",
        }
        result[name] = one.assign_attrs(attrs)
    return result
