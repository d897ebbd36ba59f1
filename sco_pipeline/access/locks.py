"""Kernel locks on names: freed at once when their holder ends, however it ends.

Where the kernel can lock one byte of a file for one of its openers (Linux), all names of a
directory share one lock file, a byte each: making and removing a file for each name costs more
than a small download. Elsewhere each name has a lock file while it is held.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SHARED = ".locks"
_HAS_BYTE_LOCKS = hasattr(fcntl, "F_OFD_SETLK")


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of the name `path` among all threads and processes.

    Parameters
    ----------
    path : Path
        The name; there need be no such file. Its directory is made if it is missing.
    wait : bool
        Whether to wait for another holder.

    Yields
    ------
    bool
        Whether the lock is held; False only with ``wait=False``.
    """
    file = path.with_name(_SHARED if _HAS_BYTE_LOCKS else f".{path.name}.lock")
    descriptor = _acquire(file, _byte_of(path), wait)
    if descriptor is None:
        yield False
        return
    try:
        yield True
    finally:
        if not _HAS_BYTE_LOCKS:
            # Removed while it is held: whoever opened it meanwhile sees that and starts over.
            with suppress(OSError):
                file.unlink()
        os.close(descriptor)


def tidy(directory: Path) -> None:
    """Remove the lock file of a directory, unless a name in it is locked."""
    file = directory / _SHARED
    with suppress(OSError):
        descriptor = os.open(file, os.O_RDWR)
        try:
            if lock_descriptor(descriptor, False):
                file.unlink()
        finally:
            os.close(descriptor)


def lock_descriptor(descriptor: int, wait: bool, byte: int | None = None) -> bool:
    """Lock an open file, or one byte of it, until it is closed; tell whether it is locked."""
    try:
        if _HAS_BYTE_LOCKS:
            command = fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK
            start, length = (0, 0) if byte is None else (byte, 1)
            area = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
            fcntl.fcntl(descriptor, command, area)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except (BlockingIOError, PermissionError):
        return False
    return True


def _byte_of(path: Path) -> int:
    return int.from_bytes(hashlib.blake2b(path.name.encode(), digest_size=7).digest())


def _acquire(file: Path, byte: int, wait: bool) -> int | None:
    while True:
        descriptor = _opened(file)
        kept = False
        try:
            if not lock_descriptor(descriptor, wait, byte):
                return None
            kept = _still_named(descriptor, file)
            if kept:
                return descriptor
        finally:
            if not kept:
                os.close(descriptor)


def _opened(file: Path) -> int:
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
        return os.open(file, os.O_RDWR | os.O_CREAT, 0o644)


def _still_named(descriptor: int, file: Path) -> bool:
    """Tell whether the open file is still the one under its name."""
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
