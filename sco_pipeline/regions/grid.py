"""Latitude-longitude grids: the edges of their rows and columns."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..errors import RegionError

EARTH_RADIUS = 6_371_007.181
"""Authalic radius of WGS 84 in m, used where the data bring no `cell_area`."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Grid:
    """Rows and columns of a latitude-longitude grid.

    Attributes
    ----------
    dims : tuple of str
        Names of the row and the column dimension.
    lat_bounds : array (row, 2), degrees
        South and north of each row, in the order of the data.
    lon_bounds : array (column, 2), degrees
        West and east of each column.
    cell_area : array (row, column) or None, m2
        As the data bring it.
    name : str
        The data, for messages.
    """

    dims: tuple[str, str]
    lat_bounds: Floats
    lon_bounds: Floats
    cell_area: Floats | None
    name: str

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.lat_bounds), len(self.lon_bounds)

    @property
    def sha256(self) -> str:
        """Hash of the edges."""
        digest = hashlib.sha256(repr(self.shape).encode())
        digest.update(np.ascontiguousarray(self.lat_bounds).tobytes())
        digest.update(np.ascontiguousarray(self.lon_bounds).tobytes())
        return digest.hexdigest()

    def centres(self, cells: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return latitude and longitude of the middle of cells of the flattened grid."""
        y, x = np.divmod(cells, self.shape[1])
        return self.lat_bounds.mean(axis=1)[y], self.lon_bounds.mean(axis=1)[x]

    @property
    def area(self) -> Floats:
        """Area of each cell in m2: as the data bring it, else on a sphere."""
        if self.cell_area is not None:
            return self.cell_area
        half = np.radians(self.lat_bounds[:, 1] - self.lat_bounds[:, 0]) / 2
        middle = np.radians(self.lat_bounds.mean(axis=1))
        height = 2 * np.sin(half) * np.cos(middle)
        width = np.radians(self.lon_bounds[:, 1] - self.lon_bounds[:, 0])
        area: Floats = EARTH_RADIUS**2 * height[:, None] * width
        return area

    def __str__(self) -> str:
        """Say what is covered."""
        return (
            f"latitude {self.lat_bounds.min():g} to {self.lat_bounds.max():g} and "
            f"longitude {self.lon_bounds.min():g} to {self.lon_bounds.max():g}"
        )


def rectilinear_grid(
    da: xr.DataArray,
    lat: xr.DataArray,
    lon: xr.DataArray,
    bounds: xr.Dataset | None,
    area: Floats | None,
) -> Grid:
    """Return the grid of data with one latitude a row and one longitude a column.

    Parameters
    ----------
    da : DataArray
        Data on the grid, for messages.
    lat, lon : DataArray (row,), (column,)
        Centres.
    bounds : Dataset, optional
        Holds `lat_bnds` and `lon_bnds`; without them edges are put midway between the centres.
    area : array (row, column), optional, m2
        As the data bring it.

    Returns
    -------
    Grid

    Raises
    ------
    RegionError
        If the bounds cannot be had or make no cells.
    """
    name = data_name(da)
    lat_bounds = np.clip(np.sort(_bounds(bounds, lat, name), axis=1), -90.0, 90.0)
    lon_bounds = np.sort(_bounds(bounds, lon, name), axis=1)
    for axis, pair in ((lat, lat_bounds), (lon, lon_bounds)):
        if not (pair[:, 1] > pair[:, 0]).all():
            raise RegionError(
                f"{name} has cells without width along {axis.name!r}; expected rising or falling "
                "centres, or bounds"
            )
    dims = (str(lat.dims[0]), str(lon.dims[0]))
    return Grid(dims, lat_bounds, lon_bounds, area, name)


def data_name(da: xr.DataArray) -> str:
    """Return what a message calls the data."""
    dataset = da.attrs.get("dataset")
    if dataset:
        return f"{da.name!r} of dataset {dataset!r}" if da.name else f"dataset {dataset!r}"
    return repr(da.name) if da.name else "the data"


_AXES = {
    "lat": (("lat", "latitude"), "degrees_north"),
    "lon": (("lon", "longitude"), "degrees_east"),
}


def find_coordinate(da: xr.DataArray, axis: str, name: str) -> xr.DataArray:
    """Return the latitude or longitude coordinate, by name or by its attributes."""
    names, units = _AXES[axis]
    for candidate in names:
        if candidate in da.coords:
            return da[candidate]
    for key, coordinate in da.coords.items():
        attrs = coordinate.attrs
        if attrs.get("standard_name") == names[1] or attrs.get("units") == units:
            return da[key]
    raise RegionError(
        f"{name} has no coordinate {names[1]!r}; found {sorted(map(str, da.coords))}. "
        f"Name one {names[0]!r} or give it the standard_name {names[1]!r}"
    )


def _bounds(bounds: xr.Dataset | None, axis: xr.DataArray, name: str) -> Floats:
    """Return (cell, 2) bounds, as given or midway between the centres."""
    dim = axis.dims[0]
    for key in (axis.attrs.get("bounds"), f"{axis.name}_bnds", f"{axis.name}_bounds"):
        if bounds is not None and key in bounds.variables and bounds[key].sizes.get(dim):
            values = bounds[key].transpose(dim, ...).to_numpy().astype(np.float64)
            if values.shape != (axis.size, 2):
                raise RegionError(
                    f"{name}: bounds {key!r} have shape {values.shape}; expected {(axis.size, 2)}"
                )
            return values
    centres = axis.to_numpy().astype(np.float64)
    if len(centres) < 2:
        raise RegionError(
            f"{name} has one value along {axis.name!r} and no bounds; "
            f"give a Dataset with {axis.name}_bnds as 'bounds'"
        )
    edges = np.empty(len(centres) + 1)
    edges[1:-1] = (centres[1:] + centres[:-1]) / 2
    edges[0] = centres[0] - (edges[1] - centres[0])
    edges[-1] = centres[-1] + (centres[-1] - edges[-2])
    return np.stack([edges[:-1], edges[1:]], axis=1)
