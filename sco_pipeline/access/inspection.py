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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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
# So few questions fit into the pipe even with the longest paths: writing them never waits.
_AT_ONCE = 12


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

    def ask(self, tasks: Sequence[dict[str, Any]], seconds: float) -> Iterator[str | None]:
        """Yield what is wrong with each file, as far as the first one that ends the process."""
        assert self._process.stdin is not None
        with suppress(OSError):  # a process that ended is noticed when its answer is read
            self._process.stdin.write(b"".join(json.dumps(t).encode() + b"\n" for t in tasks))
        for _ in tasks:
            line = self._line(time.monotonic() + seconds)
            if not line:
                self.end()
                crashed = "crashed or exhausted the library that opens it"
                yield crashed if line == b"" else f"could not be opened within {seconds:g} s"
                return
            yield json.loads(line)["fault"]

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


@dataclass(frozen=True)
class Unchecked:
    """A file that nobody has opened yet.

    Attributes
    ----------
    path : Path
        Where it is, under its temporary name.
    url : str
        Its address, for the message.
    sized : bool
        Whether the archive said how long it is.
    form : str, optional
        Its format; by default that of the entry, or of the archive that it comes in.
    """

    path: Path
    url: str
    sized: bool = True
    form: str | None = None


def inspect(file: Unchecked, entry: DatasetEntry, settings: Settings) -> None:
    """Open a file in a child process and raise if it is damaged, cut or hostile.

    Parameters
    ----------
    file : Unchecked
        The file.
    entry : DatasetEntry
        ``format`` says how it is opened; ``access.options.allow`` may hold ``large-chunks``,
        ``sparse`` and ``soft-links``.
    settings : Settings
        Limits of time, memory and declared sizes.

    Raises
    ------
    AccessError
        With the object at fault and what to do; `ChecksumError` if the file is damaged.
    """
    (error,) = inspect_all([file], entry, settings)
    if error is not None:
        raise error


def inspect_all(
    found: Sequence[Unchecked], entry: DatasetEntry, settings: Settings
) -> list[AccessError | None]:
    """Open files as `inspect` does, in one go; return what is wrong with each."""
    default = str(entry.access.options.get("archive", entry.format))
    forms = [file.form or default for file in found]
    opened = [i for i, form in enumerate(forms) if not signatures.is_text_format(form)]
    faults = _faults([_task(found[i].path, forms[i], entry, settings) for i in opened], settings)
    errors = [None if i in opened else _unbounded(file, entry) for i, file in enumerate(found)]
    for i, fault in zip(opened, faults, strict=True):
        errors[i] = _refusal(found[i].url, entry, fault)
    return errors


def _task(path: Path, form: str, entry: DatasetEntry, settings: Settings) -> dict[str, Any]:
    limits = settings.limits
    return {
        "path": str(path), "format": form, "allow": list(entry.access.options.get("allow", ())),
        "declared_bytes": limits.declared_bytes, "declared_ratio": limits.declared_ratio,
        "chunk_bytes": limits.chunk_bytes, "members": limits.archive_members,
    }  # fmt: skip


def _faults(tasks: list[dict[str, Any]], settings: Settings) -> list[str | None]:
    """Return what is wrong with each; after one that ends its inspector the next has the rest."""
    faults: list[str | None] = []
    while len(faults) < len(tasks):
        with _inspectors.one(settings.limits) as child:
            some = tasks[len(faults) : len(faults) + _AT_ONCE]
            faults += child.ask(some, settings.limits.check_seconds)
    return faults


def _unbounded(file: Unchecked, entry: DatasetEntry) -> AccessError | None:
    """Return the sentence for a text file of which nobody can say whether it is whole."""
    if file.sized or entry.access.sha256 is not None:
        return None
    form = file.form or entry.format
    return AccessError(
        f"dataset {entry.id!r}: {file.url} came without a length, and {form} files have no end "
        "mark; give its sha256 in the catalog entry, or an address that states the length",
        retryable=True,
    )


def _refusal(url: str, entry: DatasetEntry, fault: str | None) -> AccessError | None:
    if fault is None:
        return None
    message = f"dataset {entry.id!r}: {url} is refused: {fault}"
    if fault.startswith("it is damaged"):
        return ChecksumError(f"{message}; it may be right later", retryable=True)
    return AccessError(message)


def warm(settings: Settings) -> None:
    """Start an inspector while the first file is on its way, unless one is there already."""
    _inspectors.start(settings.limits)
