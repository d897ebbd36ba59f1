"""The user's own areas: a file, a box, a place with a radius, a GeoDataFrame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from ..errors import RegionError
from .antimeridian import Antimeridian
from .files import Feature, geojson_features, read_features
from .grid import EARTH_RADIUS
from .region import Regions, make_regions

_CORNERS = 2048


def as_regions(areas: Any) -> Regions:
    """Return areas of any kind as regions.

    Parameters
    ----------
    areas : Regions, Path, str, GeoDataFrame, shapely geometry or object with ``__geo_interface__``
        A path is that of a geometry file. A geometry or GeoJSON-like object is in longitude and
        latitude.

    Returns
    -------
    Regions

    Raises
    ------
    RegionError
        If it is none of these, or holds no usable area.
    """
    if isinstance(areas, Regions):
        return areas
    if isinstance(areas, (str, Path)):
        return read_regions(areas)
    if hasattr(areas, "crs") and hasattr(areas, "to_crs"):
        return from_frame(areas)
    content = areas if isinstance(areas, dict) else getattr(areas, "__geo_interface__", None)
    if not isinstance(content, dict) or "type" not in content:
        raise RegionError(
            f"a {type(areas).__name__} is no area; expected regions, the path of a geometry file, "
            "a GeoDataFrame, or what has __geo_interface__"
        )
    return from_features(geojson_features(content), "areas")


def read_regions(
    path: Path | str,
    *,
    id_field: str | None = None,
    name_field: str | None = None,
    layer: str | None = None,
    antimeridian: Antimeridian = "refuse",
) -> Regions:
    """Return the areas of a GeoJSON file, shapefile or GeoPackage.

    Parameters
    ----------
    path : Path or str
        ``.geojson``, ``.json``, ``.shp``, ``.zip`` or ``.gpkg``.
    id_field, name_field : str, optional
        Attributes that hold id and name; by default ``id``, else the number of the feature, and
        ``name`` in any case where every feature has one, else the id.
    layer : str, optional
        Layer of a GeoPackage that holds several.
    antimeridian : {"refuse", "literal", "shortest"}
        What an edge over more than half a turn of longitude means.

    Returns
    -------
    Regions
        Of the set named like the file.

    Raises
    ------
    RegionError
        If the file or a region in it cannot be used.
    """
    path = Path(path)
    features = read_features(path, layer)
    return from_features(features, path.stem, id_field, name_field, antimeridian)


def from_features(
    features: list[Feature],
    set_id: str,
    id_field: str | None = None,
    name_field: str | None = None,
    antimeridian: Antimeridian = "refuse",
) -> Regions:
    """Return regions from attributes and geometries."""
    ids, names = [], []
    name_field = name_field or _name_field(features)
    for number, (properties, _) in enumerate(features):
        for key in (id_field, name_field):
            if key is not None and properties.get(key) in (None, ""):
                raise RegionError(
                    f"region set {set_id!r}: feature {number} has no {key!r}; "
                    f"found {sorted(properties)}"
                )
        label = properties[id_field] if id_field else properties.get("id", number)
        ids.append(str(label))
        names.append(str(properties[name_field]) if name_field else str(label))
    return make_regions(ids, names, [shape for _, shape in features], set_id, antimeridian)


def _name_field(features: list[Feature]) -> str | None:
    """Return the attribute called ``name``, in any case, if every feature has one."""
    known = (str(key) for key in (features[0][0] if features else {}))
    for key in known:
        if key.casefold() == "name" and all(f.get(key) not in (None, "") for f, _ in features):
            return key
    return None


def from_frame(
    frame: Any,
    *,
    id_field: str | None = None,
    name_field: str | None = None,
    set_id: str = "frame",
    antimeridian: Antimeridian = "refuse",
) -> Regions:
    """Return the areas of a GeoDataFrame; geopandas itself is not needed.

    Parameters
    ----------
    frame : GeoDataFrame
        With a `crs`; another one than longitude and latitude is transformed.
    id_field, name_field : str, optional
        Columns that hold id and name; by default the index, and ``name`` in any case where every
        row has one, else the id.
    set_id : str
        What the set is called in products.
    antimeridian : {"refuse", "literal", "shortest"}
        What an edge over more than half a turn of longitude means.

    Returns
    -------
    Regions
    """
    if not hasattr(frame, "geometry"):
        raise RegionError(f"a {type(frame).__name__} has no geometry; expected a GeoDataFrame")
    if getattr(frame, "crs", None) is None:
        raise RegionError(f"{set_id!r} has no crs; set it, for example frame.set_crs('EPSG:4326')")
    frame = frame.to_crs("OGC:CRS84")
    features = [
        ({"id": index, **{str(k): row[k] for k in frame.columns if k != frame.geometry.name}}, g)
        for (index, row), g in zip(frame.iterrows(), frame.geometry, strict=True)
    ]
    return from_features(features, set_id, id_field, name_field, antimeridian)


def box(west: float, south: float, east: float, north: float, *, name: str = "box") -> Regions:
    """Return one box in degrees; `west` > `east` crosses the antimeridian.

    Raises
    ------
    RegionError
        If it has no height, or spans more than a turn.
    """
    if not -90 <= south < north <= 90:
        raise RegionError(
            f"box {name!r} reaches from latitude {south} to {north}; expected -90 <= south < "
            "north <= 90"
        )
    east = east if east > west else east + 360.0
    shape = shapely.box(west, south, east, north)
    return make_regions([name], [name], [shape], "box", "literal")


def point(lat: float, lon: float, radius_km: float, *, name: str = "point") -> Regions:
    """Return what lies within a distance of a place.

    Parameters
    ----------
    lat, lon : float, degrees
        The place.
    radius_km : float, km
        Great-circle distance, more than 0 and less than a quarter of the way around the Earth.
    name : str
        Id and name of the region.

    Returns
    -------
    Regions
        A polygon with 2048 corners and the area of the spherical cap.

    Raises
    ------
    RegionError
        If the place or the distance is impossible.
    """
    angle = radius_km * 1000.0 / EARTH_RADIUS
    if not (0 < angle < np.pi / 2 and -90 <= lat <= 90 and -720 <= lon <= 720):
        raise RegionError(
            f"point {name!r} at latitude {lat}, longitude {lon} with {radius_km} km; expected "
            "degrees and a radius above 0 and below 10000 km"
        )
    shape = _circle(np.radians(lat), lon, angle)
    return make_regions([name], [name], [shape], "point", "literal")


def _circle(lat: float, lon: float, angle: float) -> BaseGeometry:
    """Return a circle on the sphere, closed over a pole that it holds."""
    if abs(lat) + angle > np.pi / 2 + 1e-12:
        return _around_pole(lat, lon, angle)
    turn = 2 * np.pi / _CORNERS
    wider = angle * np.sqrt(turn / np.sin(turn))
    wider = min(wider, np.pi / 2 - abs(lat))
    azimuth = np.arange(_CORNERS) * turn
    corner = np.arcsin(
        np.clip(np.sin(lat) * np.cos(wider) + np.cos(lat) * np.sin(wider) * np.cos(azimuth), -1, 1)
    )
    east = np.arctan2(
        np.sin(azimuth) * np.sin(wider) * np.cos(lat),
        np.cos(wider) - np.sin(lat) * np.sin(corner),
    )
    return shapely.Polygon(_degrees(lon, east, corner))


def _around_pole(lat: float, lon: float, angle: float) -> BaseGeometry:
    """Return a circle around a pole: for each longitude the latitude where it ends."""
    side = 1.0 if lat >= 0 else -1.0
    east = np.linspace(-np.pi, np.pi, _CORNERS + 1)
    up, out = np.sin(abs(lat)), np.cos(lat) * np.cos(east)
    rim = np.arctan2(up, out) - np.arccos(np.minimum(np.cos(angle) / np.hypot(up, out), 1.0))
    points = _degrees(lon, east, side * rim)
    return shapely.Polygon([*points, (points[-1, 0], side * 90.0), (points[0, 0], side * 90.0)])


def _degrees(
    lon: float, east: NDArray[np.float64], lat: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.stack([lon + np.degrees(east), np.degrees(lat)], axis=1)
