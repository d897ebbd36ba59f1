"""A generated twin of every quirk of the reference files; answers worked out by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sco_pipeline import harmonise
from sco_pipeline.errors import HarmonisationError
from tests import synthetic as syn
from tests.unit.harmonise.twin_files import (
    LAT,
    LON,
    SPHERE,
    VARIABLES,
    dates,
    numbers,
    opened,
    plain,
)


def test_month_centres_with_bounds_that_inherit_their_units(tmp_path):
    days = np.array([15.0, 45.5])
    extra = {"tb": (("time", "nv"), np.array([[0.0, 31.0], [31.0, 60.0]]))}
    attrs = {"units": "days since 2004-01-01", "bounds": "tb", "calendar": "gregorian"}
    path = plain(tmp_path / "a.nc", numbers(2, 3, 4), days, attrs, extra=extra)
    ds = opened(path, {"tas": "v"}, "month")
    assert dates(ds) == ["2004-01-01", "2004-02-01"]
    assert str(ds.time_bnds.values[1, 1])[:10] == "2004-03-01"
    assert ds.lon.values.tolist() == [-180.0, -90.0, 0.0, 90.0]
    assert ds.tas.values[0, 0].tolist() == [2.0, 3.0, 0.0, 1.0]
    assert float(ds.cell_area.sum()) == pytest.approx(SPHERE * np.sin(np.pi / 4), rel=1e-12)


def test_climatological_year_zero_odd_units_and_longitude_past_360(tmp_path):
    hours = 730.5 * np.arange(12) + 366.0
    values = np.full((12, 3, 4), 20.0, dtype="f4")
    values[3, 0, 0] = -1e34
    lon = [100.0, 190.0, 280.0, 370.0]
    attrs = {"units": "DEG C", "missing_value": np.float32(-1e34)}
    time = {"units": "hour since 0000-01-01 00:00:00"}
    path = plain(tmp_path / "a.nc", values, hours, time, attrs=attrs, lon=lon)
    coverage = {"start": dt.date(1946, 1, 1), "end": dt.date(1989, 12, 31)}
    ds = opened(path, {"tas": "v"}, "climatology", coverage=coverage)
    assert ds.lon.values.tolist() == [-170.0, -80.0, 10.0, 100.0]
    assert int(np.isnan(ds.tas.values).sum()) == 1 and np.isnan(ds.tas.values[3, 0, 3])
    assert dates(ds)[2:4] == ["1946-03-01", "1946-04-01"]
    with pytest.raises(HarmonisationError, match="year that the standard calendar does not have"):
        opened(path, {"tas": "v"}, "month")


def test_even_steps_of_730_hours_are_calendar_months_and_poles_are_half_rows(tmp_path):
    hours = 17598.0 + 730.5 * np.arange(24)
    lat, lon = [-90.0, 0.0, 90.0], [20.0, 110.0, 200.0, 290.0]
    path = plain(
        tmp_path / "a.nc", np.full((24, 3, 4), -99.9, "f4"), hours,
        {"units": "hour since 1980-01-14 14:00:00"}, lat=lat, lon=lon,
        attrs={"units": "M/S", "_FillValue": np.float32(-99.9)},
    )  # fmt: skip
    ds = opened(path, {"uas": "v"}, "month")
    assert dates(ds) == [f"{1982 + i // 12}-{i % 12 + 1:02d}-01" for i in range(24)]
    assert np.isnan(ds.uas.values).all()
    assert ds.lat_bnds.values.tolist() == [[-90, -45], [-45, 45], [45, 90]]
    assert float(ds.cell_area.sum()) == pytest.approx(SPHERE, rel=1e-12)


def station_file(path: Path, dims: tuple[str, str], calendar: str, days: int) -> Path:
    shape = {"time": days, "location": 2}
    values = numbers(*(shape[dim] for dim in dims), scale=1e-5)
    ds = xr.Dataset(
        {
            "pr": (dims, values - 5e-10, {"units": "kg m-2 s-1"}),
            "hurs": (dims, np.full(values.shape, 0.5)),
        },
        coords={
            "time": ("time", np.arange(days), {"units": "days since 2003-12-31",
                                               "calendar": calendar}),
            "lat": ("location", [45.5, 49.0], {"units": "degree_north"}),
            "lon": ("location", [286.4, -123.0], {"units": "degree_east"}),
            "location": ("location", np.array(["Montréal", "Vancouver"], dtype=object)),
        },
    )  # fmt: skip
    ds.to_netcdf(path, engine="h5netcdf")
    return path


def test_stations_in_either_order_of_dimensions(tmp_path):
    first = station_file(tmp_path / "a.nc", ("location", "time"), "standard", 3)
    ds = opened(first, {"pr": "pr", "hurs": {"name": "hurs", "units": "1"}}, "day")
    assert ds.pr.dims == ("time", "station")
    assert ds.station.values.tolist() == ["Montréal", "Vancouver"]
    np.testing.assert_allclose(ds.lon, [-73.6, -123.0])
    np.testing.assert_allclose(ds.pr.values[1], [0.864, 0.864 * 4], atol=1e-4)
    assert -1e-4 < float(ds.pr.min()) < 0  # rounding of the packing, kept
    assert (ds.hurs.values == 50).all()
    with pytest.raises(HarmonisationError, match="'hurs' has no units"):
        opened(first, {"hurs": "hurs"}, "day")


def test_365_day_calendar_goes_from_28_february_to_1_march(tmp_path):
    path = station_file(tmp_path / "a.nc", ("time", "location"), "noleap", 62)
    ds = opened(path, {"pr": "pr"}, "day")
    at = [(d.month, d.day) for d in ds.time.values].index((2, 28))
    assert str(ds.time_bnds.values[at, 1])[:10] == "2004-03-01"
    assert ds.sizes["time"] == 62 and str(ds.time.values[-1])[:10] == "2004-03-02"


def test_bounds_of_thinned_cells_are_kept_or_ignored_as_the_entry_says(tmp_path):
    extra = {
        "latb": (("lat", "nv"), np.array([[-30.5, -29.5], [-0.5, 0.5], [29.5, 30.5]])),
        "lonb": (("lon", "nv"), np.array(LON)[:, None] + [-0.5, 0.5]),
    }
    path = tmp_path / "a.nc"
    plain(path, numbers(1, 3, 4), np.array([0.0]), {"units": "days since 2000-01-01"}, extra=extra)
    with xr.open_dataset(path, engine="scipy", decode_times=False) as ds:
        ds = ds.load()
    ds.lat.attrs["bounds"], ds.lon.attrs["bounds"] = "latb", "lonb"
    ds.to_netcdf(path, engine="scipy")
    kept = opened(path, {"tas": "v"}, "day")
    assert kept.lat_bnds.values.tolist() == [[-30.5, -29.5], [-0.5, 0.5], [29.5, 30.5]]
    assert kept.lon_bnds.values[0].tolist() == [-180.5, -179.5]
    assert "a thinned grid" in kept.attrs["harmonised"]
    wide = opened(path, {"tas": "v"}, "day", layout={"cell_bounds": "ignore"})
    assert wide.lat_bnds.values[1].tolist() == [-15, 15]


def test_missing_value_and_fill_value_both_mean_missing(tmp_path):
    values = np.array([1.0, -1.7e38, 1.04e34, 4.0] * 3, dtype="f4").reshape(1, 3, 4)
    attrs = {
        "units": "degC", "_FillValue": np.float32(-1.7e38), "missing_value": np.float32(1.04e34)
    }  # fmt: skip
    extra = {"height2m": ((), 2.0, {"units": "m", "standard_name": "height"})}
    path = plain(
        tmp_path / "a.nc", values, np.array([0.0]), {"units": "days since 1850-01-01"},
        attrs=attrs, extra=extra, classic=False,
    )  # fmt: skip
    ds = opened(path, {"tas": "v"}, "month")
    # stored 1, fill, fill, 4 at 0, 90, 180, 270 degrees
    assert np.isnan(ds.tas.values[0, 0]).tolist() == [True, False, False, True]


def test_stamp_a_moment_before_midnight_and_time_zone_in_the_units(tmp_path):
    stored = np.array([302, -9999, 1, 2] * 3, dtype="i2").reshape(1, 3, 4)
    flags = np.array([0, 0, 1, 2] * 3, dtype="i1").reshape(1, 3, 4)
    attrs = {
        "units": "m3 m-3", "scale_factor": np.float32(1e-4), "_FillValue": np.int16(-9999),
        "valid_range": np.array([0.0, 1.0], "f4"),
    }  # fmt: skip
    flag_attrs = {
        "flag_values": np.array([0, 1, 2], "i1"), "flag_meanings": "good snow dense"
    }  # fmt: skip
    extra = {
        "flag": (("time", "lat", "lon"), flags, flag_attrs),
        "err": (("time", "lat", "lon"), stored, {"units": "m3 m-3", "scale_factor": 1e-5}),
    }
    path = plain(
        tmp_path / "a.nc", stored, np.array([10957 - 4.6e-10]),
        {"units": "days since 1970-01-01 00:00:00 UTC"}, attrs=attrs, extra=extra,
        lat=[30.0, 0.0, -30.0],
    )  # fmt: skip
    source = {"name": "v", "uncertainty": "err", "quality": {"variable": "flag", "keep": ["good"]}}
    ds = opened(path, {"mrsos": source}, "day")
    assert dates(ds) == ["2000-01-01"]
    row = ds.mrsos.values[0, 2]  # longitudes 180, 270, 0, 90: the flags keep 0 and 90 alone
    np.testing.assert_allclose(row[2:], [0.0302, np.nan], atol=1e-8)
    assert np.isnan(row[:2]).all()
    assert ds.mrsos.attrs["ancillary_variables"] == "mrsos_uncertainty"
    np.testing.assert_allclose(ds.mrsos_uncertainty.values[0, 0, 2], 302e-5, atol=1e-8)
    bits = {"name": "v", "quality": {"variable": "flag", "reject_bits": [1]}}
    masked = opened(path, {"mrsos": bits}, "day").mrsos.values[0, 0]
    assert np.isnan(masked).tolist() == [False, True, False, True]
    wrong = {"name": "v", "quality": {"variable": "flag", "keep": ["goood"]}}
    with pytest.raises(HarmonisationError, match="Did you mean 'good'"):
        opened(path, {"mrsos": wrong}, "day")


def test_curvilinear_hourly_amounts_that_end_at_their_stamp(tmp_path):
    y, x = np.meshgrid(np.arange(4) * 0.1, np.arange(5) * 0.1, indexing="ij")
    ds = xr.Dataset(
        {"rain": (("time", "y", "x"), numbers(2, 4, 5), {
            "units": "kg m^-2", "coordinates": "time lat lon"})},
        coords={
            "lat": (("y", "x"), y - 0.15, {"units": "degrees_north"}),
            "lon": (("y", "x"), x + 359.8, {"units": "degrees_east"}),
            "time": ("time", [20.0, 21.0], {"units": "Hour since 2001-12-31T23:00:00Z"}),
        },
    )  # fmt: skip
    path = syn.write(ds, tmp_path / "a.nc", classic=True)
    got = opened(path, {"pr": "rain"}, "hour", layout={"stamp": "end"})
    assert [str(t)[:13] for t in got.time.values] == ["2002-01-01T18", "2002-01-01T19"]
    assert got.pr.values[0, 1].tolist() == [24.0 * v for v in (5, 6, 7, 8, 9)]
    assert got.pr.dims == ("time", "y", "x") and float(got.lon.min()) == pytest.approx(-0.2)
    # at the equator a cell of 0.1 degree is (R * pi / 1800)^2, to the second order of its size
    np.testing.assert_allclose(got.cell_area, (6371007.181 * np.pi / 1800) ** 2, rtol=1e-4)


def test_months_since_and_misspelt_celsius(tmp_path):
    path = plain(
        tmp_path / "a.nc", numbers(14, 3, 4), np.arange(14.0),
        {"units": "months since 1780-01-15 00:00:00", "calendar": "standard"},
        attrs={"units": "degrees Celcius"},
    )  # fmt: skip
    ds = opened(path, {"tas": "v"}, "month")
    assert dates(ds)[::13] == ["1780-01-01", "1781-02-01"]


def test_metres_that_are_metres_a_day_and_metres_of_a_month(tmp_path):
    time = np.array([0, 31], dtype="i4")
    attrs = {"units": "m"}
    path = plain(
        tmp_path / "a.nc", np.full((2, 3, 4), 0.031), time, {"units": "days since 2001-01-01"},
        attrs=attrs,
    )  # fmt: skip
    a_day = opened(path, {"pr": {"name": "v", "units": "m d-1"}}, "month")
    np.testing.assert_allclose(a_day.pr.values, 31.0)
    a_month = opened(path, {"pr": "v"}, "month")  # as the file has it: a total of the month
    np.testing.assert_allclose(a_month.pr.values[0], 1.0)
    np.testing.assert_allclose(a_month.pr.values[1], 31 / 28)


def test_metres_accumulated_since_midnight_across_files(tmp_path):
    entry = syn.entry(
        {"pr": {"name": "v", "accumulated": "day"}}, "hour", layout={"stamp": "end", "step": "6h"}
    )
    paths = []
    totals = [[0.001, 0.003, 0.003], [0.007, 0.002]]  # after 6, 12, 18 h; 24 h; 6 h of the next day
    stamps = [[6, 12, 18], [24, 30]]
    for number, (hours, values) in enumerate(zip(stamps, totals, strict=True)):
        cube = np.array(values)[:, None, None] * np.ones((1, 3, 4))
        paths.append(plain(
            tmp_path / f"{number}.nc", cube, np.array(hours), {"units": "hours since 2001-01-01"},
            attrs={"units": "m"},
        ))  # fmt: skip
    ds = harmonise.open_dataset(entry, VARIABLES, paths, syn.request("pr"))
    # mm of six hours, as a rate a day
    np.testing.assert_allclose(ds.pr.values[:, 0, 0], np.array([1, 2, 0, 4, 2]) * 4.0, atol=1e-9)
    late = syn.request("pr", start="2001-01-02")
    np.testing.assert_allclose(
        harmonise.open_dataset(entry, VARIABLES, paths, late).pr.values[:, 0, 0], [8.0], atol=1e-9
    )


def test_singleton_level_and_a_fraction_called_percent(tmp_path):
    ds = xr.Dataset(
        {"ice": (("time", "zlev", "lat", "lon"), np.array([0, 50, 100, -999] * 3, "i2").reshape(
            1, 1, 3, 4), {"units": "percent", "scale_factor": np.float32(0.01),
                          "add_offset": np.float32(0), "missing_value": np.int16(-999)})},
        coords={
            "time": ("time", np.array([1460.5], "f4"), {"units": "days since 1978-01-01"}),
            "zlev": ("zlev", [0.0]),
            "lat": ("lat", LAT, {"units": "degrees_north"}),
            "lon": ("lon", LON, {"units": "degrees_east"}),
        },
    )  # fmt: skip
    path = syn.write(ds, tmp_path / "a.nc", classic=True)
    got = opened(path, {"siconc": {"name": "ice", "units": "1"}}, "day")
    assert dates(got) == ["1981-12-31"] and got.siconc.dims == ("time", "lat", "lon")
    np.testing.assert_allclose(got.siconc.values[0, 0], [100, np.nan, 0, 50], atol=1e-4)


def test_several_levels_must_be_chosen_from(tmp_path):
    ds = xr.Dataset(
        {"t": (("time", "depth", "lat", "lon"), numbers(1, 2, 3, 4), {"units": "degC"})},
        coords={
            "time": ("time", [0.0], {"units": "days since 2000-01-01"}),
            "depth": ("depth", [0.5, 10.0], {"units": "m"}),
            "lat": ("lat", LAT, {"units": "degrees_north"}),
            "lon": ("lon", LON, {"units": "degrees_east"}),
        },
    )
    path = syn.write(ds, tmp_path / "a.nc", classic=True)
    with pytest.raises(HarmonisationError, match="dimension 'depth' of size 2; choose one"):
        opened(path, {"tos": "t"}, "day")
    got = opened(path, {"tos": "t"}, "day", layout={"select": {"depth": 10}})
    assert got.tos.values[0, 0].tolist() == [14, 15, 12, 13]
    with pytest.raises(HarmonisationError, match=r"'depth' has no 11.*found \[0\.5, 10\.0\]"):
        opened(path, {"tos": "t"}, "day", layout={"select": {"depth": 11}})


def test_yearly_values_with_absent_bounds_and_celsius_as_c(tmp_path):
    path = plain(
        tmp_path / "a.nc", numbers(2, 3, 4), np.array([18262.0, 18627.0], "f4"),
        {"units": "days since 1900-01-01"}, attrs={"units": "C"},
    )  # fmt: skip
    with xr.open_dataset(path, engine="scipy", decode_times=False) as ds:
        ds = ds.load()
    ds.lat.attrs["bounds"] = "lat_bnds"
    syn.write(ds, path, classic=True)
    got = opened(path, {"tas": "v"}, "year")
    assert dates(got) == ["1950-01-01", "1951-01-01"]
    assert got.lat_bnds.values[0].tolist() == [-45, -15]
    assert got.tas.attrs["units"] == "degC" and float(got.tas.max()) == 23


def test_360_day_years_from_december(tmp_path):
    extra = {"tb": (("time", "nv"), np.array([[-30.0, 330.0], [330.0, 690.0]]))}
    path = plain(
        tmp_path / "a.nc", np.full((2, 3, 4), 273.15), np.array([150.0, 510.0]),
        {"units": "days since 1860-01-01", "calendar": "360_day", "bounds": "tb"},
        attrs={"units": "K"}, extra=extra,
    )  # fmt: skip
    ds = opened(path, {"tas": "v"}, "year")
    assert [str(t)[:10] for t in ds.time.values] == ["1859-12-01", "1860-12-01"]
    assert ds.time.values[0].calendar == "360_day" and float(np.abs(ds.tas).max()) < 1e-12
    chosen = syn.request("tas", start="1860-06-01", end="1861-01-01")
    part = harmonise.open_dataset(syn.entry({"tas": "v"}, "year"), VARIABLES, [path], chosen)
    assert part.sizes["time"] == 1
