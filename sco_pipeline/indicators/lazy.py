"""Lazy data that only dask can compute: one task for each block, all indices from one read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..packed import Packed
from .blocks import Job, Piece, compute_block, join_blocks, tile_cells
from .days import Frame
from .window import bands

if TYPE_CHECKING:
    import dask.array as da

SMALLEST_TILE = 64
TILE_BYTES = 128 * 2**20
"""Size of a whole record's tile of cells, per variable."""


def compute_blocks(
    job: Job, frame: Frame, fields: Sequence[xr.DataArray], south: xr.DataArray | None
) -> da.Array:
    """Return the results of a job as one dask array (slot, period, *space).

    Blocks of whole years where the source is cut along time and no index needs a base period;
    otherwise whole records of tiles of cells.
    """
    years = [] if frame.base is not None else _year_blocks(frame, fields)
    if len(years) > 1:
        return _by_years(job, frame, fields, south, years)
    arrays = _same_chunks([_whole_record(field) for field in fields])
    record = (frame.axis.position - frame.origin, arrays)
    return _blocks(job, frame, [record], _south_like(south, arrays[0]))[0]


def _year_blocks(frame: Frame, fields: Sequence[xr.DataArray]) -> list[int]:
    """Return the years at which blocks start, from the chunks of the first lazy variable."""
    lazy = next(field for field in fields if field.chunks is not None)
    ends = np.cumsum(lazy.chunks[0])  # type: ignore[index]
    starts = frame.axis.position[np.concatenate([[0], ends[:-1]])]
    first = np.searchsorted(frame.axis.year_starts, starts, side="right") - 1
    return sorted({0, *(int(year) for year in first)})


def _by_years(
    job: Job,
    frame: Frame,
    fields: Sequence[xr.DataArray],
    south: xr.DataArray | None,
    years: Sequence[int],
) -> da.Array:
    """Compute blocks of years with a little context, and join them."""
    import dask.array as da

    job = replace(job, joins=True)
    position = frame.axis.position
    arrays = _same_chunks([_lazy(field) for field in fields])
    is_south = _south_like(south, arrays[0])
    values, edges, lengths = [], [], []
    for first, last in zip(years, [*years[1:], frame.axis.years], strict=True):
        part = replace(frame, first=first, last=last)
        low, high = part.times(position)
        if low == high:
            continue
        pieces = []
        for begin, end in _cuts(low, high, arrays[0].chunks[0]):
            days = position[begin:end] - part.origin
            pieces.append((days, [array[begin:end].rechunk({0: -1}) for array in arrays]))
        found = _blocks(job, part, pieces, is_south)
        values.append(found[0])
        edges.append(found[1])
        lengths.append(len(part.periods))
    whole: da.Array = da.concatenate(values, axis=1)
    if not job.joined:
        return whole
    return _join(job, lengths, whole, da.stack(edges))


def _cuts(low: int, high: int, chunks: tuple[int, ...]) -> list[tuple[int, int]]:
    """Cut times ``low:high`` at the source's chunks, so that no two have to be copied together."""
    ends = [int(end) for end in np.cumsum(chunks) if low < end < high]
    return list(zip([low, *ends], [*ends, high], strict=True))


def _blocks(
    job: Job,
    frame: Frame,
    pieces: Sequence[tuple[np.ndarray, Sequence[da.Array]]],
    south: da.Array | None,
) -> tuple[da.Array, da.Array]:
    """Return results (slot, period, *space) and edges (joined index, 3, *space) of one block."""
    import dask.array as da

    ndim = pieces[0][1][0].ndim
    space = tuple(range(3, 2 + ndim))
    inputs: list[Any] = []
    for number, (_, arrays) in enumerate(pieces):
        for array in arrays:
            inputs += [array, (100 + number, *space)]
    if south is not None:
        inputs += [south, space]
    periods, joined = len(frame.periods), job.joined
    packed = da.blockwise(
        _block,
        (1, 2, *space),
        *inputs,
        job=job,
        frame=_without_axis_position(frame),
        positions=tuple(position for position, _ in pieces),
        has_south=south is not None,
        new_axes={1: job.slots + 3 * joined, 2: periods},
        concatenate=False,
        align_arrays=False,
        dtype=job.dtype,
        meta=np.empty((0,) * (2 + len(space)), dtype=job.dtype),
    )
    if not joined:
        return packed, packed[:0]
    edges = packed[job.slots :, 0].reshape((joined, 3, *packed.shape[2:]))
    return packed[: job.slots], edges


