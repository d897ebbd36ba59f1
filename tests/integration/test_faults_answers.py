"""Group T, answers: status, redirects, ranges and mirrors, played by a real server on loopback."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sco_pipeline.access import connection, fetch
from sco_pipeline.catalog.models import Period, Request
from sco_pipeline.errors import AccessError
from sco_pipeline.settings import Settings
from tests import servers
from tests.integration.transfers import BODY, SHA, fails, get
from tests.sample_files import REQUEST, entry_for, netcdf3, netcdf4, settings_for
from tests.servers import Content, FaultServer


@pytest.fixture
def settings(tmp_path: Path, a: FaultServer) -> Settings:
    return settings_for(tmp_path, a.place)


@pytest.mark.parametrize("as_date", [False, True])
def test_t8_retry_after_is_obeyed(a: FaultServer, settings: Settings, as_date: bool) -> None:
    def busy(handler: servers.Handler) -> None:
        value = formatdate(time.time() + 2, usegmt=True) if as_date else "1"
        handler.answer(503, {"Retry-After": value}, b"")

    url = a.play("/a.nc", busy, busy, servers.serve(Content(BODY)))
    assert get(url, settings).sha256 == SHA
    times = [hit.time for hit in a.hits("/a.nc")]
    waits = [after - before for before, after in pairwise(times)]
    assert len(waits) == 2
    # A date has whole seconds: two of them ahead are more than one second from now.
    assert all(1.0 < wait < 3.0 for wait in waits)
    assert waits[0] != waits[1]


def test_t9_a_day_is_not_waited_and_the_host_is_left_alone(
    a: FaultServer, settings: Settings
) -> None:
    url = a.play("/a.nc", servers.status(429, Retry_After="86400"))
    start = time.monotonic()
    error = fails(url, settings, "asked to be left alone for 86400 s", retryable=True)
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert f"{tomorrow:%Y-%m-%d}" in str(error)
    a.put("/b.nc", BODY)
    fails(a.url("/b.nc"), settings, "asked to be left alone", retryable=True)
    assert time.monotonic() - start < 1.0
    assert len(a.hits()) == 1


@pytest.mark.parametrize("code", [500, 502, 504])
def test_t10_server_errors_for_ever(a: FaultServer, settings: Settings, code: int) -> None:
    fails(a.play("/a.nc", servers.status(code)), settings, f"answered {code}", retryable=True)
    assert len(a.hits()) == 5
    times = [hit.time for hit in a.hits()]
    assert times[4] - times[3] > times[1] - times[0]


def test_t10_request_timeout_once(a: FaultServer, settings: Settings) -> None:
    url = a.play("/a.nc", servers.status(408), servers.serve(Content(BODY)))
    assert get(url, settings).sha256 == SHA


@pytest.mark.parametrize("code", [401, 403])
def test_t11_credential_is_missing_or_refused(a: FaultServer, tmp_path: Path, code: int) -> None:
    url = a.play("/a.nc", servers.status(code))
    fails(url, settings_for(tmp_path, a.place), "names no credential", retryable=False)
    fails(
        url, settings_for(tmp_path, a.place), "set SCO_TOKENS__MY_ARCHIVE", retryable=False,
        credential="my-archive",
    )  # fmt: skip
    assert len(a.hits()) == 1
    settings = settings_for(tmp_path, a.place, tokens={"my_archive": "SECRET"})
    error = fails(url, settings, "was refused", retryable=False, credential="my-archive")
    assert "SECRET" not in str(error)
    assert "SCO_TOKENS__MY_ARCHIVE" in str(error)
    assert len(a.hits()) == 2


@pytest.mark.parametrize("code", [404, 410])
def test_t11_no_such_file(a: FaultServer, settings: Settings, code: int) -> None:
    fails(a.play("/a.nc", servers.status(code)), settings, "has none", retryable=False)
    assert len(a.hits()) == 1


def test_t11_a_month_not_yet_published_is_no_error(a: FaultServer, settings: Settings) -> None:
    today = dt.datetime.now(dt.UTC).date()
    start = (today.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    coverage = {"start": str(start), "end": None}
    url = a.url("/{month:%Y%m}.nc")
    a.put(f"/{start:%Y%m}.nc", BODY)
    record = fetch(entry_for(url, coverage=coverage), REQUEST, settings)
    assert [file.period.start for file in record.files if file.period] == [start]
    assert [(m.url, m.reason) for m in record.missing] == [(a.url(f"/{today:%Y%m}.nc"), "late")]
    a.put(f"/{today:%Y%m}.nc", netcdf3())
    later = fetch(entry_for(url, coverage=coverage), REQUEST, settings)
    assert later.missing == ()
    assert later.files[0] == record.files[0]
    assert len(a.hits(f"/{start:%Y%m}.nc")) == 1


PAGES = [
    b"<!DOCTYPE html><html><body><form><input type='password'></form></body></html>",
    b"\n <html><head><title>Please sign in</title></head></html>" + b" " * 2000,
    b"<html><body>Maintenance</body></html>",
]


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream"])
@pytest.mark.parametrize("form", ["netcdf", "csv", "grib", "geotiff"])
@pytest.mark.parametrize("page", PAGES)
def test_t12_page_instead_of_a_file(
    a: FaultServer, settings: Settings, page: bytes, form: str, kind: str
) -> None:
    url = a.put("/a.nc", page, kind=kind)
    match = "HTML page" if b"Maintenance" in page else "HTML login page"
    fails(url, settings, match, retryable=False, format=form)
    assert len(a.hits()) == 1


def test_t13_redirect_to_a_host_that_is_not_allowed(
    a: FaultServer, b: FaultServer, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, a.place, b.place)
    b.put("/login", PAGES[0])
    url = a.play("/a.nc", servers.redirect(b.url("/login")))
    error = fails(url, settings, "redirects to the host", retryable=False)
    assert a.place in str(error)
    assert b.place in str(error)
    assert b.hits() == []
    b.put("/a.nc", BODY)
    a.play("/a.nc", servers.redirect(b.url("/a.nc")))
    assert get(url, settings, allowed_hosts=[b.place]).sha256 == SHA


def test_t14_redirect_loop_and_too_many(a: FaultServer, settings: Settings) -> None:
    fails(a.play("/a", servers.redirect("/a")), settings, "more than 5 times", retryable=False)
    assert len(a.hits("/a")) == 6
    for i in range(6):
        a.play(f"/r{i}", servers.redirect(f"/r{i + 1}"))
    a.put("/r6", BODY)
    fails(a.url("/r0"), settings, "more than 5 times", retryable=False)
    assert a.hits("/r6") == []
    assert get(a.url("/r1"), settings).sha256 == SHA


def test_t15_changed_between_cut_and_resume(a: FaultServer, settings: Settings) -> None:
    new = netcdf4(1, packed=True)
    url = a.play("/a.nc", servers.short(BODY, 5000, '"old"'), servers.serve(Content(new, '"new"')))
    file = get(url, settings)
    assert Path(file.path).read_bytes() == new
    again = a.hits("/a.nc")[1].headers
    assert (again["Range"], again["If-Range"]) == ("bytes=5000-", '"old"')


def test_t15_weak_etag_is_never_resumed(a: FaultServer, settings: Settings) -> None:
    url = a.play(
        "/a.nc", servers.short(BODY, 5000, 'W/"old"'), servers.serve(Content(BODY, 'W/"old"'))
    )
    assert get(url, settings).sha256 == SHA
    assert "Range" not in a.hits("/a.nc")[1].headers


def ignores_range(handler: servers.Handler) -> None:
    handler.answer(200, {"ETag": '"e"'}, BODY)


def refuses_range(handler: servers.Handler) -> None:
    if "Range" in handler.headers:
        handler.answer(416, {}, b"")
    else:
        handler.answer(200, {"ETag": '"e"'}, BODY)


def ranged(said: str, body: bytes) -> servers.Play:
    def play(handler: servers.Handler) -> None:
        if "Range" in handler.headers:
            handler.answer(206, {"ETag": '"e"', "Content-Range": said}, body)
        else:
            handler.answer(200, {"ETag": '"e"'}, BODY)

    return play


@pytest.mark.parametrize(
    "play",
    [
        ignores_range,
        refuses_range,
        ranged(f"bytes 0-{len(BODY) - 1}/{len(BODY)}", BODY),
        ranged(f"bytes 5000-{len(BODY)}/{len(BODY) + 1}", BODY[5000:] + b"x"),
        ranged("bytes 5000-6000/*", BODY[5000:6001]),
        ranged("nonsense", BODY[5000:]),
        ranged(f"bytes 5000-{len(BODY) - 1}/{len(BODY)}", BODY[5000:] + b"more"),
    ],
)
def test_t16_servers_that_cannot_continue(
    a: FaultServer, settings: Settings, play: servers.Play
) -> None:
    url = a.play("/a.nc", servers.short(BODY, 5000, '"e"'), play)
    assert Path(get(url, settings).path).read_bytes() == BODY


def test_t17_mirrors_in_order(a: FaultServer, b: FaultServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, a.place, b.place)
    url = a.play("/dead.nc", servers.status(500))
    corrupt = a.put("/corrupt.nc", netcdf4(9))
    good = b.put("/good.nc", BODY)
    file = get(url, settings, mirrors=[corrupt, good], sha256=SHA)
    assert (file.sha256, file.url, file.served_by) == (SHA, url, good)
    assert [len(a.hits(path)) for path in ("/dead.nc", "/corrupt.nc")] == [5, 2]
    assert get(url, settings, mirrors=[corrupt, good], sha256=SHA) == file
    assert len(b.hits()) == 1


def test_mirror_of_the_settings_replaces_the_host(a: FaultServer, tmp_path: Path) -> None:
    a.put("/copy/data/2000.nc", BODY)
    settings = settings_for(tmp_path, mirrors={"archive.example.org": a.url("/copy/")})
    file = get("https://archive.example.org/data/{year:%Y}.nc", settings)
    assert file.url == "https://archive.example.org/data/2000.nc"
    assert file.served_by == a.url("/copy/data/2000.nc")


def test_connections_and_rate_a_host_hold_in_one_process(a: FaultServer, tmp_path: Path) -> None:
    busy: list[int] = []
    most: list[int] = []
    guard = threading.Lock()

    def play(handler: servers.Handler) -> None:
        with guard:
            busy.append(1)
            most.append(len(busy))
        time.sleep(0.03)
        with guard:
            busy.pop()
        handler.answer(200, {}, netcdf3())

    limits = {"connections_per_host": 3, "requests_per_second": 20.0}
    settings = settings_for(tmp_path, a.place, limits=limits)
    for month in range(1, 13):
        a.play(f"/{month:02d}.nc", play)
    start = time.monotonic()
    entry = entry_for(a.url("/{month:%m}.nc"))
    with ThreadPoolExecutor(2) as pool:
        halves = [
            Request(
                variables=("tos",),
                period=Period(start=dt.date(2000, m, 1), end=dt.date(2000, m + 5, 28)),
            )
            for m in (1, 7)
        ]
        records = list(pool.map(lambda half: fetch(entry, half, settings), halves))
    assert sum(len(record.files) for record in records) == 12
    assert max(most) <= 3
    times = sorted(hit.time for hit in a.hits())
    assert time.monotonic() - start > 11 / 20 - 0.05
    assert min(after - before for before, after in pairwise(times)) > 0.01


@pytest.mark.parametrize("target", ["http://[", "http://[::1", "//[x]/", "http://a:b/"])
def test_t14_redirect_to_what_is_no_address(
    a: FaultServer, settings: Settings, target: str
) -> None:
    fails(
        a.play("/a.nc", servers.redirect(target)), settings, "no address|refused", retryable=False
    )


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server needs to speak https as 127.0.0.1, with a certificate that clients trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "pem").write_bytes(plain + made.public_bytes(pem))
    trusting = ssl.create_default_context(cafile=str(tmp_path / "pem"))
    monkeypatch.setattr(connection, "tls_context", lambda: trusting)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")
    return context


def test_t14_https_to_http_is_refused(
    a: FaultServer, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a.put("/a.nc", BODY)
    with FaultServer() as safe:
        safe._server.socket = tls.wrap_socket(safe._server.socket, server_side=True)
        settings = settings_for(tmp_path, a.place, safe.place)
        safe.put("/good.nc", BODY)
        file = get(f"https://{safe.place}/good.nc", settings)
        assert file.sha256 == SHA
        safe.play("/a.nc", servers.redirect(a.url("/a.nc")))
        with pytest.raises(AccessError, match="redirects from https to http") as caught:
            get(f"https://{safe.place}/a.nc", settings, allowed_hosts=[a.place])
        assert caught.value.retryable is False
        assert a.hits() == []
        # Whoever does not trust the certificate gets nothing.
        monkeypatch.setattr(connection, "tls_context", ssl.create_default_context)
        with pytest.raises(AccessError, match="certificate") as untrusted:
            get(f"https://{safe.place}/other.nc", settings)
        assert untrusted.value.retryable is False
