"""From a block as files hold it to a tile of a few cells, and from a tile to series."""

from __future__ import annotations

import numpy as np
from numba import njit

_STEP = 16


@njit(cache=True, nogil=True)
def gather(
    block: np.ndarray, position: np.ndarray, first_cell: int, factors: np.ndarray, out: np.ndarray
) -> None:
    """Put ``factor * value + offset`` of a block's cells from `first_cell` on into a tile.

    `position` holds the day of each time of the block on the tile (day, cell); `factors` holds
    factor and offset with the precision of the block.
    """
    factor, offset = factors
    cells = out.shape[1]
    for time in range(block.shape[0]):
        source = block[time, first_cell : first_cell + cells]
        row = out[position[time]]
        for cell in range(cells):
            row[cell] = factor * source[cell] + offset


@njit(cache=True, nogil=True)
def gather_packed(
    block: np.ndarray, position: np.ndarray, first_cell: int, table: np.ndarray, out: np.ndarray
) -> None:
    """Put the value that `table` gives for each integer of a block into a tile; see `gather`."""
    cells = out.shape[1]
    for time in range(block.shape[0]):
        source = block[time, first_cell : first_cell + cells]
        row = out[position[time]]
        for cell in range(cells):
            row[cell] = table[source[cell]]


@njit(cache=True, nogil=True)
def fill_absent(present: np.ndarray, out: np.ndarray) -> None:
    """Set the days of a tile that no block holds to missing."""
    for day in range(out.shape[0]):
        if not present[day]:
            for cell in range(out.shape[1]):
                out[day, cell] = np.nan


@njit(cache=True, nogil=True)
def as_series(values: np.ndarray) -> np.ndarray:
    """Return (day, cell) as (cell, day) in double precision."""
    days, cells = values.shape
    out = np.empty((cells, days))
    for begin in range(0, days, _STEP):
        end = min(begin + _STEP, days)
        for cell in range(cells):
            for day in range(begin, end):
                out[cell, day] = values[day, cell]
    return out
