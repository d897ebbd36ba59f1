"""Boxes, coral heat stress and chlorophyll: independent computations and closed forms."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators


def test_nino_box_is_the_weighted_mean_anomaly():
    random = np.random.default_rng(1)
    time = pd.date_range("1991-01-01", periods=48, freq="MS")
    lat, lon = np.arange(-8.75, 10, 2.5), np.arange(-178.75, 180, 2.5)
    values = 27 + random.normal(size=(48, lat.size, lon.size))
    values[:, 0, :10] = np.nan
    ds = xr.Dataset(
        {"tos": (("time", "lat", "lon"), values, {"units": "degC"})},
        {"time": time, "lat": lat, "lon": lon},
    )
    months = ds["tos"].groupby("time.month")
    departure = (months - months.mean()).values
    for box, west, east in (("nino34", -170, -120), ("nino4", 160, -150)):
        found = compute_indicators(ds, ["sst_index"], baseline=(1991, 1994), box=box)["sst_index"]
        total = weight = 0.0
        for i, phi in enumerate(lat):
            for j, lam in enumerate(lon):
                inside = west <= lam <= east if west < east else (lam >= west or lam <= east)
                if -5 <= phi <= 5 and inside:
                    w = np.cos(np.deg2rad(phi))
                    total, weight = total + w * departure[:, i, j], weight + w
        np.testing.assert_allclose(found, total / weight, atol=1e-12)
    with pytest.raises(IndicatorError, match="no cell of 'tos' lies in the box"):
        compute_indicators(
            ds.sel(lon=slice(0, 40)), ["sst_index"], baseline=(1991, 1994), box="nino3"
        )


def test_degree_heating_weeks_of_a_warm_spell():
    time = pd.date_range("2001-01-01", "2004-12-31")
    values = 24.0 + 4.0 * (time.month == 2)
    spell = (time >= "2004-06-01") & (time < "2004-07-13")  # six weeks, 2 degC above the warmest
    weak = (time >= "2003-06-01") & (time < "2003-07-13")  # six weeks, 0.9 degC above: no stress
    values = np.where(spell, 30.0, np.where(weak, 28.9, values))
    ds = xr.Dataset({"tos": ("time", values, {"units": "degC"})}, {"time": time})
    found = compute_indicators(ds, ["degree_heating_weeks"], baseline=(2001, 2002))
    weeks = found["degree_heating_weeks"].to_series()
    assert weeks[:83].isna().all() and weeks.iloc[83] == 0.0
    assert weeks["2003"].max() == 0.0
    assert weeks["2004-06-07"] == pytest.approx(2.0)
    assert weeks["2004-07-12"] == pytest.approx(12.0)
    assert weeks["2004-08-23"] == pytest.approx(12.0)  # the first day leaves the twelve weeks
    assert weeks["2004-08-30"] == pytest.approx(10.0)
    assert weeks["2004-10-05"] == pytest.approx(0.0)


def test_degree_heating_weeks_equals_a_rolling_sum_with_gaps():
    random = np.random.default_rng(3)
    time = pd.date_range("2001-01-01", "2004-12-31")
    values = (
        26 + 3 * np.sin(2 * np.pi * np.arange(time.size) / 365.25) + random.normal(size=time.size)
    )
    values[500:520] = np.nan
    values[900:930] = np.nan
    ds = xr.Dataset({"tos": ("time", values, {"units": "degC"})}, {"time": time})
    found = compute_indicators(ds, ["degree_heating_weeks"], baseline=(2001, 2004))
    series = pd.Series(values, time)
    monthly = series.resample("MS").mean()
    held = series.resample("MS").count() >= monthly.index.days_in_month - 3
    warmest = monthly[held].groupby(monthly[held].index.month).mean().max()
    spots = series - warmest
    stress = spots.where(spots >= 1, 0.0)
    expected = stress.rolling(84).sum() / 7
    gone = series.isna().rolling(84).sum()
    expected[gone > 21] = np.nan
    np.testing.assert_allclose(found["degree_heating_weeks"], expected, atol=1e-9)
    assert found["degree_heating_weeks"].isnull().sum() > 83


def test_chlorophyll_departs_from_the_geometric_mean():
    random = np.random.default_rng(2)
    time = pd.date_range("2001-01-01", periods=60, freq="MS")
    values = random.lognormal(-1, 0.5, 60)
    values[20] = 0.0
    values[21] = np.nan
    ds = xr.Dataset({"chl": ("time", values, {"units": "mg m-3"})}, {"time": time})
    found = compute_indicators(ds, ["chlorophyll_anomaly"], baseline=(2001, 2005))
    series = pd.Series(values, time).where(lambda v: v > 0)
    normal = np.exp(np.log(series).groupby(series.index.month).transform("mean"))
    expected = 100 * (series / normal - 1)
    np.testing.assert_allclose(found["chlorophyll_anomaly"], expected, rtol=1e-10)
    assert np.isnan(found["chlorophyll_anomaly"][20])
