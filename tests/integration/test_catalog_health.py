"""`sco check --online`: every verdict by a real server; the shipped catalog through mirrors."""

from __future__ import annotations

import datetime as dt
import json
import socket
import sys
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sco_pipeline.access import check_catalog, check_health, health, latest_report, write_report
from sco_pipeline.access.health_report import HealthReport
from sco_pipeline.catalog import load_catalog
from sco_pipeline.catalog.models import DatasetEntry
from sco_pipeline.cli import main
from sco_pipeline.errors import AccessError
from sco_pipeline.settings import Settings
from tests import servers
from tests.sample_files import entry_for, netcdf3, settings_for
from tests.servers import Content, FaultServer

BODY = netcdf3()
LOGIN = b"<!DOCTYPE html><html><body><form><input type='password'></form></body></html>"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask faster than once a second."""
    monkeypatch.setitem(health._POLITE, "requests_per_second", 1000.0)


def named(number: int, url: str, **more: Any) -> DatasetEntry:
    return entry_for(url, id=f"d{number}", **more)


def no_head(handler: servers.Handler) -> None:
    if handler.command == "HEAD":
        handler.answer(405, {}, b"")
    else:
        servers.serve(Content(BODY))(handler)


def cases(elsewhere: FaultServer) -> list[tuple[servers.Play, str, int | None, str]]:
    """Plays with the verdict, the status and words of the note that they must lead to."""
    page = servers.serve(Content(b"<html><body>We have moved</body></html>", kind="text/html"))
    login = servers.serve(Content(LOGIN, kind="text/html; charset=utf-8"))
    away, oauth = elsewhere.url("/new.nc"), elsewhere.url("/oauth/authorize?x=SECRET")
    return [
        (servers.serve(Content(BODY)), "ok", 200, ""),
        (no_head, "ok", 206, ""),
        (servers.redirect("/there.nc", 302), "ok", 200, ""),
        (servers.redirect("/there.nc", 301), "moved", 200, "for good"),
        (servers.redirect(away, 301), "moved", 301, elsewhere.place),
        (servers.redirect(oauth), "asks for login", 302, elsewhere.place),
        (servers.redirect("/a.nc"), "unreachable", None, "redirected more than 2 times"),
        (servers.redirect("http://[", 302), "unreachable", None, "is no address"),
        (servers.status(401), "asks for login", 401, "401 Unauthorized"),
        (servers.status(403), "asks for login", 403, "403 Forbidden"),
        (servers.status(404), "gone", 404, "404 Not Found"),
        (servers.status(410), "gone", 410, "410 Gone"),
        (servers.status(503, Retry_After="86400"), "unreachable", 503, "503 Service"),
        (servers.silence, "unreachable", None, "sent nothing for 0.4 s"),
        (page, "gone", 200, "an HTML page"),
        (login, "asks for login", 200, "an HTML login page"),
    ]


def test_every_verdict_with_its_status_and_politely(tmp_path: Path) -> None:
    with ExitStack() as stack:
        elsewhere = stack.enter_context(FaultServer("127.0.0.2"))
        entries, expected, hosts = [], [], []
        for number, (play, *rest) in enumerate(cases(elsewhere)):
            host = stack.enter_context(FaultServer())
            host.put("/there.nc", BODY)
            entries.append(named(number, host.play("/a.nc", play)))
            expected.append(rest)
            hosts.append(host)
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            closed = f"127.0.0.1:{unused.getsockname()[1]}"
        entries.append(named(90, f"http://{closed}/a.nc"))
        entries.append(named(91, "http://10.0.0.1/a.nc"))
        places = [closed, elsewhere.place, *(host.place for host in hosts)]
        settings = settings_for(tmp_path, *places, limits={"redirects": 2})
        report = check_health(entries, settings)
        found = report.addresses
        assert [(f.verdict, f.status) for f in found[: len(hosts)]] == [
            (verdict, status) for verdict, status, _ in expected
        ]
        for address, (_, _, words) in zip(found, expected, strict=False):
            assert words in address.note
            assert address.seconds is not None
            assert 0 <= address.seconds < 20
        assert [f.verdict for f in found[len(hosts) :]] == ["unreachable"] * 2
        assert "is no public address" in found[-1].note
        assert elsewhere.hits() == []
        for host in hosts:
            gets = [hit for hit in host.hits() if hit.method == "GET"]
            assert all(hit.headers["Range"] in ("bytes=0-0", "bytes=0-1023") for hit in gets)
            times = [hit.time for hit in host.hits()]
            assert all(after - before > 0.9 for before, after in pairwise(times))
        assert [len(host.hits()) for host in hosts[:2]] == [1, 2]
    assert "SECRET" not in report.model_dump_json()
    assert "SECRET" not in report.text()


def test_what_is_known_is_asked_on_condition(a: FaultServer, tmp_path: Path, hurried: None) -> None:
    content = Content(BODY, '"v1"')

    def play(handler: servers.Handler) -> None:
        if handler.headers.get("If-None-Match") == content.etag:
            handler.answer(304, {"ETag": str(content.etag)}, b"")
        else:
            servers.serve(content)(handler)

    entries = [named(1, a.play("/a.nc", play))]
    settings = settings_for(tmp_path, a.place)
    first = check_health(entries, settings)
    paths = write_report(first, tmp_path / "reports")
    assert [path.suffix for path in paths] == [".json", ".txt"]
    assert "200" in paths[1].read_text()
    previous = latest_report(tmp_path / "reports")
    assert previous == first
    second = check_health(entries, settings, previous=previous)
    assert (second.addresses[0].verdict, second.addresses[0].status) == ("ok", 304)
    assert "If-Modified-Since" in a.hits()[1].headers
    content.etag = '"v2"'
    third = check_health(entries, settings, previous=second)
    assert (third.addresses[0].status, third.addresses[0].etag) == (200, '"v2"')


def test_a_report_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "health-2026-01-02T000000Z.json").write_text("{half")
    assert latest_report(tmp_path) is None
    old = HealthReport(checked=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), addresses=())
    write_report(old, tmp_path)
    assert latest_report(tmp_path) == old


def test_the_newest_file_that_must_be_out_then_the_first(
    a: FaultServer, tmp_path: Path, hurried: None
) -> None:
    a.put("/2000.nc", BODY)
    growing = named(
        1, a.url("/{year:%Y}.nc"), coverage={"start": "2000-01-01", "end": None}, latency_days=10
    )
    ended = named(2, a.url("/{year:%Y}.nc"), coverage={"start": "2000-01-01", "end": "2000-12-31"})
    report = check_health([growing, ended], settings_for(tmp_path, a.place))
    due = dt.datetime.now(dt.UTC) - dt.timedelta(days=20)
    assert report.addresses[0].verdict == "ok"
    assert report.addresses[0].url == a.url("/2000.nc")
    assert report.addresses[0].note == f"{due:%Y}.nc is not there"
    assert report.addresses[1].note == ""
    assert [hit.path for hit in a.hits()] == [f"/{due:%Y}.nc", "/2000.nc", "/2000.nc"]


def test_mirrors_credentials_and_every_part(a: FaultServer, tmp_path: Path, hurried: None) -> None:
    def closed(handler: servers.Handler) -> None:
        known = handler.headers.get("Authorization") == "Bearer SECRET"
        handler.answer(200 if known else 401, {}, b"")

    entries = [
        named(1, "https://archive.example.org/{day:%Y}.nc",
              mirrors=["https://archive.example.org/again/{day:%Y}.nc"],
              preliminary={"rule": "early", "url": "https://archive.example.org/nrt/{day:%Y}.nc"}),
        named(2, a.play("/closed.nc", closed), credential="mine"),
    ]  # fmt: skip
    for path in ("/copy/2000.nc", "/copy/again/2000.nc"):
        a.put(path, BODY)
    settings = settings_for(
        tmp_path, a.place, mirrors={"archive.example.org": a.url("/copy/")},
        tokens={"mine": "SECRET"},
    )  # fmt: skip
    report = check_health(entries, settings)
    assert [(f.part, f.verdict) for f in report.addresses] == [
        ("data", "ok"), ("mirror", "ok"), ("preliminary", "gone"), ("data", "ok"),
    ]  # fmt: skip
    assert report.addresses[0].url == "https://archive.example.org/2000.nc"
    assert report.addresses[0].served_by == a.url("/copy/2000.nc")
    assert report.addresses[3].credential == "environment SCO_TOKENS__MINE"
    assert "SECRET" not in report.model_dump_json() + report.text()
    without = check_health(entries, settings.model_copy(update={"tokens": {}}))
    assert (without.addresses[3].verdict, without.addresses[3].credential) == (
        "asks for login", "not set",
    )  # fmt: skip
    with pytest.raises(AccessError, match="SCO_OFFLINE"):
        check_health(entries, settings.model_copy(update={"offline": True}))


@pytest.fixture
def everywhere(a: FaultServer, tmp_path: Path) -> dict[str, str]:
    """Mirrors on loopback for all hosts that the shipped catalog names."""
    catalog = load_catalog(ROOT / "catalog")
    texts = [path.read_text("utf-8") for path in catalog.directory.rglob("*.yaml")]
    words = [word.strip("[]{},\"'") for text in texts for word in text.split()]
    hosts = {urlsplit(word).netloc for word in words if "://" in word}
    hosts |= {"stac.marine.copernicus.eu"}
    for entry in catalog.datasets.values():
        if entry.access.url.startswith("s3://"):
            region = entry.access.options.get("region", "us-east-1")
            hosts.add(f"{urlsplit(entry.access.url).netloc}.s3.{region}.amazonaws.com")
    return {host: a.url(f"/{host}") for host in hosts if host}


def test_the_command_on_the_shipped_catalog(
    a: FaultServer, everywhere: dict[str, str], tmp_path: Path, hurried: None,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """First every archive is dead, and the command ends well; then all of them are back."""
    monkeypatch.setenv("SCO_MIRRORS", json.dumps(everywhere))
    monkeypatch.setenv("SCO_LIMITS__REQUESTS_PER_SECOND", "1000")
    monkeypatch.setenv("SCO_OUTPUT_DIR", str(tmp_path))
    monkeypatch.setenv("SCO_TOKENS__EARTHDATA", "SECRET")
    monkeypatch.setenv("SCO_NETRC", str(tmp_path / "no-netrc"))
    monkeypatch.setattr(sys, "argv", ["sco", "check", "--online"])
    catalog = load_catalog(ROOT / "catalog")
    fetchable = {entry.id for entry in catalog.datasets.values() if entry.fetchable}
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    dead = latest_report(tmp_path / "catalog-health")
    assert dead is not None
    mirrors = [f for f in dead.addresses if f.part == "mirror"]
    assert mirrors
    assert all(f.url.endswith(("/zarr.json", "/.zgroup", ".nc", ".tif")) for f in mirrors)
    online = {f.dataset for f in dead.addresses if "://" in f.url and f.verdict != "not fetchable"}
    assert online == {f.dataset for f in dead.addresses if f.verdict == "gone"}
    assert len(online) >= 55
    assert fetchable <= {f.dataset for f in dead.addresses}
    assert "regions-ipcc-ar6" in online
    for hit in a.hits():
        a.put(urlsplit(hit.path).path, b"{}", kind="application/json")
    again, _ = check_catalog(catalog, Settings())
    assert {f.dataset for f in again.addresses if f.verdict == "ok"} >= online
    assert [f.dataset for f in again.addresses] == [f.dataset for f in dead.addresses]
    out = capsys.readouterr().out
    assert "credential 'earthdata': from environment SCO_TOKENS__EARTHDATA" in out
    assert "SECRET" not in out + "".join(p.read_text() for p in tmp_path.rglob("health-*"))
    for entry in catalog.datasets.values():
        assert entry.id in out
