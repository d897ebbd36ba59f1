"""A lane: blocks of years one after the other, each read and computed by all threads together.

The days that two blocks share are kept, so that every stored chunk is decoded once. What is held
stays packed and under a limit: where a window does not fit, rows that are stored apart are taken
one band after the other, and where whole fields are stored together, the window lies in a file.
"""

from __future__ import annotations

import logging
import math
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import IndicatorError
from ..memory import resident
from ..packed import PackedSource
from ..settings import Settings
from .blocks import Job, Piece, compute_block, tile_cells
from .days import Frame
from .watching import tell
from .window import InMemory, InScratch, Reading, Window, bands

log = logging.getLogger(__name__)

LEAST_ROOM = 32 * 2**20
"""Bytes that a window gets even where the limit leaves less."""

WORKING_TILES = 16
"""Tiles of one variable that a thread needs beside the window, for values that are derived."""

_ALONE = threading.Lock()  # two lanes in one process would need twice the memory


@dataclass(frozen=True)
class Limits:
    """What a computation may use.

    Attributes
    ----------
    memory : int
        Bytes of the whole process.
    scratch : Path
        Directory for scratch files.
    """

    memory: int
    scratch: Path


def limits_of(settings: Settings) -> Limits:
    """Return the limits of this machine."""
    return Limits(settings.memory_limit, settings.cache_dir / "scratch")


@dataclass(frozen=True)
class Layout:
    """How a lane goes through its data.

    Attributes
    ----------
    blocks : tuple of Frame
        Of whole years.
    rows : tuple of slice
        Rows of the first dimension of space that are read at a time.
    band_cells : int
        Cells that are in memory at a time; fewer than a read's where its window is in a file.
    window_bytes : int
        Size of the largest window of all rows, packed.
    read_bytes : int
        What is read in all, packed.
    memory_bytes : int
        What is held at a time, results included.
    """

    blocks: tuple[Frame, ...]
    rows: tuple[slice, ...]
    band_cells: int
    window_bytes: int
    read_bytes: int
    memory_bytes: int

    @property
    def in_scratch(self) -> bool:
        """Tell whether windows lie in a file."""
        return self.band_cells > 0


