"""The first opening of a fetched file: in a child process with limits, before it has its name.

A damaged or hostile file can crash, hang or bloat the library that reads it. The child does the
reading; this module starts it, gives it a time and an address space, and takes its word.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..catalog.models import DatasetEntry
from ..errors import AccessError, ChecksumError
from ..settings import Limits, Settings
from . import signatures

_CHILD = Path(__file__).parent / "inspector" / "child.py"
# What a library needs from the environment; credentials stay here.
_PASSED_ON = ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")

# When all inspectors are busy for so long, as one is with a file that hangs, another is started.
_BUSY_SECONDS = 1.0


class _Child:
    """One inspector process; files are given to it one after another."""

    def __init__(self, limits: Limits) -> None:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        environment["HDF5_USE_FILE_LOCKING"] = "FALSE"
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_CHILD), str(limits.check_bytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment, bufsize=0,
        )  # fmt: skip
        self._rest = b""

    def ask(self, task: dict[str, Any], seconds: float) -> str | None:
        """Return what is wrong with a file; None if nothing is."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(task).encode() + b"\n")
            line = self._line(time.monotonic() + seconds)
        except OSError:
            line = b""
        if line is None:
            self.end()
            return f"could not be opened within {seconds:g} s"
        if not line:
            self.end()
            return "crashed or exhausted the library that opens it"
        answer: str | None = json.loads(line)["fault"]
        return answer

    def _line(self, until: float) -> bytes | None:
        """Return a line; b"" if the child died, None if the time was up."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                return None
            piece = os.read(descriptor, 65536)
            if not piece:
                return b""
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """Stop the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


class _Inspectors:
    """The processes that are there; one serves all threads unless it is busy for long."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._idle: list[tuple[int, _Child]] = []
        self._busy = 0

    def start(self, limits: Limits) -> None:
        """Start a process while the first file is on its way, unless there is one already."""
        if not self._idle and not self._busy:
            with self._changed:
                if not self._idle and not self._busy:
                    self._idle.append((limits.check_bytes, _Child(limits)))

    @contextmanager
    def one(self, limits: Limits) -> Iterator[_Child]:
        """Lend a process that keeps to the limits."""
        with self._changed:
            self._changed.wait_for(lambda: self._idle or not self._busy, _BUSY_SECONDS)
            child = self._take(limits) or _Child(limits)
            self._busy += 1
        try:
            yield child
        finally:
            with self._changed:
                self._busy -= 1
                if child.alive:
                    self._idle.append((limits.check_bytes, child))
                self._changed.notify()

    def _take(self, limits: Limits) -> _Child | None:
        for i, (size, child) in enumerate(self._idle):
            if size == limits.check_bytes:
                del self._idle[i]
                return child if child.alive else None
        return None

    def end(self) -> None:
        """Stop the processes that nobody uses."""
        with self._changed:
            while self._idle:
                self._idle.pop()[1].end()


_inspectors = _Inspectors()
atexit.register(_inspectors.end)


def inspect(
    path: Path,
    url: str,
    entry: DatasetEntry,
    settings: Settings,
    sized: bool,
    form: str | None = None,
) -> None:
    """Open a file in a child process and raise if it is damaged, cut or hostile.

    Parameters
    ----------
    path : Path
        The file, under its temporary name.
    url : str
        Its address, for the message.
    entry : DatasetEntry
        ``format`` says how it is opened; ``access.options.allow`` may hold ``large-chunks``,
        ``sparse`` and ``soft-links``.
    settings : Settings
        Limits of time, memory and declared sizes.
    sized : bool
        Whether the archive said how long the file is.
    form : str, optional
        Format of the file; by default that of the entry, or of the archive that it comes in.

    Raises
    ------
    AccessError
        With the object at fault and what to do; `ChecksumError` if the file is damaged.
    """
    form = form or str(entry.access.options.get("archive", entry.format))
    if signatures.is_text_format(form):
        if not sized and entry.access.sha256 is None:
            raise AccessError(
                f"dataset {entry.id!r}: {url} came without a length, and {form} files have no end "
                "mark; give its sha256 in the catalog entry, or an address that states the length",
                retryable=True,
            )
        return
    limits = settings.limits
    task = {
        "path": str(path), "format": form, "allow": list(entry.access.options.get("allow", ())),
        "declared_bytes": limits.declared_bytes, "declared_ratio": limits.declared_ratio,
        "chunk_bytes": limits.chunk_bytes, "members": limits.archive_members,
    }  # fmt: skip
    with _inspectors.one(limits) as child:
        fault = child.ask(task, limits.check_seconds)
    if fault is None:
        return
    message = f"dataset {entry.id!r}: {url} is refused: {fault}"
    if fault.startswith("it is damaged"):
        raise ChecksumError(f"{message}; it may be right later", retryable=True)
    raise AccessError(message)


def warm(settings: Settings) -> None:
    """Start an inspector while the first file is on its way, unless one is there already."""
    _inspectors.start(settings.limits)
