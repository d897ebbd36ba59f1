"""How far a computation has come, for those who watch it in the same process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_guard = threading.Lock()
_watchers: list[Callable[[int], None]] = []


@contextmanager
def watched(watcher: Callable[[int], None]) -> Iterator[None]:
    """Tell `watcher` whenever a block is done, with the number of blocks of its lane.

    Blocks that workers of a cluster compute are not told.
    """
    with _guard:
        _watchers.append(watcher)
    try:
        yield
    finally:
        with _guard:
            _watchers.remove(watcher)


def tell(total: int) -> None:
    """Say that one of `total` blocks is done."""
    with _guard:
        for watcher in _watchers:
            watcher(total)
