"""A small HTTP server on loopback that serves files with ranges and plays one fault a path.

It counts hits and keeps the headers that it was sent. Nothing in it is clever: every play writes
to the socket by itself, so that broken answers are really broken.
"""

from __future__ import annotations

import hashlib
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

Play = Callable[["Handler"], None]


@dataclass(frozen=True)
class Hit:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    time: float
    body: bytes = b""


@dataclass
class Content:
    """A file of the server."""

    body: bytes
    etag: str | None = None
    modified: float | None = 1_000_000_000.0
    kind: str = "application/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.etag is None:
            self.etag = f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


class Handler(BaseHTTPRequestHandler):
    """Plays what is registered for a path, else serves its file."""

    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 30

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length) if length else b""
        owner = self.server.owner
        hit = Hit(self.command, self.path, dict(self.headers), time.monotonic(), self.body)
        with owner.guard:
            owner.all_hits.append(hit)
            path = urlsplit(self.path).path
            play = owner.next_play(self.path) or owner.next_play(path)
        if play is not None:
            play(self)
        elif path in owner.files:
            serve(owner.files[path])(self)
        elif (found := owner.find(path)) is not None:
            serve(Content(found.read_bytes(), modified=found.stat().st_mtime))(self)
        else:
            status(404)(self)

    def answer(self, code: int, headers: dict[str, str], body: bytes | None = None) -> None:
        """Send a status and headers, and a body with its length."""
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body and self.command != "HEAD":
            self.wfile.write(body)

    def cut(self) -> None:
        """Close the connection now."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    owner: FaultServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what is tested."""


class FaultServer:
    """A server on one loopback address.

    Parameters
    ----------
    address : str
        ``127.0.0.1`` (A) or ``127.0.0.2`` (B).
    """

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.files: dict[str, Content] = {}
        self.folders: dict[str, Path] = {}
        self.plays: dict[str, list[Play]] = {}
        self.all_hits: list[Hit] = []
        self.guard = threading.Lock()
        self.stopped = threading.Event()
        self._server = _Server((address, 0), Handler)
        self._server.owner = self
        self.place = f"{address}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return f"http://{self.place}{path}"

    def put(self, path: str, body: bytes, **more: Any) -> str:
        """Serve bytes at a path; return its address."""
        self.files[path] = Content(body, **more)
        return self.url(path)

    def play(self, path: str, *plays: Play) -> str:
        """Play one after another, one a hit; the last one stays. Return the address."""
        self.plays[path] = list(plays)
        return self.url(path)

    def next_play(self, path: str) -> Play | None:
        """Return what the next hit on a path gets."""
        waiting = self.plays.get(path)
        if not waiting:
            return None
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def find(self, path: str) -> Path | None:
        """Return the file behind a path of a folder that is served."""
        for prefix, folder in self.folders.items():
            if path.startswith(prefix) and ".." not in path:
                found = folder / path.removeprefix(prefix).lstrip("/")
                if found.is_file():
                    return found
        return None

    def hits(self, path: str | None = None, method: str | None = None) -> list[Hit]:
        """Return the requests, of one path and method or all."""
        with self.guard:
            return [
                hit
                for hit in self.all_hits
                if (path is None or urlsplit(hit.path).path == path)
                and (method is None or hit.method == method)
            ]


def serve(content: Content) -> Play:
    """Serve a file as a good server does: ranges, conditions, validators."""

    def play(handler: Handler) -> None:
        headers = {"Content-Type": content.kind, "Accept-Ranges": "bytes", **content.headers}
        if content.etag:
            headers["ETag"] = content.etag
        if content.modified is not None:
            headers["Last-Modified"] = formatdate(content.modified, usegmt=True)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", handler.headers.get("Range", ""))
        condition = handler.headers.get("If-Range")
        if asked and condition in (None, content.etag, headers.get("Last-Modified")):
            first = int(asked[1])
            last = min(int(asked[2] or len(content.body)), len(content.body) - 1)
            if first > last:
                handler.answer(416, {"Content-Range": f"bytes */{len(content.body)}"}, b"")
                return
            headers["Content-Range"] = f"bytes {first}-{last}/{len(content.body)}"
            handler.answer(206, headers, content.body[first : last + 1])
            return
        handler.answer(200, headers, content.body)

    return play


def status(code: int, body: bytes = b"", **headers: str) -> Play:
    """Answer a status; header names are written with underscores."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(code, sent, body)


def redirect(to: str, code: int = 302) -> Play:
    """Answer where else to go."""
    return lambda handler: handler.answer(code, {"Location": to}, b"")


def short(body: bytes, keep: int, etag: str | None = None) -> Play:
    """Announce the whole length, send a part, close."""

    def play(handler: Handler) -> None:
        headers = {"Content-Length": str(len(body)), **({"ETag": etag} if etag else {})}
        handler.answer(200, headers)
        handler.wfile.write(body[:keep])
        handler.cut()

    return play


def unsized(body: bytes) -> Play:
    """Send bytes without a length and close."""

    def play(handler: Handler) -> None:
        handler.answer(200, {"Connection": "close"})
        handler.wfile.write(body)
        handler.cut()

    return play


def chunked(body: bytes, *, whole: bool) -> Play:
    """Send one chunk, with or without the end mark."""

    def play(handler: Handler) -> None:
        handler.answer(200, {"Transfer-Encoding": "chunked"})
        handler.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")
        if whole:
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.cut()

    return play


def stall(body: bytes, keep: int, etag: str | None = None) -> Play:
    """Send a part, then nothing, with the connection open."""

    def play(handler: Handler) -> None:
        headers = {"Content-Length": str(len(body)), **({"ETag": etag} if etag else {})}
        handler.answer(200, headers)
        handler.wfile.write(body[:keep])
        handler.wfile.flush()
        handler.server.owner.stopped.wait(25)
        handler.cut()

    return play


def silence(handler: Handler) -> None:
    """Never answer."""
    handler.server.owner.stopped.wait(25)
    handler.cut()


def drip(body: bytes, pause: float) -> Play:
    """Send one byte after another, for ever."""

    def play(handler: Handler) -> None:
        handler.answer(200, {"Content-Length": str(len(body))})
        for i in range(len(body)):
            handler.wfile.write(body[i : i + 1])
            handler.wfile.flush()
            if handler.server.owner.stopped.wait(pause):
                return

    return play
