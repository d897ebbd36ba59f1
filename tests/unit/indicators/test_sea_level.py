"""Rates beside a season, of sea level and water storage: against numpy's least squares."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators


def slow_fit(values, years, degree, harmonics=2):
    """One series with numpy's least squares: coefficients, errors, residuals."""
    held = np.isfinite(values)
    t = years - (years[0] + years[-1]) / 2
    columns = [np.ones_like(t), t, t**2 / 2][: degree + 1]
    for k in range(1, harmonics + 1):
        columns += [np.cos(2 * np.pi * k * years), np.sin(2 * np.pi * k * years)]
    x = np.stack(columns, axis=1)[held]
    found, *_ = np.linalg.lstsq(x, values[held], rcond=None)
    rest = values[held] - x @ found
    variance = (rest**2).sum() / (held.sum() - x.shape[1])
    errors = np.sqrt(variance * np.diag(np.linalg.inv(x.T @ x)))
    gappy = np.full(values.size, np.nan)
    gappy[held] = rest
    return found, errors, gappy, held.sum() - x.shape[1]


@pytest.fixture(scope="module")
def sea():
    """Twenty years of monthly sea level in m on 2 x 3 cells, with red noise and gaps."""
    random = np.random.default_rng(4)
    time = pd.date_range("1993-01-01", periods=240, freq="MS")
    years = time.year + (time.month - 0.5) / 12
    noise = np.zeros((240, 2, 3))
    for i in range(1, 240):
        noise[i] = 0.5 * noise[i - 1] + random.normal(0, 0.01, (2, 3))
    t = (years - 2003).to_numpy()[:, None, None]
    level = 0.0032 * t + 0.00005 * t**2 + 0.05 * np.cos(2 * np.pi * (t - 0.8)) + noise
    level[30:40, 0, 1] = np.nan
    level[:, 1, 2] = np.nan
    level[:200, 1, 1] = np.nan
    ds = xr.Dataset(
        {"sla": (("time", "lat", "lon"), level, {"units": "m", "long_name": "sea level anomaly"})},
        {"time": time, "lat": [0.0, 1.0], "lon": [0.0, 1.0, 2.0]},
    )
    return ds, years.to_numpy()


@pytest.mark.parametrize(
    ("indicator", "degree"), [("sea_level_trend", 1), ("sea_level_acceleration", 2)]
)
@pytest.mark.parametrize("cell", [(0, 0), (0, 1)])
def test_rates_and_errors_equal_least_squares(sea, indicator, degree, cell):
    ds, years = sea
    values = ds["sla"].values[:, cell[0], cell[1]]
    coefficients, errors, rest, freedom = slow_fit(values * 1000, years, degree)
    for correction in ("none", "effective-size"):
        found = compute_indicators(ds, [f"{indicator}:sla"], correction=correction)
        name = f"sla_{indicator}"
        point = {part: float(found[part][cell]) for part in found.data_vars}
        assert point[name] == pytest.approx(coefficients[degree], rel=1e-9)
        error, left = errors[degree], freedom
        if correction == "effective-size":
            pairs = np.nansum(rest[1:] * rest[:-1])
            r = max(0.0, pairs / np.nansum(rest**2))
            assert 0.3 < r < 0.7
            left = np.isfinite(values).sum() * (1 - r) / (1 + r) - len(coefficients)
            error = error * np.sqrt(freedom / left)
        assert point[f"{name}_error"] == pytest.approx(error, rel=1e-8)
        reach = stats.t.ppf(0.95, left) * error
        assert point[f"{name}_lower"] == pytest.approx(coefficients[degree] - reach, rel=1e-7)
        p = 2 * stats.t.sf(abs(coefficients[degree]) / error, left)
        assert point[f"{name}_pvalue"] == pytest.approx(p, rel=1e-6)


