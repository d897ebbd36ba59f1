"""From a block as files hold it to a tile of a few cells, and from a tile to series."""

from __future__ import annotations

import numpy as np
from numba import njit

_STEP = 16


@njit(cache=True, nogil=True)
def gather(
    block: np.ndarray,
    position: np.ndarray,
    first_cell: int,
    last_cell: int,
    length: int,
    factors: np.ndarray,
) -> np.ndarray:
    """Return ``factor * value + offset`` of cells ``first_cell:last_cell`` as (day, cell).

    `position` holds the day of each time of the block, rising; other days of the `length` are
    missing. `factors` holds factor and offset with the precision of the block.
    """
    factor, offset = factors
    cells = last_cell - first_cell
    out = np.empty((length, cells), dtype=block.dtype)
    day = 0
    for time in range(block.shape[0]):
        while day < position[time]:
            out[day] = np.nan
            day += 1
        source = block[time, first_cell:last_cell]
        row = out[day]
        for cell in range(cells):
            row[cell] = factor * source[cell] + offset
        day += 1
    out[day:] = np.nan
    return out


@njit(cache=True, nogil=True)
def gather_plain(
    block: np.ndarray, position: np.ndarray, first_cell: int, last_cell: int, length: int
) -> np.ndarray:
    """Return the values of cells ``first_cell:last_cell`` as (day, cell); see `gather`."""
    out = np.empty((length, last_cell - first_cell), dtype=block.dtype)
    day = 0
    for time in range(block.shape[0]):
        while day < position[time]:
            out[day] = np.nan
            day += 1
        out[day] = block[time, first_cell:last_cell]
        day += 1
    out[day:] = np.nan
    return out


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
