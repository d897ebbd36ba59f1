"""The variables of a product without a grid, as tables of rows and columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from .cells import spatial_dims
from .text import clean
from .time_axes import CLIMATOLOGICAL_DIMS, is_time_axis

REGIONAL = "_regional"
FRACTION = "valid_fraction"
BESIDE = {
    "uncertainty": "standard uncertainty",
    "uncertainty_uncorrelated": "standard uncertainty, errors independent from cell to cell",
    "uncertainty_correlated": "standard uncertainty, errors shared by all cells",
    "lower": "lower confidence limit",
    "upper": "upper confidence limit",
    "pvalue": "p-value of no change",
    "significant": "1 where significant with the whole field looked at, 0 where not",
    "place_lat": "latitude of the cell with the value",
    "place_lon": "longitude of the cell with the value",
}
"""What a variable may have beside it under its own name, an underscore and one of these."""


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

    def beside(self, product: xr.Dataset) -> dict[str, Series]:
        """Return what the product holds beside this variable, by the keys of `BESIDE`."""
        names = {FRACTION: f"{self.name}_{FRACTION}"} if self.regions else {}
        ending = str(self.da.name).removeprefix(self.name)
        names |= {key: f"{self.name}_{key}{ending}" for key in BESIDE}
        return {
            key: Series(name, product[name], self.axis)
            for key, name in names.items()
            if name in product and set(product[name].dims) == set(self.da.dims)
        }


def series_of(product: xr.Dataset) -> list[Series]:
    """Return the variables of a product along regions, or of a station without a grid."""
    found = []
    for name, da in product.data_vars.items():
        other = [str(dim) for dim in da.dims if dim != "region"]
        axes = [d for d in other if d in CLIMATOLOGICAL_DIMS or is_time_axis(da, d)]
        plain = not spatial_dims(da) and len(other) == len(axes) <= 1 and da.ndim > 0
        label = str(name).removesuffix(REGIONAL)
        if plain and not is_beside(label, product) and da.dtype.kind in "fiu":
            found.append(Series(label, da, axes[0] if axes else None))
    return found


def is_beside(label: str, product: xr.Dataset) -> bool:
    """Tell whether a variable belongs to another one, as its limits do."""
    owners = [label.removesuffix(f"_{key}") for key in (FRACTION, *BESIDE)]
    return any(o != label and (o in product or f"{o}{REGIONAL}" in product) for o in owners)


def counts_observations(da: xr.DataArray) -> bool:
    """Tell whether a variable says how much data another one is made of."""
    return str(da.attrs.get("standard_name", "")).endswith("number_of_observations")
