"""Sparse matrices from the cells of a source grid to the cells of a regular grid.

Conservative weights between regular grids are exact: overlaps in longitude times overlaps in the
sine of latitude. From projected and curvilinear grids each cell is parted into small pieces of
equal share, which keeps the area of every source cell whole. Linear weights interpolate between
centres, nearest ones take the cell that holds, or lies nearest to, the centre.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ...errors import HarmonisationError
from ..area import EARTH_RADIUS
from .target import Target

if TYPE_CHECKING:
    from scipy import sparse

Floats = NDArray[np.float64]
_PIECES = 8


def weights(ds: xr.Dataset, target: Target, method: str) -> sparse.csr_matrix:
    """Return the matrix (target cells, source cells) of a method.

    Parameters
    ----------
    ds : Dataset
        Harmonised, with its coordinates.
    target : Target
        Regular grid.
    method : {"conservative", "linear", "nearest"}

    Returns
    -------
    csr_matrix
        Conservative: overlap areas in m2; else weights that add up to 1.

    Raises
    ------
    HarmonisationError
        If the method is unknown or does not suit the grid.
    """
    regular = ds["lat"].ndim == 1 and "lat" in ds.dims
    makers: dict[tuple[str, bool], Any] = {
        ("conservative", True): _overlaps,
        ("conservative", False): _pieces,
        ("linear", True): _linear,
        ("nearest", True): _nearest_regular,
        ("nearest", False): _nearest_plane,
    }
    if (method, regular) == ("linear", False):
        raise HarmonisationError(
            f"dataset {ds.attrs.get('dataset')!r}: linear regridding needs a regular grid; choose "
            "'conservative' or 'nearest'"
        )
    if (method, regular) not in makers:
        raise HarmonisationError(
            f"regridding method {method!r} is not known; choose conservative, linear or nearest"
        )
    return makers[method, regular](ds, target)


def _overlaps(ds: xr.Dataset, target: Target) -> Any:
    from scipy import sparse

    lat = np.sin(np.deg2rad(ds["lat_bnds"].values))
    rows = _overlap(np.sin(np.deg2rad(target.lat_edges)), lat)
    west, east = ds["lon_bnds"].values.T
    # once as it is and once a turn to either side, for cells over the antimeridian
    columns = sum(
        _overlap(target.lon_edges, np.stack([west + turn, east + turn], axis=1))
        for turn in (-360.0, 0.0, 360.0)
    )
    return sparse.kron(rows, columns * (np.pi / 180) * EARTH_RADIUS**2, format="csr")


def _overlap(edges: Floats, bounds: Floats) -> Any:
    """Return the lengths that target intervals and source intervals share."""
    from scipy import sparse

    low = np.maximum(bounds[:, 0], edges[0])
    high = np.minimum(bounds[:, 1], edges[-1])
    first = np.clip(np.searchsorted(edges, low, side="right") - 1, 0, edges.size - 2)
    last = np.clip(np.searchsorted(edges, high, side="left") - 1, 0, edges.size - 2)
    last = np.where(high > low, last, first - 1)
    counts = last - first + 1
    source = np.repeat(np.arange(len(bounds)), counts)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    into = np.repeat(first, counts) + np.arange(counts.sum()) - starts
    shared = np.minimum(edges[into + 1], high[source]) - np.maximum(edges[into], low[source])
    shape = (edges.size - 1, len(bounds))
    return sparse.csr_matrix((np.maximum(shared, 0), (into, source)), shape=shape)


def _pieces(ds: xr.Dataset, target: Target) -> Any:
    """Part each cell of a plane grid into pieces of equal share and drop them into the target."""
    from scipy import sparse

    area = ds["cell_area"].values
    lat, lon = _piece_positions(ds)
    share = np.repeat(np.repeat(area, _PIECES, axis=0), _PIECES, axis=1) / _PIECES**2
    cells = np.arange(area.size).reshape(area.shape)
    source = np.repeat(np.repeat(cells, _PIECES, axis=0), _PIECES, axis=1)
    good = np.isfinite(lat) & np.isfinite(lon) & np.isfinite(share)
    into = _cell_of(lat[good], lon[good], target)
    shape = (int(np.prod(target.shape)), area.size)
    return sparse.csr_matrix((share[good], (into, source[good])), shape=shape)


def _piece_positions(ds: xr.Dataset) -> tuple[Floats, Floats]:
    """Return positions of the pieces, from the projection or between the centres."""
    crs = ds["crs"].attrs
    if crs.get("grid_mapping_name") not in (None, "latitude_longitude"):
        import pyproj

        from ..projected import positions

        fine = [_refined(ds[name].values) for name in ("y", "x")]
        return positions(pyproj.CRS.from_cf(crs), fine[0], fine[1])
    phi, lam = np.deg2rad(ds["lat"].values), np.deg2rad(ds["lon"].values)
    centre = [np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)]
    x, y, z = (_refined_plane(part) for part in centre)
    return np.rad2deg(np.arctan2(z, np.hypot(x, y))), np.rad2deg(np.arctan2(y, x))


def _refined(centres: Floats) -> Floats:
    """Return the centres of the pieces of each cell of a line."""
    middle = (centres[1:] + centres[:-1]) / 2
    edges = np.concatenate([[2 * centres[0] - middle[0]], middle, [2 * centres[-1] - middle[-1]]])
    inside = (np.arange(_PIECES) + 0.5) / _PIECES
    return np.asarray((edges[:-1, None] + np.diff(edges)[:, None] * inside).ravel())


def _refined_plane(values: Floats) -> Floats:
    """Return values at the pieces of each cell, linear between the centres."""
    for axis in (0, 1):
        size = values.shape[axis]
        at = (np.arange(size * _PIECES) + 0.5) / _PIECES - 0.5
        left = np.clip(np.floor(at).astype(int), 0, size - 2)
        part = at - left
        shape = [1, 1]
        shape[axis] = -1
        part = part.reshape(shape)
        values = np.take(values, left, axis) * (1 - part) + np.take(values, left + 1, axis) * part
    return values


def _cell_of(lat: Floats, lon: Floats, target: Target) -> NDArray[np.intp]:
    rows = np.clip(np.searchsorted(target.lat_edges, lat, side="right") - 1, 0, target.shape[0] - 1)
    lon = (lon + 180) % 360 - 180
    columns = np.searchsorted(target.lon_edges, lon, side="right") - 1
    columns = np.clip(columns, 0, target.shape[1] - 1)
    return np.asarray(rows * target.shape[1] + columns, dtype=np.intp)


def _centres(target: Target) -> tuple[Floats, Floats]:
    lat = (target.lat_edges[1:] + target.lat_edges[:-1]) / 2
    lon = (target.lon_edges[1:] + target.lon_edges[:-1]) / 2
    return lat, lon


def _linear(ds: xr.Dataset, target: Target) -> Any:
    from scipy import sparse

    lat, lon = _centres(target)
    rows = _line(lat, ds["lat"].values, ds["lat_bnds"].values, around=False)
    columns = _line(lon, ds["lon"].values, ds["lon_bnds"].values, around=True)
    return sparse.kron(rows, columns, format="csr")


def _line(wanted: Floats, centres: Floats, bounds: Floats, *, around: bool) -> Any:
    """Return linear weights along a line; outside of the cells there is none."""
    from scipy import sparse

    index = np.arange(centres.size)
    if around:
        # the line once more on either side, so that neighbours over the antimeridian are found
        centres = np.concatenate([centres - 360, centres, centres + 360])
        bounds = np.concatenate([bounds - 360, bounds, bounds + 360])
        index = np.tile(index, 3)
    right = np.clip(np.searchsorted(centres, wanted), 1, max(centres.size - 1, 1))
    left = right - 1
    right = np.minimum(right, centres.size - 1)
    gap = np.where(right > left, centres[right] - centres[left], 1.0)
    part = np.clip((wanted - centres[left]) / gap, 0.0, 1.0)
    near = np.where(part < 0.5, left, right)
    held = (wanted >= bounds[near, 0] - 1e-9) & (wanted <= bounds[near, 1] + 1e-9)
    # neighbours that do not touch are not interpolated between
    touching = bounds[right, 0] - bounds[left, 1] < 0.01 * gap
    part = np.where(touching, part, np.round(part))
    at = np.flatnonzero(held)
    data = np.concatenate([(1 - part)[at], part[at]])
    place = (np.concatenate([at, at]), index[np.concatenate([left[at], right[at]])])
    return sparse.csr_matrix((data, place), shape=(wanted.size, int(index.max()) + 1))


def _nearest_regular(ds: xr.Dataset, target: Target) -> Any:
    from scipy import sparse

    lat, lon = _centres(target)
    rows = _holding(lat, ds["lat_bnds"].values)
    columns = sum(_holding(lon + turn, ds["lon_bnds"].values) for turn in (-360.0, 0.0, 360.0))
    columns = columns.sign()  # on the seam of a global grid one cell may be found twice
    return sparse.kron(rows, columns, format="csr")


def _holding(wanted: Floats, bounds: Floats) -> Any:
    """Return ones where a source interval holds a target centre; the upper edge is the next's."""
    from scipy import sparse

    order = np.argsort(bounds[:, 0])
    at = np.searchsorted(bounds[order, 0], wanted, side="right") - 1
    cell = order[np.clip(at, 0, None)]
    held = (at >= 0) & (wanted < bounds[cell, 1])
    rows = np.flatnonzero(held)
    shape = (wanted.size, len(bounds))
    return sparse.csr_matrix((np.ones(rows.size), (rows, cell[held])), shape=shape)


def _nearest_plane(ds: xr.Dataset, target: Target) -> Any:
    from scipy import sparse
    from scipy.spatial import cKDTree

    area = ds["cell_area"].values.ravel()
    source = _unit(ds["lat"].values.ravel(), ds["lon"].values.ravel())
    good = np.flatnonzero(np.isfinite(source).all(axis=1) & np.isfinite(area))
    lat, lon = (part.ravel() for part in np.meshgrid(*_centres(target), indexing="ij"))
    distance, found = cKDTree(source[good]).query(_unit(lat, lon))
    cell = good[found]
    reach = np.sqrt(area[cell]) / EARTH_RADIUS * np.sqrt(0.5) * 1.05  # half a diagonal
    rows = np.flatnonzero(distance <= reach)
    shape = (lat.size, area.size)
    return sparse.csr_matrix((np.ones(rows.size), (rows, cell[rows])), shape=shape)


def _unit(lat: Floats, lon: Floats) -> Floats:
    phi, lam = np.deg2rad(lat), np.deg2rad(lon)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)
