"""How a lane goes through its data: all rows, bands of rows, or bands of cells from a file."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..memory import resident
from ..packed import PackedSource
from .blocks import Job, tile_cells
from .days import Frame
from .limits import Limits

log = logging.getLogger(__name__)

LEAST_ROOM = 32 * 2**20
"""Bytes that a window gets even where the limit leaves less."""

CODE_BYTES = 80 * 2**20
"""What the compiled kernels take, with what loads them."""

EDGES = np.int16
"""Type of what joins blocks of single years: days and periods of one block."""

WORKING_TILES = 16
"""Tiles of one variable that a thread needs beside the window, for values that are derived."""


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
        Cells that are in memory at a time where the window lies in a file; else 0.
    window_bytes : int
        Size of the largest window of all rows, packed.
    read_bytes : int
        What is read in all, packed.
    memory_bytes : int
        What the process takes in all, as far as that can be told before.
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


def layout(
    job: Job,
    blocks: Sequence[Frame],
    sources: Sequence[PackedSource],
    rows: slice,
    limits: Limits,
    threads: int,
) -> Layout:
    """Say how a lane goes through its data under a limit; see `lane.compute_lane`."""
    shape = sources[0].shape
    count = rows.stop - rows.start
    part = count / shape[1] if len(shape) > 1 else 1.0
    cells = round(part * math.prod(shape[1:]))
    step = part * sum(source.step_bytes for source in sources)
    window, read = _steps(blocks, sources[0])
    beside = resident() + CODE_BYTES + _results(job, blocks, cells)
    beside += threads * WORKING_TILES * _tile_bytes(job, blocks)
    room = max(LEAST_ROOM, limits.memory - beside)
    if beside + LEAST_ROOM > limits.memory:
        log.warning(
            "computing takes about %.1f GB, and cannot keep to the memory limit of %.1f GB: the "
            "results alone take %.1f GB; raise SCO_MEMORY_LIMIT or ask for fewer indicators",
            (beside + LEAST_ROOM) / 1e9, limits.memory / 1e9, _results(job, blocks, cells) / 1e9,
        )  # fmt: skip
    together = max(source.rows for source in sources)
    parts, band_cells, held = cut(int(step * window), rows, together, cells, room)
    return Layout(
        tuple(blocks), parts, band_cells, int(step * window), int(step * read), held + beside
    )


def cut(
    held: int, rows: slice, together: int, cells: int, room: int
) -> tuple[tuple[slice, ...], int, int]:
    """Cut a window to the room there is.

    Parameters
    ----------
    held : int
        Bytes of the window of all rows.
    rows : slice
        Of the first dimension of space.
    together : int
        Rows that are stored together.
    cells : int
        Of all rows.
    room : int
        Bytes.

    Returns
    -------
    tuple of slice, int, int
        Rows that are read at a time; cells that are in memory at a time where the window lies in a
        file, else 0; bytes that are held.
    """
    if held <= room:
        return (rows,), 0, held
    count = rows.stop - rows.start
    fitting = int(count * room / held) // together * together
    if fitting:
        starts = range(rows.start, rows.stop, fitting)
        parts = tuple(slice(at, min(at + fitting, rows.stop)) for at in starts)
        return parts, 0, held * fitting // count
    # the other half is for pieces on their way into the file
    return (rows,), max(1, int(cells * room / 2 / held)), room


def _steps(blocks: Sequence[Frame], source: PackedSource) -> tuple[int, int]:
    """Return the steps of the largest window and of all, whole stored chunks each."""
    spans = [block.times(block.axis.position) for block in blocks]
    bounds = source.boundaries
    ends = [int(bounds[np.searchsorted(bounds, high)]) for _, high in spans]
    widths = [end - low for (low, _), end in zip(spans, ends, strict=True)]
    return max(widths), ends[-1] - spans[0][0]


def _results(job: Job, blocks: Sequence[Frame], cells: int) -> int:
    """Return the bytes of the results, which dask copies at the end, and of what joins blocks."""
    periods = sum(len(block.periods) for block in blocks)
    edges = len(blocks) * job.joined * 3 * np.dtype(EDGES).itemsize
    return cells * (2 * job.slots * periods * job.dtype.itemsize + edges)


def _tile_bytes(job: Job, blocks: Sequence[Frame]) -> int:
    """Return the bytes of the largest tile of one variable."""
    longest = max(blocks, key=lambda block: block.length)
    size = max(dtype.itemsize for dtype in job.dtypes)
    return longest.length * tile_cells(job, longest) * size
