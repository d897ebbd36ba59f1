"""Readers of text, JSON and HDF5; the table of formats."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
import xarray as xr

from sco_pipeline import harmonise
from sco_pipeline.catalog import load_catalog
from sco_pipeline.errors import HarmonisationError
from sco_pipeline.harmonise.readers import READERS, read
from tests import synthetic as syn

TABLE = "station,lat,lon,date,tmax\n"


def test_every_fetchable_dataset_has_a_reader():
    entries = load_catalog().datasets.values()
    assert {e.id: e.format for e in entries if e.fetchable and e.format not in READERS} == {}


def test_rows_of_stations_become_series_at_their_places(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        TABLE + "Vienna,48.2,16.4,2001-01-02,3.5\nVienna,48.2,16.4,2001-01-01,2.5\n"
        "Suva,-18.1,178.4,2001-01-02,30.0\nSuva,-18.1,178.4,2001-01-03,\n"
    )
    entry = syn.entry({"tas": {"name": "tmax", "units": "degC"}}, "day", "csv")
    ds = harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("tas")).load()
    assert ds.tas.dims == ("time", "station") and ds.station.values.tolist() == ["Vienna", "Suva"]
    assert ds.lat.values.tolist() == [48.2, -18.1] and ds.lon.values.tolist() == [16.4, 178.4]
    nan = np.nan
    np.testing.assert_array_equal(ds.tas.values.T, [[2.5, 3.5, nan], [nan, 30.0, nan]])


def test_a_station_with_two_values_at_one_time_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(TABLE + "A,1,2,2001-01-01,3\nA,1,2,2001-01-01,4\n")
    with pytest.raises(HarmonisationError, match="A, 1, 2 has two values at one time"):
        read(path)


def test_json_records_are_a_series(tmp_path):
    rows = [{"date": "2001-01-01", "sst": "20.5"}, {"date": "2001-01-02", "sst": None}]
    expected = [20.5, np.nan]
    entry = syn.entry({"tos": {"name": "sst", "units": "degC"}}, "day", "json")
    for content in (rows, {"count": 2, "data": rows}):
        path = tmp_path / "a.json"
        path.write_text(json.dumps(content))
        ds = harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("tos"))
        np.testing.assert_array_equal(ds.tos.values, expected)
        assert [str(t)[:10] for t in ds.time.values] == ["2001-01-01", "2001-01-02"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[1, 2]", "holds 0 lists of records"),
        ('{"a": [{"b": 1}], "c": [{"b": 1}]}', "holds 2 lists of records"),
        ('{"a": [', "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('[{"sst": 1}]', "no column of dates"),
    ],
)
def test_json_that_is_no_table_is_refused(tmp_path, content, message):
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(HarmonisationError, match=message):
        read(path)


def test_hdf5_with_groups_and_nameless_dimensions(tmp_path):
    path = tmp_path / "a.h5"
    values = np.arange(6, dtype="i2").reshape(2, 3)
    with h5py.File(path, "w") as file:
        rain = file.create_dataset("HDFEOS/GRIDS/rain", data=values)
        rain.attrs.update({"units": "mm h-1", "scale_factor": 0.1})
        for name, numbers, units in (
            ("Latitude", [10.0, 20.0], "degrees_north"),
            ("Longitude", [30.0, 40.0, 50.0], "degrees_east"),
        ):
            file.create_dataset(f"Geo/{name}", data=numbers).attrs["units"] = units
        file.attrs["time_coverage_start"] = "2001-02-03"
    entry = syn.entry({"pr": "HDFEOS/GRIDS/rain"}, "day", "hdf5")
    ds = harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("pr")).load()
    np.testing.assert_allclose(ds.pr.values[0], values * 0.1 * 24, rtol=1e-6)  # mm h-1 to mm d-1
    assert ds.lat.values.tolist() == [10, 20] and ds.lon.values.tolist() == [30, 40, 50]
    assert str(ds.time.values[0])[:10] == "2001-02-03"


def test_two_dimensions_of_one_size_stay_two(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("a/square", data=np.eye(4))
    entry = syn.entry({"pr": "a/square"}, "day", "hdf5")
    assert read(path, entry)["a/square"].dims == ("size_4", "size_4_")


def test_netcdf_and_hdf5_readers_agree_on_a_plain_file(tmp_path):
    path = syn.write(syn.grid_dataset(), tmp_path / "a.nc")
    entry = syn.entry({"tas": "tas"}, "day", "hdf5")
    xr.testing.assert_identical(read(path, entry).load(), read(path).load())


def test_geotiff_is_dated_by_its_tag(tmp_path):
    rasterio = pytest.importorskip("rasterio")
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=2, width=2, dtype="float32",
        crs="EPSG:4326", transform=rasterio.Affine(1, 0, -10, 0, -1, 10), nodata=-1,
    ) as file:  # fmt: skip
        file.write(np.array([[[1, 2], [3, -1]]], "f4"))
        file.update_tags(TIFFTAG_DATETIME="2001:05:01 06:00:00")
    entry = syn.entry({"tas": {"name": "v", "units": "degC"}}, "day", "geotiff")
    ds = harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("tas")).load()
    assert str(ds.time.values[0])[:13] == "2001-05-01T00"
    np.testing.assert_array_equal(ds.tas.values[0], [[3, np.nan], [1, 2]])
