"""The answer to one HTTP request: its head, and its body as bytes on demand (RFC 9112).

The standard library's client is not used: it reads a head through the parser of e-mails, which
costs more than a small file itself, and copies a body twice.
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Callable

_LINE = 65536
_HEADERS = 200
_INTERIM = 10
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_STATUS = re.compile(rb"HTTP/(\d)\.(\d) (\d{3})(?: (.*))?")


class BadAnswerError(Exception):
    """A server answered something that is not HTTP, or stopped inside it; the message says what."""


class Incoming:
    """The bytes that come over a connection: lines for heads, the rest straight to its reader.

    Parameters
    ----------
    receive : callable
        Waits for bytes, puts them into a buffer and returns their number; 0 at the end.
    """

    def __init__(self, receive: Callable[[memoryview], int]) -> None:
        self._receive = receive
        self._buffer = bytearray(_LINE)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0

    def line(self) -> bytes:
        """Return the next line without its end."""
        while True:
            found = self._buffer.find(b"\n", self._start, self._end)
            if found >= 0:
                line = bytes(self._view[self._start : found])
                self._start = found + 1
                return line.removesuffix(b"\r")
            self._fill()

    def lines(self) -> list[bytes] | None:
        """Return the lines before an empty one and pass it, if all are here and end as they should.

        None leaves them to `line`.
        """
        end = self._buffer.find(b"\r\n\r\n", self._start, self._end)
        head = bytes(self._view[self._start : max(end, self._start)])
        if not head or head.startswith(b"\r\n") or head.count(b"\n") != head.count(b"\r\n"):
            return None
        self._start = end + 4
        return head.split(b"\r\n")

    def readinto(self, buffer: memoryview) -> int:
        """Read once into `buffer`: what came already, else what comes next; 0 at the end."""
        here = min(len(buffer), self._end - self._start)
        if not here:
            return self._receive(buffer)
        buffer[:here] = self._view[self._start : self._start + here]
        self._start += here
        return here

    def _fill(self) -> None:
        if self._end - self._start == _LINE:
            raise BadAnswerError(f"it sent a line of more than {_LINE} bytes")
        left = bytes(self._view[self._start : self._end])
        self._start, self._end = 0, len(left)
        self._view[: self._end] = left
        count = self._receive(self._view[self._end :])
        if not count:
            raise ConnectionResetError(None, "the connection was closed")
        self._end += count


class Response:
    """One answer; its head is read when it is made.

    Parameters
    ----------
    incoming : Incoming
        What comes over the connection.
    method : str
        What was asked; an answer to HEAD has no body.

    Attributes
    ----------
    status : int
        Code of the answer.
    reason : str
        What the server calls it.
    chunked : bool
        Whether the body comes in chunks and so says itself where it ends.
    length : int or None
        Bytes of the body that are still to come, if the head said so.
    closes : bool
        Whether the connection cannot be used again.
    ended : bool
        Whether the whole body was read.
    """

    def __init__(self, incoming: Incoming, method: str) -> None:
        self._incoming = incoming
        self._chunk = 0
        self._in_chunks = False
        for _ in range(_INTERIM):
            version, self.status, self.reason = self._first_line()
            self._headers = self._read_headers()
            if self.status >= 200:
                break
        else:
            raise BadAnswerError("it sent nothing but interim answers")
        self.chunked, self.length = self._framing(method)
        said = self._headers.get("connection", "").lower()
        kept = "close" not in said if version >= (1, 1) else "keep-alive" in said
        self.closes = not kept or (self.length is None and not self.chunked)
        self.ended = self.length == 0

    def getheader(self, name: str) -> str | None:
        """Return the value of a header; several of one name are joined by commas."""
        return self._headers.get(name.lower())

    def readinto(self, buffer: memoryview) -> int:
        """Read what is there of the body, at most the length of `buffer`; 0 at its end."""
        if self.ended:
            return 0
        if self.chunked:
            return self._from_chunk(buffer)
        count = self._incoming.readinto(buffer if self.length is None else buffer[: self.length])
        if self.length is not None:
            # A body that is cut stays longer than what came: `length` tells what is missing.
            self.length -= count
        self.ended = not count if self.length is None else not self.length
        return count

    def read(self, most: int = 2**31) -> bytes:
        """Return the body to its end, or its first `most` bytes."""
        pieces, left = [], most
        while left:
            buffer = memoryview(bytearray(min(left, _LINE)))
            count = self.readinto(buffer)
            if not count:
                break
            pieces.append(bytes(buffer[:count]))
            left -= count
        return b"".join(pieces)

    def _first_line(self) -> tuple[tuple[int, int], int, str]:
        line = self._incoming.line()
        match = _STATUS.fullmatch(line)
        if match is None or match[1] != b"1":
            raise BadAnswerError(f"it answered {line[:40]!r}, which is not HTTP/1")
        reason = (match[4] or b"").decode("latin-1").strip()
        return (int(match[1]), int(match[2])), int(match[3]), reason

    def _read_headers(self) -> dict[str, str]:
        lines = self._incoming.lines()
        coming = iter(self._incoming.line, None) if lines is None else iter((*lines, b""))
        found: dict[str, str] = {}
        for line in itertools.islice(coming, _HEADERS):
            if not line:
                return found
            name, colon, value = line.partition(b":")
            if not colon or not _NAME.fullmatch(name):
                raise BadAnswerError(f"it sent the header line {line[:40]!r}")
            key, text = name.decode().lower(), value.strip().decode("latin-1")
            found[key] = f"{found[key]}, {text}" if key in found else text
        raise BadAnswerError(f"it sent more than {_HEADERS} headers")

    def _framing(self, method: str) -> tuple[bool, int | None]:
        """Tell how the body ends: by chunks, after a length, or with the connection."""
        if method == "HEAD" or self.status in (204, 304):
            return False, 0
        coding = self._headers.get("transfer-encoding", "").lower()
        if coding:
            if coding != "chunked":
                raise BadAnswerError(f"it sent the transfer encoding {coding[:40]!r}")
            return True, None
        said = self._headers.get("content-length")
        if said is None:
            return False, None
        lengths = {part.strip() for part in said.split(",")}
        length = lengths.pop()
        if lengths or not re.fullmatch(r"[0-9]{1,18}", length):
            raise BadAnswerError(f"it sent the length {said[:40]!r}")
        return False, int(length)

    def _from_chunk(self, buffer: memoryview) -> int:
        if not self._chunk and not self._next_chunk():
            return 0
        count = self._incoming.readinto(buffer[: self._chunk])
        if not count:
            raise BadAnswerError("the connection ended inside a chunk")
        self._chunk -= count
        return count

    def _next_chunk(self) -> bool:
        """Go to the next chunk; False after the last one."""
        if self._in_chunks and self._incoming.line():
            raise BadAnswerError("a chunk did not end where it said")
        self._in_chunks = True
        size = self._incoming.line().partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
            raise BadAnswerError(f"it sent the chunk size {size[:40]!r}")
        self._chunk = int(size, 16)
        if not self._chunk:
            self._read_headers()
            self.ended = True
        return not self.ended


class Unpacked:
    """A body that came packed although that was not asked for."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self._decoder = zlib.decompressobj(wbits=47)
        self._buffer = memoryview(bytearray(_LINE))
        self._packed = b""

    @property
    def ended(self) -> bool:
        """Whether the packed body was whole."""
        return self._decoder.eof

    def readinto(self, buffer: memoryview) -> int:
        """Unpack what comes next, at most the length of `buffer`; 0 at the end."""
        while not self.ended:
            count = 0 if self._packed else self._response.readinto(self._buffer)
            packed = self._packed or bytes(self._buffer[:count])
            try:
                plain = self._decoder.decompress(packed, len(buffer))
            except zlib.error as error:
                raise BadAnswerError("it sent a body that does not unpack") from error
            self._packed = self._decoder.unconsumed_tail
            if plain or not packed:
                buffer[: len(plain)] = plain
                return len(plain)
        return 0