def test_trend_finds_what_was_put_in_and_leaves_thin_cells_missing(sea):
    ds, _ = sea
    found = compute_indicators(ds, ["sea_level_trend:sla"])["sla_sea_level_trend"]
    assert float(found[0, 0]) == pytest.approx(3.2, abs=0.6)
    assert np.isnan(found[1, 2])  # no value at all
    assert np.isnan(found[1, 1])  # less than half of the record
    assert found.attrs["units"] == "mm year-1" and found.attrs["ecv"] == "Sea level"
    lazy = compute_indicators(ds.chunk(time=20, lat=1), ["sea_level_trend:sla"])
    xr.testing.assert_identical(lazy["sla_sea_level_trend"].compute(), found.compute())


def test_corrected_limits_hold_the_truth_as_often_as_they_say():
    random = np.random.default_rng(9)
    noise = np.zeros((240, 400))
    for i in range(1, 240):
        noise[i] = 0.6 * noise[i - 1] + random.normal(size=400)
    time = pd.date_range("1993-01-01", periods=240, freq="MS")
    ds = xr.Dataset({"sla": (("time", "cell"), noise, {"units": "mm"})}, {"time": time})
    hit = {}
    for correction in ("none", "effective-size"):
        found = compute_indicators(ds, ["sea_level_trend:sla"], correction=correction)
        low, high = found["sla_sea_level_trend_lower"], found["sla_sea_level_trend_upper"]
        hit[correction] = float(((low < 0) & (high > 0)).mean())
    assert hit["none"] < 0.75 and 0.84 < hit["effective-size"] < 0.95  # nominal: 0.9


def test_the_season_is_removed_and_measured():
    time = pd.date_range("2001-01-01", "2004-12-31")
    share = (time.day_of_year - 1) / np.where(time.is_leap_year, 366, 365)
    season = 0.3 * np.cos(2 * np.pi * share) + 0.1 * np.sin(4 * np.pi * share)
    line = 0.01 * (time.year + share - 2003)
    ds = xr.Dataset({"zos": ("time", (season + line).to_numpy(), {"units": "m"})}, {"time": time})
    found = compute_indicators(ds, ["deseasonalised:zos", "seasonal_range:zos", "rate:zos"])
    np.testing.assert_allclose(found["zos_deseasonalised"], line, atol=1e-12)
    angle = np.linspace(0, 1, 100_001)
    cycle = 0.3 * np.cos(2 * np.pi * angle) + 0.1 * np.sin(4 * np.pi * angle)
    assert float(found["zos_seasonal_range"]) == pytest.approx(np.ptp(cycle), rel=1e-4)
    assert float(found["zos_rate"]) == pytest.approx(0.01, rel=1e-9)
    assert found["zos_rate"].attrs["units"] == "m year-1"


def test_acceleration_of_any_variable_is_twice_the_quadratic_term():
    time = pd.date_range("1961-01-01", periods=60, freq="YS")
    values = 3 + 0.5 * np.arange(60) + 0.02 * np.arange(60) ** 2
    ds = xr.Dataset({"tas": ("time", values, {"units": "degC"})}, {"time": time})
    found = compute_indicators(ds, ["acceleration:tas"], harmonics=0)
    assert float(found["tas_acceleration"]) == pytest.approx(0.04, rel=1e-9)
    assert found["tas_acceleration_error"].attrs["units"] == "degC year-2"


@pytest.mark.shared
def test_the_real_mediterranean_sample(shared):
    ds = xr.open_dataset(shared / "data" / "dt_med_allsat_phy_l4_2005T2.nc", engine="h5netcdf")
    (name,) = [v for v in ("sla", "adt") if v in ds]
    sla = ds[name].isel(lat=slice(0, 4), lon=slice(100, 110)) if "lat" in ds.dims else ds[name]
    sla = sla.load().rename("sla").assign_attrs(units="m", long_name="sea level anomaly")
    found = compute_indicators(sla.to_dataset(), ["sea_level_trend:sla"], harmonics=0)
    dim = [d for d in sla.dims if d != "time"]
    values = sla.stack(cell=dim).values.T
    years = np.asarray(2005 + (sla["time"].dt.dayofyear - 1) / 365)
    ours = found["sla_sea_level_trend"].stack(cell=dim).values
    for cell, one in enumerate(values):
        if np.isfinite(one).mean() > 0.9:
            expected = slow_fit(one * 1000.0, years, 1, 0)[0][1]
            assert ours[cell] == pytest.approx(expected, rel=1e-6)


