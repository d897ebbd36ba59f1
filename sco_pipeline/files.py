"""Files that are either absent, or whole: kernel locks, atomic replacement, checksums."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BLOCK = 2**20


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
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(final)
    directory = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


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
