"""One HTTP connection to a checked socket address, watched while bytes come.

It follows no redirect, decodes no body and reads no proxy or credential from the environment.
Sockets are watched below everything that reads from them, so that the limits hold for headers,
chunk marks and bodies alike.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import time
from collections.abc import Mapping
from functools import cache

from ..settings import Limits
from .addresses import Address, SocketAddress
from .response import Incoming, Response

# What would end a line of the request, or its target, too early.
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


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

    def waited(self, seconds: float) -> None:
        """Note a wait; raise if bytes stopped or come too slowly."""
        self._silent += seconds
        self._waited += seconds
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

    def came(self, count: int) -> None:
        """Note bytes; raise if the exchange takes too long altogether."""
        self._silent = 0.0
        self._bytes += count
        self.patience()


class WatchedSocket:
    """A connected socket whose every wait is watched.

    Parameters
    ----------
    connected : socket
        It is asked for what it has first and waited for only if that is nothing.
    """

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._poll = select.poll()
        self.pulse: Pulse | None = None

    def receive(self, buffer: memoryview) -> int:
        """Read what is there, waiting within the limits; 0 at the end."""
        assert self.pulse is not None
        while True:
            try:
                count = self._socket.recv_into(buffer)
            except (BlockingIOError, ssl.SSLWantReadError):
                self._wait(select.POLLIN)
            except ssl.SSLWantWriteError:
                self._wait(select.POLLOUT)
            except (ConnectionError, ssl.SSLError):
                raise
            except OSError as error:
                raise ConnectionError(error.errno, error.strerror) from error
            else:
                self.pulse.came(count)
                return count

    def sendall(self, data: bytes) -> None:
        """Send bytes, waiting within the limits."""
        view = memoryview(data)
        while view:
            try:
                view = view[self._socket.send(view) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._wait(select.POLLOUT)
            except ssl.SSLWantReadError:
                self._wait(select.POLLIN)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _wait(self, event: int) -> None:
        assert self.pulse is not None
        self._poll.register(self._socket, event)
        start = time.monotonic()
        self._poll.poll(self.pulse.patience() * 1000)
        self.pulse.waited(time.monotonic() - start)


class PinnedConnection:
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
        self._address = address
        self._places = places
        self._limits = limits
        self._open: tuple[WatchedSocket, Incoming] | None = None

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        pulse: Pulse,
    ) -> Response:
        """Send a request and return its answer, the body not yet read; connect first if needed."""
        if self._open is None:
            connected = WatchedSocket(self._connected())
            self._open = connected, Incoming(connected.receive)
        watched, incoming = self._open
        watched.pulse = pulse
        watched.sendall(_written(method, target, {"Host": self._address.place, **headers}, body))
        return Response(incoming, method)

    def close(self) -> None:
        """Close the connection."""
        if self._open is not None:
            self._open[0].close()
        self._open = None

    def _connected(self) -> socket.socket:
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
            except OSError as error:
                plain.close()
                failure = error
            else:
                return plain
        raise failure or OSError("no address")


def _written(method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """Return a request as it is sent."""
    if body is not None or method in ("POST", "PUT"):
        headers = {**headers, "Content-Length": str(len(body or b""))}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers)]
    if " " in target or any(_UNSENDABLE.search(line) for line in lines):
        # The line may hold a credential and is not shown.
        raise ValueError("a control character stands in an address or in a credential")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + (body or b"")


@cache
def tls_context() -> ssl.SSLContext:
    """Return the TLS settings: the system's certificates, names checked."""
    return ssl.create_default_context()
