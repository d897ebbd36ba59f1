"""Laws of trends, drought indices and marine heatwaves that hold for any data."""

import numpy as np
import pandas as pd
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from sco_pipeline.indicators import compute_indicators

SEEDS = st.integers(0, 2**31 - 1)
FEW = settings(max_examples=6, deadline=None)


def monthly(seed, name="pr", years=30):
    random = np.random.default_rng(seed)
    values = random.gamma(2.0, 2.0, (12 * years, 3))
    values[random.uniform(size=values.shape) < 0.1] = 0.0
    values[random.integers(0, 12 * years, 5), 1] = np.nan
    time = pd.date_range("1981-01-01", periods=12 * years, freq="MS")
    return xr.Dataset({name: (("time", "cell"), values, {"units": "mm d-1"})}, {"time": time})


@given(SEEDS, st.floats(0.1, 50.0))
@FEW
def test_spi_does_not_depend_on_the_unit_of_rain(seed, factor):
    ds = monthly(seed)
    one = compute_indicators(ds, ["spi"], baseline=(1981, 2010))["spi"]
    two = compute_indicators(ds * factor, ["spi"], baseline=(1981, 2010))["spi"]
    np.testing.assert_allclose(one, two, atol=1e-7)
    inside = one.values[np.isfinite(one.values)]
    assert abs(inside.mean()) < 0.25 and 0.7 < inside.std() < 1.2


@given(SEEDS)
@FEW
def test_more_rain_never_lowers_the_spi_of_a_month(seed):
    ds = monthly(seed)
    found = compute_indicators(ds, ["spi"], baseline=(1981, 2010), scale=1)["spi"].values
    rain = (ds["pr"] * ds["time"].dt.days_in_month).values
    for month in range(12):
        order = np.argsort(rain[month::12, 0], kind="stable")
        assert (np.diff(found[month::12, 0][order]) >= -1e-12).all()


@given(SEEDS, st.floats(-3, 3), st.floats(0.01, 100))
@FEW
def test_trends_follow_scale_shift_and_direction(seed, shift, factor):
    ds = monthly(seed, "tas", years=10)
    for method in ("theil-sen", "ols"):
        plain = compute_indicators(ds, ["trend:tas"], method=method)
        other = compute_indicators(-ds * factor + shift, ["trend:tas"], method=method)
        np.testing.assert_allclose(
            other["tas_trend"], -factor * plain["tas_trend"], rtol=1e-6, atol=1e-9 * factor
        )
        np.testing.assert_allclose(
            other["tas_trend_lower"], -factor * plain["tas_trend_upper"], rtol=1e-6, atol=1e-9
        )
        assert (plain["tas_trend_lower"] <= plain["tas_trend"]).all()
        assert (plain["tas_trend"] <= plain["tas_trend_upper"]).all()
        assert ((plain["tas_trend_pvalue"] >= 0) & (plain["tas_trend_pvalue"] <= 1)).all()


@given(SEEDS, st.floats(-20, 20))
@FEW
def test_marine_heatwaves_follow_shift_and_threshold(seed, shift):
    random = np.random.default_rng(seed)
    time = pd.date_range("1991-01-01", "1999-12-31")
    noise = np.zeros((time.size, 2))
    for day in range(1, time.size):
        noise[day] = 0.9 * noise[day - 1] + random.normal(0, 0.4, 2)
    noise[random.integers(0, time.size, 30), 0] = np.nan
    ds = xr.Dataset({"tos": (("time", "cell"), noise + 15, {"units": "degC"})}, {"time": time})
    days = {}
    for percentile in (80.0, 90.0, 95.0):
        found = compute_indicators(
            ds, ["marine_heatwaves"], baseline=(1991, 1999), percentile=percentile
        )
        days[percentile] = found["marine_heatwaves_days"]
        count = found["marine_heatwaves_count"]
        assert not (found["marine_heatwaves_days"] > 366).any()
        whole = {"cell": 1}  # the other has gaps, and years without a value
        assert days[percentile][whole].sum() >= 5 * count[whole].sum()
    assert (days[95.0].sum("time") <= days[80.0].sum("time")).all()
    moved = compute_indicators(ds + shift, ["marine_heatwaves"], baseline=(1991, 1999))
    np.testing.assert_allclose(moved["marine_heatwaves_days"], days[90.0])
    # cold spells are the heatwaves of the mirrored temperature
    cold = compute_indicators(-ds, ["marine_cold_spells"], baseline=(1991, 1999))
    np.testing.assert_allclose(cold["marine_cold_spells_days"], days[90.0])
