"""Uncertainties of the data go through means and departures; closed forms and a simulation."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.catalog import IndicatorRequest
from sco_pipeline.indicators import compute_indicators
from sco_pipeline.indicators.calculate import calculate

MONTHS = pd.date_range("2001-01-01", "2004-12-31", freq="MS", name="time")
BASE = (2001, 2003)


def data(name="sla", units="m", sigma=None):
    """Values and uncertainties (time, lat, lon); one value is missing, one cell is."""
    shape = (MONTHS.size, 2, 2)
    values = np.random.default_rng(3).normal(size=shape)
    values[5, 0, 0], values[:, 1, 1] = np.nan, np.nan
    sigma = np.random.default_rng(4).uniform(0.5, 2, shape) if sigma is None else sigma
    dims = ("time", "lat", "lon")
    about = {"units": units, "long_name": "Sea level anomaly", "standard_name": "sea_level"}
    about["ancillary_variables"] = f"{name}_uncertainty"
    return xr.Dataset(
        {name: (dims, values, about), f"{name}_uncertainty": (dims, sigma, {"units": units})},
        {"time": MONTHS, "lat": [1.0, 2.0], "lon": [3.0, 4.0]},
    )


def compute(ds, one, of):
    request = IndicatorRequest(id=one, of=of)
    return calculate(ds, [request], baseline=BASE), request.output


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("one", ["climatology", "annual_climatology", "period_mean"])
def test_errors_that_all_times_share_are_those_of_the_mean(one, chunked):
    """A mean of values that are all too high by their uncertainty is too high by its own."""
    ds = data()
    ds = ds.chunk({"time": 12, "lat": 1}) if chunked else ds
    found, name = compute(ds, one, "sla")
    shifted = ds.assign(sla=(ds["sla"] + ds["sla_uncertainty"]).assign_attrs(ds["sla"].attrs))
    moved, _ = compute(shifted, one, "sla")
    error = found[f"{name}_uncertainty"]
    np.testing.assert_allclose(error, moved[name] - found[name], rtol=1e-9)
    assert error.dims == found[name].dims and np.isnan(error[..., 1, 1]).all()
    assert "ancillary_variables" not in error.attrs  # that of the data is not in the product
    assert error.attrs["units"] == "m" and "shared by all times" in error.attrs["long_name"]
    assert found[name].attrs["ancillary_variables"] == error.name


@pytest.mark.parametrize(
    ("one", "name", "units", "factor"),
    [
        ("anomaly", "sla", "m", 1.0),
        ("sea_level_anomaly", "sla", "m", 1000.0),
        ("water_storage_anomaly", "lwe", "cm", 10.0),
        ("departure", "sla", "m", 1.0),
    ],
)
def test_errors_of_departures_add_in_quadrature(one, name, units, factor):
    ds = data(name, units)
    of = None if one == "water_storage_anomaly" else name
    found, output = compute(ds, one, of)
    values, sigma = ds[name].values, ds[f"{name}_uncertainty"].values
    held = np.where(np.isnan(values), np.nan, sigma)
    base = MONTHS.year <= 2003
    for at in (0, 5, 6, 47):
        alike = {
            "departure": np.ones(48, bool),
            "water_storage_anomaly": base,
        }.get(one, base & (MONTHS.month == MONTHS.month[at]))
        others = held[alike]
        normal = np.sqrt(np.nansum(others**2, axis=0)) / np.isfinite(others).sum(axis=0).clip(1)
        expected = factor * np.sqrt(held[at] ** 2 + normal**2)
        np.testing.assert_allclose(found[f"{output}_uncertainty"][at], expected, rtol=1e-9)
    assert np.isnan(found[f"{output}_uncertainty"][5, 0, 0])
    assert found[f"{output}_uncertainty"].attrs["units"] == found[output].attrs["units"]


def test_the_spread_of_many_records_is_the_uncertainty_of_the_anomaly():
    """Outside the base period, errors drawn many times spread as the uncertainty says."""
    ds = data()
    found, name = compute(ds, "anomaly", "sla")
    draws, last = np.random.default_rng(5), []
    for _ in range(300):
        error = draws.normal(size=ds["sla"].shape) * ds["sla_uncertainty"].values
        noisy = ds.drop_vars("sla_uncertainty").assign(sla=ds["sla"] + error)
        last.append(compute(noisy, "anomaly", "sla")[0][name].values[-1])
    spread = np.std(last, axis=0, ddof=1)
    np.testing.assert_allclose(spread, found[f"{name}_uncertainty"][-1], rtol=0.2)


def test_what_carries_none_has_none():
    ds = data()
    assert not [n for n in compute(ds, "trend", "sla")[0] if str(n).endswith("_uncertainty")]
    plain = ds.drop_vars("sla_uncertainty")
    found = compute_indicators(plain, ["anomaly:sla"], baseline=BASE)
    assert list(found) == ["sla_anomaly"]
