"""How far a fetch or a computation has come, and three ways to show it."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger(__name__)
_LOG_SECONDS = 10.0
_SHOW_SECONDS = 0.2


@dataclass(frozen=True)
class Progress:
    """One report on a fetch, or on what is computed of its files.

    Attributes
    ----------
    dataset : str
        Dataset id, or what is computed.
    files_done, files_total : int
        Files of the request; files that were in the cache count as done.
    bytes_done : int
        Bytes that arrived in this fetch, or were read.
    current : str
        Name of the file that moved last.
    unit : str
        What is counted, if not files.
    """

    dataset: str
    files_done: int
    files_total: int
    bytes_done: int = 0
    current: str = ""
    unit: str = "files"

    def __str__(self) -> str:
        """Return one line for people."""
        size = f"{self.bytes_done / 1e6:.1f} MB"
        return f"{self.dataset}: {self.files_done} of {self.files_total} {self.unit}, {size}"


ProgressCallback = Callable[[Progress], None]


class Reporter:
    """Counts files and bytes from several threads and tells the callback.

    Parameters
    ----------
    dataset : str
        Dataset id.
    total : int
        Number of files.
    callback : callable, optional
        Told of every change.
    """

    def __init__(self, dataset: str, total: int, callback: ProgressCallback | None) -> None:
        self._dataset = dataset
        self._total = total
        self._callback = callback
        self._files = 0
        self._bytes = 0
        self._guard = threading.Lock()

    def arrived(self, count: int, name: str) -> None:
        """Count bytes of a file."""
        self._tell(0, count, name)

    def done(self, name: str) -> None:
        """Count a file."""
        self._tell(1, 0, name)

    def _tell(self, files: int, count: int, name: str) -> None:
        if self._callback is None:
            return
        with self._guard:
            self._files += files
            self._bytes += count
            report = Progress(self._dataset, self._files, self._total, self._bytes, name)
            self._callback(report)


@contextmanager
def shown(how: str = "auto") -> Iterator[ProgressCallback | None]:
    """Show the progress of everything that is fetched inside.

    Parameters
    ----------
    how : {"auto", "terminal", "notebook", "plain", "none"}
        ``auto`` takes a bar in a terminal or notebook and log lines elsewhere.

    Yields
    ------
    callable or None
        To be given to `fetch` as `progress`.

    Examples
    --------
    >>> with shown("none") as progress:
    ...     print(progress)
    None
    """
    if how == "auto":
        how = _fitting()
    if how == "none":
        yield None
    elif how == "plain":
        yield _Paced(_LOG_SECONDS, lambda report: logger.info("%s", report))
    elif how == "notebook":
        with _notebook() as show:
            yield show
    else:
        with _terminal() as show:
            yield show


class _Paced:
    """Passes reports on now and then, and always those that a file or a dataset is done."""

    def __init__(self, seconds: float, show: ProgressCallback) -> None:
        self._seconds = seconds
        self._show = show
        self._last: dict[str, float] = {}

    def __call__(self, report: Progress) -> None:
        now = time.monotonic()
        ended = report.files_done == report.files_total
        if ended or now - self._last.get(report.dataset, 0.0) >= self._seconds:
            self._last[report.dataset] = now
            self._show(report)


@contextmanager
def _terminal() -> Iterator[ProgressCallback]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[size]}"), TimeElapsedColumn(),
    )  # fmt: skip
    tasks: dict[str, Any] = {}
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:

        def show(report: Progress) -> None:
            if report.dataset not in tasks:
                tasks[report.dataset] = bars.add_task(
                    report.dataset, total=report.files_total, size=""
                )
            size = f"{report.bytes_done / 1e6:.1f} MB"
            bars.update(tasks[report.dataset], completed=report.files_done, size=size)

        yield _Paced(_SHOW_SECONDS, show)


@contextmanager
def _notebook() -> Iterator[ProgressCallback]:
    """Keep one line up to date below the cell; no widget has to be installed."""
    from IPython.display import display

    show_first: Callable[..., Any] = display
    handle = show_first({"text/plain": ""}, raw=True, display_id=True)
    lines: dict[str, str] = {}

    def show(report: Progress) -> None:
        lines[report.dataset] = str(report)
        handle.update({"text/plain": "\n".join(lines.values())}, raw=True)

    yield _Paced(_SHOW_SECONDS, show)


def _fitting() -> str:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and type(shell).__name__ == "ZMQInteractiveShell":
        return "notebook"
    return "terminal" if sys.stderr.isatty() else "plain"
