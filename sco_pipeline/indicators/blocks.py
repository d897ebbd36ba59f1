"""One block of years and cells: all indices from one read, tile by tile of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..packed import Packed
from .days import Days, Frame
from .definition import Definition, Joined
from .kernels.gather import fill_absent, gather, gather_packed

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
    dtypes : tuple of dtype
        Of the variables: float32 or float64.
    joins : bool
        Whether blocks of years will be joined.
    """

    wanted: tuple[Wanted, ...]
    variables: tuple[str, ...]
    counted: tuple[str, ...]
    conversions: tuple[tuple[float, float], ...]
    dtypes: tuple[np.dtype[Any], ...]
    joins: bool = False

    @property
    def slots(self) -> int:
        """Count the results: the indices and the counts of valid days."""
        return len(self.wanted) + len(self.counted)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the results; sums are taken in double precision all the same."""
        return np.result_type(*self.dtypes)

    @property
    def joined(self) -> int:
        """Count the indices whose blocks of years must be joined."""
        return sum(map(is_joined, self.wanted)) if self.joins else 0


@dataclass(frozen=True)
class Piece:
    """Some days of a block.

    Attributes
    ----------
    position : ndarray of int (time,)
        Day of each time on the frame's series.
    arrays : sequence of Packed (time, cell)
        Values of the job's variables.
    """

    position: np.ndarray
    arrays: Sequence[Packed]


def compute_block(
    job: Job,
    frame: Frame,
    pieces: Sequence[Piece],
    south: np.ndarray | None,
    cells: slice,
    out: np.ndarray,
    edges: np.ndarray,
) -> None:
    """Compute every index of a job on some cells of a block.

    Parameters
    ----------
    job, frame
        What, and where in the record.
    pieces : sequence of Piece
        Values of the frame's days, in any order.
    south : ndarray of bool (cell,), optional
        Hemisphere of each cell of the block.
    cells : slice
        Cells that are computed.
    out : ndarray (slot, period, cell)
        Results of all cells of the block, filled in.
    edges : ndarray of int (joined index, 3, cell)
        What joins them to neighbouring blocks, filled in.
    """
    tile = _read(job, frame, pieces, cells)
    days = _days(job, frame, tile, None if south is None else south[cells])
    _compute_tile(job, days, out[:, :, cells], edges[:, :, cells])


def tile_cells(job: Job, frame: Frame) -> int:
    """Return how many cells are computed at once."""
    size = max(dtype.itemsize for dtype in job.dtypes) * frame.length
    return min(max(LEAST_CELLS, TILE_BYTES // size), MOST_CELLS)


def _read(job: Job, frame: Frame, pieces: Sequence[Piece], cells: slice) -> dict[str, np.ndarray]:
    """Return a tile of cells (day, cell) in the units of the definitions."""
    tile = {}
    present = np.zeros(frame.length, dtype=np.bool_)
    for piece in pieces:
        present[piece.position] = True
    for item, name in enumerate(job.variables):
        out = np.empty((frame.length, cells.stop - cells.start), dtype=job.dtypes[item])
        fill_absent(present, out)
        factors = np.array(job.conversions[item], dtype=out.dtype)
        for piece in pieces:
            packed = piece.arrays[item]
            if packed.table is None:
                gather(packed.values, piece.position, cells.start, factors, out)
            else:
                table = _converted(packed.table, factors)
                gather_packed(packed.values, piece.position, cells.start, table, out)
        tile[name] = out
    return tile


def _converted(table: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return a table in other units."""
    plain = factors[0] == 1.0 and factors[1] == 0.0
    return table if plain else factors[0] * table + factors[1]


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


def join_blocks(job: Job, lengths: Sequence[int], values: np.ndarray, edges: np.ndarray) -> None:
    """Make the results of all blocks of years what they were if the record had been one block.

    Parameters
    ----------
    job : Job
        What was computed.
    lengths : sequence of int
        Periods of each block.
    values : ndarray (slot, period, cell)
        Results of the blocks, one after the other; changed in place.
    edges : ndarray of int (block, joined index, 3, cell)
        What joins them.
    """
    slots = [slot for slot, wanted in enumerate(job.wanted) if is_joined(wanted)]
    for index, slot in enumerate(slots):
        carry = np.zeros(values.shape[2], dtype=np.int64)
        begin = 0
        for block, length in enumerate(lengths):
            lead, ends_in, trail = edges[block, index]
            carry = _join(values[slot, begin : begin + length], carry, lead, ends_in, trail)
            begin += length
        values[slot][values[slot] == MASKED] = np.nan


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
