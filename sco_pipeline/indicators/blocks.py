"""One block of years and cells: all indices from one read, tile by tile of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .days import Days, Frame
from .definition import Definition, Joined
from .kernels.gather import fill_absent, gather, gather_plain

TILE_BYTES = 2**20
"""Size of a tile of one variable, so that it stays in cache."""

LEAST_CELLS, MOST_CELLS = 32, 512
MASKED = -1.0
"""Stands for a period without enough days until neighbouring blocks are joined."""


@dataclass(frozen=True)
class Wanted:
    """One index of a call, with its own options."""

    name: str
    definition: Definition
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """What one pass over the data computes.

    Attributes
    ----------
    wanted : tuple of Wanted
        The indices.
    variables : tuple of str
        Variables read, in the order of the arrays.
    counted : tuple of str
        Variables whose valid days are counted; ``tas`` may be the mean of the extremes.
    conversions : tuple of (scale, offset)
        From the units of each variable.
    joins : bool
        Whether blocks of years will be joined.
    """

    wanted: tuple[Wanted, ...]
    variables: tuple[str, ...]
    counted: tuple[str, ...]
    conversions: tuple[tuple[float, float], ...]
    joins: bool = False

    @property
    def slots(self) -> int:
        """Count the results: the indices, the counts of valid days, the edges of joined indices."""
        return len(self.wanted) + len(self.counted)


@dataclass(frozen=True)
class Piece:
    """Some days of a block.

    Attributes
    ----------
    position : ndarray of int (time,)
        Day of each time on the frame's series.
    arrays : sequence of ndarray (time, cell)
        Values of the job's variables.
    """

    position: np.ndarray
    arrays: Sequence[np.ndarray]


def compute_block(
    job: Job,
    frame: Frame,
    pieces: Sequence[Piece],
    south: np.ndarray | None,
    first_cell: int = 0,
    last_cell: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Compute every index of a job on one block.

    Parameters
    ----------
    job, frame
        What, and where in the record.
    pieces : sequence of Piece
        Values of the frame's days, in any order.
    south : ndarray of bool (cell,), optional
        Hemisphere of each cell.
    first_cell, last_cell : int
        Cells that are computed.

    Returns
    -------
    ndarray (slot, period, cell), ndarray of int (joined index, 3, cell)
        Results, and what joins them to neighbouring blocks.
    """
    values = pieces[0].arrays[0]
    last_cell = values.shape[1] if last_cell is None else last_cell
    joined = [w for w in job.wanted if is_joined(w)] if job.joins else []
    cells = last_cell - first_cell
    out = np.empty((job.slots, len(frame.periods), cells))
    edges = np.zeros((len(joined), 3, cells), dtype=np.int64)
    step = _tile_cells(frame, values.dtype.itemsize)
    for begin in range(first_cell, last_cell, step):
        end = min(begin + step, last_cell)
        here = slice(begin - first_cell, end - first_cell)
        tile = _read(job, frame, pieces, begin, end)
        days = _days(job, frame, tile, None if south is None else south[begin:end])
        _compute_tile(job, days, out[:, :, here], edges[:, :, here])
    return out, edges


def compute_record(
    job: Job,
    frame: Frame,
    arrays: Sequence[np.ndarray],
    south: np.ndarray | None,
    first_cell: int,
    last_cell: int,
) -> np.ndarray:
    """Compute a job on a whole record in memory: (slot, period, cell).

    Year by year where no index needs a base period, so that a tile stays in cache.
    """
    position, years = frame.axis.position, frame.axis.years
    if frame.base is not None or years == 1:
        whole = Piece(position - frame.origin, arrays)
        return compute_block(job, frame, [whole], south, first_cell, last_cell)[0]
    job = replace(job, joins=True)
    values, edges, lengths = [], [], []
    for year in range(years):
        part = replace(frame, first=year, last=year + 1)
        low, high = part.times(position)
        piece = Piece(position[low:high] - part.origin, [array[low:high] for array in arrays])
        found = compute_block(job, part, [piece], south, first_cell, last_cell)
        values.append(found[0])
        edges.append(found[1])
        lengths.append(len(part.periods))
    return join_blocks(job, lengths, np.concatenate(values, axis=1), np.stack(edges))


