"""Vegetation and land surface: answers by hand, closed forms and independent computations."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators


def dataset(values, time, name, units="1", **coords):
    values = np.asarray(values, dtype=float)
    dims = ("time", "lat", "lon")[: values.ndim]
    about = {"units": units, "long_name": name}
    return xr.Dataset({name: (dims, values, about)}, {"time": time, **coords})


def test_vci_by_hand_and_against_pandas():
    time = pd.date_range("2001-01-01", periods=60, freq="MS")
    values = 0.5 + 0.1 * np.sin(np.arange(60)) + 0.01 * np.arange(60)
    values[7] = np.nan
    ds = dataset(values, time, "ndvi")
    found = compute_indicators(ds, ["vci"], baseline=(2001, 2004))["vci"]
    series = pd.Series(values, time)
    base = series[:"2004"].groupby(series[:"2004"].index.month)
    low, high = base.min(), base.max()
    month = series.index.month
    expected = 100 * (series - low[month].to_numpy()) / (high - low)[month].to_numpy()
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert float(found[:48].min()) == 0.0 and float(found[:48].max()) == 100.0
    flat = compute_indicators(
        dataset(values * 0 + 0.3, time, "ndvi"), ["vci"], baseline=(2001, 2004)
    )
    assert flat["vci"].isnull().all()


def test_vci_of_composites_compares_the_same_dates():
    time = pd.DatetimeIndex(
        [
            f"{y}-{m:02d}-{d:02d}"
            for y in range(2001, 2007)
            for m in range(1, 13)
            for d in (1, 11, 21)
        ]
    )
    values = np.tile(np.arange(36) / 100, 6) + np.repeat(np.arange(6) / 50, 36)
    found = compute_indicators(dataset(values, time, "ndvi"), ["vci"], baseline=(2001, 2006))["vci"]
    np.testing.assert_allclose(found, np.repeat(np.arange(6) * 20.0, 36), atol=1e-9)


def test_phenology_of_a_cosine_is_the_closed_form():
    time = pd.date_range("2001-01-01", "2004-12-31", freq="8D")
    years = time.year + (time.day_of_year - 1) / np.where(time.is_leap_year, 366, 365)
    north = 0.4 - 0.3 * np.cos(2 * np.pi * years.to_numpy())
    south = 0.4 + 0.3 * np.cos(2 * np.pi * years.to_numpy())
    values = np.stack([south, north], axis=1)[:, :, None]
    ds = dataset(values, time, "ndvi", lat=[-30.0, 45.0], lon=[0.0])
    found = compute_indicators(ds, ["phenology:ndvi"])
    for lat in (-30.0, 45.0):
        at = found.sel(time="2002", lat=lat, lon=0.0).squeeze()
        # half of the amplitude is reached a quarter and three quarters through the year
        assert float(at["ndvi_phenology_start"]) == pytest.approx(365.25 / 4, abs=3)
        assert float(at["ndvi_phenology_end"]) == pytest.approx(365.25 * 3 / 4, abs=3)
        assert float(at["ndvi_phenology_peak"]) == pytest.approx(365.25 / 2, abs=8)
        assert float(at["ndvi_phenology_length"]) == pytest.approx(365.25 / 2, abs=4)
        assert float(at["ndvi_phenology_amplitude"]) == pytest.approx(0.6, abs=0.01)
    last = found.sel(time="2004", lat=-30.0, lon=0.0).squeeze()
    assert np.isnan(last["ndvi_phenology_length"])  # its year runs on into 2005
    bare = ds.assign(ndvi=ds["ndvi"] * 0.05)
    assert compute_indicators(bare, ["phenology:ndvi"])["ndvi_phenology_start"].isnull().all()
    with pytest.raises(IndicatorError, match="between 0 and 1"):
        compute_indicators(ds, ["phenology:ndvi"], fraction=1.0)


def test_fire_sums_need_whole_years():
    time = pd.date_range("2001-01-01", periods=30, freq="MS")
    ds = dataset(np.arange(30.0), time, "burned_area", "km2").assign(
        fires=("time", np.ones(30), {"units": "1"})
    )
    found = compute_indicators(ds, ["burned_area_sum", "fire_count"])
    np.testing.assert_array_equal(found["burned_area_sum"], [66.0, 210.0, np.nan])
    np.testing.assert_array_equal(found["fire_count"], [12.0, 12.0, np.nan])


def test_hot_nights():
    time = pd.date_range("2001-01-01", "2001-12-31")
    ds = dataset(np.where(time.month == 7, 24.0, 20.0), time, "ts", "degC")
    found = compute_indicators(ds, ["hot_nights"])["hot_nights"]
    np.testing.assert_array_equal(found, [31.0])  # 20 itself is not above


def test_heat_of_a_town():
    time = pd.date_range("2001-01-01", periods=3, freq="MS")
    warm = np.array([[[5.0, 1.0], [3.0, np.nan]]] * 3)
    warm[2, 0, 0] = np.nan
    built = [[0.9, 0.0], [0.02, 0.6]]
    area = [[2.0, 1.0], [3.0, 2.0]]
    ds = dataset(warm, time, "ts", "degC", lat=[0.0, 1.0], lon=[0.0, 1.0])
    ds = ds.assign(built_up=(("lat", "lon"), built)).assign_coords(cell_area=(("lat", "lon"), area))
    found = compute_indicators(ds, ["urban_heat"])["urban_heat"]
    np.testing.assert_allclose(found, [5 - 2.5, 5 - 2.5, np.nan])
    with pytest.raises(IndicatorError, match="no urban cell"):
        compute_indicators(ds, ["urban_heat"], urban=0.95)


def test_soil_moisture_percentiles_equal_scipy():
    random = np.random.default_rng(0)
    time = pd.date_range("1991-01-01", periods=360, freq="MS")
    values = random.beta(2, 5, 360)
    values[13] = np.nan
    ds = dataset(values, time, "sm")
    found = compute_indicators(ds, ["soil_moisture_class"], baseline=(1991, 2010))
    area = compute_indicators(ds, ["soil_moisture_drought_area"], baseline=(1991, 2010))
    table = values.reshape(30, 12)
    for year in (1, 5, 25):
        for month in range(12):
            sample = table[:20, month]
            sample = sample[np.isfinite(sample)]
            rank = stats.percentileofscore(sample, table[year, month], "mean") / 100 * sample.size
            percentile = 100 * (rank + 0.5) / (sample.size + 1)
            ours = float(found["soil_moisture_class"][12 * year + month])
            if np.isnan(table[year, month]):
                assert np.isnan(ours)
                continue
            assert ours == sum(percentile <= limit for limit in (30, 20, 10, 5, 2))
            dry = float(area["soil_moisture_drought_area"][12 * year + month])
            assert dry == (100.0 if percentile <= 20 else 0.0)
    inside = area["soil_moisture_drought_area"][:240]
    assert float(inside.mean()) == pytest.approx(20, abs=4)


def test_empty_cells_stay_empty():
    time = pd.date_range("2001-01-01", periods=48, freq="MS")
    ds = dataset(np.full((48, 1, 1), np.nan), time, "ndvi", lat=[10.0], lon=[0.0])
    ds = ds.assign(sm=ds["ndvi"], burned_area=ds["ndvi"])
    ids = ["vci", "phenology:ndvi", "soil_moisture_class", "burned_area_sum"]
    found = compute_indicators(ds, ids, baseline=(2001, 2004))
    for name in found.data_vars:
        assert found[name].isnull().all(), name
