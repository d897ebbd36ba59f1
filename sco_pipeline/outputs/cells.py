"""The cells of a field as quadrilaterals of a map, and the box that they cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..errors import OutputError
from .projection import FULL_CIRCLE, Extent, View

MOST_CELLS = 1500  # on a side; more cannot be seen on a picture
_FULL = 359.0
_USUAL_CUTS = (180.0, 25.0)
_NEAR = 0.15  # of the columns' cells; lakes do not make a continent
_WINDOW = 20.0  # degrees over which missing columns are averaged to find where to cut the globe


@dataclass(frozen=True)
class Cells:
    """Quadrilaterals of one map.

    Attributes
    ----------
    corners : ndarray (rows + 1, columns + 1, 2), m
        Map coordinates.
    values : masked array (rows, columns)
        Masked where missing.
    """

    corners: np.ndarray
    values: np.ma.MaskedArray

    @property
    def border(self) -> np.ndarray:
        """Outer edge of all cells, as a closed line."""
        c = self.corners
        sides = (c[0], c[1:, -1], c[-1, -2::-1], c[-2::-1, 0])
        return np.concatenate(sides)


def spatial_dims(da: xr.DataArray) -> tuple[str, str] | None:
    """Return the dimensions along y and x of a gridded variable; None if it has none."""
    for pair in (("lat", "lon"), ("y", "x")):
        if set(pair) <= set(da.dims):
            return pair
    return None


def extent_of(da: xr.DataArray) -> Extent:
    """Return the box of all cells that hold a value at any time.

    Parameters
    ----------
    da : DataArray (..., lat, lon) or (..., y, x)
        With coordinates lat and lon of one or two dimensions.

    Returns
    -------
    Extent
        Around the globe, it starts where the fewest columns hold values.
    """
    dims = spatial_dims(da)
    if dims is None:
        raise OutputError(f"{da.name!r} is not on a grid; it has dimensions {da.dims}")
    other = [dim for dim in da.dims if dim not in dims]
    valid = np.asarray(da.notnull().any(other).transpose(*dims).values)
    if not valid.any():
        valid = np.ones_like(valid)
    if dims == ("y", "x"):
        return _extent_of_points(da["lon"].values[valid], da["lat"].values[valid])
    lat, lon = axis_edges(da, "lat"), axis_edges(da, "lon")
    rows, columns = valid.any(axis=1), valid.any(axis=0)
    south = max(float(lat[rows].min()), -90.0)
    north = min(float(lat[rows].max()), 90.0)
    west, east = _arc(lon[columns], valid[:, columns].mean(axis=0))
    return Extent(west, south, east, north)


def with_edges(da: xr.DataArray, ds: xr.Dataset) -> xr.DataArray:
    """Give a variable the bounds of its cells, which only its Dataset can hold."""
    for name in ("lat", "lon"):
        bounds = ds.get(f"{name}_bnds")
        if bounds is not None and bounds.dims[:-1] == (name,) and name in da.dims:
            edges = np.sort(bounds.values.astype(float), axis=1)
            lower, upper = (name, edges[:, 0]), (name, edges[:, 1])
            da = da.assign_coords({f"{name}_lower": lower, f"{name}_upper": upper})
    return da


def axis_edges(da: xr.DataArray, name: str) -> np.ndarray:
    """Return (n, 2) lower and upper edges of the cells along an axis: bounds, or half-way."""
    centres = da[name].values.astype(float)
    if f"{name}_lower" in da.coords:
        return np.stack([da[f"{name}_lower"].values, da[f"{name}_upper"].values], axis=1)
    if centres.size == 1:
        return np.array([[centres[0] - 0.5, centres[0] + 0.5]])
    middles = (centres[1:] + centres[:-1]) / 2
    jump = np.abs(np.diff(centres)) > 1.5 * np.median(np.abs(np.diff(centres)))
    half = np.median(np.abs(np.diff(centres))) / 2
    lower = np.concatenate([[centres[0] - half], np.where(jump, centres[1:] - half, middles)])
    upper = np.concatenate([np.where(jump, centres[:-1] + half, middles), [centres[-1] + half]])
    edges = np.sort(np.stack([lower, upper], axis=1), axis=1)
    return np.clip(edges, -90.0, 90.0) if name == "lat" else edges


def cells_of(field: xr.DataArray, view: View) -> Cells:
    """Return the cells of one field in the coordinates of a view.

    Parameters
    ----------
    field : DataArray (lat, lon) or (y, x)
        One map.
    view : View
        Where it is drawn.

    Returns
    -------
    Cells
        Those that can be seen; thinned to 1500 on a side by taking the mean.
    """
    dims = spatial_dims(field)
    assert dims is not None
    field = _thinned(field.transpose(*dims), dims)
    if dims == ("y", "x"):
        return _curved_cells(field, view)
    return _straight_cells(field, view)


def _thinned(field: xr.DataArray, dims: tuple[str, str]) -> xr.DataArray:
    factors = {dim: -(-field.sizes[dim] // MOST_CELLS) for dim in dims}
    factors = {dim: factor for dim, factor in factors.items() if factor > 1}
    if not factors:
        return field
    edges = [f"{dim}_{side}" for dim in dims for side in ("lower", "upper")]
    plain = field.drop_vars(edges, errors="ignore")
    thinned: xr.DataArray = plain.coarsen(factors, boundary="trim").mean()
    return thinned


def _straight_cells(field: xr.DataArray, view: View) -> Cells:
    """Return cells between meridians and parallels, cut where the map is cut."""
    lon, lat = axis_edges(field, "lon"), axis_edges(field, "lat")
    width = lon[:, 1] - lon[:, 0]
    west = view.relative(lon.mean(axis=1)) - width / 2
    pieces = [(w, w + by, i) for i, (w, by) in enumerate(zip(west, width, strict=True))]
    if view.clip.width >= _FULL:
        left = [(w + FULL_CIRCLE, e + FULL_CIRCLE, i) for w, e, i in pieces if w < -180.0]
        right = [(w - FULL_CIRCLE, e - FULL_CIRCLE, i) for w, e, i in pieces if e > 180.0]
        pieces += left + right
    box = view.clip
    seen = sorted(p for p in pieces if p[1] > box.west and p[0] < box.east)
    rows = np.flatnonzero((lat[:, 1] > box.south) & (lat[:, 0] < box.north))
    if not seen or rows.size == 0:
        return Cells(np.zeros((2, 2, 2)), np.ma.masked_invalid(np.full((1, 1), np.nan)))
    rows = rows[np.argsort(lat[rows, 0])]
    x, columns = _edges_with_gaps([(max(w, -180.0), min(e, 180.0), i) for w, e, i in seen])
    y = np.append(lat[rows, 0], lat[rows[-1], 1])
    picked = field.values[rows][:, np.maximum(columns, 0)].astype(float)
    picked[:, columns < 0] = np.nan
    corners = view.project(*np.meshgrid(x, np.clip(y, box.south, box.north)))
    return Cells(corners, np.ma.masked_invalid(picked))


def _edges_with_gaps(pieces: list[tuple[float, float, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of columns, and the column between each two edges; -1 for a gap."""
    edges, columns = [pieces[0][0]], []
    for west, east, column in pieces:
        if west > edges[-1] + 0.25 * (east - west):
            edges.append(west)
            columns.append(-1)
        edges.append(max(east, edges[-1]))
        columns.append(column)
    return np.array(edges), np.array(columns)


