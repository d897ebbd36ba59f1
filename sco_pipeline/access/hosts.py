"""Manners towards a host: connections, requests a second, and waiting when it asks to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..settings import Limits


class HostAskedToWaitError(Exception):
    """A host asked to be left alone for longer than a step may wait."""

    def __init__(self, until: float) -> None:
        super().__init__(until)
        self.seconds = max(0.0, until - time.monotonic())


class Host:
    """What this process knows of one host; shared by all its threads."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._active = 0
        self._next_slot = 0.0
        self._not_before = 0.0

    @contextmanager
    def turn(self, limits: Limits) -> Iterator[None]:
        """Wait for a free connection and for a slot in time, and hold the connection."""
        with self._condition:
            self._refuse_long_wait(limits)
            self._condition.wait_for(lambda: self._active < limits.connections_per_host)
            self._active += 1
        try:
            self._wait_for_slot(limits)
            yield
        finally:
            with self._condition:
                self._active -= 1
                self._condition.notify()

    def ask_later(self, seconds: float) -> None:
        """Keep every thread away from the host for some seconds."""
        with self._condition:
            self._not_before = max(self._not_before, time.monotonic() + seconds)

    def _wait_for_slot(self, limits: Limits) -> None:
        while True:
            with self._condition:
                self._refuse_long_wait(limits)
                now = time.monotonic()
                start = max(self._next_slot, self._not_before)
                if start <= now:
                    self._next_slot = now + 1.0 / limits.requests_per_second
                    return
            time.sleep(min(start - now, 1.0))

    def _refuse_long_wait(self, limits: Limits) -> None:
        if self._not_before - time.monotonic() > limits.retry_after_seconds * 1.5 + 1.0:
            raise HostAskedToWaitError(self._not_before)


_hosts: dict[str, Host] = {}
_guard = threading.Lock()


def host(place: str) -> Host:
    """Return what this process knows of a host and port."""
    with _guard:
        return _hosts.setdefault(place, Host())
