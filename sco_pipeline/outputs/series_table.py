"""The variables of a product without a grid, as tables of rows and columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from .cells import spatial_dims
from .text import clean
from .time_axes import CLIMATOLOGICAL_DIMS, is_time_axis

REGIONAL = "_regional"
_FRACTION = "_valid_fraction"


@dataclass(frozen=True)
class Series:
    """A variable without a grid as a table.

    Attributes
    ----------
    name : str
        Of the variable, without ``_regional``.
    da : DataArray (row, column)
        Rows are periods (dimension `axis`), columns regions (dimension ``region``).
    axis : str or None
        Time axis or climatological dimension; None for one value for the whole period.
    """

    name: str
    da: xr.DataArray
    axis: str | None

    @property
    def regions(self) -> list[str]:
        """Ids of the regions; empty for a station."""
        return [str(r) for r in self.da["region"].values] if "region" in self.da.dims else []

    @property
    def titles(self) -> list[str]:
        """Names of the regions, else their ids."""
        if "region_name" in self.da.coords:
            return [clean(name) for name in self.da["region_name"].values]
        return self.regions

    @property
    def values(self) -> np.ndarray:
        """Values of shape (rows, columns)."""
        da = self.da if "region" in self.da.dims else self.da.expand_dims("region")
        axis = [self.axis] if self.axis else []
        return np.asarray(da.transpose(*axis, "region").values, dtype=float).reshape(
            -1, da.sizes["region"]
        )


def series_of(product: xr.Dataset) -> list[Series]:
    """Return the variables of a product along regions, or of a station without a grid."""
    found = []
    for name, da in product.data_vars.items():
        other = [str(dim) for dim in da.dims if dim != "region"]
        axes = [d for d in other if d in CLIMATOLOGICAL_DIMS or is_time_axis(da, d)]
        plain = not spatial_dims(da) and len(other) == len(axes) <= 1 and da.ndim > 0
        if plain and not str(name).endswith(_FRACTION) and da.dtype.kind in "fiu":
            label = str(name).removesuffix(REGIONAL)
            found.append(Series(label, da, axes[0] if axes else None))
    return found
