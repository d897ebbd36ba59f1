"""From a block as files hold it, (time, cell), to series of a few cells, (cell, day)."""

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
    scale: np.ndarray,
    offset: np.ndarray,
) -> np.ndarray:
    """Return ``scale * value + offset`` of cells ``first_cell:last_cell`` as series.

    `position` holds the day of each time on the series, which has `length` days; others are
    missing. Scale and offset are arrays of one value of the block's dtype, so that conversion has
    its precision.
    """
    out = np.full((last_cell - first_cell, length), np.nan)
    for begin in range(0, block.shape[0], _STEP):
        end = min(begin + _STEP, block.shape[0])
        for cell in range(first_cell, last_cell):
            for time in range(begin, end):
                value = scale[0] * block[time, cell] + offset[0]
                out[cell - first_cell, position[time]] = value
    return out


@njit(cache=True, nogil=True)
def gather_plain(
    block: np.ndarray, position: np.ndarray, first_cell: int, last_cell: int, length: int
) -> np.ndarray:
    """Return the values of cells ``first_cell:last_cell`` as series; see `gather`."""
    out = np.full((last_cell - first_cell, length), np.nan)
    for begin in range(0, block.shape[0], _STEP):
        end = min(begin + _STEP, block.shape[0])
        for cell in range(first_cell, last_cell):
            for time in range(begin, end):
                out[cell - first_cell, position[time]] = block[time, cell]
    return out
