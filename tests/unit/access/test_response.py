"""The answer to an HTTP request, from bytes that come in any pieces."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator

import pytest

from sco_pipeline.access.response import BadAnswerError, Incoming, Response, Unpacked

BODY = bytes(range(256)) * 700


def answer(sent: bytes, method: str = "GET", seed: int | None = None) -> Response:
    return Response(incoming(sent, seed), method)


def incoming(sent: bytes, seed: int | None = None) -> Incoming:
    """Return a connection over which bytes come in pieces of random size."""
    pieces = in_pieces(sent, random.Random(seed))
    left = memoryview(b"")

    def receive(buffer: memoryview) -> int:
        nonlocal left
        left = left or memoryview(next(pieces, b""))
        count = min(len(left), len(buffer))
        buffer[:count], left = left[:count], left[count:]
        return count

    return Incoming(receive)


def in_pieces(sent: bytes, chance: random.Random) -> Iterator[bytes]:
    place = 0
    while place < len(sent):
        size = chance.choice((1, 7, 1000, 65536, len(sent)))
        yield sent[place : place + size]
        place += size


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return (
        b"".join(b"%x;x=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nX: y\r\n\r\n"
    )


@pytest.mark.parametrize("seed", range(5))
def test_three_answers_over_one_connection(seed: int) -> None:
    head = b'HTTP/1.1 200 OK\r\nETag: "e"\r\n'
    sent = (
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        + head + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
        + head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(BODY, 999)
        + b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nA: 1\r\na: 2\r\n\r\nno"
    )  # fmt: skip
    connection = incoming(sent, seed)
    first = Response(connection, "GET")
    assert (first.status, first.reason, first.length, first.closes) == (200, "OK", len(BODY), False)
    assert first.getheader("etag") == '"e"'
    assert first.read() == BODY
    assert first.ended
    second = Response(connection, "GET")
    assert (second.chunked, second.length, second.closes) == (True, None, False)
    assert second.read() == BODY
    assert second.ended
    third = Response(connection, "GET")
    assert (third.status, third.getheader("A"), third.read()) == (404, "1, 2", b"no")


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    response = answer(b"HTTP/1.0 200 OK\r\n\r\n" + BODY)
    assert (response.closes, response.length, response.chunked) == (True, None, False)
    assert response.read(100) == BODY[:100]
    assert response.read() == BODY[100:]
    assert response.ended


def test_a_body_that_is_cut_tells_what_is_missing() -> None:
    response = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234")
    assert response.read() == b"1234"
    assert (response.length, response.ended) == (6, False)


@pytest.mark.parametrize(
    "head", ["204 No Content\r\n", "304 Not Modified\r\nContent-Length: 5\r\n"]
)
def test_answers_that_have_no_body(head: str) -> None:
    assert answer(f"HTTP/1.1 {head}\r\n".encode()).ended
    assert answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD").ended


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    ],
)
def test_heads_that_are_refused(sent: bytes) -> None:
    with pytest.raises(BadAnswerError):
        answer(sent)


@pytest.mark.parametrize("cut", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nA: b\r\n"])
def test_a_head_that_is_cut_is_a_lost_connection(cut: bytes) -> None:
    with pytest.raises(ConnectionResetError):
        answer(cut)


@pytest.mark.parametrize("rest", [b"-1\r\n", b"zz\r\n", b"5\r\n123", b"3\r\n12345\r\n0\r\n\r\n"])
def test_chunks_that_are_refused(rest: bytes) -> None:
    response = answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + rest)
    with pytest.raises(BadAnswerError):
        response.read()


def test_a_packed_body_is_unpacked_in_bounded_pieces() -> None:
    plain = bytes(10**7)
    packed = gzip.compress(plain)
    body = Unpacked(answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed))
    buffer = memoryview(bytearray(1000))
    total = 0
    while count := body.readinto(buffer):
        assert not any(buffer[:count])
        total += count
    assert (total, body.ended) == (len(plain), True)
