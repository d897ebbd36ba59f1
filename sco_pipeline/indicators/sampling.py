"""How fast a sample of the data is read and computed on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from ..packed import PackedSource, Unpacked, source_of
from ..settings import Settings
from .blocks import Job, Piece, compute_block, tile_cells
from .days import Frame
from .lanes import blocks_of
from .layout import layout
from .limits import limits_of

SAMPLE_BYTES = 2 * 2**20
"""What is read of each variable to measure the rate."""


def _source(field: xr.DataArray) -> Any:
    """Return a variable as a source, or None."""
    return Unpacked(field.values) if field.chunks is None else source_of(field.data)


def measured(
    job: Job, frame: Frame, fields: Sequence[xr.DataArray], settings: Settings
) -> dict[str, Any] | None:
    """Return the attributes of an `Estimate`; None if the data are no files.

    A sample is read and computed, and what it took is extrapolated.
    """
    sources = [_source(field) for field in fields]
    if any(source is None for source in sources):
        return None
    blocks = blocks_of(frame)
    shape = sources[0].shape
    rows = slice(0, shape[1] if len(shape) > 1 else 1)
    threads = os.cpu_count() or 1
    plan = layout(job, blocks, sources, rows, limits_of(settings), threads)
    reading, computing = _measure(job, blocks[0], sources)
    steps = int(np.prod(shape[1:])) * sum(block.length for block in blocks)
    return {
        "read_bytes": plan.read_bytes,
        "blocks": len(blocks) * len(plan.rows),
        "seconds": (reading * plan.read_bytes + computing * steps) / threads,
        "memory_bytes": plan.memory_bytes,
        "scratch_bytes": plan.window_bytes if plan.in_scratch else 0,
    }


def _measure(job: Job, block: Frame, sources: Sequence[PackedSource]) -> tuple[float, float]:
    """Return seconds for each byte that is read, and for each day of a cell that is computed."""
    low, high = block.times(block.axis.position)
    step = max(source.step_bytes for source in sources)
    bounds = sources[0].boundaries
    after = int(np.searchsorted(bounds, low + max(1, SAMPLE_BYTES // step)))
    end = min(int(bounds[min(after, len(bounds) - 1)]), high, *(int(s.files[0]) for s in sources))
    space = tuple(slice(0, size) for size in sources[0].shape[1:])
    for source in sources:  # the first call loads what undoes the packing
        source.packed((slice(low, low + 1), *space))
    start = time.perf_counter()
    arrays = [source.packed((slice(low, end), *space)) for source in sources]
    reading = (time.perf_counter() - start) / sum(array.values.nbytes for array in arrays)
    # the days of the sample stand for those of the whole block, in the middle of the grid
    flat = [array.cells() for array in arrays]
    cells = min(tile_cells(job, block), flat[0].values.shape[1])
    first = (flat[0].values.shape[1] - cells) // 2
    position = block.axis.position - block.origin
    pieces = [
        Piece(
            position[begin : min(begin + end - low, high)],
            [array.steps(0, min(end, low + high - begin) - low) for array in flat],
        )
        for begin in range(low, high, end - low)
    ]
    here = slice(first, first + cells)
    out = np.empty((job.slots, len(block.periods), first + cells), dtype=job.dtype)
    edges = np.zeros((job.joined, 3, first + cells), dtype=np.int32)
    south = np.zeros(first + cells, dtype=bool)
    for _ in range(2):  # the first call loads the kernels
        start = time.perf_counter()
        compute_block(job, block, pieces, south, here, out, edges)
    return reading, (time.perf_counter() - start) / (cells * block.length)
