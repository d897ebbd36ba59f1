"""Equal-area pictures of parts of the sphere, in which cells of any shape meet regions.

The sphere is seen in six Lambert azimuthal equal-area charts: a cap around each pole and four
windows along the equator. A cell belongs to the chart of its middle; its corners are joined by
straight lines of the chart, so that neighbours share their edges exactly. Regions are cut to the
window, their edges made short, and drawn into the same chart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

STEP = 0.05
"""Longest piece of an edge of a region, in degrees."""
_PIECES = 256
"""Into so many at least the extent of a small region is cut."""
_CORNERS = 192
_SAME, _DUST = 1e-14, 1e-13
"""Distance of points that are one, and area below which a ring has such points only."""
_LIMIT = 45.0


@dataclass(frozen=True)
class Chart:
    """A Lambert azimuthal equal-area projection of the unit sphere.

    Attributes
    ----------
    lat, lon : float, degrees
        Centre.
    """

    lat: float
    lon: float

    def project(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Return x and y on the unit sphere."""
        turn, phi, middle = np.radians(lon - self.lon), np.radians(lat), np.radians(self.lat)
        up = np.sin(middle) * np.sin(phi) + np.cos(middle) * np.cos(phi) * np.cos(turn)
        scale = np.sqrt(2.0 / (1.0 + up))
        x = scale * np.cos(phi) * np.sin(turn)
        y = scale * (np.cos(middle) * np.sin(phi) - np.sin(middle) * np.cos(phi) * np.cos(turn))
        return x, y

    def windows(self, margin: float) -> Iterator[tuple[float, float, float, float]]:
        """Yield boxes of longitude and latitude within [-180, 180] that make up the chart."""
        if abs(self.lat) == 90:
            south = max(_LIMIT - margin, -60.0)
            band = (south, 90.0) if self.lat > 0 else (-90.0, -south)
            for west in (-180.0, -90.0, 0.0, 90.0):
                yield west, band[0], west + 90.0, band[1]
            return
        north = min(_LIMIT + margin, 90.0)
        west, east = self.lon - _LIMIT - margin, self.lon + _LIMIT + margin
        for shift in (-360.0, 0.0, 360.0):
            left, right = max(west + shift, -180.0), min(east + shift, 180.0)
            if left < right:
                yield left, -north, right, north

    def draw(self, shape: BaseGeometry, margin: float) -> Iterator[BaseGeometry]:
        """Yield the parts of a region in this chart, each with few corners."""
        for window in self.windows(margin):
            part = shapely.intersection(shape, shapely.box(*window))
            if part.is_empty or part.area == 0:
                continue
            fine = shapely.segmentize(part, _step(part))
            flat = shapely.transform(fine, self.project, interleaved=False)
            yield from _split(_polygonal(flat))


def _step(part: BaseGeometry) -> float:
    """Return the longest piece of an edge: that of a small region must not cut its corners."""
    west, south, east, north = part.bounds
    return min(STEP, float(max(east - west, north - south)) / _PIECES)


CHARTS = (Chart(90, 0), Chart(-90, 0), *(Chart(0, lon) for lon in (0, 90, 180, -90)))


def chart_numbers(lon: Floats, lat: Floats) -> NDArray[np.int64]:
    """Return the index in `CHARTS` of the chart of each place."""
    # a hair west of 45 W, the remainder rounds to a whole turn
    quarter = np.floor(np.mod(lon + _LIMIT, 360.0) / 90.0).astype(np.int64) % 4
    return np.where(lat > _LIMIT, 0, np.where(lat < -_LIMIT, 1, 2 + quarter))


def _polygonal(shape: BaseGeometry) -> BaseGeometry:
    """Return a valid shape with the corners at a pole, which are one point, taken as one."""
    try:
        shape = shapely.remove_repeated_points(shape, _SAME)
    except shapely.errors.GEOSException:  # a ring became a point or a line
        shape = shapely.remove_repeated_points(_without_dust(shape), _SAME)
    if not shape.is_valid:
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    return shape


def _without_dust(shape: BaseGeometry) -> BaseGeometry:
    """Leave out polygons and holes that are smaller than rounding."""
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    kept = [
        shapely.Polygon(
            part.exterior, [hole for hole in part.interiors if shapely.Polygon(hole).area > _DUST]
        )
        for part in polygons
        if part.area > _DUST
    ]
    return shapely.MultiPolygon(kept)


def _split(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    """Yield parts with at most `_CORNERS` corners, so that cutting a cell is quick."""
    for part in shapely.get_parts(shape):
        if part.geom_type == "MultiPolygon":
            yield from _split(part)
        if part.geom_type != "Polygon":
            continue
        if shapely.get_num_coordinates(part) <= _CORNERS:
            yield part
            continue
        west, south, east, north = part.bounds
        if east - west > north - south:
            middle = (west + east) / 2
            halves = [(west, south, middle, north), (middle, south, east, north)]
        else:
            middle = (south + north) / 2
            halves = [(west, south, east, middle), (west, middle, east, north)]
        for half in halves:
            yield from _split(shapely.intersection(part, shapely.box(*half)))
