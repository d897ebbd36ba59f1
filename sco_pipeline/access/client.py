"""HTTP one hop at a time, by the rules that hold for every dataset.

Redirects are followed here and checked one by one; nothing is read from the environment; a
credential goes to its own host only; bodies are asked for as they are.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import logging
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from ..catalog.models import DatasetEntry
from ..errors import AccessError
from ..settings import Settings
from .absence import NotThereError
from .addresses import Address, clean, follow, may_lead_to, parse, resolve
from .connection import PinnedConnection, Pulse, TooSlowError
from .credentials import Credential, credential_of
from .hosts import HostAskedToWaitError, host
from .response import BadAnswerError, Response

Result = TypeVar("Result")
logger = logging.getLogger(__name__)
USER_AGENT = "sco-pipeline/0.1"
_RETRIED = {408, 425, 429, 500, 502, 503, 504}
_MOVED = {301, 302, 303, 307, 308}
_DOCUMENT_BYTES = 64 * 2**20


class TransientError(Exception):
    """One attempt failed, and another one may not.

    Parameters
    ----------
    reason : str
        What happened, to stand behind the address.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OfflineError(AccessError):
    """An archive would have to be asked, and may not be."""


class Client:
    """Talks to the hosts of one dataset.

    Parameters
    ----------
    entry : DatasetEntry
        Says which hosts are allowed and which credential is needed.
    settings : Settings
        Limits, mirrors, private hosts, credentials.
    """

    def __init__(self, entry: DatasetEntry, settings: Settings) -> None:
        self.entry = entry
        self.settings = settings
        self.limits = settings.limits
        self._credential: Credential | None = None
        self._credential_read = False
        self._idle: dict[tuple[str, str, int], list[PinnedConnection]] = {}
        self._guard = threading.Lock()

    @property
    def credential(self) -> Credential | None:
        """The credential of the dataset; raises if it needs one that is not set."""
        if not self._credential_read:
            self._credential = credential_of(self.entry, self.settings)
            self._credential_read = True
        return self._credential

    def close(self) -> None:
        """Close idle connections."""
        with self._guard:
            for connections in self._idle.values():
                for connection in connections:
                    connection.close()
            self._idle.clear()

    def error(self, url: str, text: str, *, retryable: bool = False) -> AccessError:
        """Return the sentence for an address, without secrets."""
        message = f"dataset {self.entry.id!r}: {clean(url)} {text}"
        return AccessError(self.hide(message), retryable=retryable)

    def hide(self, text: str) -> str:
        """Return a text without the secret of this dataset."""
        return self._credential.hide(text) if self._credential else text

    @contextmanager
    def open(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float | None = None,
    ) -> Iterator[Response]:
        """Make one attempt at an address, following allowed redirects.

        Yields
        ------
        Response
            With status 2xx, 304 or 416, its body not yet read.

        Raises
        ------
        TransientError
            If another attempt may succeed.
        NotThereError
            If the answer is 404 or 410.
        AccessError
            If nothing but a change of settings or catalog helps.
        """
        if self.settings.offline:
            raise OfflineError(str(self.error(url, "is not asked, because SCO_OFFLINE is set")))
        deadline = deadline or time.monotonic() + self.limits.granule_seconds
        start = at = parse(url, self.entry.id)
        sent = {"Accept-Encoding": "identity", "User-Agent": USER_AGENT, **(headers or {})}
        for _ in range(self.limits.redirects + 1):
            with self._exchange(at, method, sent, body, deadline) as response:
                if response.status not in _MOVED:
                    self._judge(at, response)
                    yield response
                    return
                at = self._next(start, at, response)
                if response.status == 303:
                    method, body = "GET", None
        raise self.error(url, f"was redirected more than {self.limits.redirects} times")

    @contextmanager
    def ask(self, url: str, method: str, headers: Mapping[str, str]) -> Iterator[Response]:
        """Make one hop and yield whatever is answered, also a redirect or a refusal."""
        at = parse(url, self.entry.id)
        sent = {"Accept-Encoding": "identity", "User-Agent": USER_AGENT, **headers}
        deadline = time.monotonic() + self.limits.granule_seconds
        with self._exchange(at, method, sent, None, deadline) as response:
            if response.status in _RETRIED:
                with suppress(HostAskedToWaitError):  # the next question to this host is refused
                    self._wait_if_asked(at, response)
            yield response

    def retry(self, url: str, action: Callable[[], Result]) -> Result:
        """Repeat `action` on `TransientError`, with growing waits; return its result."""
        place = parse(url, self.entry.id).place
        reason = ""
        for attempt in range(self.limits.attempts):
            if attempt:
                pause = self.limits.backoff_seconds * 2 ** (attempt - 1)
                time.sleep(pause * random.uniform(1.0, 1.5))
            try:
                return action()
            except TransientError as error:
                reason = error.reason
                logger.info("dataset %s: %s %s", self.entry.id, self.hide(clean(url)), reason)
            except HostAskedToWaitError as error:
                raise self._told_to_wait(place, error) from error
        raise self.error(
            url, f"{reason} ({self.limits.attempts} attempts); try again later", retryable=True
        )

    def document(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = _DOCUMENT_BYTES,
    ) -> bytes:
        """Return a small document: a listing, a manifest, an answer of an interface."""

        def action() -> bytes:
            with self.open(url, method=method, headers=headers, body=body) as response:
                with self.watched():
                    content = response.read(limit + 1)
                if len(content) > limit:
                    raise self.error(url, f"is larger than {limit} bytes, too large for a listing")
                if response.length:
                    raise TransientError(f"ended {response.length} bytes too early")
                return content

        return self.retry(url, action)

    def json(self, url: str, *, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """Return a JSON document; with `body`, post that as JSON."""
        sent = {"Accept": "application/json, application/geo+json", **(headers or {})}
        if body is None:
            content = self.document(url, headers=sent)
        else:
            sent["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
            content = self.document(url, method="POST", headers=sent, body=data)
        try:
            return json.loads(content)
        except ValueError as error:
            raise self.error(url, "answered something that is not JSON") from error

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Turn what goes wrong on a connection into `TransientError`."""
        try:
            yield
        except TooSlowError as error:
            raise TransientError(str(error)) from error
        except ssl.SSLCertVerificationError as error:
            raise AccessError(
                f"dataset {self.entry.id!r}: the certificate of the host is refused "
                f"({error.verify_message})"
            ) from error
        except BadAnswerError as error:
            raise TransientError(f"broke off ({error})") from error
        except (TimeoutError, ConnectionError, ssl.SSLError) as error:
            raise TransientError(f"broke off ({_words(error)})") from error

    @contextmanager
    def _exchange(
        self,
        at: Address,
        method: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: float,
    ) -> Iterator[Response]:
        """Send one request and yield the answer's head; the connection is kept if it was read."""
        with host(at.place).turn(self.limits):
            connection, response = self._answer(at, method, headers, body, deadline)
            try:
                yield response
            finally:
                if response.ended and not response.closes:
                    with self._guard:
                        self._idle.setdefault(at.origin, []).append(connection)
                else:
                    connection.close()

    def _answer(
        self,
        at: Address,
        method: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: float,
    ) -> tuple[PinnedConnection, Response]:
        target, sent = at.target, dict(headers)
        if self.credential is not None and self.credential.belongs_to(at):
            sent.update(self.credential.headers())
            query = self.credential.query()
            target += ("&" if "?" in target else "?") + query if query else ""
        while True:
            connection, kept = self._connection(at)
            try:
                with self.watched():
                    pulse = Pulse(self.limits, deadline)
                    return connection, connection.ask(method, target, sent, body, pulse)
            except TransientError:
                connection.close()
                # The host may close an idle connection at any time; that is no failure of it.
                if not kept:
                    raise
            except OSError as error:
                connection.close()
                raise TransientError(f"cannot be reached ({_words(error)})") from error
            except BaseException:
                connection.close()
                raise

    def _connection(self, at: Address) -> tuple[PinnedConnection, bool]:
        with self._guard:
            idle = self._idle.get(at.origin)
            if idle:
                return idle.pop(), True
        try:
            places = resolve(at, self.settings, self.entry.id)
        except AccessError as error:
            if error.retryable:
                raise TransientError(
                    f"cannot be reached (the host {at.host} is not found)"
                ) from error
            raise
        return PinnedConnection(at, places, self.limits), False

    def _next(self, start: Address, at: Address, response: Response) -> Address:
        """Return where an answer redirects to, if that is allowed."""
        location = response.getheader("Location")
        with self.watched():
            response.read(65536)
        if not location:
            raise self.error(str(at), f"answered {response.status} without saying where to go")
        target = parse(follow(str(at), location), self.entry.id)
        if at.scheme == "https" and target.scheme == "http":
            raise self.error(str(at), f"redirects from https to http on {target.place}: refused")
        if not may_lead_to(start, target, self.entry):
            raise self.error(
                str(at),
                f"redirects to the host {target.place}, which the catalog does not allow for "
                f"{start.place}: refused; if it is no login page, add it to access.allowed_hosts",
            )
        return target

    def _judge(self, at: Address, response: Response) -> None:
        """Raise for an answer that carries no file."""
        status = response.status
        if status in (200, 201, 202, 206, 304, 416):
            return
        # What a server says may repeat what it was sent.
        said = self.hide(f"answered {status} {response.reason}".strip())
        with self.watched():
            response.read(65536)
        if status in (404, 410):
            raise NotThereError(said)
        if status in (401, 403):
            raise self.error(str(at), f"{said}; {self._about_credential(at)}")
        if status in _RETRIED:
            self._wait_if_asked(at, response)
            raise TransientError(said)
        raise self.error(str(at), said, retryable=status >= 500 and status not in (501, 505))

    def _about_credential(self, at: Address) -> str:
        credential = self.credential
        if credential is None:
            return "the catalog entry names no credential; it may need one"
        if not credential.belongs_to(at):
            return (
                f"the credential {credential.scope!r} belongs to {credential.host} and was not sent"
            )
        return f"the credential {credential.scope!r} (from {credential.source}) was refused"

    def _wait_if_asked(self, at: Address, response: Response) -> None:
        asked = retry_after(response.getheader("Retry-After"), response.getheader("Date"))
        if asked is None:
            return
        known = host(at.place)
        if asked > self.limits.retry_after_seconds:
            known.ask_later(max(asked, self.limits.retry_after_seconds * 2 + 2))
            raise HostAskedToWaitError(time.monotonic() + asked)
        known.ask_later(asked * random.uniform(1.01, 1.1) + 0.02)

    def _told_to_wait(self, place: str, error: HostAskedToWaitError) -> AccessError:
        until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=error.seconds)
        return AccessError(
            f"dataset {self.entry.id!r}: {place} asked to be left alone for {error.seconds:.0f} s; "
            f"try again after {until:%Y-%m-%d %H:%M} UTC",
            retryable=True,
        )


def retry_after(value: str | None, date: str | None = None) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for; None if it asks for nothing.

    A date is taken relative to the server's own clock where it tells it.
    """
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value)
        now = email.utils.parsedate_to_datetime(date) if date else dt.datetime.now(dt.UTC)
        # Dates have whole seconds, so the server's clock may be up to one second behind.
        return max(0.0, (until - now).total_seconds())
    except (TypeError, ValueError):
        return None


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "the host is not found"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
