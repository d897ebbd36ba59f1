"""The examples of CONTRIBUTING.md work as they stand."""

import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml

from sco_pipeline.catalog import DatasetEntry, RegionSet
from sco_pipeline.indicators import compute_indicators, indicators

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")


def block(language, containing):
    blocks = re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)
    return next(found for found in blocks if containing in found)


def test_the_dataset_is_valid():
    entry = DatasetEntry(id="example", **yaml.safe_load(block("yaml", "agency:")))
    assert entry.variables["pr"].name == "prec"


def test_the_region_set_is_valid():
    assert set(RegionSet(id="two", **yaml.safe_load(block("yaml", "boxes:"))).boxes) == {
        "north",
        "south",
    }


@pytest.fixture
def example_indicator():
    assert "anomaly" in indicators
    exec(block("python", "@indicator"), {"__name__": "example"})
    yield
    del indicators._entries["value_range"]


def test_the_indicator_works(example_indicator):
    ds = xr.Dataset({"tas": ("time", [1.0, 5.0, np.nan], {"units": "degC"})})
    result = compute_indicators(ds, ["value_range:tas"])["tas_value_range"]
    assert result == 4
    assert result.attrs["units_metadata"] == "temperature: difference"
