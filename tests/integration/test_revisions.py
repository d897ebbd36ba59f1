"""Revised, preliminary, late and offline files; plans, states and progress."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from pathlib import Path

import pytest

from sco_pipeline.access import Ledger, Progress, fetch, plan, shown, status
from sco_pipeline.catalog.models import DatasetEntry, Period, Request
from sco_pipeline.errors import AccessError
from sco_pipeline.settings import Settings
from tests import servers
from tests.sample_files import REQUEST, entry_for, netcdf3, settings_for
from tests.servers import Content, FaultServer

QUARTER = {"start": "2000-01-01", "end": "2000-03-31"}
TWO_MONTHS = {"start": "2000-01-01", "end": "2000-02-29"}
FORTY_DAYS = {"start": "2000-01-01", "end": "2000-02-09"}
OLD, NEW = netcdf3(1), netcdf3(2)


@pytest.fixture
def settings(tmp_path: Path, a: FaultServer) -> Settings:
    return settings_for(tmp_path, a.place)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Content(OLD, '"1"'), Content(NEW, '"2"')),
        (Content(OLD, ""), Content(NEW + b"\0", "")),
        (Content(OLD, "", 1e9), Content(NEW, "", 1.1e9)),
    ],
    ids=["etag", "size", "date"],
)
def test_d1_revised_file_supersedes(
    a: FaultServer, settings: Settings, before: Content, after: Content
) -> None:
    a.files["/a.nc"] = before
    entry = entry_for(a.url("/a.nc"))
    old = fetch(entry, REQUEST, settings)
    a.files["/a.nc"] = after
    # Within recheck_days the archive is not even asked.
    assert fetch(entry, REQUEST, settings) == old
    asking = settings.model_copy(update={"recheck_days": 0.0})
    new = fetch(entry, REQUEST, asking)
    assert Path(new.files[0].path).read_bytes() == after.body
    assert Path(old.files[0].path).read_bytes() == OLD
    history = Ledger(settings.cache_dir, "demo").history()
    assert [file.superseded_by for file in history] == [new.files[0].sha256, None]
    (now, *superseded) = status(entry, REQUEST, settings)
    assert (now.state, [item.state for item in superseded]) == ("here", ["superseded"])
    gets = len(a.hits(method="GET"))
    assert fetch(entry, REQUEST, asking).files[0].sha256 == new.files[0].sha256
    assert len(a.hits(method="GET")) == gets


def test_touched_file_with_the_same_bytes_is_no_new_version(
    a: FaultServer, settings: Settings
) -> None:
    a.files["/a.nc"] = Content(OLD, '"1"')
    entry = entry_for(a.url("/a.nc"))
    old = fetch(entry, REQUEST, settings)
    a.files["/a.nc"] = Content(OLD, '"2"')
    new = fetch(entry, REQUEST, settings, refresh=True)
    assert new.files[0].path == old.files[0].path
    assert len(Ledger(settings.cache_dir, "demo").history()) == 1


def test_archive_that_is_down_or_forgets_does_not_take_the_copy_away(
    a: FaultServer, settings: Settings
) -> None:
    entry = entry_for(a.put("/a.nc", OLD))
    (old,) = fetch(entry, REQUEST, settings).files
    for code in (500, 404, 403):
        a.play("/a.nc", servers.status(code))
        (again,) = fetch(entry, REQUEST, settings, refresh=True).files
        assert (again.sha256, again.path) == (old.sha256, old.path)


def test_server_without_head(a: FaultServer, settings: Settings) -> None:
    def play(handler: servers.Handler) -> None:
        if handler.command == "HEAD":
            handler.answer(405, {}, b"")
        else:
            servers.serve(a.files["/a.nc"])(handler)

    a.put("/a.nc", OLD)
    entry = entry_for(a.play("/a.nc", play))
    fetch(entry, REQUEST, settings)
    a.put("/a.nc", NEW)
    (new,) = fetch(entry, REQUEST, settings, refresh=True).files
    assert Path(new.path).read_bytes() == NEW


def series(a: FaultServer) -> DatasetEntry:
    return entry_for(
        a.url("/final/{month:%m}.nc"), coverage={"start": "2000-01-01", "end": "2000-03-31"},
        preliminary={"rule": "replaced after a month", "url": a.url("/early/{month:%m}.nc")},
    )  # fmt: skip


def test_d2_final_supersedes_preliminary_and_never_the_reverse(
    a: FaultServer, settings: Settings
) -> None:
    for month in (1, 2):
        a.put(f"/final/{month:02d}.nc", netcdf3(month))
    a.put("/early/03.nc", netcdf3(30))
    first = fetch(series(a), REQUEST, settings)
    assert [file.status for file in first.files] == ["final", "final", "preliminary"]
    a.put("/final/03.nc", netcdf3(3))
    second = fetch(series(a), REQUEST, settings)
    assert [file.status for file in second.files] == ["final"] * 3
    assert second.files[:2] == first.files[:2]
    by = {f.url: f.superseded_by for f in Ledger(settings.cache_dir, "demo").history()}
    assert by[a.url("/early/03.nc")] == second.files[2].sha256
    # The archive loses the final file again, and the preliminary one changes.
    del a.files["/final/03.nc"]
    a.put("/early/03.nc", netcdf3(31))
    third = fetch(series(a), REQUEST, settings, refresh=True)
    assert [file.sha256 for file in third.files] == [file.sha256 for file in second.files]


def test_d3_gap_is_named_and_filled_later(a: FaultServer, settings: Settings) -> None:
    entry = entry_for(
        a.url("/{month:%m}.nc"), coverage={"start": "2000-01-01", "end": "2000-03-31"}
    )
    for month in (1, 3):
        a.put(f"/{month:02d}.nc", netcdf3(month))
    first = fetch(entry, REQUEST, settings)
    assert [(m.url, m.reason) for m in first.missing] == [(a.url("/02.nc"), "missing")]
    assert [item.state for item in status(entry, REQUEST, settings)] == ["here", "missing", "here"]
    a.put("/02.nc", netcdf3(2))
    assert [item.state for item in status(entry, REQUEST, settings)] == ["here", "new", "here"]
    second = fetch(entry, REQUEST, settings)
    assert second.missing == ()
    assert (second.files[0], second.files[2]) == first.files
    assert len(a.hits("/01.nc")) == 1


def test_one_dead_file_leaves_the_others_in_the_cache(a: FaultServer, settings: Settings) -> None:
    entry = entry_for(
        a.url("/{month:%m}.nc"), coverage={"start": "2000-01-01", "end": "2000-03-31"}
    )
    for month in (1, 3):
        a.put(f"/{month:02d}.nc", netcdf3(month))
    a.play("/02.nc", servers.status(502))
    with pytest.raises(AccessError, match="answered 502") as caught:
        fetch(entry, REQUEST, settings)
    assert caught.value.retryable
    del a.plays["/02.nc"]
    a.put("/02.nc", netcdf3(2))
    assert len(fetch(entry, REQUEST, settings).files) == 3
    assert [len(a.hits(f"/{month:02d}.nc")) for month in (1, 2, 3)] == [1, 6, 1]


def test_offline_uses_the_cache_alone(a: FaultServer, settings: Settings) -> None:
    entry = entry_for(
        a.url("/{month:%m}.nc"), coverage={"start": "2000-01-01", "end": "2000-02-29"}
    )
    for month in (1, 2):
        a.put(f"/{month:02d}.nc", netcdf3(month))
    january = Request(variables=("tos",), period=Period(end=dt.date(2000, 1, 31)))
    online = fetch(entry, january, settings)
    hits = len(a.hits())
    offline = settings.model_copy(update={"offline": True, "recheck_days": 0.0})
    assert fetch(entry, january, offline) == online
    with pytest.raises(AccessError, match=r"1 of 2 files are not in the cache.*/02\.nc"):
        fetch(entry, REQUEST, offline)
    assert len(a.hits()) == hits


def test_plan_is_within_a_factor_of_two(a: FaultServer, settings: Settings) -> None:
    entry = entry_for(
        a.url("/{day:%m%d}.nc"), coverage={"start": "2000-01-01", "end": "2000-02-09"}
    )
    bodies = {f"{d:%m%d}": netcdf3(0, 100 + 10 * i) for i, d in enumerate(_days(40))}
    for name, body in bodies.items():
        a.put(f"/{name}.nc", body)
    expected = plan(entry, REQUEST, settings)
    assert (expected.here, len(expected.files)) == (0, 40)
    assert len(a.hits(method="HEAD")) <= 8
    assert a.hits(method="GET") == []
    actual = sum(map(len, bodies.values()))
    assert expected.size is not None
    assert actual / 2 < expected.size < actual * 2
    assert expected.seconds is not None
    fetch(entry, REQUEST, settings)
    after = plan(entry, REQUEST, settings)
    assert (after.here, after.files, after.size) == (40, (), 0)


def _days(count: int) -> list[dt.date]:
    return [dt.date(2000, 1, 1) + dt.timedelta(days=i) for i in range(count)]


def test_progress_counts_files_and_bytes(a: FaultServer, settings: Settings) -> None:
    entry = entry_for(
        a.url("/{month:%m}.nc"), coverage={"start": "2000-01-01", "end": "2000-03-31"}
    )
    for month in (1, 2, 3):
        a.put(f"/{month:02d}.nc", netcdf3(month))
    reports: list[Progress] = []
    fetch(entry, REQUEST, settings, progress=reports.append)
    total = sum(len(netcdf3(month)) for month in (1, 2, 3))
    last = reports[-1]
    assert (last.files_done, last.files_total, last.bytes_done) == (3, 3, total)
    assert sorted(r.bytes_done for r in reports) == [r.bytes_done for r in reports]
    again: list[Progress] = []
    fetch(entry, REQUEST, settings, progress=again.append)
    assert (again[-1].files_done, again[-1].bytes_done) == (3, 0)


def test_progress_is_shown(
    a: FaultServer, settings: Settings, caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO)
    entry = entry_for(a.put("/a.nc", OLD))
    with shown("auto") as progress:
        fetch(entry, REQUEST, settings, progress=progress)
    assert "demo: 1 of 1 files, 0.0 MB" in caplog.text
    monkeypatch.setenv("FORCE_COLOR", "1")
    with shown("terminal") as progress:
        assert progress is not None
        fetch(entry, REQUEST, settings, progress=progress)
    assert "1/1" in capsys.readouterr().err
    with shown("none") as progress:
        assert progress is None


def test_progress_in_a_notebook(a: FaultServer, settings: Settings) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    told: list[tuple[dict[str, str], bool]] = []
    shell.display_pub.publish = lambda data, update=False, **more: told.append((data, update))
    try:
        with shown("notebook") as progress:
            fetch(entry_for(a.put("/a.nc", OLD)), REQUEST, settings, progress=progress)
    finally:
        InteractiveShell.clear_instance()
    assert [update for _, update in told] == [False] + [True] * (len(told) - 1)
    assert told[-1][0] == {"text/plain": f"demo: 1 of 1 files, {len(OLD) / 1e6:.1f} MB"}


def test_record_of_a_version_is_found_by_its_hash(a: FaultServer, settings: Settings) -> None:
    (file,) = fetch(entry_for(a.put("/a.nc", OLD)), REQUEST, settings).files
    assert file.sha256 == hashlib.sha256(OLD).hexdigest()
    assert file.retrieved is not None
    assert abs((dt.datetime.now(dt.UTC) - file.retrieved).total_seconds()) < 60
