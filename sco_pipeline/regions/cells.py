"""Projected and curvilinear grids: the corners of their cells on the sphere."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray

from ..errors import RegionError
from .charts import CHARTS, Chart, chart_numbers
from .grid import EARTH_RADIUS, Grid, data_name

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SAME = 1e-7
"""Difference in degrees below which latitudes or longitudes are one."""
_KILOMETRE = 1000.0
_STRAIGHT = 0.004
"""Longest piece of an edge of a cell, in radians."""


@dataclass(frozen=True, eq=False)
class CellGrid:
    """Cells with four or more corners each, joined by great circles.

    Attributes
    ----------
    dims : tuple of str
        Names of the row and the column dimension.
    lat, lon : array (row, column, corner), degrees
        Corners in the order of the outline; a cell with a missing corner is no cell.
    cell_area : array (row, column) or None, m2
        As the data bring it.
    name : str
        The data, for messages.
    """

    dims: tuple[str, str]
    lat: Floats
    lon: Floats
    cell_area: Floats | None
    name: str

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.lat.shape[0], self.lat.shape[1]

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of the corners."""
        digest = hashlib.sha256(repr(self.lat.shape).encode())
        digest.update(np.ascontiguousarray(self.lat).tobytes())
        digest.update(np.ascontiguousarray(self.lon).tobytes())
        return digest.hexdigest()

    @functools.cached_property
    def charts(self) -> Integers:
        """Index of the chart of each cell, flattened; -1 for no cell."""
        lat, lon = self.centres(np.arange(self.shape[0] * self.shape[1]))
        numbers = chart_numbers(np.nan_to_num(lon), np.nan_to_num(lat))
        return np.where(np.isnan(lat), -1, numbers)

    @functools.cached_property
    def pieces(self) -> int:
        """Pieces into which each edge is cut, so that a great circle is straight in a chart."""
        corner = _vector(self.lat, self.lon)
        longest = np.nanmax(np.linalg.norm(corner - np.roll(corner, 1, axis=2), axis=-1))
        return int(np.clip(np.ceil(longest / _STRAIGHT), 1, 32))

    @functools.cached_property
    def steradian(self) -> Floats:
        """Area of each cell on the unit sphere."""
        area = np.full(self.charts.shape, np.inf)
        for number, chart in enumerate(CHARTS):
            cells = np.flatnonzero(self.charts == number)
            if len(cells):
                area[cells] = shapely.area(self.polygons(chart, cells))
        return area.reshape(self.shape)

    @property
    def area(self) -> Floats:
        """Area of each cell in m2: as the data bring it, else on a sphere."""
        if self.cell_area is not None:
            return self.cell_area
        return EARTH_RADIUS**2 * self.steradian

    def centres(self, cells: Integers) -> tuple[Floats, Floats]:
        """Return latitude and longitude of the middle of cells of the flattened grid."""
        corners = (a.reshape(-1, a.shape[-1])[cells] for a in (self.lat, self.lon))
        return _lat_lon(_vector(*corners).mean(axis=1))

    def polygons(self, chart: Chart, cells: Integers) -> NDArray[np.object_]:
        """Return the outlines of cells in a chart.

        Raises
        ------
        RegionError
            If the corners of a cell are out of order.
        """
        lat, lon = (a.reshape(-1, a.shape[-1])[cells] for a in (self.lat, self.lon))
        lat, lon = _lat_lon(_along_edges(_vector(lat, lon), self.pieces))
        x, y = chart.project(lon, lat)
        shapes: NDArray[np.object_] = shapely.polygons(np.stack([x, y], axis=-1))
        bad = np.flatnonzero(~shapely.is_valid(shapes))
        before = shapely.area(shapes[bad])
        shapes[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
        crossed = bad[np.abs(shapely.area(shapes[bad]) - before) > 1e-6 * before + 1e-14]
        if len(crossed):
            row, column = divmod(int(cells[crossed[0]]), self.shape[1])
            raise RegionError(
                f"{self.name}: the outline of the cell at row {row}, column {column} crosses "
                "itself; give the corners of each cell in order around it"
            )
        return shapes

    def __str__(self) -> str:
        """Say what is covered."""
        return (
            f"latitude {np.nanmin(self.lat):g} to {np.nanmax(self.lat):g} on a grid of "
            f"{self.shape[0]} x {self.shape[1]} cells"
        )


def cell_grid(
    da: xr.DataArray,
    lat: xr.DataArray,
    lon: xr.DataArray,
    bounds: xr.Dataset | None,
    area: Floats | None,
) -> CellGrid:
    """Return the grid of data with a latitude and longitude for every cell.

    Corners come from `bounds` if it holds them, else from the projection of the data
    (a `crs` coordinate and one-dimensional `x` and `y`), else from the middles of four
    neighbouring cells.

    Parameters
    ----------
    da : DataArray (..., y, x)
        Data on the grid.
    lat, lon : DataArray (y, x), degrees
        Centres.
    bounds : Dataset, optional
        Holds `lat_bnds` and `lon_bnds` (y, x, corner).
    area : array (y, x), optional, m2
        As the data bring it.

    Returns
    -------
    CellGrid

    Raises
    ------
    RegionError
        If the grid has a single row or column and no bounds.
    """
    name = data_name(da)
    dims = (str(lat.dims[0]), str(lat.dims[1]))
    given = _given(bounds, lat, lon)
    if given is None:
        given = _projected(da, lat, lon)
    if given is None:
        if min(lat.shape) < 2:
            raise RegionError(
                f"{name} has a grid of {lat.shape[0]} x {lat.shape[1]} cells without bounds; give "
                "a Dataset with lat_bnds and lon_bnds as 'bounds'"
            )
        middles = _vector(lat.to_numpy().astype(np.float64), lon.to_numpy().astype(np.float64))
        given = _lat_lon(_around(_corners(middles)))
    missing = np.isnan(given[0] + given[1]).any(axis=-1, keepdims=True)
    corners = [np.where(missing, np.nan, values) for values in given]
    return CellGrid(dims, corners[0], corners[1], area, name)


def as_rows(cells: CellGrid) -> Grid | None:
    """Return the same cells as rows and columns, where they are boxes of latitude and longitude.

    An equal-area cylindrical grid is one; its edges are parallels, not great circles.
    """
    if cells.lat.shape[2] != 4 or np.isnan(cells.lat).any():
        return None
    middle = cells.centres(np.arange(cells.lat[..., 0].size))[1].reshape(*cells.shape, 1)
    beside = middle + np.mod(cells.lon - middle + 180, 360) - 180
    lat, lon = np.sort(cells.lat, axis=2), np.sort(beside, axis=2)
    rows, columns = lat[:, 0][:, [0, 3]], lon[0][:, [0, 3]]
    same_lat = np.abs(lat - rows[:, None, [0, 0, 1, 1]]).max() < _SAME
    same_lon = np.abs(lon - columns[None, :, [0, 0, 1, 1]]).max() < _SAME
    narrow = (columns[:, 1] - columns[:, 0] < 180).all()
    if not (same_lat and same_lon and narrow):
        return None
    return Grid(cells.dims, rows, columns, cells.cell_area, cells.name)


def _given(
    bounds: xr.Dataset | None, lat: xr.DataArray, lon: xr.DataArray
) -> tuple[Floats, Floats] | None:
    """Return corners as the data give them."""
    found = []
    for axis in (lat, lon):
        for key in (axis.attrs.get("bounds"), f"{axis.name}_bnds", f"{axis.name}_bounds"):
            if bounds is not None and key in bounds.variables and bounds[key].ndim == 3:
                values = bounds[key].transpose(*axis.dims, ...).to_numpy()
                found.append(values.astype(np.float64))
                break
    return (found[0], found[1]) if len(found) == 2 else None


def _projected(
    da: xr.DataArray, lat: xr.DataArray, lon: xr.DataArray
) -> tuple[Floats, Floats] | None:
    """Return corners from the projection of the data, if it leads to their centres."""
    mapping = da.coords.get(da.attrs.get("grid_mapping", da.encoding.get("grid_mapping", "crs")))
    dims = [str(dim) for dim in lat.dims]
    if mapping is None or not all(dim in da.coords and da.sizes[dim] > 1 for dim in dims):
        return None
    from pyproj import CRS, Transformer
    from pyproj.exceptions import CRSError

    try:
        crs = CRS.from_cf(mapping.attrs)
    except (CRSError, KeyError) as error:
        raise RegionError(
            f"{data_name(da)}: {mapping.name!r} is no known grid mapping ({error!s:.200}); "
            "correct its attributes or remove it"
        ) from error
    move = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True).transform
    scale = _KILOMETRE if da[dims[1]].attrs.get("units") in ("km", "kilometers") else 1.0
    y, x = (da[dim].to_numpy().astype(np.float64) * scale for dim in dims)
    nodes = _vector(*reversed(move(*np.meshgrid(_edges(x), _edges(y)))))
    found = _vector(*reversed(move(*np.meshgrid(x, y))))
    given = _vector(lat.to_numpy().astype(np.float64), lon.to_numpy().astype(np.float64))
    known = np.isfinite(nodes[:-1, :-1] + nodes[1:, 1:] + found + given).all(axis=-1)
    size = np.linalg.norm(nodes[1:, 1:] - nodes[:-1, :-1], axis=-1)
    off = np.linalg.norm(found - given, axis=-1)
    if not known.any() or (off > size / 4)[known].any():
        return None
    corner_lat, corner_lon = _lat_lon(np.where(np.isfinite(nodes), nodes, np.nan))
    return _around(corner_lat), _around(corner_lon)


