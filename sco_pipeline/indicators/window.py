"""The days of a record that are held while an index is computed, packed as they were stored."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

import numpy as np

from ..packed import Packed, PackedSource

PIECE_BYTES = 4 * 2**20
"""Size of what one thread reads at a time, where there is more than that."""

_PIECES = 64
"""Most pieces of a window, as far as memory goes: every tile visits all of them."""


@dataclass(frozen=True)
class Held:
    """Some steps of all variables: `begin` to `end`, arrays (time, cell)."""

    begin: int
    end: int
    arrays: tuple[Packed, ...]


class Window(Protocol):
    """A stretch of the record that moves forward."""

    def move(self, low: int, high: int) -> None:
        """Forget the steps before `low`, and read those up to `high`."""

    def held(self, low: int, high: int, cells: slice) -> list[Held]:
        """Return steps ``low:high`` of some cells; all of them must have been read."""


@dataclass
class Reading:
    """Pieces of some rows of several variables, read in threads.

    Attributes
    ----------
    sources : sequence of PackedSource
        Of the same shape.
    rows : slice
        Rows of the first dimension of space.
    pool : Executor
        Reads.
    see : callable, optional
        Is shown every piece, in order.
    step_bytes : int
        Of one step of the rows, all variables.
    """

    sources: Sequence[PackedSource]
    rows: slice
    pool: Executor
    see: Callable[[Held], None] | None = None

    def __post_init__(self) -> None:  # noqa: D105 - the class is documented
        shape = self.sources[0].shape
        part = (self.rows.stop - self.rows.start) / shape[1] if len(shape) > 1 else 1.0
        self.step_bytes = max(1, int(part * sum(source.step_bytes for source in self.sources)))
        self._boundaries = self.sources[0].boundaries
        self._files = np.unique(np.concatenate([source.files for source in self.sources]))

    def until(self, high: int) -> int:
        """Return the end of the stored chunk that holds the step before `high`."""
        return int(self._boundaries[np.searchsorted(self._boundaries, high)])

    def cuts(self, begin: int, end: int) -> list[tuple[int, int]]:
        """Cut steps into pieces at stored chunks; no piece reaches over a file."""
        size = max(PIECE_BYTES, (end - begin) * self.step_bytes // _PIECES)
        steps = max(1, size * len(self.sources) // self.step_bytes)
        found = []
        while begin < end:
            stop = min(int(self._files[np.searchsorted(self._files, begin, side="right")]), end)
            if stop - begin > steps:
                after = np.searchsorted(self._boundaries, begin + steps, side="right") - 1
                inside = int(self._boundaries[after])
                stop = inside if inside > begin else min(self.until(begin + 1), stop)
            found.append((begin, stop))
            begin = stop
        return found

    def read(self, cuts: Iterable[tuple[int, int]]) -> Iterable[Held]:
        """Return the pieces, in order."""
        cuts = list(cuts)
        asked = [(source, cut) for cut in cuts for source in self.sources]
        arrays = self.pool.map(self._piece, asked)
        for begin, end in cuts:
            held = Held(begin, end, tuple(next(arrays) for _ in self.sources))
            if self.see is not None:
                self.see(held)
            yield held

    def _piece(self, asked: tuple[PackedSource, tuple[int, int]]) -> Packed:
        """Read one piece of one variable as (time, cell)."""
        source, (begin, end) = asked
        space = source.shape[1:]
        key = (self.rows, *(slice(0, size) for size in space[1:])) if space else ()
        return source.packed((slice(begin, end), *key)).cells()


class InMemory:
    """A window that lies in memory."""

    def __init__(self, reading: Reading, begin: int) -> None:
        self._reading = reading
        self._end = begin
        self._parts: list[Held] = []

    def move(self, low: int, high: int) -> None:
        """Forget the steps before `low`, and read those up to `high`."""
        self._parts = [part for part in self._parts if part.end > low]
        if self._end < high:
            begin, self._end = max(self._end, low), self._reading.until(high)
            self._parts += self._reading.read(self._reading.cuts(begin, self._end))

    def held(self, low: int, high: int, cells: slice) -> list[Held]:
        """Return steps ``low:high`` of all cells."""
        return [_within(part, low, high) for part in self._parts if _overlaps(part, low, high)]


class InScratch:
    """A window that lies in a file, cell by cell rather than day by day.

    Where a source stores whole fields and memory does not hold the window, every chunk would have
    to be decoded for every tile of cells. So it is decoded once, and each piece is put into a
    scratch file in bands of cells, of which one at a time is read back.
    """

    def __init__(self, reading: Reading, begin: int, bands: Sequence[slice], file: BinaryIO):
        self._reading = reading
        self._end = begin
        self._bands = bands
        self._file = file
        self._parts: list[_Placed] = []
        self._free: list[tuple[int, int]] = []  # place and size of pieces that were forgotten
        self._size = 0

    def move(self, low: int, high: int) -> None:
        """Forget the steps before `low`, and read those up to `high`."""
        self._free += [(part.place, part.size) for part in self._parts if part.end <= low]
        self._parts = [part for part in self._parts if part.end > low]
        if self._end >= high:
            return
        begin, self._end = max(self._end, low), self._reading.until(high)
        cuts = self._reading.cuts(begin, self._end)
        for at in range(0, len(cuts), 2):  # not all at once: that would be the whole window
            for part in self._reading.read(cuts[at : at + 2]):
                self._parts.append(self._place(part))

    def held(self, low: int, high: int, cells: slice) -> list[Held]:
        """Return steps ``low:high`` of one of the bands."""
        inside = [part for part in self._parts if part.begin < high and part.end > low]
        return [_within(part.read(self._file, cells), low, high) for part in inside]

    def _place(self, part: Held) -> _Placed:
        """Write a piece, band by band of each variable, where it fits."""
        size = sum(one.values.nbytes for one in part.arrays)
        place = self._room(size)
        kinds = tuple((one.values.dtype, one.table) for one in part.arrays)
        placed = _Placed(part.begin, part.end, place, size, part.arrays[0].values.shape[1], kinds)
        self._file.seek(place)
        for one in part.arrays:
            for band in self._bands:
                self._file.write(np.ascontiguousarray(one.values[:, band]).data)
        return placed

    def _room(self, size: int) -> int:
        """Return where a piece of some bytes goes: over one that was forgotten, or at the end."""
        for at, (place, free) in enumerate(self._free):
            if free >= size:
                del self._free[at]
                return place
        self._size += size
        return self._size - size


@dataclass(frozen=True)
class _Placed:
    """Where a piece stands in a scratch file."""

    begin: int
    end: int
    place: int
    size: int
    cells: int
    kinds: tuple[tuple[np.dtype[Any], np.ndarray | None], ...]

    def read(self, file: BinaryIO, band: slice) -> Held:
        """Read one band of each variable back."""
        steps = self.end - self.begin
        place, arrays = self.place, []
        for dtype, table in self.kinds:
            file.seek(place + steps * band.start * dtype.itemsize)
            values = np.fromfile(file, dtype, steps * (band.stop - band.start))
            arrays.append(Packed(values.reshape(steps, -1), table))
            place += steps * self.cells * dtype.itemsize
        return Held(self.begin, self.end, tuple(arrays))


def _overlaps(part: Held, low: int, high: int) -> bool:
    return part.begin < high and part.end > low


def _within(part: Held, low: int, high: int) -> Held:
    """Cut a piece at ``low:high``."""
    begin, end = max(part.begin, low), min(part.end, high)
    if (begin, end) == (part.begin, part.end):
        return part
    steps = begin - part.begin, end - part.begin
    return Held(begin, end, tuple(one.steps(*steps) for one in part.arrays))


def bands(cells: int, size: int) -> list[slice]:
    """Cut cells into bands of at most `size`, of nearly the same size."""
    edges = np.linspace(0, cells, math.ceil(cells / max(1, size)) + 1).astype(int).tolist()
    return [slice(begin, end) for begin, end in itertools.pairwise(edges)]
