"""Exact share of each cell of a latitude-longitude grid that lies inside each region.

An edge that is straight in longitude and latitude has a closed-form area on the sphere: with
mu = sin(latitude) the area element is d(longitude) d(mu), and the integral of longitude over mu
along the edge is elementary. Every edge is cut where it crosses a grid line. A piece adds the
area between itself and the east side of its cell, and its rise in mu to every cell further east
in the same row; a running sum along each row then gives the covered area of every cell. No
polygon is clipped, so holes, islands and slivers need no special care.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NEGLIGIBLE = 1e-11
"""Share of a cell below which rounding could have made it."""
_WINDOW_CELLS = 2**22


@dataclass(frozen=True)
class Edges:
    """Edges of polygon rings that rise or fall, by region.

    Attributes
    ----------
    region : array (edge,)
        Index of the region, rising.
    lon0, lat0, lon1, lat1 : array (edge,), degrees
        Ends.
    sign : array (edge,)
        1 or -1, so that signed sums are areas whatever the direction of the ring.
    """

    region: Integers
    lon0: Floats
    lat0: Floats
    lon1: Floats
    lat1: Floats
    sign: Floats

    def take(self, chosen: NDArray[np.bool_] | slice, shift: float = 0.0) -> Edges:
        """Return the chosen edges, moved east by `shift` degrees."""
        return Edges(
            self.region[chosen],
            self.lon0[chosen] + shift,
            self.lat0[chosen],
            self.lon1[chosen] + shift,
            self.lat1[chosen],
            self.sign[chosen],
        )


def edges_of(geometries: tuple[BaseGeometry, ...]) -> Edges:
    """Return the edges of polygons; level ones are left out, since they enclose nothing east.

    Parameters
    ----------
    geometries : tuple of Polygon or MultiPolygon
        Valid, in degrees.

    Returns
    -------
    Edges
    """
    polygons, region = shapely.get_parts(np.array(geometries, dtype=object), return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    exterior = np.append(True, np.diff(polygon) > 0)
    lon, lat = points[:, 0], points[:, 1]
    inside = ring[1:] == ring[:-1]
    ring = ring[:-1][inside]
    lon0, lat0, lon1, lat1 = (a[inside] for a in (lon[:-1], lat[:-1], lon[1:], lat[1:]))
    origin = lon0[np.searchsorted(ring, ring)]
    doubled = (lon0 - origin) * lat1 - (lon1 - origin) * lat0
    turn = np.bincount(ring, doubled, minlength=len(rings))
    sign = np.where(exterior, -1.0, 1.0) * np.sign(turn)
    slanted = lat0 != lat1
    return Edges(
        region[polygon[ring]][slanted].astype(np.int64),
        lon0[slanted],
        lat0[slanted],
        lon1[slanted],
        lat1[slanted],
        sign[ring][slanted],
    )


def areas_of(edges: Edges, count: int) -> Floats:
    """Return the area of each region on the unit sphere, in steradian.

    Parameters
    ----------
    edges : Edges
        From `edges_of`.
    count : int
        Number of regions.

    Returns
    -------
    array (region,)
    """
    west = np.full(count, np.inf)
    np.minimum.at(west, edges.region, edges.lon0)
    area, _ = _integrals(edges, west[edges.region] + 0.0)
    return binned(edges.region, area * edges.sign, count)


def binned(places: Integers, values: Floats, count: int) -> Floats:
    """Return the sum of the values of each place from 0 to `count` - 1."""
    sums: Floats = np.bincount(places, values, minlength=count).astype(np.float64, copy=False)
    return sums


def cover(
    edges: Edges, count: int, lon_edges: Floats, lat_edges: Floats
) -> Iterator[tuple[Integers, Floats]]:
    """Yield, for each region, the cells it touches and the share of each that it covers.

    Parameters
    ----------
    edges : Edges
        From `edges_of`, with longitudes within [-180, 180].
    count : int
        Number of regions.
    lon_edges : array (column + 1,), degrees
        Rising, at most one turn, anywhere between -720 and 720.
    lat_edges : array (row + 1,), degrees
        Rising, within [-90, 90].

    Yields
    ------
    cells : array of int
        Rising indices into the flattened (row, column) grid.
    shares : array of float
        Greater than 0, at most 1.
    """
    pieces = _pieces(_in_window(edges, lon_edges), lon_edges, lat_edges)
    shape = len(lat_edges) - 1, len(lon_edges) - 1
    first = np.searchsorted(pieces.region, np.arange(count + 1))
    widths = np.radians(np.diff(lon_edges))
    heights = _rises(lat_edges)
    for i in range(count):
        yield _shares(pieces, slice(first[i], first[i + 1]), shape, widths, heights)


@dataclass(frozen=True)
class _Pieces:
    """Parts of edges, each within one cell: area to the east side of the cell, and rise in mu."""

    region: Integers
    row: Integers
    column: Integers
    area: Floats
    rise: Floats


def _in_window(edges: Edges, lon_edges: Floats) -> Edges:
    """Repeat edges by whole turns so that each falls where the grid can see it."""
    west, east = lon_edges[0], lon_edges[-1]
    copies = []
    for turn in range(int(np.floor((west - 180) / 360)), int(np.ceil((east + 180) / 360)) + 1):
        shift = 360.0 * turn
        if west < 180 + shift and east > -180 + shift:
            near = np.minimum(edges.lon0, edges.lon1) + shift < east
            copies.append(edges.take(near, shift))
    joined = [np.concatenate([getattr(c, f) for c in copies]) for f in Edges.__annotations__]
    order = np.argsort(joined[0], kind="stable")
    return Edges(*(values[order] for values in joined))


def _pieces(edges: Edges, lon_edges: Floats, lat_edges: Floats) -> _Pieces:
    """Cut edges at every grid line they cross."""
    cut = _cut(edges, lon_edges, lat_edges)
    middle_lon, middle_lat = (cut.lon0 + cut.lon1) / 2, (cut.lat0 + cut.lat1) / 2
    row = np.searchsorted(lat_edges, middle_lat, side="right") - 1
    column = np.searchsorted(lon_edges, middle_lon, side="right") - 1
    kept = (row >= 0) & (row < len(lat_edges) - 1) & (column < len(lon_edges) - 1)
    cut, row, column = cut.take(kept), row[kept], column[kept]
    west_of_grid = column < 0
    column = np.maximum(column, 0)
    area, rise = _integrals(cut, lon_edges[column + 1])
    area = np.where(west_of_grid, rise * np.radians(lon_edges[1] - lon_edges[0]), area)
    return _Pieces(cut.region, row, column, area * cut.sign, rise * cut.sign)


def _cut(edges: Edges, lon_edges: Floats, lat_edges: Floats) -> Edges:
    lon_first, lon_count = _crossed(lon_edges, edges.lon0, edges.lon1)
    lat_first, lat_count = _crossed(lat_edges, edges.lat0, edges.lat1)
    by_lon, lon_line = _expand(lon_first, lon_count)
    by_lat, lat_line = _expand(lat_first, lat_count)
    every = np.arange(len(edges.region))
    x, y = lon_edges[lon_line], lat_edges[lat_line]
    dx, dy = edges.lon1 - edges.lon0, edges.lat1 - edges.lat0
    t_x = (x - edges.lon0[by_lon]) / dx[by_lon]
    t_y = (y - edges.lat0[by_lat]) / dy[by_lat]
    owner = np.concatenate([every, by_lon, by_lat])
    t = np.concatenate([np.zeros(len(every)), t_x, t_y])
    lon = np.concatenate([edges.lon0, x, edges.lon0[by_lat] + t_y * dx[by_lat]])
    lat = np.concatenate([edges.lat0, edges.lat0[by_lon] + t_x * dy[by_lon], y])
    order = np.lexsort((t, owner))
    owner, lon, lat = owner[order], lon[order], lat[order]
    last = np.append(owner[1:] != owner[:-1], True) if len(owner) else np.zeros(0, bool)
    next_lon, next_lat = np.roll(lon, -1), np.roll(lat, -1)
    next_lon[last], next_lat[last] = edges.lon1[owner[last]], edges.lat1[owner[last]]
    return Edges(edges.region[owner], lon, lat, next_lon, next_lat, edges.sign[owner])


def _crossed(lines: Floats, start: Floats, end: Floats) -> tuple[Integers, Integers]:
    """Return the first grid line strictly between start and end, and how many there are."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    first = np.searchsorted(lines, low, side="right")
    count = np.searchsorted(lines, high, side="left") - first
    return first, np.maximum(count, 0)


