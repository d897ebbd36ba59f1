"""Many files are opened, named and recorded together; each stays as safe as one alone."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sco_pipeline.access import Ledger, fetch
from sco_pipeline.catalog.models import DatasetEntry
from sco_pipeline.errors import AccessError, ChecksumError
from tests import servers
from tests.sample_files import REQUEST, entry_for, in_cache, netcdf3, netcdf4, settings_for
from tests.servers import Content, FaultServer

ROOT = Path(__file__).parents[2]
COUNT = 150
DAYS = [dt.date(2000, 1, 1) + dt.timedelta(days=i) for i in range(COUNT)]
BODIES = {
    f"/{day:%Y%m%d}.nc": netcdf4(i, 400, packed=True) if i % 2 else netcdf3(i, 400)
    for i, day in enumerate(DAYS)
}
COVERAGE = {"start": str(DAYS[0]), "end": str(DAYS[-1])}
WRONG = BODIES["/20000102.nc"][:-500]


@pytest.fixture
def a() -> Iterator[FaultServer]:
    with FaultServer() as server:
        for path, body in BODIES.items():
            server.put(path, body)
        yield server


@pytest.fixture
def entry(a: FaultServer) -> DatasetEntry:
    return entry_for(a.url("/{day:%Y%m%d}.nc"), coverage=COVERAGE)


def bytes_of(directory: Path) -> dict[str, bytes]:
    """Return the content of what is recorded, by path of the address, checked against it."""
    found = {}
    for file in Ledger(directory / "cache", "demo").history():
        content = Path(file.path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256
        found["/" + file.url.rpartition("/")[2]] = content
    return found


def test_one_damaged_file_among_many_is_asked_for_again(
    a: FaultServer, entry: DatasetEntry, tmp_path: Path
) -> None:
    a.play(
        "/20000102.nc",
        servers.serve(Content(WRONG)),
        servers.serve(Content(BODIES["/20000102.nc"])),
    )
    record = fetch(entry, REQUEST, settings_for(tmp_path, a.place))
    assert [Path(file.path).read_bytes() for file in record.files] == list(BODIES.values())
    hits = Counter(hit.path for hit in a.hits())
    assert hits.pop("/20000102.nc") == 2
    assert set(hits.values()) == {1}
    assert bytes_of(tmp_path) == BODIES
    assert len(in_cache(tmp_path)) == COUNT


def test_a_file_that_stays_damaged_fails_alone_and_the_next_run_repairs(
    a: FaultServer, entry: DatasetEntry, tmp_path: Path
) -> None:
    a.files["/20000102.nc"] = Content(WRONG)
    settings = settings_for(tmp_path, a.place)
    with pytest.raises(ChecksumError, match=r"20000102\.nc is refused: it is damaged") as caught:
        fetch(entry, REQUEST, settings)
    assert caught.value.retryable
    here = bytes_of(tmp_path)
    assert here == {path: body for path, body in BODIES.items() if path != "/20000102.nc"}
    assert len(in_cache(tmp_path)) == COUNT - 1
    assert len(a.hits("/20000102.nc")) == 2
    a.put("/20000102.nc", BODIES["/20000102.nc"])
    fetch(entry, REQUEST, settings)
    assert bytes_of(tmp_path) == BODIES
    assert len(a.hits()) == COUNT + 2


def test_a_hostile_file_stops_the_others(
    a: FaultServer, entry: DatasetEntry, tmp_path: Path
) -> None:
    import h5py

    with h5py.File(tmp_path / "bomb.nc", "w") as file:
        file.create_dataset("sst", (10**6, 10**6), "f8", chunks=(1000, 1000))
    a.put("/20000102.nc", (tmp_path / "bomb.nc").read_bytes())
    with pytest.raises(AccessError, match=r"20000102\.nc is refused: it declares") as caught:
        fetch(
            entry, REQUEST, settings_for(tmp_path, a.place, limits={"requests_per_second": 100.0})
        )
    assert not caught.value.retryable
    assert "/20000102.nc" not in bytes_of(tmp_path)
    assert len(a.hits("/20000102.nc")) == 1
    assert len(a.hits()) < COUNT
    recorded = {Path(f.path) for f in Ledger(tmp_path / "cache", "demo").history()}
    assert set(in_cache(tmp_path)) == recorded


def test_two_processes_fetch_every_file_once(a: FaultServer, tmp_path: Path) -> None:
    children = [start(a, tmp_path) for _ in range(2)]
    answers = [json.loads(child.communicate()[0]) for child in children]
    right = [hashlib.sha256(body).hexdigest() for body in BODIES.values()]
    assert answers == [{"files": right}] * 2
    assert set(Counter(hit.path for hit in a.hits()).values()) == {1}
    assert len(in_cache(tmp_path)) == COUNT


def test_kills_at_any_moment_leave_no_wrong_file(
    a: FaultServer, entry: DatasetEntry, tmp_path: Path
) -> None:
    chance = random.Random(1)
    for _ in range(4):
        before = len(a.hits())
        child = start(a, tmp_path)
        until = time.monotonic() + 30
        while len(a.hits()) == before and child.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.002)
        time.sleep(chance.uniform(0.0, 0.4))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert bytes_of(tmp_path).items() <= BODIES.items()
        finals = [path for path in in_cache(tmp_path) if not path.name.startswith(".")]
        assert {path.read_bytes() for path in finals} <= set(BODIES.values())
    recorded = len(bytes_of(tmp_path))
    before = len(a.hits())
    fetch(entry, REQUEST, settings_for(tmp_path, a.place))
    assert bytes_of(tmp_path) == BODIES
    assert len(a.hits()) - before == COUNT - recorded
    assert len(in_cache(tmp_path)) == COUNT


def start(a: FaultServer, root: Path) -> subprocess.Popen[str]:
    task = {
        "url": a.url("/{day:%Y%m%d}.nc"), "root": str(root), "places": [a.place],
        "entry": {"coverage": COVERAGE}, "limits": {"gap_seconds": 20, "rate_window_seconds": 20},
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("fetch_in_child.py")), json.dumps(task)],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