def test_bad_input_is_one_sentence(sea):
    ds, _ = sea
    kelvin = ds.assign(sla=ds["sla"].assign_attrs(units="K"))
    with pytest.raises(IndicatorError, match="expected a length"):
        compute_indicators(kelvin, ["sea_level_trend:sla"])
    with pytest.raises(IndicatorError, match="need more than 6"):
        compute_indicators(ds.isel(time=slice(0, 6)), ["sea_level_trend:sla"])
    with pytest.raises(IndicatorError, match="'effective-size' or 'none'"):
        compute_indicators(ds, ["rate:sla"], correction="ar1")
    with pytest.raises(IndicatorError, match="not within the data"):
        compute_indicators(ds, ["sea_level_anomaly:sla"], baseline=(1980, 1990))


def test_sea_level_anomaly_is_in_millimetres(sea):
    ds, _ = sea
    found = compute_indicators(ds, ["sea_level_anomaly:sla"], baseline=(1993, 2012))
    months = ds["sla"].groupby("time.month")
    expected = (months - months.mean()) * 1000
    held = found["sla_sea_level_anomaly"].notnull()
    np.testing.assert_allclose(
        found["sla_sea_level_anomaly"].where(held), expected.where(held), atol=1e-9
    )


def test_water_storage_in_millimetres_and_gigatonnes():
    random = np.random.default_rng(6)
    time = pd.date_range("2002-04-01", periods=120, freq="MS")
    thickness = random.normal(0, 5, (120, 2, 2)) - 0.2 * np.arange(120)[:, None, None]
    thickness[:, 0, 0] = np.nan
    area = np.array([[1e10, 2e10], [3e10, 4e10]])
    ds = xr.Dataset(
        {"lwe": (("time", "lat", "lon"), thickness, {"units": "cm"})},
        {"time": time, "lat": [0.0, 1.0], "lon": [0.0, 1.0], "cell_area": (("lat", "lon"), area)},
    )
    ids = ["water_storage_anomaly", "water_storage_mass", "water_storage_trend"]
    found = compute_indicators(ds, ids, baseline=(2004, 2009))
    base = slice(21, 93)
    departure = (thickness - thickness[base].mean(axis=0)) * 10
    np.testing.assert_allclose(found["water_storage_anomaly"], departure, atol=1e-10)
    mass = np.nansum(departure * area, axis=(1, 2)) / 1e12
    np.testing.assert_allclose(found["water_storage_mass"], mass, rtol=1e-10)
    years = time.year + (time.month - 0.5) / 12
    expected = slow_fit(thickness[:, 1, 1] * 10, years.to_numpy(), 1)[0][1]
    assert float(found["water_storage_trend"][1, 1]) == pytest.approx(expected, rel=1e-9)
    assert found["water_storage_mass"].attrs["units"] == "Gt"
    holed = ds.copy(deep=True)
    holed["lwe"][5, 1, 1] = np.nan
    found = compute_indicators(holed, ["water_storage_mass"], baseline=(2004, 2009))
    assert np.isnan(found["water_storage_mass"][5]) and np.isfinite(found["water_storage_mass"][6])
    with pytest.raises(IndicatorError, match="no coordinate 'cell_area'"):
        bare = ds.drop_vars("cell_area")
        compute_indicators(bare, ["water_storage_mass"], baseline=(2004, 2009))
