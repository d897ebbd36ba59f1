"""Daily files are computed under a limit of memory, to the same bits for any way through them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import dask
import numpy as np
import pytest
import xarray as xr

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators, lane
from sco_pipeline.indicators import layout as layout_module
from tests.unit.indicators import daily_files

PLAIN = "su txn dtr gsl rx5day sdii cdd cwd prcptot".split()
PERCENTILES = ["tx90p", "r95ptot", "wsdi"]
YEARS = (2001, 2002, 2003, 2004)
BASE = (2001, 2003)
SHAPE = (6, 8)
LAYOUTS = {
    "whole fields": {"chunks": (1, *SHAPE), "filters": {"compression": 4, "shuffle": True}},
    "boxes": {"chunks": (50, 2, 3), "filters": {"compression": 4}},
    "series": {"chunks": (365, 1, 2), "packed": False},
    "no chunks": {"chunks": None},
}


@pytest.fixture(scope="module", params=list(LAYOUTS))
def files(request, tmp_path_factory):
    """A directory of files, and their indices computed of data in memory."""
    directory = tmp_path_factory.mktemp("daily")
    daily_files.write(directory, YEARS, SHAPE, **LAYOUTS[request.param])
    ds = daily_files.read(directory).load()
    return directory, {
        frequency: compute_indicators(
            ds, _defined(PLAIN + PERCENTILES, frequency), baseline=BASE, frequency=frequency
        )
        for frequency in ("year", "season")
    }


def _defined(names, frequency):
    return [name for name in names if frequency == "year" or name not in ("gsl", "wsdi")]


@pytest.fixture
def layouts(monkeypatch):
    """The ways through the data that were taken."""
    seen = []

    def noted(*arguments):
        seen.append(layout(*arguments))
        return seen[-1]

    layout = lane.layout
    monkeypatch.setattr(lane, "layout", noted)
    return seen


def _compare(directory, expected, wanted, frequency="year", **options):
    names = _defined(wanted, frequency)
    found = compute_indicators(
        daily_files.read(directory), names, baseline=BASE, frequency=frequency, **options
    )
    assert all(found[name].chunks for name in names)
    found = found.compute()
    for name in found.data_vars:
        xr.testing.assert_identical(found[name], expected[frequency][name])


@pytest.mark.parametrize("frequency", ["year", "season"])
@pytest.mark.parametrize("wanted", [PLAIN, PLAIN + PERCENTILES], ids=["plain", "percentiles"])
def test_files_give_the_bits_of_data_in_memory(files, wanted, frequency, layouts):
    """With a base period, temperature and rain have a window each."""
    _compare(*files, wanted, frequency)
    assert [len(layout.rows) for layout in layouts] == ([1] if wanted == PLAIN else [1, 1])
    assert not any(layout.in_scratch for layout in layouts)


@pytest.mark.parametrize("wanted", [PLAIN, PLAIN + PERCENTILES], ids=["plain", "percentiles"])
@pytest.mark.parametrize(("room", "threads"), [(20_000, 1), (300, 3)])
def test_little_memory_changes_nothing(
    files, wanted, threads, room, monkeypatch, layouts, tmp_path
):
    monkeypatch.setattr(layout_module, "LEAST_ROOM", room)
    monkeypatch.setenv("SCO_CACHE_DIR", str(tmp_path))
    with dask.config.set(num_workers=threads):
        _compare(*files, wanted, memory_limit=1000)
    assert layouts[0].in_scratch or len(layouts[0].rows) > 1
    assert not list(tmp_path.glob("scratch/*"))


def test_whole_fields_go_through_scratch_once(tmp_path, monkeypatch, layouts):
    """Every stored chunk is inflated once, however little memory there is."""
    from sco_pipeline.chunks import ChunkMap

    inflated = []

    def counted(self, handle, chunk):
        inflated.append((self.path, chunk.offset))
        return read(self, handle, chunk)

    read = ChunkMap._bytes
    monkeypatch.setattr(ChunkMap, "_bytes", counted)
    monkeypatch.setattr(layout_module, "LEAST_ROOM", 1000)
    monkeypatch.setenv("SCO_CACHE_DIR", str(tmp_path / "cache"))
    daily_files.write(tmp_path, YEARS, SHAPE, **LAYOUTS["whole fields"])
    for wanted in (PLAIN, PLAIN + PERCENTILES):
        inflated.clear()
        ds = daily_files.read(tmp_path)
        compute_indicators(ds, wanted, baseline=BASE, memory_limit=1000).compute()
        assert layouts[-1].in_scratch
        assert len(inflated) == len(set(inflated)) == 3 * 1461


def test_a_disk_without_room_is_said(tmp_path, monkeypatch):
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(layout_module, "LEAST_ROOM", 1000)
    monkeypatch.setattr(lane.shutil, "disk_usage", lambda _: usage(10, 5, 5))
    monkeypatch.setenv("SCO_CACHE_DIR", str(tmp_path / "cache"))
    daily_files.write(tmp_path, YEARS[:1], SHAPE, **LAYOUTS["whole fields"])
    found = compute_indicators(daily_files.read(tmp_path), ["su"], memory_limit=1000)
    with pytest.raises(IndicatorError, match="raise SCO_MEMORY_LIMIT or free that disk"):
        found.compute()


def test_the_graph_grows_with_nothing(tmp_path):
    """One lane on this machine, one join, and two tasks for each result; files come as they are."""
    tasks = {}
    for years in (YEARS[:1], YEARS):
        for wanted in (["su"], PLAIN):
            directory = tmp_path / f"{len(years)}-{len(wanted)}"
            directory.mkdir()
            daily_files.write(directory, years, SHAPE, **LAYOUTS["whole fields"])
            found = compute_indicators(daily_files.read(directory), wanted)
            results = len(found.data_vars)
            tasks[len(years), len(wanted)] = len(dict(found.__dask_graph__())) - 3 * results
    assert tasks[1, 1] == tasks[4, 1]
    assert tasks[1, len(PLAIN)] == tasks[4, len(PLAIN)] <= 12


def test_two_workers_give_the_bits_of_threads(tmp_path):
    from distributed import Client, LocalCluster

    daily_files.write(tmp_path, YEARS, SHAPE, **LAYOUTS["whole fields"])
    ds = daily_files.read(tmp_path)
    jobs = [PLAIN, PLAIN + PERCENTILES]
    expected = [compute_indicators(ds, wanted, baseline=BASE).compute() for wanted in jobs]
    where = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **where) as cluster,
        Client(cluster),
    ):
        for wanted, values in zip(jobs, expected, strict=True):
            found = compute_indicators(ds, wanted, baseline=BASE)
            lanes = {key for key in dict(found.__dask_graph__()) if "sco-lane" in str(key)}
            assert len(lanes) >= 2
            xr.testing.assert_identical(found.compute(), values)


PROGRAM = r"""
import json, re, sys
from pathlib import Path
from sco_pipeline.indicators import compute_indicators
from tests.unit.indicators import daily_files
ds = daily_files.read(Path(sys.argv[1]))
options = {"baseline": (2001, 2001)} if sys.argv[3] == "r95ptot" else {}
found = compute_indicators(ds, sys.argv[3:], memory_limit=sys.argv[2], **options).load()
print(json.dumps({
    # of this program alone: what getrusage says begins with the peak of the process that forked
    "peak": 1024 * int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]),
    "size": sum(ds[name].nbytes for name in ds.data_vars),
    "means": {name: float(found[name].mean()) for name in sys.argv[3:]},
}))
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    directory = tmp_path_factory.mktemp("large")
    daily_files.write_large(directory, (2001, 2002, 2003), (300, 500))
    return directory


@pytest.mark.parametrize("wanted", [["su", "fd", "cdd"], ["r95ptot"]], ids=["plain", "record"])
def test_four_times_the_limit_stays_under_it(large, wanted, tmp_path):
    """Fault S10: a process under a limit reads whole fields of four times that, and less packed."""
    limit = 460_000_000  # the program and its libraries alone hold over half of it
    environment = {**os.environ, "SCO_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(large), str(limit), *wanted],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["size"] > 4 * limit
    assert found["peak"] < limit
    assert all(np.isfinite(value) for value in found["means"].values())
    assert (tmp_path / "scratch").is_dir()
    assert not list((tmp_path / "scratch").iterdir())
