"""Quality flags: each check finds what was planted, and nothing else; data stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from sco_pipeline import harmonise
from sco_pipeline.harmonise.quality import (
    CHECKS,
    Limits,
    count_flags,
    quality_counts,
    quality_flags,
)
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


@pytest.mark.parametrize("steps", [1, 7, 60])
def test_counts_are_those_of_the_flags_however_time_is_cut(clean, steps):
    ds = clean.copy(deep=True)
    ds.tas.values[30, 5, 5] = 90.0
    ds.tas.values[10:25, 3, 3] = ds.tas.values[10, 3, 3]
    ds.tas.values[20, 0:8] = np.nan
    flagged = count_flags(quality_flags(ds, syn.VARIABLES))["tas"]
    counts = quality_counts(ds.chunk(time=steps, lat=-1), syn.VARIABLES).load().tas_quality_count
    found = dict(zip(counts.quality_check.values, counts.values.tolist(), strict=True))
    assert found.pop("valid") == int(ds.tas.notnull().sum())
    assert found.pop("missing") == int(ds.tas.isnull().sum()) == 96
    assert found == flagged and flagged["out_of_range"] == 1


def test_values_masked_as_out_of_range_are_counted(tmp_path):
    ds = syn.grid_dataset(days=3, seed=1)
    missing = int(ds.tas.isnull().sum())
    ds.tas.values[1, 2, :3] = 500.0
    for dtype, lost in (("f4", 3), ("f8", 3), ("i2", 3)):
        encoding = {"dtype": dtype, "_FillValue": -9999}
        if dtype == "i2":
            encoding |= {"scale_factor": 0.02}
        path = syn.write(ds, tmp_path / f"{dtype}.nc", encoding={"tas": encoding})
        entry = syn.entry({"tas": {"name": "tas", "out_of_range": "mask"}})
        opened = harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("tas"))
        again = opened.astype("f8", keep_attrs=True)
        for one in (opened, opened.chunk(lat=2), again):
            counts = quality_counts(one, syn.VARIABLES).load().tas_quality_count.values
            assert np.isnan(one.tas.values[1, 2, :3]).all() and counts[2] == lost
            assert missing <= counts[1] - lost + 3 and counts[0] + counts[1] == one.tas.size


def test_rain_may_jump(tmp_path):
    ds = syn.grid_dataset(days=60, lat=np.linspace(-55, 55, 12), lon=np.linspace(-165, 165, 12))
    ds.tas.values[:] = np.random.default_rng(2).uniform(0.1, 0.5, ds.tas.shape)
    ds.tas.values[40, 6, 6] = 300.0
    ds = ds.rename(tas="pr")
    ds.pr.attrs["units"] = "mm d-1"
    path = syn.write(ds, tmp_path / "a.nc")
    rain = harmonise.open_dataset(syn.entry({"pr": "pr"}), syn.VARIABLES, [path], syn.request("pr"))
    assert set(count_flags(quality_flags(rain, syn.VARIABLES))["pr"].values()) == {0}
    assert quality_counts(rain, syn.VARIABLES).load().pr_quality_count.values[2:].sum() == 0


def test_spikes_equal_a_plain_loop():
    from sco_pipeline.harmonise.quality_checks import check_fields

    rng = np.random.default_rng(5)
    field = rng.normal(0, 1, (1, 15, 13))
    field[0, rng.random((15, 13)) < 0.3] = np.nan
    field[0, [3, 0, 14, 7], [4, 0, 12, 6]] = 40.0
    departures = np.full((15, 13), np.nan)
    for row, column in np.ndindex(15, 13):
        near = field[0, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].ravel()
        here = field[0, row, column]
        near = near[np.isfinite(near)]
        if np.isfinite(here) and near.size > 1:
            departures[row, column] = abs(
                here - np.median(np.delete(near, np.where(near == here)[0][0]))
            )
    # 195 cells are fewer than are sampled, so the spread is that of all of them
    expected = departures > 6 * 1.4826 * np.nanmedian(departures)
    for kind in ("f4", "f8"):
        flags = np.zeros(field.shape, np.uint8)
        assert check_fields(field.astype(kind), 6.0, flags) == expected.sum() >= 4
        np.testing.assert_array_equal(flags[0] != 0, expected)


def test_data_are_read_once_for_product_and_counts(clean, tmp_path, monkeypatch):
    from sco_pipeline.harmonise.field import Field

    plain = clean.drop_vars(["lat_bnds", "lon_bnds", "time_bnds", "cell_area"])
    chunks = {"tas": {"chunksizes": (6, 12, 12), "zlib": True}}
    path = syn.write(plain, tmp_path / "a.nc", encoding=chunks)
    monkeypatch.setattr("sco_pipeline.harmonise.join.BLOCK_BYTES", 4 * 6 * 144)
    entry = syn.entry({"tas": {"name": "tas", "units": "degC"}})
    ds = harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("tas"))
    assert ds.tas.data.numblocks[0] > 5
    read, whole = [], Field.read
    monkeypatch.setattr(Field, "read", lambda self, key: read.append(key) or whole(self, key))
    both = ds[["tas"]].mean().assign(quality_counts(ds, syn.VARIABLES).data_vars).load()
    assert len(read) == ds.tas.data.numblocks[0]
    assert int(both.tas_quality_count[0]) == clean.tas.size