def _expand(first: Integers, count: Integers) -> tuple[Integers, Integers]:
    """Return (owner, first + 0, first + 1, ...) with `count` entries for each owner."""
    owner = np.repeat(np.arange(len(first)), count)
    before = np.repeat(np.cumsum(count) - count, count)
    return owner, np.repeat(first, count) + np.arange(len(owner)) - before


def _integrals(edges: Edges, side: Floats) -> tuple[Floats, Floats]:
    """Return the integral of (side - longitude) d(mu) and of d(mu) along each edge, in radians."""
    half = np.radians(edges.lat1 - edges.lat0) / 2
    middle = np.radians((edges.lat0 + edges.lat1) / 2)
    rise = 2 * np.sin(half) * np.cos(middle)
    to_side = np.radians(side - (edges.lon0 + edges.lon1) / 2)
    run = np.radians(edges.lon1 - edges.lon0)
    return to_side * rise + run * np.sin(middle) * _bend(half), rise


def _bend(half: Floats) -> Floats:
    """Return (sin h - h cos h) / h, accurate for small h."""
    square = half * half
    bend = square / 3 * (1 - square / 10 * (1 - square / 28 * (1 - square / 54)))
    long = np.flatnonzero(square > 0.01)
    bend[long] = np.sin(half[long]) / half[long] - np.cos(half[long])
    return bend


