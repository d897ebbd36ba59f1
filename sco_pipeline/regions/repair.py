"""Make a geometry fit for the sphere: valid, with an area, cut at the antimeridian."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from ..errors import RegionError
from .antimeridian import Antimeridian, unwrapped

_POLYGONAL = ("Polygon", "MultiPolygon")
_FARTHEST = 720.0
_SLACK = 1e-9


def cleaned(
    geometry: BaseGeometry, what: str, antimeridian: Antimeridian = "refuse"
) -> tuple[BaseGeometry, str | None]:
    """Return the geometry ready for use and a note if it had to be repaired.

    Parameters
    ----------
    geometry : shapely geometry
        Degrees, longitude first.
    what : str
        The region, for messages.
    antimeridian : {"refuse", "literal", "shortest"}
        What an edge over more than half a turn of longitude means.

    Returns
    -------
    geometry : Polygon or MultiPolygon
        Valid, within [-180, 180] x [-90, 90].
    note : str or None
        What was repaired.

    Raises
    ------
    RegionError
        If nothing with an area is left, or coordinates are not on the sphere.
    """
    if geometry is None or geometry.is_empty:
        raise RegionError(f"{what} is empty; give it a polygon")
    if geometry.geom_type not in (*_POLYGONAL, "GeometryCollection"):
        raise RegionError(
            f"{what} is a {geometry.geom_type}; expected a polygon "
            "(a place with a radius is made by 'point')"
        )
    shape = shapely.force_2d(geometry)
    _check_on_sphere(shape, what)
    shape = unwrapped(shape, antimeridian, what)
    _check_one_turn(shape, what)
    shape, note = _valid(shape, what)
    return _cut_at_antimeridian(shape), note


def _check_on_sphere(shape: BaseGeometry, what: str) -> None:
    coordinates = shapely.get_coordinates(shape)
    if not np.isfinite(coordinates).all():
        raise RegionError(f"{what} has a coordinate that is not a number; correct the file")
    west, south, east, north = shape.bounds
    if south < -90 - _SLACK or north > 90 + _SLACK:
        raise RegionError(
            f"{what} reaches from latitude {south:g} to {north:g}; expected degrees from -90 to 90 "
            "with longitude first. Swap the axes or reproject the file"
        )
    if west < -_FARTHEST or east > _FARTHEST:
        raise RegionError(
            f"{what} reaches from longitude {west:g} to {east:g}; expected degrees. "
            "Reproject the file to longitude and latitude"
        )


def _check_one_turn(shape: BaseGeometry, what: str) -> None:
    west, _, east, _ = shape.bounds
    if east - west > 360 + _SLACK:
        raise RegionError(
            f"{what} spans {east - west:g} degrees of longitude; expected at most 360. "
            "Split it into parts that do not overlap"
        )


def _valid(shape: BaseGeometry, what: str) -> tuple[BaseGeometry, str | None]:
    """Return a valid polygonal geometry."""
    reason = None
    if not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    before = shape
    if shape.geom_type == "GeometryCollection":
        parts = [part for part in shapely.get_parts(shape) if part.geom_type in _POLYGONAL]
        shape = shapely.union_all(parts) if parts else shapely.Polygon()
        reason = reason or "points and lines beside polygons"
    if shape.is_empty or shape.area == 0:
        raise RegionError(
            f"{what} has no area ({reason or before.geom_type}); correct its rings, close a ring "
            "around a pole along the pole, or remove it"
        )
    if reason is None:
        return shape, None
    return shape, f"{what} was repaired: {reason}"


def _cut_at_antimeridian(shape: BaseGeometry) -> BaseGeometry:
    """Bring longitudes into [-180, 180]."""
    west, south, east, north = shape.bounds
    if south < -90 or north > 90:
        shape = shapely.clip_by_rect(shape, -_FARTHEST, -90.0, _FARTHEST, 90.0)
    if west >= -180 and east <= 180:
        return shape
    pieces: list[BaseGeometry] = []
    for turn in range(int(np.floor((west + 180) / 360)), int(np.ceil((east + 180) / 360))):
        strip = shapely.box(-180.0 + 360 * turn, -90.0, 180.0 + 360 * turn, 90.0)
        piece = shapely.intersection(shape, strip)
        pieces.extend(
            translate(part, -360.0 * turn)
            for part in shapely.get_parts(piece)
            if part.geom_type in _POLYGONAL
        )
    return shapely.union_all(pieces)