def _tile_cells(frame: Frame, itemsize: int) -> int:
    """Return how many cells are computed at once."""
    return min(max(LEAST_CELLS, TILE_BYTES // (itemsize * frame.length)), MOST_CELLS)


def _read(
    job: Job, frame: Frame, pieces: Sequence[Piece], begin: int, end: int
) -> dict[str, np.ndarray]:
    """Return a tile of cells (day, cell) in the units of the definitions."""
    tile = {}
    present = np.zeros(frame.length, dtype=np.bool_)
    for piece in pieces:
        present[piece.position] = True
    for item, name in enumerate(job.variables):
        dtype = pieces[0].arrays[item].dtype
        out = tile[name] = np.empty((frame.length, end - begin), dtype=dtype)
        fill_absent(present, out)
        factors = np.array(job.conversions[item], dtype=dtype)
        for piece in pieces:
            if job.conversions[item] == (1.0, 0.0):
                gather_plain(piece.arrays[item], piece.position, begin, out)
            else:
                gather(piece.arrays[item], piece.position, begin, factors, out)
    return tile


def _days(
    job: Job, frame: Frame, tile: Mapping[str, np.ndarray], south: np.ndarray | None
) -> dict[str, Days]:
    """Return the tile as definitions see it; the daily mean comes of the extremes."""
    memo: dict[Any, Any] = {}
    days = {name: Days(name, values, frame, south, memo) for name, values in tile.items()}
    if "tas" not in days and "tas" in job.counted:
        mean = (tile["tasmax"] + tile["tasmin"]) * tile["tasmax"].dtype.type(0.5)
        days["tas"] = Days("tas", mean, frame, south, memo)
    return days


def _compute_tile(job: Job, days: Mapping[str, Days], out: np.ndarray, edges: np.ndarray) -> None:
    """Fill in the results of a tile, masked where there are not enough days."""
    joined = 0
    for slot, wanted in enumerate(job.wanted):
        definition = wanted.definition
        inputs = [days[name] for name in definition.variables]
        found = definition.function(*inputs, **definition.own_options(wanted.options))
        mask = np.nan
        if isinstance(found, Joined):
            if job.joins and is_joined(wanted):
                edges[joined] = found.edges
                joined += 1
                mask = MASKED
            found = found.values
        for name in definition.judged_by:
            found = np.where(days[name].enough(), found, mask)
        out[slot] = found
    for slot, name in enumerate(job.counted, start=len(job.wanted)):
        out[slot] = days[name].present()


def is_joined(wanted: Wanted) -> bool:
    """Tell whether an index's blocks of years must be joined."""
    return bool(wanted.definition.joins and wanted.options.get("spells_can_span_years", True))


def join_blocks(
    job: Job, lengths: Sequence[int], values: np.ndarray, edges: np.ndarray
) -> np.ndarray:
    """Return the results of all blocks of years as if the record had been one block.

    Parameters
    ----------
    job : Job
        What was computed.
    lengths : sequence of int
        Periods of each block.
    values : ndarray (slot, period, cell)
        Results of the blocks, one after the other.
    edges : ndarray of int (block, joined index, 3, cell)
        What joins them.

    Returns
    -------
    ndarray (slot, period, cell)
    """
    values = values.copy()
    slots = [slot for slot, wanted in enumerate(job.wanted) if is_joined(wanted)]
    for index, slot in enumerate(slots):
        carry = np.zeros(values.shape[2], dtype=np.int64)
        begin = 0
        for block, length in enumerate(lengths):
            lead, ends_in, trail = edges[block, index]
            carry = _join(values[slot, begin : begin + length], carry, lead, ends_in, trail)
            begin += length
        values[slot] = np.where(values[slot] == MASKED, np.nan, values[slot])
    return values


def _join(
    values: np.ndarray, carry: np.ndarray, lead: np.ndarray, ends_in: np.ndarray, trail: np.ndarray
) -> np.ndarray:
    """Lengthen the first spell of a block, in place; return what is carried to the next."""
    cells = np.flatnonzero((lead > 0) & (ends_in >= 0))
    periods = ends_in[cells]
    found = values[periods, cells]
    length = (carry + lead)[cells]
    longer = np.where(np.isnan(found), length, np.maximum(found, length))
    values[periods, cells] = np.where(found == MASKED, MASKED, longer)
    return np.where((lead > 0) & (ends_in < 0), carry + trail, trail)


def as_cells(values: np.ndarray) -> np.ndarray:
    """Return (time, ...) as (time, cell) floats, for kernels."""
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    return np.ascontiguousarray(values).reshape(values.shape[0], -1)
