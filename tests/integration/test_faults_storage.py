"""Group S, the rows of access: disks, kills, locks, threads, damage."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sco_pipeline.access import Ledger, fetch, storage
from sco_pipeline.access.storage import cache_name, temporary
from sco_pipeline.catalog.models import Period, Request
from sco_pipeline.errors import AccessError
from tests import servers
from tests.sample_files import REQUEST, entry_for, in_cache, netcdf3, netcdf4, settings_for
from tests.servers import Content, FaultServer

ROOT = Path(__file__).parents[2]
BODY = netcdf4(count=200_000)
SHA = hashlib.sha256(BODY).hexdigest()


def command(root: Path, a: FaultServer, url: str, **task: Any) -> list[str]:
    content = json.dumps({"url": url, "root": str(root), "places": [a.place], **task})
    return [sys.executable, str(Path(__file__).with_name("fetch_in_child.py")), content]


def start(arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        arguments, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def wait_for(a: FaultServer, path: str) -> None:
    until = time.monotonic() + 30
    while not a.hits(path):
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("sized", [True, False])
def test_s1_full_disk(a: FaultServer, tmp_path: Path, sized: bool) -> None:
    body = netcdf4(count=500_000)
    url = a.put("/a.nc", body)
    if not sized:
        a.play("/a.nc", servers.chunked(body, whole=True))
    disk = tmp_path / "disk"
    disk.mkdir()
    child = shlex.join(command(disk, a, url))
    script = (
        f"mount -t tmpfs -o size=2m tmpfs {disk} || exit 77; df --output=used {disk}; {child}; "
        f"find {disk} -type f; df --output=used {disk}"
    )
    done = subprocess.run(
        [*"unshare --user --map-root-user --mount sh -c".split(), script],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("this system does not let a test mount a small disk")
    _, before, answer, *found, _, after = done.stdout.splitlines()
    assert found == []
    assert int(after) - int(before) <= 16  # directories
    error = json.loads(answer)["error"]
    assert "free" in error
    assert "SCO_CACHE_DIR" in error
    if sized:
        assert f"{len(body)} bytes are needed" in error


@pytest.mark.parametrize("at", ["download", "rename", "record"])
def test_s3_kill_during_a_fetch(a: FaultServer, tmp_path: Path, at: str) -> None:
    final = tmp_path / "cache/demo" / cache_name(a.url("/a.nc"))
    if at == "download":
        url = a.play("/a.nc", servers.stall(BODY, len(BODY) // 2), servers.serve(Content(BODY)))
        child = start(
            command(tmp_path, a, url, limits={"gap_seconds": 20, "rate_window_seconds": 20})
        )
        until = time.monotonic() + 20
        while not temporary(final).is_file() or temporary(final).stat().st_size == 0:
            assert time.monotonic() < until
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
    else:
        url = a.put("/a.nc", BODY)
        child = start(command(tmp_path, a, url, kill_at=at))
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert temporary(final).exists() is (at != "record")
    assert final.exists() is (at == "record")
    if final.exists():
        assert final.read_bytes() == BODY
    assert Ledger(tmp_path / "cache", "demo").history() == []
    # Another file of the dataset is asked for: what the dead process left goes.
    a.put("/b.nc", BODY)
    settings = settings_for(tmp_path, a.place)
    fetch(entry_for(a.url("/b.nc")), REQUEST, settings)
    assert not temporary(final).exists()
    (file,) = fetch(entry_for(url), REQUEST, settings).files
    assert Path(file.path).read_bytes() == BODY


def test_s4_two_processes_one_hit(a: FaultServer, tmp_path: Path) -> None:
    def slowly(handler: servers.Handler) -> None:
        time.sleep(0.5)
        handler.answer(200, {}, BODY)

    url = a.play("/a.nc", slowly)
    limits = {"gap_seconds": 20, "rate_window_seconds": 20}
    children = [start(command(tmp_path, a, url, limits=limits)) for _ in range(2)]
    answers = [json.loads(child.communicate()[0]) for child in children]
    assert answers == [{"files": [SHA]}] * 2
    assert len(a.hits()) == 1


def test_s5_lock_of_a_killed_holder_is_free_at_once(a: FaultServer, tmp_path: Path) -> None:
    url = a.put("/a.nc", BODY)
    final = tmp_path / "cache/demo" / cache_name(url)
    child = start(command(tmp_path, a, url, kill_at="holding", lock=str(final)))
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    with ThreadPoolExecutor(1) as pool:
        settings = settings_for(tmp_path, a.place)
        waiting = pool.submit(fetch, entry_for(url), REQUEST, settings)
        time.sleep(0.5)
        assert not waiting.done()
        assert a.hits() == []
        killed = time.monotonic()
        child.kill()
        assert waiting.result().files[0].sha256 == SHA
        assert time.monotonic() - killed < 2.0
    child.communicate()
    assert in_cache(tmp_path) == [final]


def test_s6_many_threads(a: FaultServer, tmp_path: Path) -> None:
    bodies = {day: netcdf3(day.toordinal(), 50) for day in days(25)}
    for day, body in bodies.items():
        a.put(f"/{day:%Y%m%d}.nc", body)
    entry = entry_for(a.url("/{day:%Y%m%d}.nc"))
    request = Request(variables=("tos",), period=Period(start=min(bodies), end=max(bodies)))
    settings = settings_for(tmp_path, a.place)
    with ThreadPoolExecutor(8) as pool:
        records = list(pool.map(lambda _: fetch(entry, request, settings), range(8)))
    for record in records:
        assert [Path(file.path).read_bytes() for file in record.files] == list(bodies.values())
    assert len(a.hits()) == 25
    assert len(Ledger(tmp_path / "cache", "demo").history()) == 25
    assert len(in_cache(tmp_path)) == 25


def days(count: int) -> list[dt.date]:
    return [dt.date(2000, 1, 1) + dt.timedelta(days=i) for i in range(count)]


def test_s7_cache_of_another_user(a: FaultServer, tmp_path: Path) -> None:
    url = a.put("/a.nc", BODY)
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o555)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            with contextlib.suppress(PermissionError):
                folder.chmod(folder.stat().st_mode | 0o055)
    user = 65534 if os.getuid() == 0 else None
    child = start(command(tmp_path, a, url, user=user))
    output, errors = child.communicate()
    assert "Traceback" not in errors, errors
    answer = json.loads(output)
    assert str(cache) in answer["error"]
    assert "SCO_CACHE_DIR" in answer["error"]
    assert answer["retryable"] is False


def test_s7_cache_is_a_file(a: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no directory")
    with pytest.raises(AccessError, match=r"cache.*SCO_CACHE_DIR"):
        fetch(entry_for(a.put("/a.nc", BODY)), REQUEST, settings_for(tmp_path, a.place))


def test_s7_missing_cache_is_made_and_a_read_only_file_is_replaced(
    a: FaultServer, tmp_path: Path
) -> None:
    url = a.put("/a.nc", BODY)
    settings = settings_for(tmp_path, a.place)
    (file,) = fetch(entry_for(url), REQUEST, settings).files
    path = Path(file.path)
    path.write_bytes(b"damaged")
    path.chmod(0o444)
    (again,) = fetch(entry_for(url), REQUEST, settings).files
    assert (again.path, path.read_bytes()) == (file.path, BODY)


def test_s8_damage_that_keeps_size_and_time(
    a: FaultServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = a.put("/a.nc", BODY)
    settings = settings_for(tmp_path, a.place)
    (file,) = fetch(entry_for(url), REQUEST, settings).files
    path = Path(file.path)
    before = path.stat()
    path.write_bytes(BODY[:-1] + bytes([BODY[-1] ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    (again,) = fetch(entry_for(url), REQUEST, settings).files
    assert path.read_bytes() == BODY
    assert again.sha256 == SHA
    assert "damaged after it was checked" in caplog.text
    assert len(a.hits()) == 2
    # Offline, the damaged file is named as missing and not used.
    path.write_bytes(BODY[:-1] + bytes([BODY[-1] ^ 1]))
    with pytest.raises(AccessError, match="not in the cache"):
        fetch(entry_for(url), REQUEST, settings.model_copy(update={"offline": True}))


def test_s8_large_files_are_hashed_in_a_regular_check(
    a: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """Above the size: by size and time at each use, by sha256 when the last time is long ago."""
    monkeypatch.setattr(storage, "HASHED_AT_EACH_USE", len(BODY) - 1)
    entry, settings = entry_for(a.put("/a.nc", BODY)), settings_for(tmp_path, a.place)
    (file,) = fetch(entry, REQUEST, settings).files
    path = Path(file.path)
    assert file.hashed is not None

    def damage() -> None:
        before = path.stat()
        path.write_bytes(BODY[:-1] + bytes([BODY[-1] ^ 1]))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    damage()
    assert fetch(entry, REQUEST, settings).files == (file,)
    always = settings.model_copy(update={"rehash_days": 0.0})
    (again,) = fetch(entry, REQUEST, always).files
    assert path.read_bytes() == BODY
    assert "damaged after it was checked" in caplog.text
    assert len(a.hits(method="GET")) == 2
    # The time tells that it was touched: it is read, found right and believed again.
    os.utime(path, ns=(1, 1))
    (touched,) = fetch(entry, REQUEST, settings).files
    assert (touched.sha256, touched.mtime_ns) == (SHA, 1)
    assert touched.hashed is not None
    assert again.hashed is not None
    assert touched.hashed > again.hashed
    assert len(a.hits(method="GET")) == 2
    damage()
    month_ago = touched.hashed - dt.timedelta(days=31)
    Ledger(tmp_path / "cache", "demo").add(touched.model_copy(update={"hashed": month_ago}))
    fetch(entry, REQUEST, settings)
    assert path.read_bytes() == BODY
    assert len(a.hits(method="GET")) == 3


@pytest.mark.parametrize("etag", ['"e"', ""])
def test_s9_time_alone_never_decides(a: FaultServer, tmp_path: Path, etag: str) -> None:
    future = time.time() + 86400 * 400
    a.files["/a.nc"] = Content(BODY, etag, future)
    settings = settings_for(tmp_path, a.place)
    entry = entry_for(a.url("/a.nc"))
    (file,) = fetch(entry, REQUEST, settings).files
    # The record was written by a clock that ran a day and a half ahead.
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(days=1.5)
    Ledger(tmp_path / "cache", "demo").add(file.model_copy(update={"checked": ahead}))
    for _ in range(3):
        assert fetch(entry, REQUEST, settings).files[0].sha256 == SHA
    assert [hit.method for hit in a.hits()] == ["GET", "HEAD"]
    for _ in range(2):
        fetch(entry, REQUEST, settings, refresh=True)
    assert len(a.hits(method="GET")) == 1


def test_s10_streams_in_blocks(a: FaultServer, tmp_path: Path) -> None:
    size = 256 * 2**20
    block = bytes(2**20)

    def play(handler: servers.Handler) -> None:
        handler.answer(200, {"Content-Length": str(size + 4)})
        handler.wfile.write(b"GRIB")
        for _ in range(size // len(block)):
            handler.wfile.write(block)

    child = start(
        command(tmp_path, a, a.play("/a.bin", play), memory=64 * 2**20, entry={"format": "binary"})
    )
    output, errors = child.communicate()
    assert child.returncode == 0, output + errors
    expected = hashlib.sha256(b"GRIB" + bytes(size)).hexdigest()
    assert json.loads(output) == {"files": [expected]}