def _curved_cells(field: xr.DataArray, view: View) -> Cells:
    """Return the cells of a grid with two-dimensional coordinates."""
    lon = view.relative(field["lon"].values)
    lat = field["lat"].values.astype(float)
    box = view.clip
    inside = (lat >= box.south) & (lat <= box.north) & (lon >= box.west) & (lon <= box.east)
    inside &= np.isfinite(lat) & np.isfinite(lon)
    points = view.project(np.where(inside, lon, 0.0), np.where(inside, lat, box.south))
    corners = _corners(points)
    across = np.hypot(*np.moveaxis(corners[1:, 1:] - corners[:-1, :-1], -1, 0))
    torn = across > 8 * np.median(across[inside]) if inside.any() else np.ones_like(inside)
    hidden = ~inside | torn
    values = np.ma.masked_invalid(np.where(hidden, np.nan, field.values.astype(float)))
    return Cells(corners, values)


def _corners(centres: np.ndarray) -> np.ndarray:
    """Return the corners of cells given by their centres, those at the rim extrapolated."""
    padded = np.pad(centres, ((1, 1), (1, 1), (0, 0)), mode="reflect", reflect_type="odd")
    corners = padded[:-1, :-1] + padded[1:, :-1] + padded[:-1, 1:] + padded[1:, 1:]
    return np.asarray(corners / 4)


def _extent_of_points(lon: np.ndarray, lat: np.ndarray) -> Extent:
    keep = np.isfinite(lon) & np.isfinite(lat)
    lon, lat = lon[keep].astype(float), lat[keep].astype(float)
    order = np.sort((lon + 180.0) % FULL_CIRCLE - 180.0)
    gaps = np.diff(np.append(order, order[0] + FULL_CIRCLE))
    widest = int(gaps.argmax())
    south, north = float(lat.min()), float(lat.max())
    if gaps[widest] < 10.0:
        return Extent(-180.0, south, 180.0, 90.0 if south > 0 else north)
    west = float(order[(widest + 1) % order.size])
    return Extent(west, south, west + FULL_CIRCLE - float(gaps[widest]), north)


def _arc(edges: np.ndarray, share: np.ndarray) -> tuple[float, float]:
    """Return the shortest arc that holds all columns, given by their edges."""
    order = np.argsort(edges[:, 0])
    edges, share = edges[order], share[order]
    gaps = np.append(edges[1:, 0], edges[0, 0] + FULL_CIRCLE) - edges[:, 1]
    step = float(np.median(edges[:, 1] - edges[:, 0]))
    widest = int(gaps.argmax())
    if gaps[widest] < 1.5 * step:
        middle = _emptiest(edges.mean(axis=1), share, step)
        return middle, middle + FULL_CIRCLE
    west = float(edges[(widest + 1) % len(edges), 0])
    west = (west + 180.0) % FULL_CIRCLE - 180.0
    return west, west + FULL_CIRCLE - float(gaps[widest])


def _emptiest(centres: np.ndarray, share: np.ndarray, step: float) -> float:
    """Return the longitude around which the fewest cells hold values; -180 if all do.

    Of several, the one nearest to where maps are usually cut: the dateline, or Africa (25 E).
    """
    reach = max(1, round(_WINDOW / step))
    around = np.concatenate([share, share, share])
    smooth = np.convolve(around, np.ones(reach) / reach, mode="same")[share.size : 2 * share.size]
    if smooth.max() - smooth.min() < 0.05:
        return -180.0
    candidates = np.round(centres[smooth <= smooth.min() + _NEAR] / 10.0) * 10.0
    usual = [np.abs((candidates - at + 180.0) % FULL_CIRCLE - 180.0) for at in _USUAL_CUTS]
    cut = float(candidates[int(np.minimum(*usual).argmin())])
    return (cut + 180.0) % FULL_CIRCLE - 180.0
