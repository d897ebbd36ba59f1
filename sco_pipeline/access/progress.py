"""How far a fetch has come."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One report on a fetch.

    Attributes
    ----------
    dataset : str
        Dataset id.
    files_done, files_total : int
        Files of the request; files that were in the cache count as done.
    bytes_done : int
        Bytes that arrived in this fetch.
    current : str
        Name of the file that moved last.
    """

    dataset: str
    files_done: int
    files_total: int
    bytes_done: int = 0
    current: str = ""


ProgressCallback = Callable[[Progress], None]


class Reporter:
    """Counts files and bytes from several threads and tells the callback."""

    def __init__(self, dataset: str, total: int, callback: ProgressCallback | None) -> None:
        self._dataset = dataset
        self._total = total
        self._callback = callback
        self._files = 0
        self._bytes = 0
        self._guard = threading.Lock()

    def arrived(self, count: int, name: str) -> None:
        """Count bytes of a file."""
        if self._callback is None:
            return
        with self._guard:
            self._bytes += count
            self._tell(name)

    def done(self, name: str) -> None:
        """Count a file."""
        if self._callback is None:
            return
        with self._guard:
            self._files += 1
            self._tell(name)

    def _tell(self, name: str) -> None:
        if self._callback is not None:
            report = Progress(self._dataset, self._files, self._total, self._bytes, name)
            self._callback(report)
