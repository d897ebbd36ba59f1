"""Granules joined along time: nothing is aligned, filled or dropped.

The joined array reads the granules behind it block by block; its graph has one task a block, and
small files share a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..catalog import DatasetEntry
from ..errors import HarmonisationError
from .field import Field
from .granule import Granule
from .journal import Journal
from .periods import begin, seconds_between
from .series import Joined, Run

if TYPE_CHECKING:
    import dask.array as da

BLOCK_BYTES = 32 * 2**20
"""Size that blocks grow to."""
SHARED_BLOCK_BYTES = 4 * 2**20
"""Size up to which small files share a block."""


@dataclass(frozen=True)
class Axis:
    """The joined time axis.

    Attributes
    ----------
    start, end : array (time,)
        Bounds of the steps, rising.
    runs : tuple of Run
        Which granule holds which steps, in order.
    """

    start: NDArray[Any]
    end: NDArray[Any]
    runs: tuple[Run, ...]


def join_times(granules: Sequence[Granule], journal: Journal) -> Axis:
    """Order the steps of all granules; a time that occurs twice is an error unless identical.

    Raises
    ------
    HarmonisationError
        Naming both files of a time that occurs twice with different values, or the file whose
        grid or calendar differs.
    """
    _check_alike(granules)
    start = np.concatenate([granule.times.start for granule in granules])
    end = np.concatenate([granule.times.end for granule in granules])
    owner = np.repeat(np.arange(len(granules)), [len(g.times.start) for g in granules])
    local = np.concatenate([np.arange(len(g.times.start)) for g in granules])
    order = np.argsort(start, kind="stable")
    keep = np.ones(order.size, dtype=bool)
    for at in np.flatnonzero(start[order][1:] == start[order][:-1]) + 1:
        one, two = order[at - 1], order[at]
        first, second = granules[owner[one]], granules[owner[two]]
        if not _identical(first, int(local[one]), second, int(local[two])):
            names = dict.fromkeys((first.origin, second.origin))
            raise HarmonisationError(
                f"time {start[two]} stands twice with different values, in "
                f"{' and '.join(names)}; keep one of the files"
            )
        keep[at] = False
        journal.add("time", "a step that stands twice, identical", "once", "duplicate")
    order = order[keep]
    return Axis(start[order], end[order], tuple(_runs(owner[order], local[order])))


def joined(granules: Sequence[Granule], axis: Axis, name: str, entry: DatasetEntry) -> da.Array:
    """Return one variable of all granules as a lazy array.

    Parameters
    ----------
    granules : sequence of Granule
    axis : Axis
        From `join_times`.
    name : str
        Catalog id of the variable.
    entry : DatasetEntry
        Its id begins the array's name in the graph; it says whether values add up over a day.

    Returns
    -------
    dask array (time, ...)
        One task for each block of at most about `BLOCK_BYTES`.
    """
    import dask.array as da
    from dask.base import tokenize

    fields = [granule.fields[name] for granule in granules]
    source = entry.variables.get(name)
    restarts = None
    if source is not None and source.accumulated == "day":
        restarts = seconds_between(begin(axis.start, "day"), axis.start) == 0
    array = Joined(fields, axis.runs, restarts)
    stamp = [granule.identity for granule in granules]
    where = [tuple(take.tobytes() for take in field.takes) for field in fields[:1]]
    token = tokenize(stamp, where, [field.decode for field in fields], axis.runs, restarts)
    lazy: da.Array = da.from_array(
        array,
        chunks=_chunks(fields, axis.runs, array.dtype.itemsize),
        name=f"{entry.id}-{name}-{token}",
        asarray=True,
        lock=False,
        meta=np.empty((0,) * array.ndim, dtype=array.dtype),
    )
    return lazy


def _runs(owner: NDArray[np.intp], local: NDArray[np.intp]) -> list[Run]:
    """Group the ordered steps into runs of one granule."""
    breaks = np.flatnonzero((np.diff(owner) != 0) | (np.diff(local) != 1)) + 1
    runs = []
    for first, last in zip([0, *breaks], [*breaks, owner.size], strict=True):
        runs.append(Run(int(owner[first]), int(local[first]), int(local[last - 1]) + 1))
    return runs


def _check_alike(granules: Sequence[Granule]) -> None:
    """Check that all granules share grid and calendar."""
    first = granules[0]
    for granule in granules[1:]:
        difference = granule.grid.differs_from(first.grid)
        if difference:
            raise HarmonisationError(
                f"{granule.origin} and {first.origin} lie on different grids ({difference}); "
                "split the dataset, or, if they are swaths, say 'observations: mean' under "
                "'layout:' of its entry"
            )
        if granule.times.start.dtype != first.times.start.dtype:
            raise HarmonisationError(
                f"{granule.origin} and {first.origin} count time in different calendars; "
                "give 'calendar:' under 'layout:' of the dataset's entry"
            )


def _identical(one: Granule, at: int, other: Granule, where: int) -> bool:
    """Tell whether two steps hold the same values of every variable."""
    if one.times.end[at] != other.times.end[where]:
        return False
    for name, field in one.fields.items():
        space = tuple(slice(0, size) for size in field.shape[1:])
        mine = field.read((slice(at, at + 1), *space))
        theirs = other.fields[name].read((slice(where, where + 1), *space))
        if not np.array_equal(mine, theirs, equal_nan=True):
            return False
    return True


def _chunks(
    fields: Sequence[Field], runs: Sequence[Run], itemsize: int
) -> tuple[tuple[int, ...], ...]:
    """Return block sizes: along time by granule, along space only where one step is large."""
    block = _block(fields[0], itemsize)
    slab = itemsize * int(np.prod(fields[0].shape[1:], dtype=np.int64))
    together = max(SHARED_BLOCK_BYTES // max(slab, 1), 1)
    times: list[int] = []
    open_block = 0  # steps of small granules that share the last block
    for run in runs:
        length = run.stop - run.start
        if open_block and open_block + length <= together:
            times[-1] += length
            open_block += length
            continue
        times += [block[0]] * (length // block[0])
        times += [length % block[0]] if length % block[0] else []
        open_block = length if length <= together else 0
    space = [
        tuple([size] * (whole // size) + ([whole % size] if whole % size else []))
        for size, whole in zip(block[1:], fields[0].shape[1:], strict=True)
    ]
    return (tuple(times), *space)


def _block(field: Field, itemsize: int) -> list[int]:
    """Grow the stored chunk, the last dimension first, until a block is large enough."""
    sizes = field.variable.encoding.get("preferred_chunks") or {}
    shape = [max(size, 1) for size in field.shape]
    block = [min(sizes.get(dim, 1), size) for dim, size in zip(field.order, shape, strict=True)]
    limit = max(BLOCK_BYTES // itemsize, 1)
    for axis in reversed(range(len(shape))):
        room = limit // max(int(np.prod(block, dtype=np.int64)), 1)
        block[axis] = min(block[axis] * max(room, 1), shape[axis])
    return block
