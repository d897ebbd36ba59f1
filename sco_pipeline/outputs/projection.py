"""Which part of the Earth a map shows, and in which projection.

cartopy does the mathematics. All projections are used with central longitude zero, on longitudes
relative to the middle of the map, so that the dateline is a line like any other.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..catalog import BBox

Frame = Literal["rectangle", "circle", "outline"]
Kind = Literal["auto", "plate-carree", "north-polar", "south-polar", "robinson"]

FULL_CIRCLE = 360.0
_NEARLY_ROUND = 300.0
_EDGE = 180.0 - 1e-7  # of the map, in relative longitude
_cartopy = threading.Lock()  # cartopy shares pyproj transformers, which are not safe in threads


@dataclass(frozen=True)
class Extent:
    """A box in degrees; `east` is greater than `west` also across the dateline."""

    west: float
    south: float
    east: float
    north: float

    @property
    def width(self) -> float:
        """Degrees of longitude."""
        return self.east - self.west

    @property
    def height(self) -> float:
        """Degrees of latitude."""
        return self.north - self.south

    @property
    def middle(self) -> float:
        """Longitude of the middle, in [-180, 180)."""
        return (self.west + self.width / 2 + 180.0) % FULL_CIRCLE - 180.0

    @classmethod
    def of_box(cls, box: BBox) -> Extent:
        """Return the extent of a catalog box, whose west may be greater than its east."""
        east = box.east if box.east > box.west else box.east + FULL_CIRCLE
        return cls(box.west, box.south, east, box.north)

    def grown(self, share: float) -> Extent:
        """Return the extent with a margin on each side."""
        lon, lat = self.width * share, self.height * share
        if self.width + 2 * lon >= FULL_CIRCLE:
            lon = (FULL_CIRCLE - self.width) / 2
        south, north = max(self.south - lat, -90.0), min(self.north + lat, 90.0)
        return Extent(self.west - lon, south, self.east + lon, north)


@dataclass(frozen=True)
class View:
    """A projection with what it shows.

    Attributes
    ----------
    kind : str
        Name of the projection.
    projection : cartopy.crs.Projection
        With central longitude zero.
    middle : float
        Longitude that is drawn in the middle.
    extent : Extent
        What is shown, in degrees.
    frame : {"rectangle", "circle", "outline"}
        Shape of the map.
    outline : ndarray (n, 2), m
        The frame, projected.
    clip : Extent
        Box on the Earth that holds all that can be seen; relative to `middle` in longitude.
    """

    kind: str
    projection: Any
    middle: float
    extent: Extent
    frame: Frame
    outline: np.ndarray
    clip: Extent

    def project(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Return (..., 2) map coordinates of longitudes relative to `middle`, and latitudes."""
        return _project(self.projection, lon, lat)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of the frame in map coordinates."""
        (left, bottom), (right, top) = self.outline.min(axis=0), self.outline.max(axis=0)
        return float(left), float(bottom), float(right), float(top)

    @property
    def aspect(self) -> float:
        """Height over width."""
        left, bottom, right, top = self.bounds
        return (top - bottom) / (right - left)

    def relative(self, lon: np.ndarray) -> np.ndarray:
        """Return longitudes relative to the middle, in [-180, 180)."""
        return (np.asarray(lon, dtype=float) - self.middle + 180.0) % FULL_CIRCLE - 180.0


def choose_view(extent: Extent, kind: Kind = "auto") -> View:
    """Return the view that suits an extent.

    Parameters
    ----------
    extent : Extent
        What is to be seen.
    kind : str
        "auto", or the projection that a recipe wants.

    Returns
    -------
    View
        Polar stereographic in a circle around a pole; Robinson for the globe; equirectangular for
        belts and the tropics; Mercator for regions; equal-area cones for continents; azimuthal
        equal-area near the poles.
    """
    import cartopy.crs as ccrs

    if kind == "auto":
        kind, name = _suitable(extent)
    else:
        name = kind
    if name == "north-polar":
        return _polar(ccrs.NorthPolarStereo(), name, extent)
    if name == "south-polar":
        return _polar(ccrs.SouthPolarStereo(), name, extent)
    if name == "robinson":
        return _whole(ccrs.Robinson(), name, extent)
    if name == "mercator":
        return _box(ccrs.Mercator(min_latitude=-82.0, max_latitude=82.0), name, extent)
    if name == "albers":
        sixth = extent.height / 6
        parallels = (extent.south + sixth, extent.north - sixth)
        centre = (extent.south + extent.north) / 2
        cone = ccrs.AlbersEqualArea(0.0, centre, standard_parallels=parallels)
        return _around(cone, name, extent)
    if name == "azimuthal":
        centre = (extent.south + extent.north) / 2
        return _around(ccrs.LambertAzimuthalEqualArea(0.0, centre), name, extent)
    return _box(ccrs.PlateCarree(), "plate-carree", extent)


def _suitable(extent: Extent) -> tuple[Kind, str]:
    middle = abs(extent.south + extent.north) / 2
    farthest = max(abs(extent.south), abs(extent.north))
    nearest = min(abs(extent.south), abs(extent.north)) if extent.south * extent.north > 0 else 0.0
    if extent.width >= _NEARLY_ROUND:
        if nearest >= 30:
            return "auto", "north-polar" if extent.south > 0 else "south-polar"
        return "auto", "robinson" if extent.height > 100 else "plate-carree"
    if farthest > 78 or (middle > 65 and extent.width > 20):
        return "auto", "azimuthal" if nearest > 0 and extent.width < 180 else "plate-carree"
    if extent.width > 50 and middle > 20 and nearest > 0 and extent.width < 180:
        return "auto", "albers"
    if extent.width <= 100 and farthest <= 75:
        return "auto", "mercator"
    return "auto", "plate-carree"


def _project(projection: Any, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    import cartopy.crs as ccrs

    lon = np.clip(np.asarray(lon, dtype=float), -_EDGE, _EDGE)
    lat = np.asarray(lat, dtype=float)
    lon, lat = np.broadcast_arrays(lon, lat)
    if isinstance(projection, ccrs.Mercator):
        lat = np.clip(lat, -82.0, 82.0)
    with _cartopy:
        points = projection.transform_points(ccrs.PlateCarree(), lon.ravel(), lat.ravel())
    return np.asarray(points[:, :2].reshape(*lon.shape, 2))


def _edge(extent: Extent, middle: float) -> np.ndarray:
    """Return the outline of a box in relative degrees, with a point each half degree."""
    west, east = -extent.width / 2, extent.width / 2
    count = max(2, int(extent.width * 2) + 1), max(2, int(extent.height * 2) + 1)
    lon, lat = np.linspace(west, east, count[0]), np.linspace(extent.south, extent.north, count[1])
    sides = [
        (lon, np.full_like(lon, extent.south)),
        (np.full_like(lat, east), lat),
        (lon[::-1], np.full_like(lon, extent.north)),
        (np.full_like(lat, west), lat[::-1]),
    ]
    return np.concatenate([np.column_stack(side) for side in sides])


def _relative_box(extent: Extent) -> Extent:
    return Extent(-extent.width / 2, extent.south, extent.width / 2, extent.north)


def _whole(projection: Any, name: str, extent: Extent) -> View:
    """Return the whole globe inside the outline of the projection."""
    middle = extent.middle if extent.width < 359.0 else round(extent.middle / 10) * 10.0
    globe = Extent(middle - 180.0, -90.0, middle + 180.0, 90.0)
    outline = _edge(globe, middle)
    projected = _project(projection, outline[:, 0], outline[:, 1])
    return View(name, projection, middle, globe, "outline", projected, _relative_box(globe))


def _polar(projection: Any, name: str, extent: Extent) -> View:
    """Return a cap around a pole inside a circle."""
    limit = max(extent.south, 20.0) if name == "north-polar" else min(extent.north, -20.0)
    angle = np.linspace(-180.0, 180.0, 361)
    rim = _project(projection, angle, np.full_like(angle, limit))
    beyond = limit - 5.0 if name == "north-polar" else limit + 5.0
    south, north = sorted((beyond, 90.0 if name == "north-polar" else -90.0))
    cap = Extent(
        -180.0,
        min(limit, north) if name == "north-polar" else -90.0,
        180.0,
        90.0 if name == "north-polar" else limit,
    )
    clip = Extent(-180.0, south, 180.0, north)
    return View(name, projection, 0.0, cap, "circle", rim, clip)


def _box(projection: Any, name: str, extent: Extent) -> View:
    """Return a box of straight meridians and parallels."""
    box = _relative_box(extent)
    corners = _project(
        projection,
        np.array([box.west, box.east, box.east, box.west]),
        np.array([box.south, box.south, box.north, box.north]),
    )
    return View(name, projection, extent.middle, extent, "rectangle", corners, box)


def _around(projection: Any, name: str, extent: Extent) -> View:
    """Return the rectangle around a box whose sides are curved."""
    edge = _edge(extent, extent.middle)
    points = _project(projection, edge[:, 0], edge[:, 1])
    (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
    outline = np.array([[left, bottom], [right, bottom], [right, top], [left, top]])
    margin = Extent(
        max(-180.0, -extent.width),
        max(-90.0, extent.south - 25.0),
        min(180.0, extent.width),
        min(90.0, extent.north + 25.0),
    )
    return View(name, projection, extent.middle, extent, "rectangle", outline, margin)
