"""Coverage of the cells of a latitude-longitude grid, in the order of the data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import RegionError
from .coverage import areas_of, cover, edges_of
from .grid import Grid
from .region import Regions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Found = tuple[Integers, Floats]


def cover_rows(grid: Grid, regions: Regions) -> tuple[list[Found], Floats]:
    """Return cells and shares of each region, and the share of each region on the grid.

    Parameters
    ----------
    grid : Grid
        Rows and columns in any order, with gaps if need be.
    regions : Regions
        What covers them.

    Returns
    -------
    found : list of (cells, shares)
        Rising indices into the flattened grid, and the share of each cell that is covered.
    covered : array (region,)
        Share of the area of each region that lies on the grid.

    Raises
    ------
    RegionError
        If cells overlap.
    """
    rows, lat_edges = _axis_edges(grid.lat_bounds, "latitude", grid.name)
    columns, lon_edges = _axis_edges(grid.lon_bounds, "longitude", grid.name)
    _close_turn(lon_edges, grid.name)
    heights = np.diff(np.sin(np.radians(lat_edges)))
    widths = np.radians(np.diff(lon_edges))
    edges = edges_of(regions.geometries)
    sphere = areas_of(edges, len(regions))
    found: list[Found] = []
    covered = np.zeros(len(regions))
    every = cover(edges, len(regions), lon_edges, lat_edges)
    for i, (cells, shares) in enumerate(every):
        y, x = np.divmod(cells, len(lon_edges) - 1)
        real = (rows[y] >= 0) & (columns[x] >= 0)
        y, x, share = y[real], x[real], shares[real]
        covered[i] = (share * heights[y] * widths[x]).sum() / sphere[i]
        index = rows[y] * grid.shape[1] + columns[x]
        order = np.argsort(index, kind="stable")
        found.append((index[order], share[order]))
    return found, np.minimum(covered, 1.0)


def _close_turn(lon_edges: Floats, name: str) -> None:
    """Make a grid that goes around the Earth go around it exactly."""
    span = lon_edges[-1] - lon_edges[0]
    if span > 360 * (1 + 1e-5):
        raise RegionError(
            f"{name} spans {span:g} degrees of longitude; "
            "expected at most 360. Remove the columns that come twice"
        )
    if span > 360 * (1 - 1e-6):
        lon_edges[-1] = lon_edges[0] + 360.0


def _axis_edges(bounds: Floats, axis: str, name: str) -> tuple[Integers, Floats]:
    """Return rising edges and, for each interval between them, the cell of the data or -1."""
    order = np.argsort(bounds[:, 0], kind="stable")
    low, high = bounds[order, 0], bounds[order, 1]
    gap = low[1:] - high[:-1]
    size = np.minimum(high - low, 1.0)
    if (gap < -1e-3 * size[1:]).any():
        i = int(np.argmin(gap))
        raise RegionError(
            f"{name} has cells that overlap along {axis}: {low[i]:g} to {high[i]:g} and "
            f"{low[i + 1]:g} to {high[i + 1]:g}. Correct its bounds"
        )
    apart = gap > 1e-3 * size[1:]
    edges, cells = [low[0]], []
    for i, cell in enumerate(order):
        cells.append(cell)
        edges.append(high[i] if i == len(order) - 1 or apart[i] else low[i + 1])
        if i < len(order) - 1 and apart[i]:
            cells.append(-1)
            edges.append(low[i + 1])
    return np.array(cells, np.int64), np.array(edges)
