"""Values are counted in the visit that computes indices: the same counts, nothing read twice."""

from __future__ import annotations

import numpy as np
import pytest

from sco_pipeline import chunks, harmonise
from sco_pipeline.catalog import IndicatorRequest, load_catalog
from sco_pipeline.indicators import layout as layout_module
from sco_pipeline.indicators.calculate import calculate
from sco_pipeline.settings import default_catalog_dir
from tests.unit.indicators import daily_files

YEARS = (2001, 2002, 2003)
SHAPE = (6, 8)
VARIABLES = load_catalog(default_catalog_dir()).variables
NAMES = ("tasmax", "tasmin", "pr")


@pytest.fixture
def decoded(monkeypatch):
    """The parts of files that were decoded."""
    seen = []
    read = chunks.ChunkMap.read

    def noted(self, key):
        seen.append((self.path, tuple((part.start, part.stop) for part in key)))
        return read(self, key)

    monkeypatch.setattr(chunks.ChunkMap, "read", noted)
    return seen


def _product(ds, ids, counters):
    requests = [IndicatorRequest(id=name) for name in ids]
    return calculate(ds, requests, baseline=(2001, 2002), counters=counters)


@pytest.mark.parametrize("ids", [["su", "fd", "prcptot"], ["tx90p", "tn10p", "r95ptot"]])
def test_counts_are_those_of_the_checks_alone(tmp_path, ids, decoded):
    daily_files.write(tmp_path, YEARS, SHAPE, chunks=(1, *SHAPE), filters={"compression": 4})
    ds = daily_files.read(tmp_path)
    expected = harmonise.quality_counts(ds, VARIABLES).load()
    decoded.clear()
    product = _product(ds, ids, harmonise.quality_counters(ds, VARIABLES)).load()
    steps = [sum(stop - start for _, ((start, stop), *_) in decoded)]
    assert steps == [len(NAMES) * ds.sizes["time"]]
    for name in NAMES:
        counts = expected[f"{name}_quality_count"].values
        assert counts[0] > 0  # valid ones
        np.testing.assert_array_equal(product[f"{name}_quality_count"].values, counts)


def test_bands_of_rows_count_every_value_once(tmp_path, monkeypatch):
    daily_files.write(tmp_path, YEARS, SHAPE, chunks=(50, 2, 3), filters={"compression": 4})
    ds = daily_files.read(tmp_path)
    expected = harmonise.quality_counts(ds, VARIABLES).load()
    monkeypatch.setattr(layout_module, "LEAST_ROOM", 20_000)
    monkeypatch.setenv("SCO_MEMORY_LIMIT", "1MB")
    product = _product(ds, ["tx90p"], harmonise.quality_counters(ds, VARIABLES)).load()
    found, counts = (one["tasmax_quality_count"].values for one in (product, expected))
    spike = harmonise.quality.COUNTED.index("spike")  # sees no neighbours beyond its band
    np.testing.assert_array_equal(np.delete(found, spike), np.delete(counts, spike))


def test_an_array_that_no_file_gives_is_left_to_the_checks(tmp_path):
    daily_files.write(tmp_path, YEARS, SHAPE, chunks=(1, *SHAPE), filters={"compression": 4})
    ds = daily_files.read(tmp_path)
    warmer = ds.assign(tasmax=(ds.tasmax + 1.0).assign_attrs(ds.tasmax.attrs))
    product = _product(warmer, ["su"], harmonise.quality_counters(warmer, VARIABLES))
    assert "tasmax_quality_count" not in product
