"""The trend of a grid: seasons, steps, gaps, chunks and significance on the field."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators
from sco_pipeline.indicators.trend import field_significance
from tests.unit.indicators.trend_cases import make_red_noise, one_cell


@pytest.fixture(scope="module")
def red_noise():
    return make_red_noise()


def dataset(values, start="1981-01-01", freq="YS", units="degC"):
    values = np.asarray(values, dtype=float)
    time = pd.date_range(start, periods=values.shape[0], freq=freq)
    dims = ("time", "lat", "lon")[: values.ndim]
    about = {"units": units, "long_name": "sea surface temperature"}
    return xr.Dataset({"tos": (dims, values, about)}, {"time": time})


def test_trend_is_per_decade_whatever_the_step():
    years = dataset(0.02 * np.arange(30))
    months = dataset(0.02 / 12 * np.arange(360), freq="MS")
    for ds in (years, months):
        for options in ({"season": "keep"}, {"season": "average"}):
            for method in ("theil-sen", "ols"):
                result = compute_indicators(ds, ["trend:tos"], method=method, **options)
                assert float(result["tos_trend"]) == pytest.approx(0.2, rel=1e-12)
    assert result["tos_trend"].attrs["units"] == "degC (10 years)-1"
    assert result["tos_trend_pvalue"].attrs["units"] == "1"
    assert "units_metadata" not in result["tos_trend_pvalue"].attrs


def test_daily_values_are_fitted_in_time_not_in_steps():
    time = pd.date_range("1999-01-01", "2004-12-31")
    passed = time.year + (time.day_of_year - 1) / np.where(time.is_leap_year, 366, 365)
    ds = dataset(3.0 * passed.to_numpy(), start="1999-01-01", freq="D")
    result = compute_indicators(ds, ["trend:tos"], method="ols", season="keep")
    assert float(result["tos_trend"]) == pytest.approx(30.0, rel=1e-9)


def test_removing_the_season_leaves_the_trend_and_shrinks_the_limits(red_noise):
    cycle = 10 * np.cos(np.arange(360) / 6 * np.pi)
    values = red_noise.reshape(-1)[:360] + cycle + 0.01 * np.arange(360)
    ds = dataset(values, freq="MS")
    kept = compute_indicators(ds, ["trend:tos"], method="ols", season="keep")
    removed = compute_indicators(ds, ["trend:tos"], method="ols", season="remove")
    width = [float(r["tos_trend_upper"] - r["tos_trend_lower"]) for r in (kept, removed)]
    assert width[1] < 0.5 * width[0]
    anomaly = ds["tos"].groupby("time.month") - ds["tos"].groupby("time.month").mean()
    years = ds["time"].dt.year + (ds["time"].dt.month - 0.5) / 12
    expected = stats.linregress(years.values, anomaly.values).slope * 10
    assert float(removed["tos_trend"]) == pytest.approx(expected, rel=1e-10)


def test_the_indicator_on_a_grid_equals_the_kernel_and_any_chunking(red_noise):
    grid = red_noise.T.reshape(45, 3, 4).copy()
    grid[:, 0, 0] = np.nan
    grid[5:40, 0, 1] = np.nan
    ds = dataset(grid)
    whole = compute_indicators(ds, ["trend:tos"], correction="yue-wang").compute()
    chunked = ds.chunk(time=10, lat=2, lon=1)
    parts = compute_indicators(chunked, ["trend:tos"], correction="yue-wang")
    assert parts["tos_trend"].chunks is not None
    xr.testing.assert_identical(whole, parts.compute())
    assert np.isnan(whole["tos_trend"].values[0, :2]).all()
    expected = one_cell(grid[:, 1, 1], test="yue_wang")
    assert float(whole["tos_trend"][1, 1]) == pytest.approx(10 * expected["slope"])
    assert float(whole["tos_trend_pvalue"][1, 1]) == pytest.approx(expected["p"])


def test_detrending_in_time_and_by_order_differ_only_where_values_are_missing(red_noise):
    ds = dataset(red_noise[0])
    same = [
        compute_indicators(ds, ["trend:tos"], correction="yue-wang", gaps=gaps)
        for gaps in ("time", "closed")
    ]
    xr.testing.assert_equal(*same)
    ds["tos"][5:15] = np.nan
    other = [
        float(
            compute_indicators(ds, ["trend:tos"], correction="yue-wang", gaps=g)["tos_trend_pvalue"]
        )
        for g in ("time", "closed")
    ]
    assert other[0] != other[1]
    assert other[1] == pytest.approx(one_cell(ds["tos"].values, test="yue_wang")["p"])


def test_field_significance_equals_scipy():
    random = np.random.default_rng(3)
    p = np.concatenate([random.uniform(size=60), random.uniform(0, 0.004, size=20)])
    adjusted = stats.false_discovery_control(p)
    found = field_significance(xr.DataArray(np.append(p, np.nan).reshape(9, 9)), 0.1)
    np.testing.assert_array_equal(found.values.ravel()[:-1], adjusted <= 0.1)
    assert np.isnan(found.values[-1, -1])
    assert 10 < found.sum() < 40


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"method": "theil"}, "Did you mean 'theil-sen'?"),
        ({"correction": "effective-size"}, "does not go with method 'theil-sen'; choose one of"),
        ({"season": "test", "method": "ols"}, "is a test of its own"),
        ({"season": "tests"}, "Did you mean 'test'?"),
        ({"season": "test"}, "needs one value a month"),
    ],
)
def test_options_that_do_not_go_together(options, sentence):
    ds = dataset(np.arange(800.0), freq="D")
    with pytest.raises(IndicatorError, match=sentence.replace("?", r"\?")):
        compute_indicators(ds, ["trend:tos"], **options)


def test_too_short_and_too_long_records():
    with pytest.raises(IndicatorError, match="needs four values or more; found 3"):
        compute_indicators(dataset([1, 2, 3]), ["trend:tos"])
    with pytest.raises(IndicatorError, match="use season 'average' or method 'ols'"):
        compute_indicators(dataset(np.zeros(4000), freq="D"), ["trend:tos"])


@pytest.mark.parametrize(
    ("method", "season"),
    [
        *[(method, s) for method in ("theil-sen", "ols") for s in ("keep", "remove", "average")],
        ("theil-sen", "test"),
    ],
)
def test_the_number_of_values_stands_beside_a_trend(method, season):
    draws = np.random.default_rng(2)
    values = draws.normal(size=(240, 3))
    values[draws.random(240) < 0.2, 1] = np.nan
    values[:, 2] = np.nan
    ds = dataset(values, "1981-01-01", "MS")
    found = compute_indicators(ds, ["trend:tos"], method=method, season=season, min_fraction=0.3)
    months = np.isfinite(values).reshape(20, 12, 3)
    expected = months.sum(axis=(0, 1))
    if season == "average":
        expected = (months.mean(axis=1) >= 0.3).sum(axis=0)
    np.testing.assert_array_equal(found["tos_trend_valid_values"], expected)
    assert found["tos_trend_valid_values"].attrs["standard_name"] == "number_of_observations"
    assert np.isfinite(found["tos_trend"]).values.tolist() == [True, True, False]
