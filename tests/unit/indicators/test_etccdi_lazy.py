"""Lazy data give the values of data in memory, for any chunks, threads and scheduler."""

from __future__ import annotations

import dask
import numpy as np
import pytest
import xarray as xr

from sco_pipeline.indicators import compute_indicators
from tests.unit.indicators.stations import dataset, station

PLAIN = (
    "su id fd tr txx txn tnx tnn dtr gsl rx1day rx5day sdii r10mm r20mm rnnmm cdd cwd prcptot"
).split()
PERCENTILES = "tx90p tx10p tn90p tn10p wsdi csdi r95ptot r99ptot".split()
BASE = (2001, 2004)
SHAPE = (3, 4)


@pytest.fixture(scope="module")
def grid():
    """Twelve stations on a grid that crosses the equator, one of them all missing."""
    stations = [station(seed, 2000, 2006) for seed in range(12)]
    stations[5] = {name: np.full_like(values, np.nan) for name, values in stations[5].items()}
    series = {
        name: np.stack([one[name] for one in stations], axis=1).reshape(-1, *SHAPE)
        for name in stations[0]
    }
    return dataset(series, 2000, 2006)


@pytest.fixture(scope="module")
def expected(grid):
    return {
        frequency: compute_indicators(grid, _defined(frequency), baseline=BASE, frequency=frequency)
        for frequency in ("year", "season")
    }


def _defined(frequency):
    names = PLAIN + PERCENTILES
    return names if frequency == "year" else [n for n in names if n not in ("gsl", "wsdi", "csdi")]


def _same(found, expected):
    """Compare to the last bit; a choice of variables has lost its bounds."""
    xr.testing.assert_identical(found.drop_vars("time_bnds"), expected)


@pytest.mark.parametrize("frequency", ["year", "season"])
@pytest.mark.parametrize(
    "chunks",
    [{"time": 365}, {"time": 100, "lat": 2}, {"time": -1, "lat": 1, "lon": 3}, {"time": 1461}],
)
def test_chunks_change_nothing(grid, expected, chunks, frequency):
    names = _defined(frequency)
    plain = [name for name in names if name in PLAIN]
    lazy = grid.chunk(chunks)
    for wanted in (plain, names):
        found = compute_indicators(lazy, wanted, baseline=BASE, frequency=frequency)
        assert all(found[name].chunks is not None for name in wanted)
        _same(found.compute(), expected[frequency][list(found.data_vars)])


@pytest.mark.parametrize("name", ["cdd", "cwd"])
def test_spells_longer_than_a_block_are_joined(name):
    """Three years without rain, or with rain every day, over blocks of one year."""
    pr = np.full(2557, 5.0)
    pr[300 : 300 + 3 * 365] = 0.0
    if name == "cwd":
        pr = 5.0 - pr
    ds = dataset({"pr": pr}, 2000, 2006)
    whole = compute_indicators(ds, [name])
    blocks = compute_indicators(ds.chunk(time=200), [name]).compute()
    assert np.isnan(whole[name].values[1:3]).all()
    assert whole[name].values[3] == 3 * 365
    xr.testing.assert_identical(blocks, whole)


def test_a_spell_that_ends_with_its_block_belongs_to_it():
    pr = np.full(2557, 5.0)
    pr[200 : 366 + 365] = 0.0  # to 31 December of the second year
    ds = dataset({"pr": pr}, 2000, 2006)
    blocks = compute_indicators(ds.chunk(time=366), ["cdd"]).compute()
    np.testing.assert_array_equal(blocks.cdd.values, [0, 531, 0, 0, 0, 0, 0])
    xr.testing.assert_identical(blocks, compute_indicators(ds, ["cdd"]))


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_schedulers_change_nothing(grid, expected, scheduler):
    lazy = grid.chunk({"time": 365, "lat": 1})
    with dask.config.set(scheduler=scheduler, num_workers=3):
        found = compute_indicators(lazy, _defined("year"), baseline=BASE).compute()
    _same(found, expected["year"][list(found.data_vars)])


def test_the_graph_grows_with_blocks_and_not_with_indices(grid):
    lazy = grid.chunk({"time": 365})
    few = compute_indicators(lazy, ["su", "fd", "rx1day"])
    many = compute_indicators(lazy, PLAIN)
    tasks = [len(dict(ds.__dask_graph__())) for ds in (few, many)]
    blocks = 7
    results = len(many.data_vars) - len(few.data_vars)
    assert tasks[1] - tasks[0] <= 6 * blocks * results


def test_an_all_missing_cell_is_missing(expected):
    place = {"lat": 1, "lon": 1}
    for name in PLAIN + PERCENTILES:
        assert np.isnan(expected["year"][name].isel(place)).all(), name


def test_both_hemispheres_on_one_grid(grid, expected):
    south = grid.isel(lat=[0])
    north = grid.isel(lat=[2])
    xr.testing.assert_equal(
        compute_indicators(south, ["gsl"], northern_hemisphere=False).gsl.reset_coords(drop=True),
        expected["year"].gsl.isel(lat=[0]).reset_coords(drop=True),
    )
    xr.testing.assert_equal(
        compute_indicators(north, ["gsl"], northern_hemisphere=True).gsl.reset_coords(drop=True),
        expected["year"].gsl.isel(lat=[2]).reset_coords(drop=True),
    )


def test_float32_counts_equal_those_of_its_own_values(grid):
    single = grid.astype(np.float32, keep_attrs=True)
    found = compute_indicators(single, ["su", "tx90p"], baseline=BASE)
    same = compute_indicators(single.astype(np.float64, keep_attrs=True), ["su"])
    xr.testing.assert_equal(found.su, same.su)


def test_projected_grid_keeps_its_coordinates(grid):
    ds = grid.rename(lat="y", lon="x").drop_vars(["y", "x"])
    lat = np.linspace(-50, 50, 12).reshape(SHAPE)
    ds = ds.assign_coords(lat=(("y", "x"), lat), lon=(("y", "x"), lat * 0))
    found = compute_indicators(ds, ["gsl"])
    assert found.gsl.dims == ("time", "y", "x")
    np.testing.assert_array_equal(found.lat, lat)
    assert np.isnan(found.gsl.isel(time=-1).values[lat < 0]).all()
    assert np.isfinite(found.gsl.isel(time=-1).values[lat > 0]).any()
