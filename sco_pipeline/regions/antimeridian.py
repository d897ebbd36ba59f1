"""What an edge over more than half a turn of longitude means, and rings around a pole.

Longitudes are degrees on a circle, so that an edge from 170 to -170 may run 20 degrees over the
antimeridian or 340 degrees the other way. A file rarely says which; the reader of it must.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from ..errors import RegionError

Antimeridian = Literal["refuse", "literal", "shortest"]

HALF, TURN = 180.0, 360.0
_SLACK = 1e-9


def unwrapped(shape: BaseGeometry, rule: Antimeridian, what: str) -> BaseGeometry:
    """Return a geometry whose edges mean what they say on the plane.

    Parameters
    ----------
    shape : Polygon, MultiPolygon or GeometryCollection
        Degrees, longitude first.
    rule : {"refuse", "literal", "shortest"}
        ``literal`` takes edges as they are; ``shortest`` lets every edge run the shorter way
        around the Earth and closes a ring around a pole over the nearer pole; ``refuse`` raises
        where the two would differ.
    what : str
        The region, for messages.

    Returns
    -------
    geometry
        Longitudes may leave [-180, 180].

    Raises
    ------
    RegionError
        If the edges are ambiguous and `rule` is ``refuse``.
    """
    if rule == "literal":
        return shape
    if rule == "shortest":
        parts = [_shortest(part) for part in shapely.get_parts(shape) if _is_area(part)]
        return shapely.GeometryCollection(parts) if parts else shape
    for part in shapely.get_parts(shape):
        for ring in shapely.get_rings(part):
            if _is_ambiguous(shapely.get_coordinates(ring)):
                raise RegionError(
                    f"{what} has an edge over more than half a turn of longitude; say with "
                    "antimeridian: 'shortest' (it crosses the antimeridian) or 'literal' what "
                    "it means"
                )
    return shape


def _is_area(part: BaseGeometry) -> bool:
    return bool(part.geom_type in ("Polygon", "MultiPolygon"))


def _is_ambiguous(points: NDArray[np.float64]) -> bool:
    """Tell whether the shorter way around would give another area."""
    run = np.diff(points[:, 0])
    over = np.abs(run) > HALF + _SLACK
    at_pole = (np.abs(np.abs(points[:-1, 1]) - 90) < _SLACK) & (np.diff(points[:, 1]) == 0)
    over &= ~at_pole
    if not over.any():
        return False
    whole_turn = np.abs(np.abs(run) - TURN) < _SLACK
    return bool((over & ~whole_turn).any() or abs(_steps(run).sum()) > HALF)


def _steps(run: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each change of longitude the shorter way around; half a turn keeps its sign."""
    turns = np.round(run / TURN)
    half = np.abs(np.abs(run) - HALF) < _SLACK
    steps: NDArray[np.float64] = np.where(half, run, run - TURN * turns)
    return steps


def _shortest(polygon: BaseGeometry) -> BaseGeometry:
    if polygon.geom_type == "MultiPolygon":
        return shapely.MultiPolygon([_shortest(part) for part in shapely.get_parts(polygon)])
    exterior, *holes = [_opened(ring) for ring in shapely.get_rings(polygon)]
    outline = shapely.Polygon(exterior)
    return shapely.Polygon(exterior, [_beside(hole, outline) for hole in holes])


def _opened(ring: BaseGeometry) -> NDArray[np.float64]:
    """Return a ring with continuous longitudes, closed over the nearer pole if it winds around."""
    points: NDArray[np.float64] = shapely.get_coordinates(ring)
    steps = _steps(np.diff(points[:, 0]))
    points[1:, 0] = points[0, 0] + np.cumsum(steps)
    if abs(steps.sum()) < HALF:
        points[-1] = points[0]
        return points
    pole = 90.0 if np.average(points[:-1, 1], weights=np.abs(steps) + 1e-12) > 0 else -90.0
    start, end = points[0], points[-1]
    cap = np.array([[end[0], pole], [start[0], pole], start])
    closed: NDArray[np.float64] = np.concatenate([points, cap])
    return closed


def _beside(hole: NDArray[np.float64], outline: BaseGeometry) -> NDArray[np.float64]:
    """Return a hole moved by whole turns into its polygon."""
    for turn in (0.0, -TURN, TURN):
        moved: NDArray[np.float64] = hole + np.array([turn, 0.0])
        if outline.buffer(1e-9).covers(shapely.Polygon(moved)):
            return moved
    return hole
