"""Kernels of whole series on files that memory does not hold, under a limit.

dask cuts files along time into tiles of cells by holding all of them. Here the record is read
once, as it is packed, into a window in memory or in a scratch file (`window.py`), and tiles are
unpacked of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ..memory import resident
from ..packed import PackedSource
from .kernels.gather import as_series
from .lane import open_window, threads_and_share
from .lanes import cluster_size, source_node
from .layout import CODE_BYTES, LEAST_ROOM, cut
from .limits import Limits
from .window import Held, Reading, bands

if TYPE_CHECKING:
    import dask.array as da

TILE_BYTES = 8 * 2**20
"""Size of the series of a tile in double precision."""

WORKING_TILES = 4
"""Tiles that a kernel takes beside its own, as far as that can be told."""


def compute_streamed(
    kernel: Callable[..., np.ndarray],
    fields: Sequence[xr.DataArray],
    per_cell: Sequence[np.ndarray],
    sizes: Sequence[int],
    limits: Limits,
) -> da.Array | None:
    """Apply a kernel to the series of each cell of files; see `cells.over_cells`.

    Parameters
    ----------
    kernel : callable
        As of `over_cells`.
    fields : sequence of DataArray (time, ...)
        Lazy, of the same shape.
    per_cell : sequence of ndarray (cell,)
        Values without time.
    sizes : sequence of int
        Shape of the result of a cell.
    limits : Limits
        Memory of this process, and where scratch files go.

    Returns
    -------
    dask array (..., *sizes) or None
        In one chunk; None if a field cannot be read piece by piece, or a cluster computes.
    """
    import dask.array as da
    from dask.base import tokenize
    from dask.delayed import delayed

    nodes = [source_node(field) for field in fields]
    if any(node is None for node in nodes) or cluster_size()[1]:
        return None
    shape = (*fields[0].shape[1:], *sizes)
    run = partial(_run, kernel=kernel, per_cell=per_cell, sizes=tuple(sizes), limits=limits)
    names = [field.data.name for field in fields]
    name = f"sco-series-{tokenize(names, kernel, per_cell, sizes)}"
    done = delayed(run, name=f"{name}-run", traverse=False)(nodes, dask_key_name=name)
    made: da.Array = da.from_delayed(done, shape, meta=np.empty((0,) * len(shape)))
    return made


def _run(
    sources: Sequence[PackedSource],
    *,
    kernel: Callable[..., np.ndarray],
    per_cell: Sequence[np.ndarray],
    sizes: tuple[int, ...],
    limits: Limits,
) -> np.ndarray:
    """Read the record once and apply the kernel tile by tile."""
    steps, *space = sources[0].shape
    cells, row = math.prod(space), math.prod(space[1:])
    rows = slice(0, space[0] if space else 1)
    size = max(1, TILE_BYTES // (8 * steps))
    out = np.empty((cells, *sizes))
    with threads_and_share() as (threads, share), ThreadPoolExecutor(threads) as pool:
        held_now = resident()
        memory = held_now + int((limits.memory - held_now) * share)
        beside = held_now + CODE_BYTES + out.nbytes
        beside += threads * len(sources) * (1 + WORKING_TILES) * TILE_BYTES
        whole = steps * sum(source.step_bytes for source in sources)
        together = max(source.rows for source in sources)
        room = max(LEAST_ROOM, memory - beside)
        parts, band_cells, _ = cut(whole, rows, together, cells, room)
        for part in parts:
            here = slice(part.start * row, part.stop * row)
            count = here.stop - here.start
            reading = Reading(sources, part, pool)
            with open_window(reading, 0, count, band_cells, whole, limits) as window:
                window.move(0, steps)
                for band in bands(count, band_cells or count):
                    held = window.held(0, steps, band)
                    first = here.start + band.start

                    def tile(some: slice, held: list[Held] = held, first: int = first) -> None:
                        at = slice(first + some.start, first + some.stop)
                        series = [_series(held, item, some) for item in range(len(sources))]
                        out[at] = kernel(*series, *(values[at] for values in per_cell))

                    list(pool.map(tile, bands(band.stop - band.start, size)))
    return out.reshape(*space, *sizes)


def _series(held: Sequence[Held], item: int, cells: slice) -> np.ndarray:
    """Return the whole series of some cells of one variable: (cell, time)."""
    parts = [part.arrays[item] for part in held]
    tiles = [
        part.values[:, cells] if part.table is None else part.table[part.values[:, cells]]
        for part in parts
    ]
    return np.asarray(as_series(np.concatenate(tiles)))
