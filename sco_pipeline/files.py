"""Files that are either absent, or whole: kernel locks, atomic replacement, checksums."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

_BLOCK = 2**20
_PATIENCE = 0.5
"""Seconds that a group of files may take to the disk."""

_syncfs: Callable[[int], int] | None = None
if sys.platform == "linux":
    _syncfs = getattr(ctypes.CDLL(None), "syncfs", None)


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold an exclusive kernel lock on `path`; the kernel frees it when its holder dies.

    Parameters
    ----------
    path : Path
        Lock file; it is made with its directory and stays, empty, so that nobody locks a file
        that another one has just removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def put_in_place(temporary: Path, final: Path) -> None:
    """Give a complete file its final name, on the disk and not only in memory.

    Parameters
    ----------
    temporary : Path
        Complete file in the same file system.
    final : Path
        Its name from now on; a file of that name is replaced.
    """
    put_all_in_place([(temporary, final)])


def put_all_in_place(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Give complete files their final names; many together cost the disk little more than one.

    Parameters
    ----------
    pairs : sequence of (Path, Path)
        Temporary and final name of each. No file has its final name before all are on the disk.
    """
    with ExitStack() as opened:
        streams = [opened.enter_context(temporary.open("rb")) for temporary, _ in pairs]
        if len(pairs) > 1:
            _write_together([stream.fileno() for stream in streams])
        for stream in streams:  # tells of what went wrong, and waits for what is not there yet
            os.fsync(stream.fileno())
    directories = {final.parent for _, final in pairs}
    for directory in directories:
        directory.mkdir(parents=True, exist_ok=True)
    for temporary, final in pairs:
        temporary.replace(final)
    for directory in directories:
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def start_writing(descriptor: int, start: int, length: int) -> None:
    """Have the system write a part of an open file to the disk, without waiting for it.

    Parameters
    ----------
    descriptor : int
        The open file.
    start, length : int
        First byte and number of bytes; they were written a moment ago.
    """
    # Linux answers this advice by writing the changed pages at once; elsewhere fsync does it all.
    if sys.platform == "linux":
        os.posix_fadvise(descriptor, start, length, os.POSIX_FADV_DONTNEED)


def _write_together(descriptors: Sequence[int]) -> None:
    """Bring files to the disk by one commit of its journal, where the system has a call for that.

    It brings what other programs write there, too: where that took long once, files go alone.
    """
    global _syncfs
    if _syncfs is None:
        for descriptor in descriptors:
            start_writing(descriptor, 0, _BLOCK)
        return
    begin = time.monotonic()
    _syncfs(descriptors[0])
    if time.monotonic() - begin > _PATIENCE:
        _syncfs = None


def write_text(path: Path, text: str) -> None:
    """Write a text file that is never seen half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        put_in_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Return the sha256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
