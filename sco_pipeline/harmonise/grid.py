"""Where the values of a file lie: one `Grid` for each kind of horizontal layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

LAT_ATTRS = {"standard_name": "latitude", "long_name": "latitude", "units": "degrees_north"}
LON_ATTRS = {"standard_name": "longitude", "long_name": "longitude", "units": "degrees_east"}
AREA_ATTRS = {
    "standard_name": "cell_area",
    "long_name": "area of the cell",
    "units": "m2",
}


@dataclass(frozen=True)
class Grid:
    """Horizontal layout of one file after harmonising.

    Attributes
    ----------
    dims : tuple of str
        ``("lat", "lon")``, ``("y", "x")``, ``("station",)`` or empty for a single series.
    raw_dims : tuple of str
        The dimensions of the file that become `dims`, in that order.
    takes : tuple of array of int
        Positions in the file, in harmonised order, for each of `dims`.
    coords : dict
        Coordinate variables of the harmonised Dataset, bounds and ``cell_area`` among them.
    """

    dims: tuple[str, ...]
    raw_dims: tuple[str, ...]
    takes: tuple[NDArray[np.intp], ...]
    coords: dict[str, xr.Variable]

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes along `dims`."""
        return tuple(len(take) for take in self.takes)

    def differs_from(self, other: Grid) -> str | None:
        """Return in words how another file's grid differs, or None if it is the same.

        Positions may differ by rounding: 1e-5 degrees, or 1e-5 of a cell on a projected grid.
        """
        if self is other:
            return None
        if self.dims != other.dims or self.shape != other.shape:
            return f"{dict(zip(self.dims, self.shape, strict=True))} and " + str(
                dict(zip(other.dims, other.shape, strict=True))
            )
        for name, mine in self.coords.items():
            theirs = other.coords.get(name)
            if theirs is None:
                return f"{name!r} is in one only"
            if name in ("lat", "lon", "y", "x", "station") and not _same(mine, theirs):
                return f"{name!r} differs"
        return None


def _same(one: xr.Variable, other: xr.Variable) -> bool:
    a, b = np.asarray(one.values), np.asarray(other.values)
    if a.dtype.kind not in "iuf":
        return bool((a == b).all())
    tolerance = 1e-5
    if a.ndim == 1 and a.size > 1:
        tolerance = min(tolerance, 1e-2 * float(np.abs(np.diff(a)).min())) or tolerance
        if np.abs(a).max() > 1000:  # metres
            tolerance = 1e-5 * float(np.abs(np.diff(a)).min())
    return bool(np.allclose(a, b, rtol=0, atol=tolerance, equal_nan=True))


def plain(values: Any) -> NDArray[np.float64]:
    """Return coordinates in double precision, as the decimal number that was meant.

    A single-precision 10.600000381 was written as 10.6: the shortest decimal that gives the same
    single-precision number is taken.
    """
    array = np.asarray(values)
    if array.dtype == np.float32:
        flat = [float(str(value)) for value in array.ravel()]
        return np.array(flat, dtype=np.float64).reshape(array.shape)
    return np.asarray(array, dtype=np.float64)
