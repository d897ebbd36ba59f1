"""Compiled loops over the cells of each region; imported on use, since numba is slow to import."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(cache=True, nogil=True)
def mean_sums(
    values: NDArray[Any],
    starts: NDArray[np.int64],
    cells: NDArray[np.int64],
    weights: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write the sum of weights and of weighted values of valid cells for each row and region.

    Parameters
    ----------
    values : array (row, cell)
        NaN is missing.
    starts : array (region + 1,)
        Where the cells of each region start.
    cells, weights : array (entry,)
        Sparse matrix.
    out : array (row, region, 2)
        Filled.
    """
    for row in range(values.shape[0]):
        line = values[row]
        for region in range(len(starts) - 1):
            total = 0.0
            weight = 0.0
            for k in range(starts[region], starts[region + 1]):
                value = line[cells[k]]
                if value == value:
                    total += weights[k] * value
                    weight += weights[k]
            out[row, region, 0] = weight
            out[row, region, 1] = total
