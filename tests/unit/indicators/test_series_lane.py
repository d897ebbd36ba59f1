"""Indicators of whole series keep to the memory limit, and give what they give without one."""

import dask
import pytest
import xarray as xr

from sco_pipeline.indicators import compute_indicators, series_lane
from sco_pipeline.indicators import layout as layout_module
from tests.unit.indicators import daily_files

YEARS, SHAPE, BASE = (2001, 2002, 2003, 2004), (6, 8), (2001, 2003)
LAYOUTS = {
    "whole fields": {"chunks": (1, *SHAPE), "filters": {"compression": 4, "shuffle": True}},
    "rows": {"chunks": (50, 2, 8), "filters": {"compression": 4}},
    "floats": {"chunks": (365, 1, 2), "packed": False},
}
WANTED = ["marine_heatwaves", "trend:tos", "anomaly:tos"]


@pytest.fixture(scope="module", params=list(LAYOUTS))
def files(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp("daily")
    daily_files.write(directory, YEARS, SHAPE, **LAYOUTS[request.param])
    return directory


@pytest.fixture
def streams(monkeypatch):
    """What was streamed."""
    seen = []

    def noted(*arguments):
        seen.append(compute(*arguments))
        return seen[-1]

    compute = series_lane.compute_streamed
    monkeypatch.setattr(series_lane, "compute_streamed", noted)
    return seen


def _compute(directory, **options):
    ds = daily_files.read(directory)
    sea = ds[["tasmax"]].rename(tasmax="tos").assign_coords(ds.coords)
    options = {"baseline": BASE, "season": "average", **options}
    found = compute_indicators(sea, WANTED, **options)
    land = compute_indicators(ds, ["pet_hargreaves"], memory_limit=options.get("memory_limit"))
    return found.compute(), land.compute()


@pytest.mark.parametrize(("room", "threads"), [(10**9, 2), (20_000, 1), (300, 3)])
def test_little_memory_changes_nothing(files, room, threads, streams, monkeypatch, tmp_path):
    """A window in memory, rows one after the other, and a scratch file."""
    expected = _compute(files)
    assert not streams
    monkeypatch.setattr(series_lane, "LEAST_ROOM", room)
    monkeypatch.setenv("SCO_CACHE_DIR", str(tmp_path))
    with dask.config.set(num_workers=threads):
        found = _compute(files, memory_limit=1000)
    # not the yearly means that a trend was made of: they are no files
    assert sum(one is not None for one in streams) == len(WANTED) + 1
    for made, wanted in zip(found, expected, strict=True):
        xr.testing.assert_identical(made, wanted)
    assert not list(tmp_path.glob("scratch/*"))


def test_the_room_is_that_of_daily_indices():
    assert series_lane.LEAST_ROOM == layout_module.LEAST_ROOM
