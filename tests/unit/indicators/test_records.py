"""Ranks, records and percentile ranks against pandas and SciPy."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from sco_pipeline.indicators import compute_indicators


@pytest.fixture(scope="module")
def monthly():
    random = np.random.default_rng(4)
    time = pd.date_range("1961-01-01", periods=480, freq="MS")
    values = np.round(random.normal(10, 2, 480), 1)  # ties
    values[[5, 100, 101]] = np.nan
    return xr.Dataset({"tas": ("time", values, {"units": "degC"})}, {"time": time})


def test_ranks_equal_pandas(monthly):
    series = monthly["tas"].to_series()
    for first, ascending in ((True, False), (False, True)):
        found = compute_indicators(monthly, ["rank:tas"], highest_first=first)["tas_rank"]
        expected = series.groupby(series.index.month).rank(method="min", ascending=ascending)
        np.testing.assert_array_equal(found, expected)


def test_records_equal_running_extremes(monthly):
    found = compute_indicators(monthly, ["record:tas"], min_years=5)["tas_record"]
    table = monthly["tas"].values.reshape(40, 12)
    for month in (0, 5, 8):
        column = table[:, month]
        for year in range(40):
            before = column[:year][np.isfinite(column[:year])]
            ours = float(found[12 * year + month])
            if np.isnan(column[year]) or before.size < 5:
                assert np.isnan(ours)
            else:
                expected = (column[year] > before.max()) * 1 - (column[year] < before.min()) * 1
                assert ours == expected


def test_records_of_unchanging_noise_come_as_often_as_they_should():
    values = np.random.default_rng(5).normal(size=(60, 500))
    time = pd.date_range("1961-01-01", periods=60, freq="YS")
    ds = xr.Dataset({"tas": (("time", "cell"), values, {"units": "degC"})}, {"time": time})
    found = compute_indicators(ds, ["record:tas"], min_years=10)["tas_record"]
    expected = 500 * sum(1 / n for n in range(11, 61))
    assert float((found == 1).sum()) == pytest.approx(expected, rel=0.1)
    assert float((found == -1).sum()) == pytest.approx(expected, rel=0.1)


def test_percentile_ranks_equal_scipy(monthly):
    found = compute_indicators(monthly, ["percentile_rank:tas"], baseline=(1971, 2000))
    table = monthly["tas"].values.reshape(40, 12)
    for month in (2, 5):
        sample = table[10:40, month]
        sample = sample[np.isfinite(sample)]
        for year in (0, 9, 20, 39):
            value = table[year, month]
            ours = float(found["tas_percentile_rank"][12 * year + month])
            if np.isnan(value):
                assert np.isnan(ours)
                continue
            smaller = stats.percentileofscore(sample, value, "mean") / 100 * sample.size
            assert ours == pytest.approx(100 * (smaller + 0.5) / (sample.size + 1))
    assert 0 < float(found["tas_percentile_rank"].min())
    assert float(found["tas_percentile_rank"].max()) < 100
