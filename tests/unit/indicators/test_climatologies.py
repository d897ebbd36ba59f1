"""Climatologies and years beside each other, against pandas on a station and on a grid."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators

BASE = (1991, 1994)


def record(freq, end, shape=()):
    time = pd.date_range("1990-01-01", end, freq=freq)
    random = np.random.default_rng(7)
    values = np.round(random.normal(10, 4, (time.size, *shape)), 2)
    values[random.random(values.shape) < 0.03] = np.nan
    step = pd.DateOffset(months=1) if freq == "MS" else pd.DateOffset(days=1)
    bounds = np.stack([time, time + step], axis=1)
    about = {"units": "degC", "long_name": "temperature", "standard_name": "air_temperature"}
    dims = ("time", "lat", "lon")[: 1 + len(shape)]
    return xr.Dataset(
        {"tas": (dims, values, about)}, {"time": time, "time_bnds": (("time", "nv"), bounds)}
    )


@pytest.fixture(scope="module")
def daily():
    return record("D", "1996-04-20")


def series(ds):
    return ds["tas"].to_series()


def test_daily_climatology_is_the_mean_of_the_window(daily):
    found = compute_indicators(daily, ["daily_climatology:tas"], baseline=BASE, smooth_width=5)
    found = found["tas_daily_climatology"]
    base = series(daily)["1991":"1994"]
    leap = pd.date_range("2000-01-01", "2000-12-31")
    for day in (1, 2, 60, 61, 200, 366):
        around = [leap[(day - 1 + step) % 366] for step in range(-2, 3)]
        same = [(stamp.month, stamp.day) for stamp in around]
        own = base[[(t.month, t.day) in same for t in base.index]]
        assert float(found.sel(dayofyear=day)) == pytest.approx(own.mean(), abs=1e-12)
    assert found.sizes["dayofyear"] == 366


def test_daily_climatology_without_smoothing_needs_enough_years(daily):
    found = compute_indicators(
        daily, ["daily_climatology:tas"], baseline=BASE, smooth_width=1, min_fraction=1.0
    )["tas_daily_climatology"]
    base = series(daily)["1991":"1994"]
    expected = base.groupby([base.index.month, base.index.day]).apply(
        lambda own: own.mean(skipna=False)
    )
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_seasonal_and_annual_climatology_weigh_months_by_their_length():
    monthly = record("MS", "1995-12-01")
    found = compute_indicators(
        monthly, ["seasonal_climatology:tas", "annual_climatology:tas"], baseline=BASE
    )
    base = series(monthly)["1991":"1994"]
    weights = pd.Series(base.index.days_in_month, base.index).where(base.notna())
    names = np.array(["DJF", "MAM", "JJA", "SON"])[base.index.month % 12 // 3]
    for season in ("DJF", "MAM", "JJA", "SON"):
        own = names == season
        expected = (base * weights)[own].sum() / weights[own].sum()
        ours = float(found["tas_seasonal_climatology"].sel(season=season))
        assert ours == pytest.approx(expected, abs=1e-12)
    expected = (base * weights).sum() / weights.sum()
    assert float(found["tas_annual_climatology"]) == pytest.approx(expected, abs=1e-12)
    assert found["tas_annual_climatology"].attrs["standard_name"] == "air_temperature"


@pytest.mark.parametrize("statistic", ["mean", "sum"])
def test_year_to_date_takes_the_same_part_of_every_year(daily, statistic):
    found = compute_indicators(daily, ["year_to_date:tas"], baseline=BASE, statistic=statistic)
    values = series(daily)
    part = values[[(t.month, t.day) <= (4, 20) for t in values.index]]
    expected = getattr(part.groupby(part.index.year), statistic)()
    np.testing.assert_allclose(found["tas_year_to_date"], expected, atol=1e-10)
    normal = expected.loc[1991:1994].mean()
    np.testing.assert_allclose(found["tas_year_to_date_departure"], expected - normal, atol=1e-10)
    ranks = expected.rank(ascending=False, method="min")
    np.testing.assert_array_equal(found["tas_year_to_date_rank"], ranks)


def test_stripes_are_yearly_anomalies():
    monthly = record("MS", "1995-12-01", (2, 3))
    found = compute_indicators(monthly, ["stripes:tas"], baseline=BASE, min_fraction=0.5)
    days = xr.DataArray(monthly["time"].dt.days_in_month.values, dims="time").where(
        monthly["tas"].notnull().drop_vars("time")
    )
    total = (monthly["tas"] * days.values).groupby("time.year").sum()
    weight = days.assign_coords(time=monthly["time"]).groupby("time.year").sum()
    yearly = total / weight.transpose(*total.dims).values
    expected = yearly - yearly.sel(year=slice(1991, 1994)).mean("year")
    np.testing.assert_allclose(found["tas_stripes"], expected, atol=1e-12)
    assert found["tas_stripes"].attrs["units_metadata"] == "temperature: difference"


def test_a_year_without_enough_values_is_missing(daily):
    gaps = daily.copy(deep=True)
    gaps["tas"][380:440] = np.nan
    found = compute_indicators(gaps, ["year_to_date:tas", "stripes:tas"], baseline=(1992, 1994))
    assert np.isnan(found["tas_year_to_date"][1]) and np.isnan(found["tas_stripes"][1])
    assert np.isnan(found["tas_year_to_date_rank"][1])
    assert np.isfinite(found["tas_year_to_date"][0])
    assert np.isnan(found["tas_stripes"][-1])  # 1996 ends in April


def test_bad_input_is_one_sentence(daily):
    with pytest.raises(IndicatorError, match="expected an odd number"):
        compute_indicators(daily, ["daily_climatology:tas"], baseline=BASE, smooth_width=30)
    with pytest.raises(IndicatorError, match="unknown statistic"):
        compute_indicators(daily, ["year_to_date:tas"], baseline=BASE, statistic="median")
    with pytest.raises(IndicatorError, match="not within the data"):
        compute_indicators(daily, ["stripes:tas"], baseline=(1961, 1990))
