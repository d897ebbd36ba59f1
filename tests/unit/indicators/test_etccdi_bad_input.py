"""Bad input ends in one right sentence, or in the stated missing value."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators, indicators
from tests.unit.indicators.stations import dataset, station


@pytest.fixture
def ds():
    return dataset(station(1, 2000, 2003), 2000, 2003)


def _refused(match, *args, **options):
    with pytest.raises(IndicatorError, match=match) as caught:
        compute_indicators(*args, **options)
    assert "\n" not in str(caught.value)


def test_monthly_data(ds):
    monthly = ds.resample(time="MS").mean(keep_attrs=True)
    _refused(r"needs daily values; the data have a step of 31 days", monthly, ["su"])


def test_hourly_data(ds):
    hourly = ds.isel(time=slice(0, 48))
    hourly["time"] = hourly.time[0].values + np.arange(48) * np.timedelta64(1, "h")
    _refused(r"needs daily values; the data have a step of 0.04167 days", hourly, ["su"])


def test_base_period_not_in_the_data(ds):
    _refused(
        r"base period 1961-1990 is not within the data, which cover 2000-2003",
        ds,
        ["tx90p"],
        baseline=(1961, 1990),
    )
    _refused(r"2002-2005 is not within the data", ds, ["tx90p"], baseline=(2002, 2005))


def test_no_base_period(ds):
    _refused(r"indicator 'tx90p' needs a baseline", ds, ["tx90p"])


def test_base_of_days(ds):
    from datetime import date

    from sco_pipeline.catalog import Period

    base = Period(start=date(2000, 3, 1), end=date(2002, 12, 31))
    _refused(r"2000-03-01..2002-12-31 is not of whole calendar years", ds, ["tx90p"], baseline=base)


def test_unit_that_is_no_temperature(ds):
    ds.tasmax.attrs["units"] = "mm d-1"
    _refused(r"'tasmax' has units 'mm d-1', which are not of a temperature", ds, ["su"])


def test_rain_in_kelvin(ds):
    ds.pr.attrs["units"] = "K"
    _refused(r"'pr' has units 'K', which are not of daily precipitation", ds, ["cdd"])


def test_kelvin_without_units(ds):
    kelvin = ds.assign(tasmax=ds.tasmax + 273.15)
    del kelvin.tasmax.attrs["units"]
    _refused(r"'tasmax' has no units; set its attribute 'units'", kelvin, ["su"])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_other_units_give_the_same(dtype):
    ds = dataset(station(2, 2000, 2003, step=1.0), 2000, 2003).astype(dtype, keep_attrs=True)
    other = ds.copy(deep=True)
    other["tasmax"] = (ds.tasmax + dtype(273.15)).astype(dtype).assign_attrs(units="K")
    other["pr"] = (ds.pr / dtype(86400)).astype(dtype).assign_attrs(units="kg m-2 s-1")
    expected = compute_indicators(ds, ["su", "id", "r20mm", "txx"])
    found = compute_indicators(other, ["su", "id", "r20mm", "txx"])
    xr.testing.assert_equal(found[["su", "id"]], expected[["su", "id"]])
    np.testing.assert_allclose(found.txx, expected.txx, atol=1e-4)


def test_days_that_are_not_in_the_data_are_missing(ds):
    few = ds.isel(time=np.r_[0:40, 43:80, 84:1461])
    found = compute_indicators(few, ["su"], frequency="month")
    full = compute_indicators(ds.where(np.isin(ds.time, few.time)), ["su"], frequency="month")
    xr.testing.assert_identical(found, full)
    assert found.tasmax_valid_days[1] == ds.tasmax[np.r_[31:40, 43:60]].count()


def test_a_record_of_part_of_a_year(ds):
    """Days before the record are missing days of its first year."""
    found = compute_indicators(ds.isel(time=slice(17, None)), ["txx"])
    assert np.isnan(found.txx[0])


def test_duplicate_days(ds):
    twice = ds.isel(time=np.r_[0:50, 49:200])
    _refused(r"day 2000-02-19 comes twice in the data", twice, ["su"])


def test_days_in_disorder(ds):
    shuffled = ds.isel(time=np.r_[0:50, 60, 50:60, 61:200])
    _refused(r"day 2000-02-20 comes after a later day", shuffled, ["su"])


def test_all_missing_station(ds):
    empty = ds * np.nan
    for name in empty.data_vars:
        empty[name].attrs = ds[name].attrs
    names = ["su", "cdd", "gsl", "rx5day", "tx90p", "wsdi", "r95ptot", "sdii"]
    found = compute_indicators(empty, names, baseline=(2000, 2002))
    for name in names:
        assert np.isnan(found[name]).all(), name


def test_variable_that_is_not_there(ds):
    _refused(r"indicator 'dtr' needs 'tasmin'; the data hold", ds[["tasmax"]], ["dtr"])


def test_frequency_that_is_not_defined(ds):
    _refused(r"'wsdi' has no value for a 'month'; it is defined for: year", ds, ["wsdi"],
             baseline=(2000, 2002), frequency="month")  # fmt: skip


def test_unknown_names(ds):
    _refused(r"unknown indicator 'tx90'. Did you mean 'tx90p'\?", ds, ["tx90"])
    _refused(r"unknown option 'treshold'. Did you mean 'threshold'\?", ds, ["su"], treshold=30)
    _refused(r"missing-day rule 'wmo5' is unknown", ds, ["su"], missing="wmo5")
    _refused(r"option 'gsl_mode' is 'last'; expected one of", ds, ["gsl"], gsl_mode="last")
    _refused(r"max_missing_days has 'week'", ds, ["su"], max_missing_days={"week": 2})


def test_growing_season_without_latitude(ds):
    _refused(r"'gsl' differs between hemispheres and the data have no 'lat'",
             ds.drop_vars("lat"), ["gsl"])  # fmt: skip


def test_360_day_calendar_with_a_base_of_years():
    """A base of years means the calendar's own years."""
    series = station(3, calendar="360_day", first_year=2000, last_year=2003)
    ds = dataset(series, 2000, 2003, "360_day")
    found = compute_indicators(ds, ["tx90p"], baseline=(2000, 2002))
    assert np.isfinite(found.tx90p).any()
    assert found.time.dt.calendar == "360_day"


def test_inputs_on_different_days(ds):
    later = ds.tasmin.assign_coords(time=ds.time + np.timedelta64(1, "D"))
    with pytest.raises(IndicatorError, match=r"'dtr'.*tasmax, tasmin.*not on the same grid"):
        indicators["dtr"].function(ds.tasmax, later, frequency="year")


def test_an_index_of_data_arrays(ds):
    found = indicators["dtr"].function(ds.tasmax, ds.tasmin, frequency="year")
    np.testing.assert_array_equal(found.values, compute_indicators(ds, ["dtr"]).dtr.values)
