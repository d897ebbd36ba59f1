"""How far daily indices have come, for those who watch in the same process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Watcher = Callable[[int, int, int], None]
"""Takes blocks done, blocks in all, and the bytes that were read (packed), of all lanes."""

_guard = threading.Lock()
_watchers: list[_Tally] = []


class _Tally:
    """Adds lanes up for one watcher."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._lanes: dict[object, tuple[int, int, int]] = {}

    def __call__(self, lane: object, done: int, total: int, read_bytes: int) -> None:
        self._lanes[lane] = done, total, read_bytes
        blocks, of, size = map(sum, zip(*self._lanes.values(), strict=True))
        self._watcher(blocks, of, size)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Tell `watcher` whenever a block is done; blocks on workers of a cluster are not told."""
    tally = _Tally(watcher)
    with _guard:
        _watchers.append(tally)
    try:
        yield
    finally:
        with _guard:
            _watchers.remove(tally)


def tell(lane: object, done: int, total: int, read_bytes: int) -> None:
    """Say how many of a lane's blocks are done."""
    with _guard:
        for tally in _watchers:
            tally(lane, done, total, read_bytes)
