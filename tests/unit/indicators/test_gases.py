"""Gases and air quality: an independent computation, and NOAA's published growth rates."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators

NOAA_GROWTH = """0.50 0.96 0.65 0.71 0.31 1.06 1.28 0.69 1.06 1.35 1.00 0.80 1.74 1.18 0.96
1.09 0.80 2.15 1.30 1.83 1.68 1.43 0.86 2.36 1.51 1.21 1.47 2.06 2.24 1.24
1.20 1.05 0.49 1.36 1.96 2.01 1.24 1.91 2.97 0.92 1.62"""


def dataset(values, time, name="co2", units="ppm"):
    values = np.asarray(values, dtype=float)
    dims = ("time", "cell")[: values.ndim]
    return xr.Dataset({name: (dims, values, {"units": units, "long_name": name})}, {"time": time})


@pytest.fixture(scope="module")
def record():
    time = pd.date_range("1981-01-01", "2000-12-01", freq="MS")
    t = np.arange(240) / 12
    season = 3 * np.cos(2 * np.pi * t) + np.sin(4 * np.pi * t)
    level = 340 + 1.5 * t + 0.02 * t**2
    return dataset(level + season, time), level, t


def test_growth_rate_of_a_quadratic_is_exact(record):
    ds, _, _ = record
    found = compute_indicators(ds, ["growth_rate:co2"])["co2_growth_rate"]
    assert found.attrs["units"] == "ppm year-1"
    assert list(found["time"].dt.year) == list(range(1981, 2001))
    years = np.arange(20)
    # the level at the turn of year y is the mean of months 12 y - 1 and 12 y
    months = np.stack([12 * years - 1, 12 * years], axis=1) / 12
    turns = (340 + 1.5 * months + 0.02 * months**2).mean(axis=1)
    np.testing.assert_allclose(found[1:-1], np.diff(turns)[1:], atol=1e-9)
    assert np.isnan(found[0]) and np.isnan(found[-1])  # one of their months is not in the record


def test_growth_rate_equals_an_independent_computation():
    random = np.random.default_rng(3)
    time = pd.date_range("1990-03-01", periods=200, freq="MS")
    t = np.arange(200) / 12
    values = 350 + 2 * t + 3 * np.sin(2 * np.pi * t) + random.normal(0, 0.4, 200)
    values[50] = np.nan
    found = compute_indicators(dataset(values, time), ["growth_rate:co2"], months=4)
    series = pd.Series(values, time)
    years = (time.year + (time.month - 0.5) / 12).to_numpy()
    u = years - years.mean()
    waves = [f(2 * np.pi * k * years) for k in (1, 2, 3, 4) for f in (np.cos, np.sin)]
    x = np.stack([np.ones(200), u, u**2, *waves], axis=1)
    held = np.isfinite(values)
    coefficients = np.linalg.lstsq(x[held], values[held], rcond=None)[0]
    flat = series - x[:, 3:] @ coefficients[3:]
    for stamp, value in found["co2_growth_rate"].to_series().items():
        turns = []
        for year in (stamp.year, stamp.year + 1):
            around = pd.date_range(f"{year - 1}-11-01", periods=4, freq="MS")
            turns.append(flat.reindex(around).mean(skipna=False))
        expected = turns[1] - turns[0]
        assert value == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_trend_is_smooth_and_keeps_the_level(record):
    ds, level, _ = record
    found = compute_indicators(ds, ["gas_trend:co2"])["co2_gas_trend"]
    assert np.isnan(found[:6]).all() and np.isnan(found[-6:]).all()
    weights = np.r_[0.5, np.ones(11), 0.5] / 12
    np.testing.assert_allclose(found[6:-6], np.convolve(level, weights, "valid"), atol=1e-9)


@pytest.mark.shared
def test_mauna_loa_growth_as_published(shared):
    # NOAA/GML (https://gml.noaa.gov/webdata/ccgg/trends/co2/co2_gr_mlo.txt, as of 2025), annual
    # mean growth rate of CO2 at Mauna Loa, ppm a year, +- 0.11; NOAA's own instrument from 1974 on,
    # the sample is that of Scripps
    published = dict(zip(range(1960, 2001), map(float, NOAA_GROWTH.split()), strict=True))
    table = pd.read_csv(shared / "data" / "mauna_loa_weekly_co2.csv")
    values = pd.Series(
        table["co2"].to_numpy(), pd.to_datetime(table["date"].astype(str), format="%Y%m%d")
    )
    monthly = values.resample("MS").mean()["1959-01":"2000-12"].interpolate(limit=2)
    found = compute_indicators(
        dataset(monthly.to_numpy(), monthly.index.rename("time")), ["growth_rate:co2"], months=4
    )["co2_growth_rate"]
    ours = {int(y): float(v) for y, v in zip(found["time"].dt.year, found, strict=True)}
    apart = np.array([ours[year] - value for year, value in published.items()])
    apart = apart[np.isfinite(apart)]
    assert apart.size >= 38
    assert np.sqrt(np.mean(apart**2)) < 0.2 and abs(apart.mean()) < 0.03, apart


def test_exceedance_days_by_month_and_missing_days():
    time = pd.date_range("2019-01-01", "2020-12-31")
    values = np.where(time.month == 6, 0.9, 0.1)
    values[400:410] = np.nan
    values[0:25] = np.nan
    ds = dataset(values, time, "od550aer", "1")
    found = compute_indicators(ds, ["aod_exceedance_days"], frequency="month")
    days = found["aod_exceedance_days"]
    expected = np.where(days["time"].dt.month == 6, 30.0, 0.0)
    expected[0] = np.nan
    np.testing.assert_array_equal(days, expected)
    whole = compute_indicators(ds, ["exceedance_days:od550aer"], threshold=0.05)
    np.testing.assert_array_equal(whole["od550aer_exceedance_days"], [340.0, 356.0])
    fine = dataset(np.where(time.day <= 10, 15.0, 15.1), time, "pm25", "ug m-3")
    count = compute_indicators(fine, ["pm25_exceedance_days"])["pm25_exceedance_days"]
    np.testing.assert_array_equal(count, [365 - 120, 366 - 120])


def test_bad_input_is_one_sentence(record):
    ds, _, _ = record
    with pytest.raises(IndicatorError, match="expected 2, 4"):
        compute_indicators(ds, ["growth_rate:co2"], months=3)
    with pytest.raises(IndicatorError, match="needs two years or more; found 1"):
        compute_indicators(ds.isel(time=slice(0, 12)), ["growth_rate:co2"])
    with pytest.raises(IndicatorError, match="needs the option 'threshold'"):
        compute_indicators(ds, ["exceedance_days:co2"])
    with pytest.raises(IndicatorError, match="daily values"):
        compute_indicators(ds, ["exceedance_days:co2"], threshold=1.0)
    empty = dataset(np.full(240, np.nan), ds["time"].values)
    found = compute_indicators(empty, ["growth_rate:co2", "gas_trend:co2"])
    assert found["co2_growth_rate"].isnull().all() and found["co2_gas_trend"].isnull().all()
