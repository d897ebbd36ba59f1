"""Outlines for others: what cf_xarray and GeoJSON readers make of them."""

import json

import cf_xarray
import numpy as np
import pytest
import shapely
import xarray as xr

from sco_pipeline.errors import RegionError
from sco_pipeline.regions import aggregate, geometry_variables, make_regions, to_geojson

HOLED = shapely.Polygon(shapely.box(0, 0, 9, 9).exterior, [shapely.box(3, 3, 4, 4).exterior])
ACROSS = shapely.box(170, -10, 190, 10)
REGIONS = make_regions(["holed", "across"], ["Ein Söll", "Across"], [HOLED, ACROSS], "m")


def test_cf_xarray_reads_the_same_outlines(tmp_path):
    written = geometry_variables(REGIONS).assign(
        tas=("region", [1.0, 2.0], {"geometry": "region_geometry"})
    )
    written.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as ds:
        found = cf_xarray.cf_to_shapely(ds.load(), container="region_geometry")
    for shape, expected in zip(found.to_numpy(), REGIONS.geometries, strict=True):
        assert shapely.equals(shape, expected)


def test_rings_run_as_the_standards_ask():
    ds = geometry_variables(REGIONS)
    ends = np.cumsum(ds.part_node_count.to_numpy())
    for end, size, hole in zip(
        ends, ds.part_node_count.to_numpy(), ds.interior_ring.to_numpy(), strict=True
    ):
        part = slice(end - size, end)
        ring = shapely.LinearRing(np.stack([ds.node_lon[part], ds.node_lat[part]], axis=1))
        assert ring.is_ccw != bool(hole)


def test_geojson_holds_values_names_and_outlines():
    values = xr.Dataset({"tas": ("region", [np.nan, 2.5])}, coords={"region": ["across", "holed"]})
    found = json.loads(to_geojson(values, REGIONS))
    assert [f["id"] for f in found["features"]] == ["across", "holed"]
    assert [f["properties"]["tas"] for f in found["features"]] == [None, 2.5]
    assert found["features"][1]["properties"]["name"] == "Ein Söll"
    shape = shapely.from_geojson(json.dumps(found["features"][0]["geometry"]))
    assert shapely.equals(shape, REGIONS.geometries[1])
    with pytest.raises(RegionError, match="choose one time first"):
        to_geojson(values.expand_dims(time=2), REGIONS)


def test_results_carry_the_hash_of_their_geometry():
    lat, lon = np.arange(-85.0, 90, 10), np.arange(-175.0, 180, 10)
    da = xr.DataArray(np.ones((18, 36)), dims=("lat", "lon"), coords={"lat": lat, "lon": lon})
    assert aggregate(da, REGIONS).region.attrs["geometry_sha256"] == REGIONS.sha256
