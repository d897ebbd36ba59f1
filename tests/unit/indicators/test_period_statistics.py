"""Means and extremes of the days of a period, of any variable, against pandas."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators, indicators

STEPS = {"year": "YS", "season": "QS-DEC", "month": "MS"}
MOST_MISSING = {"year": 15, "season": 6, "month": 3}
DAYS = pd.date_range("2001-01-01", "2004-12-31", freq="D")
NAMES = {"mean": "mean", "maximum": "max", "minimum": "min"}


@pytest.fixture(scope="module")
def ds():
    """Two cells of sea surface temperature, one with gaps."""
    draws = np.random.default_rng(3)
    values = draws.normal(15.0, 4.0, (DAYS.size, 2))
    values[draws.random(DAYS.size) < 0.02, 1] = np.nan
    values[400:404, 1] = np.nan  # four days of one month
    about = {"units": "degC", "long_name": "Sea surface temperature", "ecv": "Sea temperature"}
    about["standard_name"] = "sea_surface_temperature"
    tos = xr.DataArray(values, dims=("time", "cell"), coords={"time": DAYS}, attrs=about)
    return xr.Dataset({"tos": tos, "wind": tos.assign_attrs(units="m s-1")})


def expected(series: pd.Series, how: str, frequency: str) -> pd.Series:
    """Return the statistic by pandas where the rule of ETCCDI gives a value."""
    groups = series.resample(STEPS[frequency])
    lengths = series.fillna(0.0).resample(STEPS[frequency]).count()
    held = groups.agg(how).where(lengths - groups.count() <= MOST_MISSING[frequency])
    months = series.resample("MS")
    short = series.fillna(0.0).resample("MS").count() - months.count() > MOST_MISSING["month"]
    held = held.where(~short.resample(STEPS[frequency]).max().astype(bool))
    if frequency == "season":  # the first and the last are not whole
        held.iloc[[0, -1]] = np.nan
    return held


@pytest.mark.parametrize("frequency", STEPS)
@pytest.mark.parametrize("how", NAMES)
def test_a_statistic_of_each_period(ds, how, frequency):
    found = compute_indicators(ds, [f"{how}:tos"], frequency=frequency)
    for cell in (0, 1):
        series = pd.Series(ds["tos"].values[:, cell], DAYS)
        wanted = expected(series, NAMES[how], frequency)
        assert wanted.isna().any() == (cell == 1 or frequency == "season")
        np.testing.assert_allclose(found[f"tos_{how}"][:, cell], wanted, rtol=0, atol=1e-12)
    counted = pd.Series(ds["tos"].values[:, 1], DAYS).resample(STEPS[frequency]).count()
    np.testing.assert_array_equal(found["tos_valid_days"][:, 1], counted)


def test_a_statistic_says_what_it_is_of(ds):
    found = compute_indicators(ds, ["mean:tos", "maximum:wind"], frequency="month")
    assert found["tos_mean"].attrs["long_name"] == "Mean of sea surface temperature"
    assert found["tos_mean"].attrs["standard_name"] == "sea_surface_temperature"
    assert found["tos_mean"].attrs["ecv"] == "Sea temperature"
    assert found["tos_mean"].attrs["ancillary_variables"] == "tos_valid_days"
    assert found["wind_maximum"].attrs["long_name"] == "Highest sea surface temperature"
    assert found["wind_maximum"].attrs["units"] == "m s-1"
    methods = found["wind_maximum"].attrs["cell_methods"]
    assert methods == "time: mean within days time: maximum over days"


def test_units_of_a_temperature_are_those_of_the_daily_indices(ds):
    """A known temperature is brought to degC, as it is for SU."""
    kelvin = xr.Dataset({"tasmax": (ds["tos"] + 273.15).assign_attrs(units="K")})
    found = compute_indicators(kelvin, ["mean:tasmax"])
    assert found["tasmax_mean"].attrs["units"] == "degC"
    assert found["tasmax_mean"].attrs["cell_methods"].startswith("time: maximum within days")
    np.testing.assert_allclose(
        found["tasmax_mean"], compute_indicators(ds, ["mean:tos"])["tos_mean"], atol=1e-9
    )


def test_the_uncertainty_of_a_mean_is_the_mean_of_shared_errors(ds):
    sigma = xr.full_like(ds["tos"], 0.25).assign_attrs(units="degC")
    sigma[:, 0] = np.linspace(0.1, 0.9, DAYS.size)
    found = compute_indicators(ds.assign(tos_uncertainty=sigma), ["mean:tos"])
    error = found["tos_mean_uncertainty"]
    first = pd.Series(sigma.values[:, 0], DAYS).resample("YS").mean()
    np.testing.assert_allclose(error[:, 0], first, rtol=1e-12)
    np.testing.assert_array_equal(np.isnan(error), np.isnan(found["tos_mean"]))
    assert found["tos_mean"].attrs["ancillary_variables"].split()[-1] == "tos_mean_uncertainty"


def test_a_result_of_months_has_no_days(ds):
    with pytest.raises(IndicatorError, match="daily"):
        compute_indicators(ds.resample(time="MS").mean(), ["mean:tos"])
    with pytest.raises(IndicatorError, match="needs 'chl'"):
        compute_indicators(ds, ["mean:chl"])


def test_the_function_of_one_array(ds):
    alone = indicators["maximum"].function(ds["tos"], frequency="year")
    xr.testing.assert_allclose(
        alone.drop_attrs(),
        compute_indicators(ds, ["maximum:tos"])["tos_maximum"].drop_attrs().rename("maximum"),
    )
