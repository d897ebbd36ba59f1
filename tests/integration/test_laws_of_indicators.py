"""What holds for every indicator but those of daily indices, which have laws of their own."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import sco_pipeline as sco
from sco_pipeline.catalog import Period, load_catalog
from sco_pipeline.errors import IndicatorError, ScoError
from sco_pipeline.indicators import indicators
from sco_pipeline.indicators.calculate import calculate
from sco_pipeline.indicators.definition import is_daily_index
from tests.indicator_recipes import RECIPES, write_catalog

CELL = {"lat": 0, "lon": 1}
OF_ALL_CELLS = ("significant", "failed_fits", "_valid_days")
"""Ends of names of results that depend on the whole field, or count."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Recipe and harmonised inputs in memory, by the name of the recipe."""
    root = tmp_path_factory.mktemp("laws")
    (root / "catalog").mkdir()
    catalog = load_catalog(write_catalog(root / "catalog"))
    settings = sco.Settings(catalog_dir=catalog.directory, cache_dir=root / "cache")
    return {
        name: (recipe, sco.open_inputs(recipe, sco.fetch(recipe, settings), settings).load())
        for name, recipe in catalog.recipes.items()
        if name != "months-of-heat"
    }


def cases():
    """Recipe and position of each request of an indicator of whole series."""
    for name, made in RECIPES.items():
        for at, one in enumerate(made.indicators):
            key = one if isinstance(one, str) else one["id"]
            if name != "months-of-heat" and not is_daily_index(key):
                of = "" if isinstance(one, str) else one.get("name") or one.get("of", "")
                yield pytest.param(name, at, id=f"{key}-{of}".rstrip("-"))


EVERY = pytest.mark.parametrize(("name", "at"), list(cases()))


def compute(asked, name, at, change=lambda ds: ds, baseline=None):
    """Compute one indicator of changed inputs; results on the grid and others."""
    recipe, inputs = asked[name]
    base = recipe.baseline if baseline is None else baseline
    request = recipe.indicators[at]
    before = [one for one in recipe.indicators if one.output == request.of]
    needed = indicators[request.id].needs_baseline
    asked_for = [*before, request]
    made = calculate(change(inputs.copy()), asked_for, baseline=base if needed else None)
    return made.compute()


def on_grid(made):
    return {
        str(name): da
        for name, da in made.data_vars.items()
        if {"lat", "lon"} <= set(da.dims) and not str(name).endswith(OF_ALL_CELLS)
    }


def without(cell, times=slice(None), value=np.nan):
    """Take the values of one cell away, or give it one value throughout."""

    def change(ds):
        for name, da in ds.data_vars.items():
            if {"lat", "lon", "time"} <= set(da.dims):
                values = da.transpose("time", "lat", "lon").values.astype(float)
                values[times, cell["lat"], cell["lon"]] = value
                ds[name] = (("time", "lat", "lon"), values, da.attrs)
        return ds

    return change


def elsewhere(da):
    """Return a result without the cell that was changed."""
    values = da.transpose("lat", "lon", ...).values.astype(float)
    values[CELL["lat"], CELL["lon"]] = np.nan
    return values


@EVERY
def test_a_cell_without_values_stays_missing_and_moves_no_other(asked, name, at):
    found = compute(asked, name, at, without(CELL))
    expected = compute(asked, name, at)
    assert list(found) == list(expected)
    for key, da in on_grid(found).items():
        assert da.isel(CELL).isnull().all(), key
        np.testing.assert_array_equal(elsewhere(da), elsewhere(expected[key]), err_msg=key)


@EVERY
def test_gaps_at_the_edges_move_no_other_cell(asked, name, at):
    expected = compute(asked, name, at)
    for gap in (slice(0, 45), slice(-45, None)):
        found = compute(asked, name, at, without(CELL, gap))
        for key, da in on_grid(found).items():
            np.testing.assert_array_equal(elsewhere(da), elsewhere(expected[key]), err_msg=key)


@EVERY
@pytest.mark.parametrize("value", [-1.8, 0.0])
def test_a_cell_that_never_changes_moves_no_other(asked, name, at, value):
    """As the sea under ice, or the ground without snow."""
    expected = compute(asked, name, at)
    found = compute(asked, name, at, without(CELL, value=value))
    for key, da in on_grid(found).items():
        assert not np.isinf(da.isel(CELL)).any(), key
        np.testing.assert_array_equal(elsewhere(da), elsewhere(expected[key]), err_msg=key)


@EVERY
def test_the_order_of_latitude_and_chunks_change_nothing(asked, name, at):
    expected = compute(asked, name, at)
    found = compute(asked, name, at, lambda ds: ds.isel(lat=slice(None, None, -1)))
    cut = compute(asked, name, at, lambda ds: ds.chunk(time=100, lat=2, lon=1))
    for key, da in on_grid(expected).items():
        np.testing.assert_array_equal(found[key].sortby("lat"), da, err_msg=key)
        np.testing.assert_array_equal(cut[key], da, err_msg=key)


@EVERY
def test_a_base_outside_of_the_data_is_refused_in_one_sentence(asked, name, at):
    recipe, _ = asked[name]
    if not indicators[recipe.indicators[at].id].needs_baseline:
        return
    outside = Period(start="1951-01-01", end="1980-12-31")
    with pytest.raises(IndicatorError, match=r"19(51|80).*19(91|92)|not within") as raised:
        compute(asked, name, at, baseline=outside)
    assert "\n" not in str(raised.value)


@EVERY
def test_one_year_gives_values_or_one_sentence(asked, name, at):
    base = Period(start="1991-01-01", end="1991-12-31")
    try:
        made = compute(asked, name, at, lambda ds: ds.sel(time="1991"), base)
    except ScoError as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert isinstance(made, xr.Dataset) and len(made)
