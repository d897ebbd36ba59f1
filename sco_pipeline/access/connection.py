"""One HTTP connection to a checked socket address, watched while bytes come.

The standard library's client is used and not a higher one: it follows no redirect, decodes no
body, reads no proxy or credential from the environment and costs the least per request. Sockets
are watched below it, so that the limits hold for headers, chunk marks and bodies alike.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from functools import cache
from http.client import HTTPConnection
from typing import Any

from ..settings import Limits
from .addresses import Address, SocketAddress


class TooSlowError(Exception):
    """Bytes stopped, or came too slowly; the message says which."""


class Pulse:
    """Watches the bytes of one exchange.

    Parameters
    ----------
    limits : Limits
        Longest silence, slowest rate.
    deadline : float
        Monotonic time at which the exchange must have ended.
    """

    def __init__(self, limits: Limits, deadline: float) -> None:
        self._limits = limits
        self._deadline = deadline
        self._silent = 0.0
        self._waited = 0.0
        self._bytes = 0

    def patience(self) -> float:
        """Return the seconds that the next wait for bytes may take."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TooSlowError(f"took longer than {self._limits.granule_seconds:g} s")
        gap = self._limits.gap_seconds - self._silent
        window = self._limits.rate_window_seconds - self._waited
        return max(0.001, min(gap, window, left))

    def waited(self, seconds: float, count: int) -> None:
        """Note a wait and the bytes that came; raise if they stopped or come too slowly."""
        self._silent = 0.0 if count else self._silent + seconds
        self._waited += seconds
        self._bytes += count
        if self._silent >= self._limits.gap_seconds:
            raise TooSlowError(f"sent nothing for {self._limits.gap_seconds:g} s")
        if self._waited >= self._limits.rate_window_seconds:
            least = self._limits.slowest_rate * self._limits.rate_window_seconds
            if self._bytes < least:
                raise TooSlowError(
                    f"sent {self._bytes} bytes in {self._waited:.0f} s, less than "
                    f"{self._limits.slowest_rate:g} a second"
                )
            self._waited, self._bytes = 0.0, 0


class WatchedSocket(io.RawIOBase):
    """A socket whose reads are watched; what ``http.client`` takes for a socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._streams = 0
        self._ended = False
        self.pulse: Pulse | None = None

    def makefile(self, *args: Any, **options: Any) -> io.BufferedReader:
        """Return the stream that a response is read from."""
        self._streams += 1
        return io.BufferedReader(_Stream(self), 1 << 16)

    def sendall(self, data: Any) -> None:
        """Send bytes."""
        assert self.pulse is not None
        self._socket.settimeout(self.pulse.patience())
        self._socket.sendall(data)

    def readinto(self, buffer: Any) -> int:
        """Read what is there, waiting within the limits."""
        assert self.pulse is not None
        while True:
            self._socket.settimeout(self.pulse.patience())
            start = time.monotonic()
            try:
                count = self._socket.recv_into(buffer)
            except TimeoutError:
                self.pulse.waited(time.monotonic() - start, 0)
                continue
            except (ConnectionError, ssl.SSLError):
                raise
            except OSError as error:
                raise ConnectionError(error.errno, error.strerror) from error
            if count:
                self.pulse.waited(time.monotonic() - start, count)
            return count

    def close(self) -> None:
        """Close the socket, once the last response has been read."""
        self._ended = True
        self.release()

    def release(self, streams: int = 0) -> None:
        """Note that a response was closed; close the socket if nobody needs it any more."""
        self._streams -= streams
        if self._ended and self._streams <= 0:
            self._socket.close()
            super().close()


class _Stream(io.RawIOBase):
    """One response's view of a socket; closing it leaves the socket open for the next one."""

    def __init__(self, watched: WatchedSocket) -> None:
        self._watched = watched

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._watched.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._watched.release(1)
        super().close()


class PinnedConnection(HTTPConnection):
    """A connection to one of the socket addresses that were checked, whatever the name says now.

    Parameters
    ----------
    address : Address
        Gives the host name for the header and the certificate.
    places : list of SocketAddress
        Checked socket addresses, tried in this order.
    limits : Limits
        Seconds to connect.
    """

    def __init__(self, address: Address, places: list[SocketAddress], limits: Limits) -> None:
        super().__init__(address.host, address.port)
        self._address = address
        self._places = places
        self._limits = limits
        self.used = False

    def connect(self) -> None:
        """Connect, and for https check the certificate against the host name."""
        failure: OSError | None = None
        for family, place in self._places:
            plain = socket.socket(family, socket.SOCK_STREAM)
            plain.settimeout(self._limits.connect_seconds)
            try:
                plain.connect(place)
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._address.scheme == "https":
                    plain = tls_context().wrap_socket(plain, server_hostname=self._address.host)
                self.sock: Any = WatchedSocket(plain)
                return
            except OSError as error:
                plain.close()
                failure = error
        raise failure or OSError("no address")

    def watch(self, pulse: Pulse) -> None:
        """Connect if needed and put the next exchange under watch."""
        if self.sock is None:
            self.connect()
        self.sock.pulse = pulse


@cache
def tls_context() -> ssl.SSLContext:
    """Return the TLS settings: the system's certificates, names checked."""
    return ssl.create_default_context()
