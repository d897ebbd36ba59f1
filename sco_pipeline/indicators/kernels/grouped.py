"""Sums over groups of times, such as calendar months or years, cell by cell."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def group_sums(
    series: np.ndarray, position: np.ndarray, count: int, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted sum and the weight of the values present in each group: (cell, group).

    One value after the other, so that the bits do not hang on how cells are tiled.
    """
    total = np.zeros((series.shape[0], count))
    held = np.zeros((series.shape[0], count))
    for cell in range(series.shape[0]):
        for time in range(series.shape[1]):
            value = series[cell, time]
            if math.isfinite(value):
                total[cell, position[time]] += weights[time] * value
                held[cell, position[time]] += weights[time]
    return total, held
