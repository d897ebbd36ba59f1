"""An indicator of any variable may be one of an earlier result."""

import numpy as np
import pytest
import xarray as xr

import sco_pipeline as sco
from sco_pipeline.catalog import IndicatorRequest, Recipe
from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators
from sco_pipeline.indicators.calculate import calculate
from tests.unit.indicators import daily_files

YEARS, SHAPE, BASE = tuple(range(2001, 2009)), (3, 4), (2001, 2006)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("daily")
    daily_files.write(directory, YEARS, SHAPE, chunks=(1, *SHAPE))
    return directory


@pytest.mark.parametrize("loaded", [False, True])
def test_the_trend_of_an_index_is_that_of_its_values(files, loaded):
    ds = daily_files.read(files)
    ds = ds.load() if loaded else ds
    found = compute_indicators(ds, ["su", "trend:su"], threshold=10.0, method="ols").compute()
    years = np.asarray(found["time"].dt.year)
    slope = np.polyfit(years, found["su"].values.reshape(len(years), -1), 1)[0] * 10
    np.testing.assert_allclose(found["su_trend"].values.reshape(-1), slope, rtol=0, atol=1e-9)
    assert found["su_trend"].attrs["units"] == "d (10 years)-1"
    assert found["su_trend"].attrs["long_name"] == "Trend of summer days"
    assert [name for name in found.coords if "threshold" in str(name)] == ["su_threshold"]


def test_anomalies_of_monthly_means_of_daily_data(files):
    """The lengths of months are known, the axis stays one of months."""
    ds = daily_files.read(files)
    ids = ["tmm", "anomaly:tmm", "annual_climatology:tmm"]
    found = compute_indicators(ds, ids, baseline=BASE, frequency="month").compute()
    mean, base = found["tmm"], found["tmm"].sel(time=slice("2001", "2006"))
    normal = base.groupby("time.month").mean()
    expected = mean.groupby("time.month") - normal
    np.testing.assert_allclose(found["tmm_anomaly"], expected, rtol=0, atol=1e-5)
    days = base["time"].dt.days_in_month
    annual = (base.astype(float) * days).sum("time", min_count=1) / days.sum()
    np.testing.assert_allclose(found["tmm_annual_climatology"], annual, rtol=0, atol=1e-9)
    xr.testing.assert_equal(found["tmm_anomaly"]["time"], mean["time"])
    assert "time_bnds" in found.coords


def test_the_trend_of_a_region_is_that_of_its_mean(files, settings):
    """Not the mean of the trends of its cells."""
    trend = IndicatorRequest(id="trend", of="su", options={"method": "ols"})
    recipe = Recipe(
        id="hot", title="Hot", summary="For a test.", inputs={"tasmax": "daily-tasmax"},
        indicators=(IndicatorRequest(id="su"), trend), regions=("globe",), cadence="once",
    )  # fmt: skip
    product = sco.compute(recipe, daily_files.read(files), settings)
    mean = product["su_regional"].squeeze("region").values
    slope = np.polyfit(np.asarray(product["time"].dt.year), mean, 1)[0] * 10
    assert abs(product["su_trend_regional"].item() - slope) < 1e-9
    assert abs(product["su_trend"].mean().item() - slope) > 1e-3


def test_a_result_must_come_before(files):
    requests = [IndicatorRequest(id="trend", of="txx"), IndicatorRequest(id="txx")]
    ds = daily_files.read(files)
    assert "txx_trend" in calculate(ds, requests)  # daily indices are computed first
    requests = [IndicatorRequest(id="rank", of="x"), IndicatorRequest(id="rank", of="pr", name="x")]
    with pytest.raises(IndicatorError, match="'rank' needs 'x'"):
        calculate(ds, requests)