def _edges(middles: Floats) -> Floats:
    """Return edges midway between the centres of an axis."""
    inner = (middles[1:] + middles[:-1]) / 2
    first, last = 2 * middles[0] - inner[0], 2 * middles[-1] - inner[-1]
    return np.concatenate([[first], inner, [last]])


def _around(nodes: Floats) -> Floats:
    """Return the four nodes around each cell, in order."""
    return np.stack([nodes[:-1, :-1], nodes[:-1, 1:], nodes[1:, 1:], nodes[1:, :-1]], axis=2)


def _vector(lat: Floats, lon: Floats) -> Floats:
    phi, turn = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(turn), np.cos(phi) * np.sin(turn), np.sin(phi)], axis=-1)


def _along_edges(corner: Floats, pieces: int) -> Floats:
    """Return points along the great circles that join corners (cell, corner, 3)."""
    if pieces == 1:
        return corner
    following = np.roll(corner, -1, axis=1)[:, :, None]
    part = (np.arange(pieces) / pieces)[:, None]
    points = corner[:, :, None] * (1 - part) + following * part
    return points.reshape(len(corner), -1, 3)


def _lat_lon(vector: Floats) -> tuple[Floats, Floats]:
    lat = np.degrees(np.arctan2(vector[..., 2], np.hypot(vector[..., 0], vector[..., 1])))
    return lat, np.degrees(np.arctan2(vector[..., 1], vector[..., 0]))


def _corners(middles: Floats) -> Floats:
    """Return nodes between the middles of cells (row, column, 3), and beyond the outer ones."""
    step = np.linalg.norm(np.diff(middles, axis=1), axis=-1)
    across = np.linalg.norm(middles[:, 0] - middles[:, -1], axis=-1)
    closes = middles.shape[1] > 3 and np.nanmedian(across) < 1.5 * np.nanmedian(step)
    rows = _extended(middles, 0)
    if closes:
        wide = np.concatenate([rows[:, -1:], rows, rows[:, :1]], axis=1)
    else:
        wide = _extended(rows, 1)
    nodes = (wide[:-1, :-1] + wide[1:, :-1] + wide[:-1, 1:] + wide[1:, 1:]) / 4
    unit: Floats = nodes / np.linalg.norm(nodes, axis=-1, keepdims=True)
    return unit


def _extended(middles: Floats, axis: int) -> Floats:
    """Continue a grid by one cell on both sides."""
    m = np.moveaxis(middles, axis, 0)
    both = np.concatenate([2 * m[:1] - m[1:2], m, 2 * m[-1:] - m[-2:-1]])
    return np.moveaxis(both, 0, axis)
