"""What is counted of the values that a lane reads, while they pass."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import Any

from ..packed import Counter
from .window import Held


class Counting:
    """Counters of the variables of one band of rows, fed piece by piece in the order of time.

    Parameters
    ----------
    counters : sequence of Counter or None
        One for each variable; None where nothing is counted.
    space : tuple of int
        Shape of the band.
    pool : Executor
        Counts, the variables beside each other.
    """

    def __init__(
        self, counters: Sequence[Counter | None], space: tuple[int, ...], pool: Executor
    ) -> None:
        self._counters = counters
        self._space = space
        self._pool = pool
        self._last: list[Future[Any] | None] = [None] * len(counters)

    def see(self, held: Held) -> None:
        """Count a piece, once the one before it has been counted."""
        for at, counter in enumerate(self._counters):
            if counter is not None:
                known = self._known(at)
                piece = held.arrays[at].on(self._space)
                self._last[at] = self._pool.submit(counter.passed, known, piece)

    def known(self) -> list[Any]:
        """Return what each counter knows after the last piece; None without a counter."""
        return [self._known(at) for at in range(len(self._counters))]

    def _known(self, at: int) -> Any:
        last = self._last[at]
        return None if last is None else last.result()
