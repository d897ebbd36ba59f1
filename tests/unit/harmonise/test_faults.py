"""Data that lie: each fault is read right, or refused by name."""

from __future__ import annotations

import logging

import dask
import numpy as np
import pytest
import xarray as xr

from sco_pipeline import harmonise
from sco_pipeline.errors import HarmonisationError
from tests import synthetic as syn

ENTRY = syn.entry({"tas": "tas"})


def opened(paths, entry=ENTRY, **wanted) -> xr.Dataset:
    names = tuple(entry.variables)
    return harmonise.open_dataset(entry, syn.VARIABLES, paths, syn.request(*names, **wanted))


def two(tmp_path, first: xr.Dataset, second: xr.Dataset, **encodings) -> list:
    return [
        syn.write(first, tmp_path / "one.nc", encoding=encodings.get("one")),
        syn.write(second, tmp_path / "two.nc", encoding=encodings.get("two")),
    ]


# the same time twice, times out of order, a gap


def test_a_time_that_stands_twice_names_both_files(tmp_path):
    ds = syn.grid_dataset(days=4)
    other = ds.isel(time=[3]).copy()
    other["tas"] = other.tas + 1
    paths = two(tmp_path, ds, other)
    message = r"2001-01-04.* stands twice with different values, in one\.nc and two\.nc"
    with pytest.raises(HarmonisationError, match=message):
        opened(paths)


def test_a_time_that_stands_twice_with_the_same_values_is_kept_once(tmp_path):
    ds = syn.grid_dataset(days=4)
    got = opened(two(tmp_path, ds, ds.isel(time=slice(2, 4))))
    np.testing.assert_array_equal(got.tas, ds.tas)
    assert "a step that stands twice, identical -> once" in got.attrs["harmonised"]


def test_times_out_of_order_and_interleaved_between_files_are_sorted(tmp_path):
    ds = syn.grid_dataset(days=6)
    got = opened(two(tmp_path, ds.isel(time=[4, 0, 2]), ds.isel(time=[5, 1, 3])))
    np.testing.assert_array_equal(got.tas, ds.tas)
    assert np.array_equal(got.time, ds.time)


def test_a_gap_stays_a_gap(tmp_path):
    ds = syn.grid_dataset(days=6)
    got = opened(two(tmp_path, ds.isel(time=slice(0, 2)), ds.isel(time=slice(4, 6))))
    assert [str(t)[8:10] for t in got.time.values] == ["01", "02", "05", "06"]
    assert str(got.time_bnds.values[1, 1])[8:10] == "03"  # the step before is no longer


# units, name or packing change between the files of one series


def test_each_file_is_standardised_alone(tmp_path):
    ds = syn.grid_dataset(days=4)
    warm = ds.isel(time=slice(2, 4)).copy()
    warm["tas"] = (warm.tas + 273.15).assign_attrs(units="K")
    paths = two(
        tmp_path, ds.isel(time=slice(0, 2)), warm,
        one={"tas": {"dtype": "i2", "scale_factor": 0.01, "_FillValue": -9999}},
        two={"tas": {"dtype": "i4", "scale_factor": 0.001, "_FillValue": -1}},
    )  # fmt: skip
    np.testing.assert_allclose(opened(paths).tas, ds.tas, atol=3e-6)


def test_a_file_without_known_units_is_named(tmp_path):
    ds = syn.grid_dataset(days=4)
    odd = ds.isel(time=slice(2, 4)).copy()
    odd["tas"] = odd.tas.assign_attrs(units="furlong")
    with pytest.raises(HarmonisationError, match=r"two\.nc: 'tas' of dataset 'demo'.*'furlong'"):
        opened(two(tmp_path, ds.isel(time=slice(0, 2)), odd))


def test_a_file_with_another_name_is_named(tmp_path):
    ds = syn.grid_dataset(days=4)
    with pytest.raises(HarmonisationError, match=r"two\.nc of dataset 'demo'.*Did you mean 'tas2'"):
        opened(two(tmp_path, ds.isel(time=[0]), ds.isel(time=[1]).rename(tas="tas2")))


