"""The adapter of xclim: one sentence without it, its values with our rules where it is."""

import importlib.util
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators

installed = importlib.util.find_spec("xclim") is not None
with_xclim = pytest.mark.skipif(not installed, reason="xclim is an optional extra")


@pytest.fixture
def daily():
    time = pd.date_range("2001-01-01", "2002-12-31")
    values = 20 + 15 * np.sin(2 * np.pi * (np.arange(time.size) - 100) / 365.25)
    values[400:420] = np.nan
    about = {
        "units": "degC",
        "standard_name": "air_temperature",
        "cell_methods": "time: maximum within days",
    }
    return xr.Dataset({"tasmax": ("time", values, about)}, {"time": time})


def test_without_xclim_the_sentence_says_what_to_install(daily, monkeypatch):
    monkeypatch.setitem(sys.modules, "xclim", None)
    with pytest.raises(IndicatorError, match=r"install 'sco-pipeline\[xclim\]'"):
        compute_indicators(daily, ["xclim:tx_days_above"])


def test_versions_from_one_on_are_refused(daily, monkeypatch):
    import types

    fake, core, registry = (types.ModuleType(n) for n in ("xclim", "xclim.core", "x"))
    fake.__version__ = "1.0.0"
    registry.registry = {}
    monkeypatch.setitem(sys.modules, "xclim", fake)
    monkeypatch.setitem(sys.modules, "xclim.core", core)
    monkeypatch.setitem(sys.modules, "xclim.core.indicator", registry)
    with pytest.raises(IndicatorError, match=r"needs a version below 1\.0"):
        compute_indicators(daily, ["xclim:tx_days_above"])


@with_xclim
@pytest.mark.filterwarnings("ignore")
def test_values_are_xclims_and_missing_days_ours(daily):
    found = compute_indicators(
        daily, ["xclim:tx_days_above"], arguments={"thresh": "25 degC"}, missing="percent:10"
    )["tx_days_above_xclim"]
    hot = (daily["tasmax"] > 25).resample(time="YS").sum()
    np.testing.assert_array_equal(found, hot)
    assert found.attrs["indicator"] == "xclim:tx_days_above"
    strict = compute_indicators(daily, ["xclim:tx_days_above"])["tx_days_above_xclim"]
    assert np.isnan(strict[1]) and np.isfinite(strict[0])


@with_xclim
@pytest.mark.filterwarnings("ignore")
def test_unknown_indicators_and_absent_variables(daily):
    with pytest.raises(IndicatorError, match="Did you mean 'tx_days_above'"):
        compute_indicators(daily, ["xclim:tx_day_above"])
    with pytest.raises(IndicatorError, match="needs 'pr'"):
        compute_indicators(daily, ["xclim:wetdays"])
