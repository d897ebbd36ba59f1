"""Regions as others read them: CF geometry containers and GeoJSON."""

from __future__ import annotations

import xarray as xr

from ..errors import RegionError
from ..geography import feature_collection, geometry_containers
from .region import Regions


def geometry_variables(regions: Regions) -> xr.Dataset:
    """Return the outlines of regions as CF geometry containers; see `geometry_containers`.

    Parameters
    ----------
    regions : Regions
        In the order of the dimension `region` of the data they go with.

    Returns
    -------
    Dataset (region), (node), (part)
        The container ``region_geometry`` and what it names.
    """
    return geometry_containers(regions.ids, regions.geometries)


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
    properties = [
        {"name": chosen.names[i], "region_set": chosen.set_ids[i]}
        | {str(name): float(da[i]) for name, da in values.data_vars.items()}
        for i in range(len(chosen))
    ]
    return feature_collection(chosen.ids, chosen.geometries, properties)
