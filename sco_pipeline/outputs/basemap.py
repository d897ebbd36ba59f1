"""Land, coasts and borders of the vendored countries, in the coordinates of a view."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from ..geography import Resolution, boundaries, countries
from .projection import FULL_CIRCLE, View

if TYPE_CHECKING:
    from matplotlib.path import Path

_FINE_BELOW = 100.0  # degrees of longitude; wider maps take the coarse outlines
_BEND = 1.0  # degrees between the points of a projected edge
_once = threading.RLock()  # functools.cache alone would let eight threads build the same shapes


def resolution_of(view: View) -> Resolution:
    """Return the outlines that suit the size of a view."""
    extent = view.extent
    small = extent.width < _FINE_BELOW or (view.frame == "circle" and extent.height < 35)
    return "50m" if small else "110m"


def land_path(view: View) -> Path | None:
    """Return the land of a view as one path; None where all is sea."""
    with _once:
        shapes, bounds = _land(resolution_of(view))
    return _as_path(_polygons(_clipped(shapes, bounds, view)), view)


def shapes_path(shapes: list[Any], view: View) -> Path | None:
    """Return outlines of regions as one path; regions that overlap keep their own outlines."""
    import shapely

    rings: list[np.ndarray] = []
    for shape in shapes:
        parts = shapely.get_parts(shape)
        joined = _polygons(_clipped(parts, shapely.bounds(parts), view))
        rings += _projected(shapely.get_rings(joined), view)
    return _path_of(rings)


def boundary_lines(view: View) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return coasts and borders as lists of (n, 2) lines."""
    import shapely

    with _once:
        lines = _lines(resolution_of(view))
    found = []
    for shapes in lines:
        clipped = _clipped(shapes, shapely.bounds(shapes), view)
        parts = shapely.get_parts(shapely.segmentize(np.array(clipped, dtype=object), _BEND))
        simple = parts[shapely.get_type_id(parts) == 1]
        found.append(_projected(simple, view))
    return found[0], found[1]


def is_land(lon: np.ndarray, lat: np.ndarray, resolution: Resolution = "110m") -> np.ndarray:
    """Tell which points lie on land; any longitudes."""
    import shapely

    with _once:
        shape = _whole_land(resolution)
        wrapped = (np.asarray(lon) + 180.0) % FULL_CIRCLE - 180.0
        return np.asarray(shapely.contains_xy(shape, wrapped, lat))


@functools.cache
def _whole_land(resolution: Resolution) -> Any:
    import shapely

    shape = shapely.union_all([country.geometry for country in countries(resolution)])
    shapely.prepare(shape)
    return shape


@functools.cache
def _land(resolution: Resolution) -> tuple[np.ndarray, np.ndarray]:
    """Return the parts of all land and their bounds."""
    import shapely

    parts = shapely.get_parts(_whole_land(resolution))
    return parts, shapely.bounds(parts)


@functools.cache
def _lines(resolution: Resolution) -> tuple[np.ndarray, np.ndarray]:
    """Return coasts and borders, their edges joined."""
    import shapely

    def joined(edges: np.ndarray) -> np.ndarray:
        merged = shapely.line_merge(shapely.multilinestrings(shapely.linestrings(edges)))
        return np.asarray(shapely.get_parts(merged))

    coasts, borders = boundaries(resolution)
    return joined(coasts), joined(borders)


def _clipped(shapes: np.ndarray, bounds: np.ndarray, view: View) -> list[Any]:
    """Return the shapes inside a view's box, moved to longitudes relative to its middle."""
    import shapely

    box = view.clip
    found: list[Any] = []
    for turn in (-FULL_CIRCLE, 0.0, FULL_CIRCLE):
        shift = turn - view.middle
        inside = (
            (bounds[:, 0] + shift < box.east)
            & (bounds[:, 2] + shift > box.west)
            & (bounds[:, 1] < box.north)
            & (bounds[:, 3] > box.south)
        )
        moved = shapely.transform(shapes[inside], lambda xy, by=shift: xy + np.array([by, 0.0]))
        cut = shapely.intersection(moved, shapely.box(box.west, box.south, box.east, box.north))
        found += [shape for shape in np.atleast_1d(cut) if not shape.is_empty]
    return found


def _polygons(shapes: list[Any]) -> np.ndarray:
    """Return polygons, those that touch at the antimeridian joined, their edges bent."""
    import shapely

    whole = shapely.segmentize(shapely.union_all(shapes), _BEND)
    parts = np.atleast_1d(shapely.get_parts(whole))
    return np.asarray(parts[shapely.get_type_id(parts) == 3])


def _as_path(polygons: np.ndarray, view: View) -> Path | None:
    import shapely

    return _path_of(_projected(shapely.get_rings(polygons), view))


def _path_of(rings: list[np.ndarray]) -> Path | None:
    from matplotlib.path import Path

    rings = [ring for ring in rings if len(ring) > 3]
    if not rings:
        return None
    codes = [np.full(len(ring), Path.LINETO, dtype=Path.code_type) for ring in rings]
    for code in codes:
        code[0], code[-1] = Path.MOVETO, Path.CLOSEPOLY
    return Path(np.concatenate(rings), np.concatenate(codes))


def _projected(lines: Any, view: View) -> list[np.ndarray]:
    """Return lines or rings in map coordinates, all of them projected in one call."""
    import shapely

    lonlat, of_line = shapely.get_coordinates(lines, return_index=True)
    points = view.project(lonlat[:, 0], lonlat[:, 1])
    finite = np.isfinite(points).all(axis=1)
    points, of_line = points[finite], of_line[finite]
    return np.split(points, np.flatnonzero(np.diff(of_line)) + 1) if len(points) else []
