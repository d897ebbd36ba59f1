"""Every indicator, through a recipe, to a product that the CF and ACDD checkers accept."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import sco_pipeline as sco
from sco_pipeline.catalog.vocabulary import standard_names
from sco_pipeline.indicators import indicators
from sco_pipeline.indicators.indicator import XCLIM
from tests.indicator_recipes import RECIPES, write_catalog


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    """The product of each recipe, in memory, and what the checkers say of its file."""
    root = tmp_path_factory.mktemp("every")
    (root / "catalog").mkdir()
    settings = sco.Settings(
        catalog_dir=write_catalog(root / "catalog"),
        cache_dir=root / "cache",
        output_dir=root / "outputs",
    )
    paths = {name: sco.run(name, settings).paths("netcdf")[0] for name in RECIPES}
    report = root / "report.json"
    checker = Path(sys.executable).with_name("compliance-checker")
    command = [checker, "-t", "cf:1.11", "-t", "acdd:1.3", "-f", "json_new", "-o", report]
    subprocess.run([*command, *paths.values()], capture_output=True, check=False)
    said = json.loads(report.read_text(encoding="utf-8"))
    return {name: (_opened(path), said[str(path)]) for name, path in paths.items()}


def _opened(path):
    with xr.open_dataset(path, engine="h5netcdf") as ds:
        return ds.load()


def faults(said, standard):
    return [
        (result["name"], message)
        for result in said[standard]["high_priorities"]
        for message in result["msgs"]
        if result["value"][0] < result["value"][1]
    ]


def test_every_indicator_is_asked_for():
    asked = {
        one if isinstance(one, str) else one["id"]
        for made in RECIPES.values()
        for one in made.indicators
    }
    assert asked == set(indicators) - {XCLIM}  # an optional extra, tested beside its adapter


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_cf_checker_finds_nothing(products, recipe):
    assert faults(products[recipe][1], "cf:1.11") == []


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_acdd_checker_misses_only_names_that_cf_does_not_have(products, recipe):
    ds, said = products[recipe]
    found = faults(said, "acdd:1.3")
    assert {message for _, message in found} <= {"standard_name"}
    for title, _ in found:
        name = title.split('"')[1]
        assert "standard_name" not in ds[name].attrs


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_result_has_values_and_says_what_it_is(products, recipe):
    ds, _ = products[recipe]
    for name, da in ds.data_vars.items():
        if str(name).endswith(("_bnds", "_quality_count")):
            continue
        if str(name).startswith(("climatology_bounds", "cell_area")):
            continue
        assert np.isfinite(da.values).any() or str(name).startswith("soil"), name
        assert da.attrs["long_name"] and da.attrs["units"] and da.attrs["indicator"], name
        assert da.attrs["definition"], name
        assert "{" not in "".join(map(str, da.attrs.values())), name


@pytest.mark.parametrize("recipe", RECIPES)
def test_names_of_counts_come_with_their_threshold(products, recipe):
    ds, _ = products[recipe]
    for name, da in ds.data_vars.items():
        standard = da.attrs.get("standard_name", "")
        if "_threshold" in standard or standard.startswith("integral_wrt_time_of_air"):
            threshold = ds[f"{name}_threshold"]
            assert threshold.ndim == 0
            assert threshold.attrs["standard_name"] in standard_names()
            assert f"{name}_threshold" in da.coords


@pytest.mark.parametrize("recipe", RECIPES)
def test_statistics_of_days_have_climatology_bounds(products, recipe):
    ds, _ = products[recipe]
    for axis in {str(dim) for dim in ds.dims} & {"time", "year", "time_month"}:
        methods = [da.attrs.get("cell_methods", "") for da in ds.values() if axis in da.dims]
        of_days = ["within days" in method for method in methods if method]
        bounds = ds[axis].attrs if axis in ds.coords else {}
        assert ("climatology" in bounds) == (bool(of_days) and all(of_days)), axis


def test_monthly_and_yearly_results_of_daily_data_keep_all_their_times(products):
    ds, _ = products["heat-and-rain"]
    assert ds["pet_hargreaves"].sizes["time"] == 144
    assert ds["su"].sizes["year"] == 12
    assert ds["pet_hargreaves"].notnull().all()