def compute_lane(
    sources: Sequence[PackedSource],
    *,
    job: Job,
    blocks: Sequence[Frame],
    rows: slice,
    south: np.ndarray | None,
    limits: Limits,
) -> tuple[np.ndarray, np.ndarray]:
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

    Returns
    -------
    ndarray (slot, period, row, ...), ndarray of int (block, joined index, 3, cell)
        Results, and what joins the blocks.

    Raises
    ------
    IndicatorError
        If the disk does not hold the scratch file.
    """
    with _share() as (threads, share), ThreadPoolExecutor(threads) as pool:
        limits = replace(limits, memory=int(limits.memory * share))
        plan = layout(job, blocks, sources, rows, limits, threads)
        shape = (rows.stop - rows.start, *sources[0].shape[2:]) if _on_grid(sources) else ()
        cells, row_cells = math.prod(shape), math.prod(shape[1:])
        lengths = [len(block.periods) for block in blocks]
        out = np.empty((job.slots, sum(lengths), cells), dtype=job.dtype)
        edges = np.zeros((len(blocks), job.joined, 3, cells), dtype=np.int32)
        is_south = None if south is None else np.ascontiguousarray(south).reshape(-1)
        for band in plan.rows:
            here = slice(
                (band.start - rows.start) * row_cells, (band.stop - rows.start) * row_cells
            )
            with _window(sources, band, plan, here.stop - here.start, limits, pool) as window:
                _compute_band(
                    job, plan, window, pool, out[..., here], edges[..., here],
                    None if is_south is None else is_south[here],
                )  # fmt: skip
    return out.reshape(*out.shape[:2], *shape), edges


def _compute_band(
    job: Job,
    plan: Layout,
    window: Window,
    pool: Executor,
    out: np.ndarray,
    edges: np.ndarray,
    south: np.ndarray | None,
) -> None:
    """Compute all blocks of a band of rows."""
    begin = 0
    cells = out.shape[2]
    position = plan.blocks[0].axis.position
    # pieces have their own positions
    axis = replace(plan.blocks[0].axis, position=np.empty(0, dtype=np.int64))
    for number, each in enumerate(plan.blocks):
        block = replace(each, axis=axis)
        low, high = block.times(position)
        window.move(low, high)
        stop = begin + len(block.periods)
        for band in bands(cells, plan.band_cells or cells):
            pieces = [
                Piece(position[part.begin : part.end] - block.origin, part.arrays)
                for part in window.held(low, high, band)
            ]
            results, joins = out[:, begin:stop, band], edges[number][..., band]
            here = None if south is None else south[band]

            def tile(part: slice) -> None:
                compute_block(job, block, pieces, here, part, results, joins)  # noqa: B023

            count = band.stop - band.start
            list(pool.map(tile, bands(count, min(tile_cells(job, block), count // 2 + 1))))
        begin = stop
        tell(len(plan.blocks) * len(plan.rows))


def layout(
    job: Job,
    blocks: Sequence[Frame],
    sources: Sequence[PackedSource],
    rows: slice,
    limits: Limits,
    threads: int,
) -> Layout:
    """Say how a lane goes through its data under a limit; see `compute_lane`."""
    shape = sources[0].shape
    part = (rows.stop - rows.start) / shape[1] if _on_grid(sources) else 1.0
    cells = math.prod(shape[1:]) * part
    step = part * sum(source.step_bytes for source in sources)
    spans = [block.times(block.axis.position) for block in blocks]
    window = int(step * max(high - low for low, high in spans))
    periods = sum(len(block.periods) for block in blocks)
    results = int(job.slots * periods * cells * job.dtype.itemsize)
    largest = max(blocks, key=lambda block: block.length)
    tile = largest.length * tile_cells(job, largest) * max(d.itemsize for d in job.dtypes)
    beside = results + threads * WORKING_TILES * tile
    room = max(LEAST_ROOM, limits.memory - resident() - beside)
    read_bytes = int(step * (spans[-1][1] - spans[0][0]))
    held, band_cells, parts = window, 0, (rows,)
    if window > room:
        fitting = int((rows.stop - rows.start) * room / window)
        together = max(source.rows for source in sources)
        if fitting >= together:
            fitting -= fitting % together
            parts = tuple(
                slice(at, min(at + fitting, rows.stop))
                for at in range(rows.start, rows.stop, fitting)
            )
            held = int(window * fitting / (rows.stop - rows.start))
        else:
            # the other half is for the pieces on their way into the file
            band_cells = max(1, int(cells * room / 2 / window))
            held = room
    return Layout(tuple(blocks), parts, band_cells, window, read_bytes, held + beside)


@contextmanager
def _window(
    sources: Sequence[PackedSource],
    rows: slice,
    plan: Layout,
    cells: int,
    limits: Limits,
    pool: Executor,
) -> Iterator[Window]:
    """Open the window of a band of rows; a scratch file has no name and dies with the process."""
    reading = Reading(sources, rows, pool)
    begin = plan.blocks[0].times(plan.blocks[0].axis.position)[0]
    if not plan.in_scratch:
        yield InMemory(reading, begin)
        return
    limits.scratch.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(limits.scratch).free
    if free < plan.window_bytes:
        raise IndicatorError(
            f"the days that are needed at a time take {plan.window_bytes / 1e9:.1f} GB; the memory "
            f"limit of {limits.memory / 1e9:.1f} GB does not hold them and {limits.scratch} has "
            f"{free / 1e9:.1f} GB left; raise SCO_MEMORY_LIMIT or free that disk"
        )
    with tempfile.TemporaryFile(dir=limits.scratch) as file:
        yield InScratch(reading, begin, bands(cells, plan.band_cells), file)


@contextmanager
def _share() -> Iterator[tuple[int, float]]:
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
