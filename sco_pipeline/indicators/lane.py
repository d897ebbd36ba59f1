"""A lane: blocks of years one after the other, each read and computed by all threads together.

The days that two blocks share are kept, so that every stored chunk is decoded once. What is held
stays packed and under a limit: where a window does not fit, rows that are stored apart are taken
one band after the other, and where whole fields are stored together, the window lies in a file.
"""

from __future__ import annotations

import itertools
import math
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import IndicatorError
from ..memory import resident
from ..packed import Counter, PackedSource
from .blocks import Job, Piece, compute_block, tile_cells
from .counting import Counting
from .days import Frame
from .layout import EDGES, Layout, layout
from .limits import Limits
from .watching import tell
from .window import Held, InMemory, InScratch, Reading, Window, bands

_ALONE = threading.Lock()  # two lanes in one process would need twice the memory


def compute_lane(
    sources: Sequence[PackedSource],
    *,
    job: Job,
    blocks: Sequence[Frame],
    rows: slice,
    south: np.ndarray | None,
    limits: Limits,
    counters: Sequence[Counter | None] = (),
) -> tuple[np.ndarray, np.ndarray, list[list[Any]]]:
    """Compute every index of a job on some blocks of years, one after the other.

    Parameters
    ----------
    sources : sequence of PackedSource
        The variables of the job.
    job : Job
        What is wanted.
    blocks : sequence of Frame
        Following each other.
    rows : slice
        Rows of the first dimension of space.
    south : ndarray of bool (row, ...), optional
        Hemisphere of each cell of the rows.
    limits : Limits
        Memory of this process, and where scratch files go.
    counters : sequence of Counter or None, optional
        One for each variable; they see every value once.

    Returns
    -------
    ndarray (slot, period, row, ...), ndarray of int (block, joined index, 3, cell), list
        Results, what joins the blocks, and what each counter knows of each band of rows.

    Raises
    ------
    IndicatorError
        If the disk does not hold the scratch file.
    """
    with threads_and_share() as (threads, share), ThreadPoolExecutor(threads) as pool:
        held = resident()
        limits = replace(limits, memory=held + int((limits.memory - held) * share))
        plan = layout(job, blocks, sources, rows, limits, threads)
        shape = (rows.stop - rows.start, *sources[0].shape[2:]) if _on_grid(sources) else ()
        cells, row = math.prod(shape), math.prod(shape[1:])
        lengths = [len(block.periods) for block in blocks]
        out = np.empty((job.slots, sum(lengths), cells), dtype=job.dtype)
        edges = np.zeros((len(blocks), job.joined, 3, cells), dtype=EDGES)
        is_south = None if south is None else np.ascontiguousarray(south).reshape(-1)
        told = _counter(plan)
        begin = plan.blocks[0].times(plan.blocks[0].axis.position)[0]
        known: list[list[Any]] = [[] for _ in counters]
        for some in plan.rows:
            here = slice((some.start - rows.start) * row, (some.stop - rows.start) * row)
            counting = Counting(counters, (some.stop - some.start, *shape[1:]), pool)
            reading = Reading(sources, some, pool, counting.see if counters else None)
            count, size = here.stop - here.start, plan.window_bytes
            with open_window(reading, begin, count, plan.band_cells, size, limits) as window:
                south_here = None if is_south is None else is_south[here]
                _compute_rows(
                    job, plan, window, pool, out[..., here], edges[..., here], south_here, told
                )
            for each, one in zip(known, counting.known(), strict=True):
                each.append(one)
    return out.reshape(*out.shape[:2], *shape), edges, known


def _compute_rows(
    job: Job,
    plan: Layout,
    window: Window,
    pool: ThreadPoolExecutor,
    out: np.ndarray,
    edges: np.ndarray,
    south: np.ndarray | None,
    told: Callable[[], None],
) -> None:
    """Compute all blocks of some rows; `out`, `edges` and `south` are those of their cells."""
    begin, cells = 0, out.shape[2]
    position = plan.blocks[0].axis.position
    # the pieces of a block have their own positions
    axis = replace(plan.blocks[0].axis, position=np.empty(0, dtype=np.int64))
    for number, each in enumerate(plan.blocks):
        block = replace(each, axis=axis)
        low, high = block.times(position)
        window.move(low, high)
        stop = begin + len(block.periods)
        for band in bands(cells, plan.band_cells or cells):
            _compute_cells(
                job,
                block,
                _pieces(window.held(low, high, band), position - block.origin),
                pool,
                out[:, begin:stop, band],
                edges[number][..., band],
                None if south is None else south[band],
            )
        begin = stop
        told()


def _counter(plan: Layout) -> Callable[[], None]:
    """Return what counts the blocks of a lane that are done."""
    lane, count = object(), itertools.count(1)
    total = len(plan.blocks) * len(plan.rows)

    def told() -> None:
        done = next(count)
        tell(lane, done, total, plan.read_bytes * done // total)

    return told


def _compute_cells(
    job: Job,
    block: Frame,
    pieces: Sequence[Piece],
    pool: ThreadPoolExecutor,
    out: np.ndarray,
    edges: np.ndarray,
    south: np.ndarray | None,
) -> None:
    """Compute one block of some cells, tile by tile in threads."""

    def tile(cells: slice) -> None:
        compute_block(job, block, pieces, south, cells, out, edges)

    cells = out.shape[2]
    size = min(tile_cells(job, block), math.ceil(cells / pool._max_workers))
    list(pool.map(tile, bands(cells, size)))


def _pieces(held: Sequence[Held], position: np.ndarray) -> list[Piece]:
    """Return what a window holds with its days."""
    return [Piece(position[part.begin : part.end], part.arrays) for part in held]


@contextmanager
def open_window(
    reading: Reading, begin: int, cells: int, band_cells: int, size: int, limits: Limits
) -> Iterator[Window]:
    """Open a window of some cells, in memory where `band_cells` is 0.

    A scratch file, which needs `size` bytes, has no name and dies with the process.
    """
    if not band_cells:
        yield InMemory(reading, begin)
        return
    limits.scratch.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(limits.scratch).free
    if free < size:
        raise IndicatorError(
            f"the days that are needed at a time take {size / 1e9:.1f} GB; the memory "
            f"limit of {limits.memory / 1e9:.1f} GB does not hold them and {limits.scratch} has "
            f"{free / 1e9:.1f} GB left; raise SCO_MEMORY_LIMIT or free that disk"
        )
    with tempfile.TemporaryFile(dir=limits.scratch) as file:
        yield InScratch(reading, begin, bands(cells, band_cells), file)


@contextmanager
def threads_and_share() -> Iterator[tuple[int, float]]:
    """Yield how many threads, and which part of its process's memory, a lane may use.

    In this process lanes take turns with all threads; a worker of a dask cluster runs as many at
    once as it has threads.
    """
    beside = _worker_threads()
    if beside:
        yield 1, 1.0 / beside
        return
    import dask

    threads = dask.config.get("num_workers", None) or os.cpu_count() or 1
    with _ALONE:
        yield int(threads), 1.0


def _worker_threads() -> int:
    """Return the threads of the dask worker that this runs on, or 0."""
    if "distributed" not in sys.modules:
        return 0
    from distributed import get_worker

    try:
        return int(get_worker().state.nthreads)
    except ValueError:
        return 0


def _on_grid(sources: Sequence[PackedSource]) -> bool:
    """Tell whether the data have a dimension beside time."""
    return len(sources[0].shape) > 1