def test_another_grid_in_the_series_names_both_files(tmp_path):
    ds = syn.grid_dataset(days=2)
    moved = ds.isel(time=[1]).assign_coords(lon=("lon", ds.lon.values + 0.5, ds.lon.attrs))
    with pytest.raises(HarmonisationError, match=r"two\.nc and one\.nc lie on different grids"):
        opened(two(tmp_path, ds.isel(time=[0]), moved))


# impossible values


@pytest.mark.parametrize(
    ("value", "units", "found"),
    [(9.96921e36, "degC", "9.96921e"), (20.0, "K", "-253.15"), (-9999.0, "degC", "-9999")],
)
def test_values_that_cannot_be_are_an_error_with_their_count(tmp_path, value, units, found):
    ds = syn.grid_dataset(days=2, seed=3)
    ds["tas"] = (ds.tas + (273.15 if units == "K" else 0)).assign_attrs(units=units)
    ds.tas.values[0, 1, :3] = value
    path = syn.write(ds, tmp_path / "a.nc")
    message = rf"demo/tas of a\.nc: 3 of 48 values lie outside of -100 to 65 degC, such as {found}"
    with pytest.raises(HarmonisationError, match=message):
        opened([path]).load()


def test_values_that_cannot_be_are_masked_where_the_entry_says_so(tmp_path, caplog):
    ds = syn.grid_dataset(days=2, seed=3)
    ds.tas.values[0, 1, :3] = 9.96921e36
    path = syn.write(ds, tmp_path / "a.nc")
    entry = syn.entry({"tas": {"name": "tas", "out_of_range": "mask"}})
    with caplog.at_level(logging.WARNING):
        got = opened([path], entry).load()
    assert np.isnan(got.tas.values[0, 1, :3]).all() and float(got.tas.max()) < 50
    assert "3 of 48 values lie outside" in caplog.text


def test_rain_below_zero_is_an_error_but_rounding_is_not(tmp_path):
    ds = syn.grid_dataset(days=1, name="pr", units="mm d-1")
    ds.pr.values[:] = 1.0
    ds.pr.values[0, 0, 0] = -1e-4
    entry = syn.entry({"pr": "pr"})
    assert float(opened([syn.write(ds, tmp_path / "a.nc")], entry).pr.min()) == -1e-4
    ds.pr.values[0, 0, 0] = -1.0
    with pytest.raises(HarmonisationError, match="1 of 24 values lie outside of 0 to 3000"):
        opened([syn.write(ds, tmp_path / "b.nc")], entry).load()


def test_all_missing_stays_missing(tmp_path):
    ds = syn.grid_dataset(days=2)
    ds.tas.values[:] = np.nan
    assert np.isnan(opened([syn.write(ds, tmp_path / "a.nc")]).tas.values).all()


# odd calendars


def calendar_file(path, days, attrs):
    lat, lon = [0.0, 10.0], [0.0, 10.0]
    values = np.arange(len(days), dtype=float)[:, None, None] * np.ones((1, 2, 2))
    ds = xr.Dataset(
        {"tas": (("time", "lat", "lon"), values, {"units": "degC"})},
        coords={
            "time": ("time", np.asarray(days), attrs),
            "lat": ("lat", lon, {"units": "degrees_north"}),
            "lon": ("lon", lat, {"units": "degrees_east"}),
        },
    )
    ds.to_netcdf(path, engine="scipy")
    return path


