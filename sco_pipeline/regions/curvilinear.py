"""Coverage of cells that are no latitude-longitude boxes: projected and curvilinear grids."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from .cells import CellGrid
from .charts import CHARTS, Chart
from .coverage import NEGLIGIBLE, areas_of, binned, edges_of
from .region import Regions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Found = tuple[Integers, Floats]


def cover_cells(grid: CellGrid, regions: Regions) -> tuple[list[Found], Floats]:
    """Return cells and shares of each region, and the share of each region on the grid.

    Parameters
    ----------
    grid : CellGrid
        Corners of every cell; a cell with a missing corner is no cell.
    regions : Regions
        What covers them.

    Returns
    -------
    found : list of (cells, shares)
        Rising indices into the flattened grid, and the share of each cell that is covered.
    covered : array (region,)
        Share of the area of each region that lies on the grid.
    """
    count = grid.shape[0] * grid.shape[1]
    inside = [np.zeros(0)] * len(regions)
    places: list[Integers] = [np.zeros(0, np.int64)] * len(regions)
    for number, chart in enumerate(CHARTS):
        cells = np.flatnonzero(grid.charts == number)
        if not len(cells):
            continue
        shapes = grid.polygons(chart, cells)
        tree = shapely.STRtree(shapes)
        margin = _margin(chart, shapes)
        for i, geometry in enumerate(regions.geometries):
            for part in chart.draw(geometry, margin):
                near = tree.query(part, predicate="intersects")
                areas = _overlaps(part, shapes[near])
                places[i] = np.concatenate([places[i], cells[near]])
                inside[i] = np.concatenate([inside[i], areas])
    full = grid.steradian.ravel()
    sphere = areas_of(edges_of(regions.geometries), len(regions))
    found, covered = [], np.zeros(len(regions))
    for i in range(len(regions)):
        area = binned(places[i], inside[i], count)
        here = np.flatnonzero(area > NEGLIGIBLE * full)
        covered[i] = area[here].sum() / sphere[i]
        found.append((here, np.minimum(area[here] / full[here], 1.0)))
    return found, np.minimum(covered, 1.0)


def _overlaps(part: BaseGeometry, shapes: NDArray[np.object_]) -> Floats:
    """Return the area of each shape inside a part of a region."""
    areas: Floats = shapely.area(shapes)
    shapely.prepare(part)
    cut = ~shapely.contains_properly(part, shapes)
    areas[cut] = shapely.area(shapely.intersection(shapes[cut], part))
    return areas


def _margin(chart: Chart, shapes: NDArray[np.object_]) -> float:
    """Return by how many degrees cells may reach over the edge of their chart's window."""
    west, south, east, north = shapely.bounds(shapes).T
    size = float(np.hypot(east - west, north - south).max())
    return min(3.0 * float(np.degrees(size)), 80.0)
