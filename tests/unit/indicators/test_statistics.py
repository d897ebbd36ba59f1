"""Answers worked out by hand on series short enough to do so."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.catalog import Period
from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators

TWO_YEARS = Period(start=dt.date(2001, 1, 1), end=dt.date(2002, 12, 31))


def monthly(values, start="2001-01-01", **attrs):
    time = pd.date_range(start, periods=len(values), freq="MS")
    bounds = np.stack([time, time + pd.DateOffset(months=1)], axis=1)
    about = {"units": "degC", "long_name": "temperature", "standard_name": "x"} | attrs
    return xr.Dataset(
        {"tas": ("time", np.asarray(values, dtype=float), about)},
        {"time": time, "time_bnds": (("time", "nv"), bounds)},
    )


@pytest.fixture
def three_years():
    """Month number plus 0, 2 and 7 in the first, second and third year."""
    return monthly([month + step for step in (0, 2, 7) for month in range(1, 13)])


def test_climatology_is_the_mean_of_each_calendar_month(three_years):
    result = compute_indicators(three_years, ["climatology:tas"], baseline=TWO_YEARS)
    np.testing.assert_array_equal(result["tas_climatology"], np.arange(1, 13) + 1.0)
    np.testing.assert_array_equal(result["month"], np.arange(1, 13))
    assert result["tas_climatology"].attrs["units"] == "degC"
    assert result["tas_climatology"].attrs["standard_name"] == "x"


def test_anomaly_departs_from_the_month_of_the_baseline(three_years):
    result = compute_indicators(three_years, ["anomaly:tas"], baseline=(2001, 2002))["tas_anomaly"]
    np.testing.assert_array_equal(result, np.repeat([-1.0, 1.0, 6.0], 12))
    assert result.attrs["units_metadata"] == "temperature: difference"


def test_standardised_anomaly_divides_by_the_sample_deviation(three_years):
    result = compute_indicators(three_years, ["standardised_anomaly:tas"], baseline=TWO_YEARS)
    expected = np.repeat([-1.0, 1.0, 6.0], 12) / np.sqrt(2)
    np.testing.assert_allclose(result["tas_standardised_anomaly"], expected, rtol=1e-15)


def test_standardised_anomaly_of_a_constant_is_missing():
    ds = monthly([3.0] * 24)
    result = compute_indicators(ds, ["standardised_anomaly:tas"], baseline=TWO_YEARS)
    assert result["tas_standardised_anomaly"].isnull().all()


def test_warm_months_counts_strictly_above_and_needs_all_twelve():
    values = np.zeros(36)
    values[[24, 25]] = 0.5, 0.6
    ds = monthly(values)
    ds["tas"][13] = np.nan
    result = compute_indicators(ds, ["warm_months:tas"], baseline=TWO_YEARS, min_fraction=0.5)
    np.testing.assert_array_equal(result["tas_warm_months"], [0, np.nan, 1])
    np.testing.assert_array_equal(
        result["time_bnds"].values[:, 1], pd.to_datetime(["2002", "2003", "2004"])
    )
    assert result["tas_warm_months_threshold"] == 0.5


def test_a_coarser_axis_is_named_by_its_step(three_years):
    result = compute_indicators(three_years, ["anomaly:tas", "warm_months:tas"], baseline=TWO_YEARS)
    assert result["tas_anomaly"].dims == ("time",)
    assert result["tas_warm_months"].dims == ("year",)
    np.testing.assert_array_equal(result["tas_warm_months"], [0, 12, 12])
    assert result["year"].attrs["bounds"] == "year_bnds"


def test_period_mean_weights_by_the_length_of_the_months():
    result = compute_indicators(monthly([1.0, 2.0]), ["period_mean:tas"])
    assert result["tas_period_mean"] == pytest.approx((31 * 1 + 28 * 2) / 59, rel=1e-15)


def test_period_mean_with_too_much_missing_is_missing():
    values = [1.0] * 7 + [np.nan] * 3
    result = compute_indicators(monthly(values), ["period_mean:tas"])
    assert np.isnan(result["tas_period_mean"])
    result = compute_indicators(monthly(values), ["period_mean:tas"], min_fraction=0.6)
    assert result["tas_period_mean"] == 1


def test_departure_and_variability():
    ds = monthly([1.0, 3.0, 5.0], start="2001-07-01").drop_vars("time_bnds")
    result = compute_indicators(ds, ["departure:tas", "variability:tas"])
    np.testing.assert_array_equal(result["tas_departure"], [-2, 0, 2])
    assert result["tas_variability"] == 2


def test_missing_stays_missing(three_years):
    three_years["tas"][5] = np.nan
    result = compute_indicators(three_years, ["climatology:tas", "anomaly:tas"], baseline=TWO_YEARS)
    assert np.isnan(result["tas_climatology"][5])
    assert list(np.flatnonzero(np.isnan(result["tas_anomaly"]))) == [5, 17, 29]
    lenient = compute_indicators(three_years, ["anomaly:tas"], baseline=TWO_YEARS, min_fraction=0.5)
    assert list(np.flatnonzero(np.isnan(lenient["tas_anomaly"]))) == [5]


@pytest.mark.parametrize(
    ("ids", "keywords", "message"),
    [
        (
            ["anomaly:tas"],
            {},
            "'anomaly' needs a baseline; add 'baseline:' to the recipe",
        ),
        (["anomaly"], {"baseline": TWO_YEARS}, "indicator 'anomaly' is one of any variable"),
        (["anomaly:pr"], {"baseline": TWO_YEARS}, r"needs 'pr'; the data hold \['tas'\]"),
        (["anomally:tas"], {"baseline": TWO_YEARS}, "Did you mean 'anomaly'"),
        (["anomaly:tas"], {"baseline": (1961, 1990)}, r"1961-01-01..1990-12-31 is not within"),
        (["period_mean:tas"], {"treshold": 1}, "unknown option 'treshold'"),
        (["period_mean:tas", "period_mean:tas"], {}, "two results are called 'tas_period_mean'"),
    ],
)
def test_bad_requests_get_one_sentence(three_years, ids, keywords, message):
    with pytest.raises(IndicatorError, match=message):
        compute_indicators(three_years, ids, **keywords)


def test_chunks_change_nothing():
    rng = np.random.default_rng(7)
    ds = monthly(rng.normal(size=48)).expand_dims(lat=[0.0, 1.0, 2.0], axis=1).copy(deep=True)
    ds["tas"] = ds["tas"] + xr.DataArray(rng.normal(size=(48, 3)), dims=("time", "lat"))
    ds["tas"].attrs["units"] = "degC"
    ids = ["climatology:tas", "anomaly:tas", "standardised_anomaly:tas", "warm_months:tas"]
    whole = compute_indicators(ds, ids, baseline=(2001, 2004))
    pieces = compute_indicators(ds.chunk(time=5, lat=2), ids, baseline=(2001, 2004))
    xr.testing.assert_equal(whole, pieces.compute())