@pytest.mark.parametrize(
    ("calendar", "days", "expected"),
    [
        ("noleap", [58, 59], ["2004-02-28", "2004-03-01"]),
        ("365_day", [58, 59], ["2004-02-28", "2004-03-01"]),
        ("360_day", [58, 59, 60], ["2004-02-29", "2004-02-30", "2004-03-01"]),
        ("all_leap", [59], ["2004-02-29"]),
        ("366_day", [59, 60], ["2004-02-29", "2004-03-01"]),
        ("julian", [59, 60], ["2004-02-29", "2004-03-01"]),
        ("standard", [58, 59, 60], ["2004-02-28", "2004-02-29", "2004-03-01"]),
        ("gregorian", [59], ["2004-02-29"]),
        ("proleptic_gregorian", [59], ["2004-02-29"]),
    ],
)
def test_every_calendar_keeps_its_days(tmp_path, calendar, days, expected):
    attrs = {"units": "days since 2004-01-01", "calendar": calendar}
    ds = opened([calendar_file(tmp_path / "a.nc", days, attrs)])
    assert [str(t)[:10] for t in ds.time.values] == expected


@pytest.mark.parametrize(
    ("units", "value", "expected"),
    [
        ("days since 2000-01-01 00:00:00 UTC", 1, "2000-01-02T00"),
        ("hours since 2000-01-01 00:00:00 +02:00", 1, "1999-12-31T23"),
        ("hours since 2000-01-01T00:00:00-0530", 0, "2000-01-01T05"),
        ("seconds since 1970-1-1", 86400, "1970-01-02T00"),
        ("msec since 1970-01-01", 3_600_000, "1970-01-01T01"),
        ("Hour since 2001-12-31T23:00:00Z", 2, "2002-01-01T01"),
        (
            "days since 0001-01-01 00:00:00",
            730121,
            "2000-01-01T00",
        ),  # mixed calendar: two days later
        ("day as %Y%m%d.%f", 20000131.25, "2000-01-31T06"),
        ("weeks since 2000-01-01", 1, "2000-01-08T00"),
        ("years since 2000-01-01", 1, "2001-01-01T00"),
        ("months since 2000-01-01", 1.5, "2000-02-15T12"),
    ],
)
def test_time_units_of_every_kind(tmp_path, units, value, expected):
    entry = syn.entry({"tas": "tas"}, "hour", layout={"step": "1h"})
    ds = opened([calendar_file(tmp_path / "a.nc", [value], {"units": units})], entry)
    if units.startswith("days since 0001"):
        import cftime

        day = cftime.num2date(value, units, "standard")
        expected = f"{day.year:04d}-{day.month:02d}-{day.day:02d}T00"
    assert str(ds.time.values[0])[:13].replace(" ", "T") == expected


@pytest.mark.parametrize(
    ("attrs", "message"),
    [
        ({"units": ""}, "the time coordinate has no units; give 'time_units:'"),
        ({"units": "fortnights since 2000-01-01"}, "do not read '<step> since <date>'"),
        ({"units": "days since yesterday"}, "do not read '<step> since <date>'"),
        ({"units": "days since 0000-01-01"}, "count from a year that the standard calendar"),
        ({"units": "days since 2000-01-01", "calendar": "mayan"}, "calendar 'mayan' is none of"),
    ],
)
def test_times_that_cannot_be_read_are_refused_by_name(tmp_path, attrs, message):
    path = calendar_file(tmp_path / "a.nc", [0.0], {**attrs, "standard_name": "time"})
    with pytest.raises(HarmonisationError, match=message) as error:
        opened([path])
    assert str(error.value).startswith("a.nc: ")


def test_year_zero_is_read_where_the_calendar_is_stated(tmp_path):
    path = calendar_file(tmp_path / "a.nc", [730485.0], {"units": "days since 0000-01-01"})
    entry = syn.entry({"tas": "tas"}, layout={"calendar": "proleptic_gregorian"})
    assert str(opened([path], entry).time.values[0])[:10] == "2000-01-01"


def test_missing_time_is_an_error(tmp_path):
    path = calendar_file(tmp_path / "a.nc", [0.0, np.nan], {"units": "days since 2000-01-01"})
    with pytest.raises(HarmonisationError, match="1 of 2 time values are missing"):
        opened([path])


