"""Regions as others read them: CF geometry containers and GeoJSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import shapely
import xarray as xr

from ..errors import RegionError
from .region import Regions


def geometry_variables(regions: Regions) -> xr.Dataset:
    """Return the outlines of regions as CF geometry containers (CF 1.8, section 7.5).

    Parameters
    ----------
    regions : Regions
        In the order of the dimension `region` of the data they go with.

    Returns
    -------
    Dataset (region), (node), (part)
        The container ``region_geometry`` and what it names. A variable along `region` refers to
        it with the attribute ``geometry``. Outer rings run anticlockwise, holes clockwise.
    """
    polygons, region = shapely.get_parts(
        shapely.orient_polygons(np.array(regions.geometries, dtype=object)), return_index=True
    )
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    sizes = np.bincount(ring, minlength=len(rings))
    nodes = np.bincount(region[polygon], sizes, minlength=len(regions)).astype(np.int32)
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
            "region_geometry": ((), np.int32(0), container),
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
        coords={"region": ("region", np.array(regions.ids))},
    )


def to_geojson(values: xr.Dataset, regions: Regions) -> str:
    """Return outlines with one value of each variable, as GIS programs read them.

    Parameters
    ----------
    values : Dataset (region)
        One number per region and variable, for example ``series.isel(time=-1)``.
    regions : Regions
        Holds the outlines of all regions of `values`.

    Returns
    -------
    str
        A GeoJSON FeatureCollection (RFC 7946); a missing value is null.

    Raises
    ------
    RegionError
        If a variable has more dimensions than `region`.
    """
    for name, da in values.data_vars.items():
        if da.dims != ("region",):
            raise RegionError(
                f"variable {str(name)!r} has the dimensions {da.dims}; choose one time first"
            )
    chosen = regions.select(str(name) for name in values["region"].to_numpy())
    shapes = shapely.orient_polygons(np.array(chosen.geometries, dtype=object))
    features = []
    for i, text in enumerate(shapely.to_geojson(shapes)):
        properties: dict[str, Any] = {"name": chosen.names[i], "region_set": chosen.set_ids[i]}
        for name, da in values.data_vars.items():
            number = float(da[i])
            properties[str(name)] = number if np.isfinite(number) else None
        features.append(
            {
                "type": "Feature",
                "id": chosen.ids[i],
                "properties": properties,
                "geometry": json.loads(text),
            }
        )
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False) + "\n"
