"""Fields of several files behind each other along time, readable like one array."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..packed import Packed
from .field import Field


@dataclass(frozen=True)
class Run:
    """Consecutive steps of one granule: positions `start` to `stop` of its own steps."""

    granule: int
    start: int
    stop: int


class Joined:
    """Fields behind each other along time, readable like an array.

    Parameters
    ----------
    fields : sequence of Field
        One for each granule.
    runs : sequence of Run
        The order of their steps.
    restarts : array of bool (time,), optional
        Where values that add up since midnight start anew; each step becomes what it added.
    """

    def __init__(
        self,
        fields: Sequence[Field],
        runs: Sequence[Run],
        restarts: NDArray[np.bool_] | None = None,
    ) -> None:
        self._restarts = restarts
        self._fields = tuple(fields)
        self._runs = tuple(runs)
        self._stops: list[int] = np.cumsum([run.stop - run.start for run in runs]).tolist()
        self.shape = (self._stops[-1], *fields[0].shape[1:])
        self.ndim = len(self.shape)
        self.dtype = np.result_type(*{np.dtype(field.decode.dtype) for field in fields})

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Return values of a block; any orthogonal selection reads the slab around it."""
        keys = key if isinstance(key, tuple) else (key,)
        keys += (slice(None),) * (self.ndim - len(keys))
        slabs, inner = [], []
        for part, size in zip(keys, self.shape, strict=True):
            slab, local = _slab(part, size)
            slabs.append(slab)
            inner.append(local)
        values = (
            self._added(tuple(slabs)) if self._restarts is not None else self._read(tuple(slabs))
        )
        for axis in reversed(range(self.ndim)):
            if inner[axis] is not None:
                values = values[(slice(None),) * axis + (inner[axis],)]
        return values

    @property
    def step_bytes(self) -> int:
        """Bytes of one step as `packed` gives it."""
        return max(field.step_bytes for field in self._fields)

    @property
    def rows(self) -> int:
        """Rows of the first dimension of space that are stored together."""
        return max(field.chunk_shape[1] for field in self._fields) if self.ndim > 1 else 1

    @property
    def files(self) -> NDArray[np.int64]:
        """Steps at which files end."""
        return np.array(self._stops, dtype=np.int64)

    @property
    def boundaries(self) -> NDArray[np.int64]:
        """Steps at which a stored chunk starts, and the end."""
        found = [np.zeros(0, dtype=np.int64)]
        for run, stop in zip(self._runs, self._stops, strict=True):
            field = self._fields[run.granule]
            chunk = field.takes[0][run.start : run.stop] // field.chunk_shape[0]
            first = np.flatnonzero(np.diff(chunk, prepend=chunk[0] - 1))
            found.append(first + stop - (run.stop - run.start))
        return np.concatenate([*found, [self.shape[0]]]).astype(np.int64)

    def packed(self, key: tuple[slice, ...]) -> Packed:
        """Return a piece of one file; see `packed.PackedSource`."""
        if self._restarts is not None:
            return Packed(self._added(key))
        at = bisect.bisect_right(self._stops, key[0].start)
        if key[0].stop > self._stops[at]:
            raise ValueError(f"steps {key[0].start} to {key[0].stop} lie in two files")
        run = self._runs[at]
        origin = self._stops[at] - run.stop
        part = slice(key[0].start - origin, key[0].stop - origin)
        return self._fields[run.granule].packed((part, *key[1:]), self.dtype)

    def _added(self, key: tuple[slice, ...]) -> NDArray[Any]:
        """Return what each step added to values that add up since midnight."""
        assert self._restarts is not None
        low, high = key[0].start, key[0].stop
        before = max(low - 1, 0)
        totals = self._read((slice(before, high), *key[1:]))
        previous = np.full_like(totals[:1], np.nan) if before == low else totals[:0]
        previous = np.concatenate([previous, totals[:-1]])
        added = totals[low - before :] - previous[: high - low]
        anew = self._restarts[low:high]
        added[anew] = totals[low - before :][anew]
        return np.asarray(added)

    def _read(self, key: tuple[slice, ...]) -> NDArray[Any]:
        low, high = key[0].start, key[0].stop
        blocks = []
        at = bisect.bisect_right(self._stops, low)
        while low < high:
            run = self._runs[at]
            origin = self._stops[at] - run.stop  # joined position minus the granule's own
            stop = min(high, self._stops[at])
            part = slice(low - origin, stop - origin)
            blocks.append(self._fields[run.granule].read((part, *key[1:])))
            low, at = stop, at + 1
        if len(blocks) == 1:
            return blocks[0].astype(self.dtype, copy=False)
        if not blocks:
            return np.empty((0, *(part.stop - part.start for part in key[1:])), self.dtype)
        return np.concatenate(blocks, dtype=self.dtype)


def _slab(part: Any, size: int) -> tuple[slice, Any]:
    """Return the contiguous range around a selection, and the selection within it."""
    if isinstance(part, slice):
        start, stop, step = part.indices(size)
        if step == 1:
            return slice(start, max(start, stop)), None
        part = np.arange(start, stop, step)
    positions = np.asarray(part)
    if positions.dtype == bool:
        positions = np.flatnonzero(positions)
    positions = np.where(positions < 0, positions + size, positions)
    if not positions.size:
        return slice(0, 0), positions
    low = int(positions.min())
    return slice(low, int(positions.max()) + 1), positions - low