def test_bounds_that_contradict_the_stamps_are_refused(tmp_path):
    path = tmp_path / "a.nc"
    calendar_file(path, [45.0], {"units": "days since 2000-01-01", "bounds": "tb"})
    with xr.open_dataset(path, engine="scipy", decode_times=False) as ds:
        ds = ds.load()
    ds["tb"] = (("time", "nv"), [[0.0, 31.0]])
    path = syn.write(ds, tmp_path / "b.nc", classic=True)
    monthly = syn.entry({"tas": "tas"}, "month")
    with pytest.raises(HarmonisationError, match=r"2000-02-15.* lies outside of its bounds"):
        opened([path], monthly)
    trusting = syn.entry({"tas": "tas"}, "month", layout={"time_bounds": "ignore"})
    assert str(opened([path], trusting).time.values[0])[:10] == "2000-02-01"


# grid surprises


def test_a_meridian_that_stands_twice_is_dropped_with_a_note(tmp_path):
    ds = syn.grid_dataset(lon=[0.0, 120.0, 240.0, 360.0])
    got = opened([syn.write(ds, tmp_path / "a.nc")])
    assert got.lon.values.tolist() == [-120, 0, 120]
    np.testing.assert_array_equal(got.tas, ds.tas.values[:, :, [2, 0, 1]])
    assert "0 and 360 -> 0 (the same meridian)" in got.attrs["harmonised"]


def test_data_over_the_date_line_keep_one_interval_a_cell(tmp_path):
    ds = syn.grid_dataset(lon=[160.0, 170.0, 180.0, 190.0, 200.0])
    got = opened([syn.write(ds, tmp_path / "a.nc")])
    assert got.lon.values.tolist() == [-180, -170, -160, 160, 170]
    width = got.lon_bnds.values[:, 1] - got.lon_bnds.values[:, 0]
    assert width.tolist() == [10] * 5 and got.lon_bnds.values[0].tolist() == [-185, -175]


@pytest.mark.parametrize("lat", [[0.0, 10.0, 5.0], [0.0, 0.0, 5.0], [80.0, 90.0, 100.0]])
def test_latitudes_that_make_no_grid_are_refused(tmp_path, lat):
    path = syn.write(syn.grid_dataset(lat=lat), tmp_path / "a.nc")
    with pytest.raises(HarmonisationError, match=r"a\.nc: latitude (neither rises|reaches 100)"):
        opened([path])


def test_a_single_cell_is_a_series_at_its_position(tmp_path):
    got = opened([syn.write(syn.grid_dataset(lat=[45.0], lon=[350.0]), tmp_path / "a.nc")])
    assert got.tas.dims == ("time",) and (float(got.lat), float(got.lon)) == (45, -10)


# empty and trivial files


def test_empty_and_strange_files_are_named(tmp_path):
    cases = {
        "empty.nc": (b"", r"empty\.nc is empty \(0 bytes\)"),
        "page.nc": (b"<html><form></form></html>", r"page\.nc holds HTML or XML"),
        "text.nc": (b"what is this", r"text\.nc begins with b'what is '"),
        "cut.nc": (b"\x89HDF\r\n\x1a\n" + b"\0" * 40, r"cut\.nc cannot be read as netcdf"),
        "old.nc": (b"CDF\x01", r"old\.nc cannot be read as netcdf"),
        "a.grib": (b"GRIB" + b"\0" * 40, r"a\.grib is grib, not netcdf"),
    }
    for name, (content, message) in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(HarmonisationError, match=message):
            opened([path])
    with pytest.raises(HarmonisationError, match=r"gone\.nc does not exist"):
        opened([tmp_path / "gone.nc"])
    with pytest.raises(HarmonisationError, match="there is no file for"):
        opened([])


