"""Thresholds of calendar days whose rank is near the end, for many cells beside each other.

The ten per cent of 150 values are 16: so each calendar day keeps its 16 largest of 30 years, and a
window is the merge of five such lists. Values go into lists by a largest and a smallest of each
place, without branches, and `LANES` cells at once fill the vector registers. The cost grows with
the square of the depth, so that ranks near the middle are left to `quantiles.day_thresholds`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .quantiles import blend, rank, tail_positions

LANES = 32
DEEPEST = 32
"""Depth beyond which sorting whole days is faster."""


@njit(cache=True, nogil=True)
def shallow_depth(total: int, quantile: tuple[float, float, float]) -> int:
    """Return how many values from the end a quantile of `total` values looks at."""
    lower, _ = rank(total, quantile)
    low, high = tail_positions(total, lower, quantile[0] >= 0.5)
    return max(low, high) + 1


@njit(cache=True, nogil=True)
def shallow_thresholds(
    series: np.ndarray,
    base_days: np.ndarray,
    base_row: np.ndarray,
    shape: tuple[int, int],
    quantile: tuple[float, float, float],
    window: int,
    fraction: float,
) -> np.ndarray:
    """Return the threshold of each calendar day of each cell; see `percentiles.thresholds`."""
    rows, columns = shape
    sign = series.dtype.type(1.0 if quantile[0] >= 0.5 else -1.0)
    depth = shallow_depth(window * columns, quantile)
    kept = min(depth, columns)
    largest = np.empty((rows, kept, LANES), series.dtype)
    counts = np.empty((rows, LANES), np.int16)
    tail = np.empty((depth, LANES), series.dtype)
    out = np.full((series.shape[0], rows), np.nan)
    for first in range(0, series.shape[0], LANES):
        some = series[first : first + LANES]
        _keep_largest(some, base_days, base_row, sign, largest, counts)
        for row in range(rows):
            _merge(largest, row, window, tail)
            for lane in range(some.shape[0]):
                total = 0
                for near in range(window):
                    total += counts[(row + near - window // 2) % rows, lane]
                if total == 0 or total < fraction * (window * columns):
                    continue
                lower, weight = rank(total, quantile)
                low, high = tail_positions(total, lower, quantile[0] >= 0.5)
                below, above = np.float64(tail[low, lane]), np.float64(tail[high, lane])
                out[first + lane, row] = sign * blend(below, above, weight)
    return out


@njit(cache=True, nogil=True)
def _keep_largest(
    some: np.ndarray,
    base_days: np.ndarray,
    base_row: np.ndarray,
    sign: float,
    largest: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Fill in the largest values of each calendar day, in falling order, and how many there are."""
    nothing = some.dtype.type(-np.inf)
    value = np.full(LANES, np.nan, some.dtype)
    largest[:] = nothing
    counts[:] = 0
    for item in range(base_days.size):
        row, day = base_row[item], base_days[item]
        for lane in range(some.shape[0]):
            value[lane] = some[lane, day]
        for lane in range(LANES):
            new = sign * value[lane]
            there = new == new
            counts[row, lane] += np.int16(there)
            value[lane] = new if there else nothing
        _insert(largest[row], value, 0)


@njit(cache=True, nogil=True)
def _merge(largest: np.ndarray, row: int, window: int, tail: np.ndarray) -> None:
    """Fill in the largest values of a window of calendar days, wrapped within the year."""
    value = np.empty(LANES, largest.dtype)
    tail[:] = -np.inf
    for near in range(window):
        at = (row + near - window // 2) % largest.shape[0]
        for place in range(largest.shape[1]):
            for lane in range(LANES):
                value[lane] = largest[at, place, lane]
            _insert(tail, value, place)  # those before it in its list stand before it here


@njit(cache=True, nogil=True)
def _insert(tail: np.ndarray, value: np.ndarray, first: int) -> None:
    """Put one value of each lane into its place of falling lists, from place `first` on."""
    for place in range(first, tail.shape[0]):
        for lane in range(LANES):
            held, new = tail[place, lane], value[lane]
            tail[place, lane] = held if held > new else new
            value[lane] = new if held > new else held