def _rises(lat_edges: Floats) -> Floats:
    """Return the height of each row in mu."""
    half = np.radians(np.diff(lat_edges)) / 2
    return 2 * np.sin(half) * np.cos(np.radians((lat_edges[:-1] + lat_edges[1:]) / 2))


def _shares(
    pieces: _Pieces, mine: slice, shape: tuple[int, int], widths: Floats, heights: Floats
) -> tuple[Integers, Floats]:
    """Sum the pieces of one region over bands of rows that fit in memory."""
    row, column = pieces.row[mine], pieces.column[mine]
    if not len(row):
        return np.zeros(0, np.int64), np.zeros(0)
    area, rise = pieces.area[mine], pieces.rise[mine]
    bottom, top, left = int(row.min()), int(row.max()) + 1, int(column.min())
    right = int(column.max()) + 1 if _is_closed(row, rise, heights) else shape[1]
    width, band = right - left, max(1, _WINDOW_CELLS // (right - left))
    found = []
    for low in range(bottom, top, band):
        high = min(low + band, top)
        here = (row >= low) & (row < high)
        flat = (row[here] - low) * width + column[here] - left
        size = (high - low) * width
        rises = binned(flat, rise[here], size).reshape(-1, width)
        inside = binned(flat, area[here], size).reshape(-1, width)
        inside += (np.cumsum(rises, axis=1) - rises) * widths[left:right]
        share = inside / (widths[left:right] * heights[low:high, None])
        y, x = np.nonzero(share > NEGLIGIBLE)
        found.append(((y + low) * shape[1] + x + left, share[y, x]))
    cells = np.concatenate([cells for cells, _ in found])
    shares = np.concatenate([shares for _, shares in found])
    return cells, np.minimum(shares, 1.0)


def _is_closed(row: Integers, rise: Floats, heights: Floats) -> bool:
    """Tell whether the region ends within the grid's last column in every row."""
    net = np.abs(binned(row, rise, len(heights)))
    return bool((net <= NEGLIGIBLE * heights).all())
