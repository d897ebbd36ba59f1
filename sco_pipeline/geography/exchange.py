"""Outlines as others read them: CF geometry containers and GeoJSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
import xarray as xr
from shapely.geometry.base import BaseGeometry

CONTAINER = "region_geometry"


def geometry_containers(ids: Sequence[str], shapes: Sequence[BaseGeometry]) -> xr.Dataset:
    """Return outlines as CF geometry containers (CF 1.8, section 7.5).

    Parameters
    ----------
    ids : sequence of str
        Labels of the dimension ``region``.
    shapes : sequence of shapely Polygon or MultiPolygon
        Longitude and latitude in degrees.

    Returns
    -------
    Dataset (region), (node), (part)
        The container ``region_geometry`` and what it names. A variable along `region` refers to
        it with the attribute ``geometry``. Outer rings run anticlockwise, holes clockwise.
    """
    polygons, region = shapely.get_parts(_oriented(shapes), return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    sizes = np.bincount(ring, minlength=len(rings))
    nodes = np.bincount(region[polygon], sizes, minlength=len(ids)).astype(np.int32)
    first = np.append(True, np.diff(polygon) > 0)
    container = {
        "geometry_type": "polygon",
        "node_count": "node_count",
        "node_coordinates": "node_lon node_lat",
        "part_node_count": "part_node_count",
        "interior_ring": "interior_ring",
    }
    lon = {"units": "degrees_east", "standard_name": "longitude", "axis": "X"}
    lat = {"units": "degrees_north", "standard_name": "latitude", "axis": "Y"}
    return xr.Dataset(
        {
            CONTAINER: ((), np.int32(0), container),
            "node_count": ("region", nodes, {"long_name": "nodes of each region"}),
            "part_node_count": (
                "part",
                sizes.astype(np.int32),
                {"long_name": "nodes of each ring"},
            ),
            "interior_ring": ("part", (~first).astype(np.int32), {"long_name": "1 for a hole"}),
            "node_lon": ("node", points[:, 0], lon),
            "node_lat": ("node", points[:, 1], lat),
        },
        coords={"region": ("region", np.array(ids))},
    )


def feature_collection(
    ids: Sequence[str],
    shapes: Sequence[BaseGeometry],
    properties: Sequence[Mapping[str, Any]],
    **members: Any,
) -> str:
    """Return outlines with their properties as GeoJSON (RFC 7946).

    Parameters
    ----------
    ids : sequence of str
        Of the features.
    shapes : sequence of shapely geometry
        Longitude and latitude in degrees.
    properties : sequence of mapping
        One for each feature; a number that is not finite becomes null.
    **members
        Further members of the collection.

    Returns
    -------
    str
        One line of JSON.
    """
    features = [
        {
            "type": "Feature",
            "id": name,
            "properties": {key: _value(value) for key, value in about.items()},
            "geometry": json.loads(text),
        }
        for name, text, about in zip(
            ids, shapely.to_geojson(_oriented(shapes)), properties, strict=True
        )
    ]
    collection = {"type": "FeatureCollection", **members, "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False) + "\n"


def _oriented(shapes: Sequence[BaseGeometry]) -> np.ndarray:
    """Return outlines with outer rings anticlockwise and holes clockwise."""
    array = np.empty(len(shapes), dtype=object)
    array[:] = list(shapes)
    oriented: np.ndarray = shapely.orient_polygons(array)
    return oriented


def _value(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
