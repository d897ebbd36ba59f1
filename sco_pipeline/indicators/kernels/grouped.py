"""Sums over groups of times, such as calendar months or years, cell by cell."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def group_sums(
    series: np.ndarray, position: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum and the number of the values present in each group: both (cell, group)."""
    total = np.zeros((series.shape[0], count))
    held = np.zeros((series.shape[0], count))
    for cell in range(series.shape[0]):
        for time in range(series.shape[1]):
            value = series[cell, time]
            if math.isfinite(value):
                total[cell, position[time]] += value
                held[cell, position[time]] += 1.0
    return total, held
