"""Group T, bodies and silence: faults of a transfer, played by a real server on loopback."""

from __future__ import annotations

import hashlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sco_pipeline.errors import ChecksumError
from sco_pipeline.settings import Settings
from tests import servers
from tests.integration.transfers import BODY, SHA, fails, get, repaired
from tests.sample_files import in_cache, netcdf3, netcdf4, settings_for
from tests.servers import Content, FaultServer


@pytest.fixture
def settings(tmp_path: Path, a: FaultServer) -> Settings:
    return settings_for(tmp_path, a.place)


def test_a_good_file_is_fetched_once(a: FaultServer, settings: Settings) -> None:
    url = a.put("/a.nc", BODY)
    first = get(url, settings)
    assert (first.sha256, first.size, first.url) == (SHA, len(BODY), url)
    assert first.etag == a.files["/a.nc"].etag
    assert Path(first.path).read_bytes() == BODY
    assert get(url, settings) == first
    assert len(a.hits()) == 1
    assert a.hits()[0].headers["Accept-Encoding"] == "identity"


def test_t1_body_shorter_than_its_length(a: FaultServer, settings: Settings) -> None:
    url = a.play("/a.nc", servers.short(BODY, len(BODY) // 2))
    fails(url, settings, f"sent {len(BODY) // 2} of {len(BODY)} bytes", retryable=True)
    assert len(a.hits("/a.nc")) == 5
    repaired(a, "/a.nc", settings)


@pytest.mark.parametrize("body", [netcdf4(), netcdf4(packed=True), netcdf3()])
def test_t2_short_without_length_is_found_by_opening(
    a: FaultServer, settings: Settings, body: bytes
) -> None:
    url = a.play("/a.nc", servers.unsized(body[: len(body) // 2]))
    fails(url, settings, "damaged", retryable=True)
    assert len(a.hits("/a.nc")) == 2
    repaired(a, "/a.nc", settings, body)


def test_t2_short_without_length_is_found_by_checksum(a: FaultServer, settings: Settings) -> None:
    url = a.play("/a.nc", servers.unsized(BODY[:-100]))
    with pytest.raises(ChecksumError, match=SHA):
        get(url, settings, sha256=SHA)
    assert in_cache(Path(settings.cache_dir).parent) == []


def test_t2_text_without_length_cannot_be_known_whole(a: FaultServer, settings: Settings) -> None:
    url = a.play("/a.csv", servers.unsized(b"a,b\n1,2\n"))
    fails(url, settings, "no end mark", retryable=True, format="csv")
    a.put("/b.csv", b"a,b\n1,2\n")
    assert get(a.url("/b.csv"), settings, format="csv").size == 8


def test_t3_chunked_body_cut(a: FaultServer, settings: Settings) -> None:
    url = a.play("/a.nc", servers.chunked(BODY, whole=False))
    fails(url, settings, "broke off", retryable=True)
    assert len(a.hits("/a.nc")) == 5
    a.play("/a.nc", servers.chunked(BODY, whole=True))
    assert get(url, settings).sha256 == SHA


def test_t4_flipped_byte_with_checksum(a: FaultServer, settings: Settings) -> None:
    wrong = BODY[:1000] + bytes([BODY[1000] ^ 1]) + BODY[1001:]
    url = a.put("/a.nc", wrong)
    with pytest.raises(ChecksumError) as caught:
        get(url, settings, sha256=SHA)
    assert SHA in str(caught.value)
    assert hashlib.sha256(wrong).hexdigest() in str(caught.value)
    assert len(a.hits("/a.nc")) == 2
    assert in_cache(Path(settings.cache_dir).parent) == []
    a.plays["/a.nc"] = [servers.serve(Content(wrong)), servers.serve(Content(BODY))]
    assert get(url, settings, sha256=SHA).sha256 == SHA


def test_t4_without_checksum_the_hash_is_recorded(a: FaultServer, settings: Settings) -> None:
    body = netcdf4()
    place = body.index(b"\x00" * 8, 1000) - 1
    wrong = body[:-50] + bytes([body[-50] ^ 1]) + body[-49:]
    assert place > 0
    assert get(a.put("/a.nc", wrong), settings).sha256 == hashlib.sha256(wrong).hexdigest()


@pytest.mark.parametrize("in_thread", [False, True])
def test_t5_stall_is_cut_and_resumed(a: FaultServer, settings: Settings, in_thread: bool) -> None:
    good = Content(BODY)
    url = a.play("/a.nc", servers.stall(BODY, 3000, good.etag), servers.serve(good))
    start = time.monotonic()
    if in_thread:
        with ThreadPoolExecutor(1) as pool:
            file = pool.submit(get, url, settings).result()
    else:
        file = get(url, settings)
    assert time.monotonic() - start < 1.5 * settings.limits.gap_seconds + 1.0
    assert file.sha256 == SHA
    assert a.hits("/a.nc")[1].headers["Range"] == "bytes=3000-"


def test_t5_stall_for_ever_ends(a: FaultServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, a.place, limits={"attempts": 2})
    url = a.play("/a.nc", servers.stall(BODY, 3000))
    start = time.monotonic()
    fails(url, settings, r"sent nothing for 0\.4 s \(2 attempts\)", retryable=True)
    assert time.monotonic() - start < 2 * 1.5 * 0.4 + 0.5


def test_t6_drip_is_cut_by_the_rate(a: FaultServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, a.place, limits={"attempts": 2})
    url = a.play("/a.nc", servers.drip(BODY, 0.05))
    start = time.monotonic()
    fails(url, settings, "less than 1000 a second", retryable=True)
    assert time.monotonic() - start < 2 * 1.5 * 0.5 + 0.5


def test_t6_drip_in_the_headers_is_cut_too(a: FaultServer, tmp_path: Path) -> None:
    def play(handler: servers.Handler) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"a" * 500:
            handler.wfile.write(bytes([byte]))
            if handler.server.owner.stopped.wait(0.05):
                return

    settings = settings_for(tmp_path, a.place, limits={"attempts": 1})
    start = time.monotonic()
    fails(a.play("/a.nc", play), settings, "less than 1000 a second", retryable=True)
    assert time.monotonic() - start < 1.5


def test_t7_no_answer(a: FaultServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, a.place, limits={"attempts": 2})
    start = time.monotonic()
    fails(a.play("/a.nc", servers.silence), settings, "sent nothing", retryable=True)
    assert time.monotonic() - start < 2 * 1.5 * 0.4 + 0.5


def test_t7_listens_and_never_accepts(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        place = f"127.0.0.1:{listener.getsockname()[1]}"
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        settings = settings_for(tmp_path, place, limits={"attempts": 2, "connect_seconds": 0.3})
        start = time.monotonic()
        fails(f"http://{place}/a.nc", settings, "no answer in time|sent nothing", retryable=True)
        assert time.monotonic() - start < 2.5
        for filler in fillers:
            filler.close()


def test_t7_closed_port(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
    settings = settings_for(tmp_path, place)
    start = time.monotonic()
    fails(f"http://{place}/a.nc", settings, "refused", retryable=True)
    assert time.monotonic() - start < 2.0


def test_t7_name_does_not_resolve(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    fails("http://no-such-host.invalid/a.nc", settings, "not found", retryable=True)
