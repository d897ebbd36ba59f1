"""Whole files through `open_dataset`, compared cell by cell with what netCDF4 reads itself."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest

from sco_pipeline import harmonise
from sco_pipeline.catalog import BBox
from sco_pipeline.errors import HarmonisationError
from tests import synthetic as syn


def sample(name: str) -> Path:
    import iris_sample_data

    return Path(iris_sample_data.__file__).parent / "sample_data" / name


OSTIA = syn.entry({"tos": "surface_temperature"}, "month")


def test_ostia_equals_what_netcdf4_reads():
    path = sample("ostia_monthly.nc")
    ds = harmonise.open_dataset(OSTIA, syn.VARIABLES, [path], syn.request("tos"))
    with netCDF4.Dataset(path) as file:
        kelvin = np.ma.filled(file["surface_temperature"][:].astype("f8"), np.nan)
        lon = file["longitude"][:].filled().astype("f8")
        bounds = file["time_bnds"][:].filled() / 24
    order = np.argsort(np.where(lon >= 180, lon - 360, lon), kind="stable")
    expected = kelvin[:, :, order] - 273.15
    assert ds.tos.dims == ("time", "lat", "lon") and ds.tos.dtype == np.float32
    assert np.array_equal(np.isnan(ds.tos.values), np.isnan(expected))
    assert np.nanmax(np.abs(ds.tos.values - expected)) < 2e-6
    days = (ds.time_bnds.values - np.datetime64("1970-01-01", "ns")) / np.timedelta64(1, "D")
    assert np.array_equal(days, bounds)
    assert ds.tos.attrs["units"] == "degC"
    assert float(ds.lon[0]) == -180.0 and float(ds.lon_bnds[-1, 1] - ds.lon_bnds[0, 0]) == 360.0


def test_darwin_series_has_no_place_and_all_months():
    path = sample("SOI_Darwin.nc")
    entry = syn.entry({"soi": {"name": "SOI_Darwin", "units": "1"}}, "month")
    ds = harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("soi"))
    with netCDF4.Dataset(path) as file:
        expected = np.ma.filled(file["SOI_Darwin"][:].astype("f8"), np.nan)
    assert ds.soi.dims == ("time",) and ds.sizes["time"] == 148 * 12
    assert np.array_equal(ds.soi.values.astype("f8"), expected, equal_nan=True)
    months = np.arange("1866-01", "2014-01", dtype="datetime64[M]").astype("datetime64[ns]")
    assert np.array_equal(ds.time.values, months)


@pytest.mark.shared
def test_duacs_unpacks_integers_without_calendar():
    path = syn.shared_file("dt_med_allsat_phy_l4_2005T2.nc")
    entry = syn.entry({"zos": "adt"}, "day")
    ds = harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("zos"))
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        stored = file["adt"][:]
    expected = np.where(stored == -32767, np.nan, stored * 0.0001)
    assert np.array_equal(np.isnan(ds.zos.values), np.isnan(expected))
    assert np.nanmax(np.abs(ds.zos.values - expected)) < 1e-7
    assert str(ds.time.values[0])[:10] == "2005-04-01" and ds.sizes["time"] == 91
    assert str(ds.time_bnds.values[-1, 1])[:10] == "2005-07-01"


def test_packed_twin_of_duacs(tmp_path):
    ds = syn.grid_dataset(name="adt", units="m", days=4)
    ds["adt"] = ds["adt"] / 100
    encoding = {
        "adt": {"dtype": "i2", "scale_factor": 1e-4, "_FillValue": -32767},
        "time": {"dtype": "f4", "units": "days since 1950-01-01 00:00:00"},
    }
    path = syn.write(ds, tmp_path / "a.nc", encoding=encoding)
    entry = syn.entry({"zos": "adt"})
    got = harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("zos"))
    assert got.zos.dtype == np.float32
    np.testing.assert_allclose(got.zos, ds["adt"], atol=1e-8)


def test_period_keeps_whole_days_from_start_to_end(tmp_path):
    path = syn.write(syn.grid_dataset(days=10), tmp_path / "a.nc")
    wanted = syn.request("tas", start="2001-01-03", end="2001-01-05")
    ds = harmonise.open_dataset(syn.entry({"tas": "tas"}), syn.VARIABLES, [path], wanted)
    assert [str(t)[:10] for t in ds.time.values] == ["2001-01-03", "2001-01-04", "2001-01-05"]


def test_period_without_data_is_an_error(tmp_path):
    path = syn.write(syn.grid_dataset(), tmp_path / "a.nc")
    wanted = syn.request("tas", start="2010-01-01")
    with pytest.raises(HarmonisationError, match=r"'demo'.*none of its 1 files.*2010-01-01"):
        harmonise.open_dataset(syn.entry({"tas": "tas"}), syn.VARIABLES, [path], wanted)


@pytest.mark.parametrize(
    ("west", "east", "expected"),
    [
        (-40, 40, [-30, 30]),  # cells of 60 degrees that touch the box
        (130, -130, [-150, 150]),  # over the antimeridian
        (130, 230, [-150, 150]),  # the same, stated 0..360
        (-180, 180, [-150, -90, -30, 30, 90, 150]),
        (1, 2, [30]),
    ],
)
def test_box_keeps_the_cells_that_touch_it(tmp_path, west, east, expected):
    source = syn.grid_dataset()
    path = syn.write(source, tmp_path / "a.nc")
    box = BBox(west=west, east=east, south=-30, north=30)
    ds = harmonise.open_dataset(
        syn.entry({"tas": "tas"}), syn.VARIABLES, [path], syn.request("tas", bbox=box)
    )
    assert ds.lon.values.tolist() == expected and ds.lat.values.tolist() == [-20, 20]
    np.testing.assert_allclose(ds.tas, source.tas.sel(lon=expected, lat=[-20, 20]), atol=1e-5)


def test_box_outside_of_the_data_names_both(tmp_path):
    lon = [10.0, 11.0, 12.0]
    path = syn.write(syn.grid_dataset(lon=lon), tmp_path / "a.nc")
    box = BBox(west=-40, east=-30, south=-30, north=30)
    with pytest.raises(HarmonisationError, match="no cell of dataset 'demo' lies within"):
        harmonise.open_dataset(
            syn.entry({"tas": "tas"}), syn.VARIABLES, [path], syn.request("tas", bbox=box)
        )


def test_unknown_name_in_file_says_what_is_there(tmp_path):
    path = syn.write(syn.grid_dataset(), tmp_path / "a.nc")
    entry = syn.entry({"tas": "tass"})
    with pytest.raises(HarmonisationError, match=r"a\.nc of dataset 'demo'.*Did you mean 'tas'"):
        harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("tas"))


def test_classic_and_netcdf4_give_the_same(tmp_path):
    ds = syn.grid_dataset()
    one = syn.write(ds, tmp_path / "a.nc")
    other = syn.write(ds, tmp_path / "b.nc", classic=True)
    opened = [
        harmonise.open_dataset(
            syn.entry({"tas": "tas"}), syn.VARIABLES, [path], syn.request("tas")
        ).load()
        for path in (one, other)
    ]
    np.testing.assert_array_equal(opened[0].tas, opened[1].tas)
    np.testing.assert_array_equal(opened[0].tas, ds.tas)
