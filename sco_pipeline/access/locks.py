"""Kernel locks on files: freed at once when their holder ends, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def lock_descriptor(descriptor: int, wait: bool) -> bool:
        """Lock an open file until it is closed; tell whether it is locked."""
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                return True
            except OSError:
                if not wait:
                    return False
else:
    import fcntl

    def lock_descriptor(descriptor: int, wait: bool) -> bool:
        """Lock an open file until it is closed; tell whether it is locked."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of name `path` among all threads and processes.

    Parameters
    ----------
    path : Path
        The lock's file; it is made, and removed at the end.
    wait : bool
        Whether to wait for another holder.

    Yields
    ------
    bool
        Whether the lock is held; False only with ``wait=False``.
    """
    descriptor = _acquire(path, wait)
    if descriptor is None:
        yield False
        return
    try:
        yield True
    finally:
        # Removed while it is held: whoever opened it meanwhile sees that and starts over.
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _acquire(path: Path, wait: bool) -> int | None:
    while True:
        descriptor = _opened(path)
        if not lock_descriptor(descriptor, wait):
            os.close(descriptor)
            return None
        if _still_named(descriptor, path):
            return descriptor
        os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)


def _still_named(descriptor: int, path: Path) -> bool:
    """Tell whether the open file is still the one under its name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