def _block(
    *arrays: Any, job: Job, frame: Frame, positions: Sequence[np.ndarray], has_south: bool
) -> np.ndarray:
    """Compute one block; edges follow the slots, in their first period."""
    fields: list[Any] = list(arrays[:-1] if has_south else arrays)
    fields = [field[0] if isinstance(field, list) else field for field in fields]
    space = fields[0].shape[1:]
    south = np.ascontiguousarray(arrays[-1]).reshape(-1) if has_south else None
    count, cells = len(job.variables), math.prod(space)
    packed = []
    for number, field in enumerate(fields):
        values = np.ascontiguousarray(field, dtype=job.dtypes[number % count])
        packed.append(Packed(values.reshape(len(field), -1)))
    pieces = [
        Piece(position, packed[count * number : count * (number + 1)])
        for number, position in enumerate(positions)
    ]
    values = np.zeros((job.slots + 3 * job.joined, len(frame.periods), cells), dtype=job.dtype)
    edges = np.zeros((job.joined, 3, cells), dtype=np.int32)
    for tile in bands(cells, tile_cells(job, frame)):
        compute_block(job, frame, pieces, south, tile, values[: job.slots], edges)
    values[job.slots :, 0] = edges.reshape(-1, cells)
    return values.reshape(*values.shape[:2], *space)


def _join(job: Job, lengths: Sequence[int], values: da.Array, edges: da.Array) -> da.Array:
    """Join blocks of years: (slot, period, *space) and (block, joined index, 3, *space)."""
    import dask.array as da

    space = tuple(range(6, 6 + values.ndim - 2))
    values = values.rechunk({0: -1, 1: -1})
    edges = edges.rechunk({0: -1, 1: -1, 2: -1})
    joined: da.Array = da.blockwise(
        _join_block,
        (1, 2, *space),
        values,
        (1, 2, *space),
        edges,
        (3, 4, 5, *space),
        job=job,
        lengths=tuple(lengths),
        concatenate=True,
        dtype=job.dtype,
        meta=np.empty((0,) * values.ndim, dtype=job.dtype),
    )
    return joined


def _join_block(
    values: np.ndarray, edges: np.ndarray, *, job: Job, lengths: Sequence[int]
) -> np.ndarray:
    """Join the blocks of one tile of cells."""
    flat = values.reshape(*values.shape[:2], -1).copy()
    steps = edges.reshape(*edges.shape[:3], -1).astype(np.int32)
    join_blocks(job, lengths, flat, steps)
    return flat.reshape(values.shape)


def _without_axis_position(frame: Frame) -> Frame:
    """Leave the positions out of what every task carries; the block has its own."""
    axis = replace(frame.axis, position=np.empty(0, dtype=np.int64))
    return replace(frame, axis=axis)


def _lazy(field: xr.DataArray) -> da.Array:
    """Return the variable as a dask array, in one piece if it is in memory."""
    import dask.array as da

    array: da.Array = (
        field.data if field.chunks is not None else da.from_array(field.values, chunks=-1)
    )
    return array


def _whole_record(field: xr.DataArray) -> da.Array:
    """Return the variable with whole records, in tiles of cells that fit in memory."""
    array = _lazy(field)
    if array.numblocks[0] == 1:
        return array
    cells = max(SMALLEST_TILE, TILE_BYTES // (array.dtype.itemsize * array.shape[0]))
    tile: dict[int, Any] = {0: -1}
    for axis in range(array.ndim - 1, 0, -1):
        largest = max(array.chunks[axis])
        tile[axis] = max(1, min(largest, cells))
        cells = max(1, cells // tile[axis])
    whole: da.Array = array.rechunk(tile)
    return whole


def _same_chunks(arrays: Sequence[da.Array]) -> list[da.Array]:
    """Cut all variables along space like the first."""
    like = {axis: arrays[0].chunks[axis] for axis in range(1, arrays[0].ndim)}
    return [array.rechunk(like) for array in arrays]


def _south_like(south: xr.DataArray | None, array: da.Array) -> da.Array | None:
    """Return the hemisphere in the chunks of the data."""
    import dask.array as da

    if south is None:
        return None
    is_south: da.Array = da.from_array(np.asarray(south.values), chunks=array.chunks[1:])
    return is_south
