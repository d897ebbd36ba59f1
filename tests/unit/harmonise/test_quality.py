"""Quality flags: each check finds what was planted, and nothing else; data stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from sco_pipeline import harmonise
from sco_pipeline.harmonise.quality import CHECKS, Limits, count_flags, quality_flags
from tests import synthetic as syn


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> xr.Dataset:
    """A smooth field with a little noise, 60 days, 12 x 12 cells."""
    ds = syn.grid_dataset(
        days=60, lat=np.linspace(-55, 55, 12), lon=np.linspace(-165, 165, 12), name="tas"
    )
    rng = np.random.default_rng(1)
    wave = 10 * np.cos(np.deg2rad(ds.lat.values))[None, :, None] + np.sin(np.arange(60) / 9)[
        :, None, None]  # fmt: skip
    ds.tas.values[:] = wave + rng.normal(0, 0.5, ds.tas.shape)
    path = syn.write(ds, tmp_path_factory.mktemp("q") / "a.nc")
    entry = syn.entry({"tas": {"name": "tas", "out_of_range": "mask"}})
    return harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("tas")).load()


def planted(clean: xr.Dataset, change) -> tuple[dict[str, int], xr.Dataset]:
    """Plant a fault, and return the counts and the flags; the data must come out unchanged."""
    ds = clean.copy(deep=True)
    change(ds.tas.values)
    before = ds.tas.values.copy()
    flags = quality_flags(ds, syn.VARIABLES)
    counts = count_flags(flags)["tas"]
    np.testing.assert_array_equal(ds.tas.values, before)
    return counts, flags


def test_clean_data_have_no_flag(clean):
    counts, flags = planted(clean, lambda values: None)
    assert counts == dict.fromkeys(CHECKS, 0)
    assert flags.tas_flags.dtype == np.uint8 and flags.tas_flags.dims == clean.tas.dims
    assert flags.tas_flags.attrs["flag_meanings"].split() == list(CHECKS)
    assert flags.tas_flags.attrs["flag_masks"].tolist() == [1, 2, 4, 8, 16]


def test_a_value_out_of_range_is_also_a_jump_and_a_spike(clean):
    counts, flags = planted(clean, lambda values: values.__setitem__((30, 5, 5), 90.0))
    assert counts == {
        "out_of_range": 1, "jump": 2, "constant_run": 0, "spike": 1, "low_coverage": 0
    }  # fmt: skip
    assert int(flags.tas_flags[30, 5, 5]) == 1 | 2 | 8 and int(flags.tas_flags[31, 5, 5]) == 2


def test_a_run_of_one_value_is_flagged_whole_but_zeros_may_last(clean):
    def change(values):
        values[10:25, 3, 3] = values[10, 3, 3]
        values[40:49, 4, 4] = values[40, 4, 4]  # nine are not ten
        values[10:40, 7, 7] = 0.0

    counts, flags = planted(clean, change)
    assert counts["constant_run"] == 15
    found = (flags.tas_flags.values[:, 3, 3] & 4) != 0
    assert np.flatnonzero(found).tolist() == list(range(10, 25))


def test_a_step_with_few_cells_is_flagged(clean):
    counts, flags = planted(clean, lambda values: values.__setitem__((20, slice(0, 8)), np.nan))
    assert counts["low_coverage"] == 144
    assert ((flags.tas_flags.values[20] & 16) != 0).all()


def test_limits_can_be_stated_and_chunks_change_nothing(clean):
    ds = clean.copy(deep=True)
    ds.tas.values[30, 5, 5] += 4.0
    strict = quality_flags(ds, syn.VARIABLES, Limits(jump=3, spike=3)).load()
    assert int(strict.tas_flags[30, 5, 5]) & 2
    for chunks in ({"time": 7}, {"lat": 5, "lon": 3}):
        again = quality_flags(ds.chunk(chunks), syn.VARIABLES, Limits(jump=3, spike=3))
        np.testing.assert_array_equal(again.load().tas_flags, strict.tas_flags)


def test_series_and_missing_data_are_no_trouble(clean):
    series = clean.isel(lat=3, lon=3)
    assert count_flags(quality_flags(series, syn.VARIABLES))["tas"] == dict.fromkeys(CHECKS, 0)
    empty = clean.copy(deep=True)
    empty.tas.values[:] = np.nan
    assert sum(count_flags(quality_flags(empty, syn.VARIABLES))["tas"].values()) == 0
