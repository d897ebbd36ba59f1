"""Every fix mends its trouble, and is an error where the trouble is not."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from sco_pipeline import harmonise
from sco_pipeline.errors import HarmonisationError
from sco_pipeline.harmonise.fixes import FIXES
from tests import synthetic as syn


def good() -> xr.Dataset:
    ds = syn.grid_dataset(days=3, seed=1)
    ds["tas"] = ds["tas"].fillna(1.0)
    ds["tas"].encoding["_FillValue"] = None
    ds.time.encoding["units"] = "days since 2000-01-01"
    ds.attrs["time_coverage_start"] = "2001-01-01"
    return ds


def undeclared() -> xr.Dataset:
    ds = good()
    ds["tas"][0, 0, 0] = 9.969209968386869e36
    return ds


def west() -> xr.Dataset:
    ds = good()
    return ds.assign_coords(lon=("lon", -ds.lon.values, {"units": "degrees_west"}))


def swapped() -> xr.Dataset:
    ds = good()
    lat, lon = ds.lat.attrs, ds.lon.attrs
    ds.lat.attrs, ds.lon.attrs = lon, lat
    return ds


def late() -> xr.Dataset:
    ds = good()
    moved = ds.assign_coords(time=ds.time + np.timedelta64(1, "D"))
    moved.time.attrs, moved.time.encoding = {}, {"units": "days since 2000-01-01"}
    return moved


TROUBLES = {
    "undeclared-fill": undeclared,
    "longitude-west-positive": west,
    "latitude-longitude-swapped": swapped,
    "stamp-a-day-late": late,
}


def opened(ds: xr.Dataset, tmp_path, *fixes: str) -> xr.Dataset:
    path = syn.write(ds, tmp_path / "a.nc", classic=True)
    entry = syn.entry({"tas": "tas"}, fixes=fixes)
    return harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("tas")).load()


def test_every_fix_has_its_trouble_here():
    assert {*TROUBLES, "global-snowpack-bits"} == set(FIXES)


def test_snow_bits_become_per_cent_and_no_data_is_missing(tmp_path):
    codes = np.array([0, 3, 64, 67, 128, 1], dtype="u1").reshape(1, 2, 3)
    ds = xr.Dataset(
        {"snow": (("time", "lat", "lon"), codes)},
        coords={
            "time": ("time", [0.0], {"units": "days since 2020-01-01"}),
            "lat": ("lat", [40.0, 41.0], {"units": "degrees_north"}),
            "lon": ("lon", [10.0, 11.0, 12.0], {"units": "degrees_east"}),
        },
    )
    path = syn.write(ds, tmp_path / "a.nc")
    variable = syn.VARIABLES["siconc"].model_copy(update={"id": "snc"})
    entry = syn.entry({"snc": "snow"}, fixes=("global-snowpack-bits",))
    got = harmonise.open_dataset(entry, {"snc": variable}, [path], syn.request("snc"))
    np.testing.assert_array_equal(got.snc[0], [[np.nan, 0, 100], [100, 100, 0]])


@pytest.mark.parametrize("name", TROUBLES)
def test_fix_mends_its_trouble(tmp_path, name):
    expected = good()
    got = opened(TROUBLES[name](), tmp_path, name)
    values = expected.tas.values.copy()
    if name == "undeclared-fill":
        values[0, 0, 0] = np.nan
    np.testing.assert_array_equal(got.tas, values)
    assert np.array_equal(got.time, expected.time) and np.array_equal(got.lon, expected.lon)
    assert f"fix {name}" in got.attrs["harmonised"]


@pytest.mark.parametrize("name", TROUBLES)
def test_fix_without_its_trouble_is_an_error(tmp_path, name):
    with pytest.raises(HarmonisationError, match=rf"a\.nc: fix '{name}' of dataset 'demo' finds"):
        opened(good(), tmp_path, name)


def test_unknown_fix_names_the_nearest(tmp_path):
    with pytest.raises(HarmonisationError, match="Did you mean 'undeclared-fill'"):
        opened(good(), tmp_path, "undeclared-fil")