def test_a_file_without_the_variable_or_without_steps_is_named(tmp_path):
    nothing = syn.write(xr.Dataset(attrs={"title": "header only"}), tmp_path / "a.nc")
    with pytest.raises(HarmonisationError, match=r"a\.nc of dataset 'demo': unknown variable"):
        opened([nothing])
    ds = syn.grid_dataset().isel(time=slice(0, 0))
    ds.time.encoding["units"] = "days since 2000-01-01"
    with pytest.raises(HarmonisationError, match=r"b\.nc holds no time step"):
        opened([syn.write(ds, tmp_path / "b.nc")])


def test_swath_without_geolocation_is_refused(tmp_path):
    ds = xr.Dataset({"tas": (("scan", "pixel"), np.zeros((5, 4)), {"units": "K"})},
                    attrs={"time_coverage_start": "2001-01-01"})  # fmt: skip
    with pytest.raises(HarmonisationError, match=r"where the values along \['scan', 'pixel'\] lie"):
        opened([syn.write(ds, tmp_path / "a.nc")])


def test_swath_with_geolocation_is_one_step_on_its_own_cells(tmp_path):
    lines, pixels = np.meshgrid(np.arange(20), np.arange(12), indexing="ij")
    ds = xr.Dataset(
        {"sst": (("scan", "pixel"), 280.0 + lines + pixels, {"units": "K"})},
        coords={
            "lat": (("scan", "pixel"), 10 + lines / 10 + pixels / 50, {"units": "degrees_north"}),
            "lon": (("scan", "pixel"), 179.4 + 0.1 * pixels, {"units": "degrees_east"}),
            "time": ("scan", 1000 + 1.5 * np.arange(20), {"units": "seconds since 2001-01-01"}),
        },
    )  # fmt: skip
    path = syn.write(ds.reset_coords(), tmp_path / "a.nc")
    got = opened([path], syn.entry({"tos": {"name": "sst"}}, "irregular"))
    assert got.tos.dims == ("time", "y", "x") and got.sizes["time"] == 1
    np.testing.assert_allclose(got.tos[0], ds.sst - 273.15, atol=1e-9)
    bounds = got.time_bnds.values[0] - np.datetime64("2001-01-01", "s")
    assert (bounds / np.timedelta64(1, "s")).tolist() == [1000.0, 1030.0]
    gridded = harmonise.regrid(got, "latlon-0p5deg", min_coverage=0.0)
    inside = float(gridded.tos[0].sel(lat=11.25, lon=179.75))
    near = (np.abs(ds.lat - 11.25) < 0.25) & (np.abs(ds.lon - 179.75) < 0.25)
    assert inside == pytest.approx(float(ds.sst.where(near).mean()) - 273.15, abs=1.0)


# the same input, other chunks, other threads


def test_threads_and_chunks_give_the_same_values(tmp_path):
    ds = syn.grid_dataset(days=40, seed=5)
    paths = [
        syn.write(
            ds.isel(time=slice(i, i + 5)), tmp_path / f"{i}.nc",
            encoding={"tas": {"dtype": "i2", "scale_factor": 0.01, "_FillValue": -9999}},
        )
        for i in range(0, 40, 5)
    ]  # fmt: skip
    results = []
    for scheduler, workers in (("synchronous", 1), ("threads", 2), ("threads", 8)):
        with dask.config.set(scheduler=scheduler, num_workers=workers):
            results.append(opened(paths).tas.chunk(time=3).values)
    assert all(np.array_equal(results[0], other, equal_nan=True) for other in results[1:])
    names = {opened(paths).tas.data.name for _ in range(3)}
    assert len(names) == 1  # the same graph for the same files


def test_the_graph_grows_with_the_files_only(tmp_path):
    ds = syn.grid_dataset(days=30)
    paths = [syn.write(ds.isel(time=[i]), tmp_path / f"{i:02d}.nc") for i in range(30)]
    assert len(dict(opened(paths).tas.__dask_graph__())) <= 3 * 30
    one = syn.write(ds, tmp_path / "all.nc", encoding={"tas": {"chunksizes": (1, 2, 2)}})
    assert len(dict(opened([one]).tas.__dask_graph__())) <= 3
