"""Thresholds of a base period by calendar day, and the in-base bootstrap.

A quantile is given by its probability and the two constants of its plotting positions (Hyndman and
Fan 1996), which are a third each for type 8. The order of operations is that of the reference
implementation of the indices: whether a day equals its threshold can hang on the last bit.

Only the tail that a quantile lies in is ever sorted. Values are multiplied by a sign so that the
tail holds the largest ones: `+1` for an upper quantile, `-1` for a lower one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

FUZZ = 4.0 * 2.220446049250313e-16


@njit(cache=True, nogil=True, inline="always")
def rank(count: int, quantile: tuple[float, float, float]) -> tuple[int, float]:
    """Return position from 0 and weight of the next value of a quantile."""
    probability, alpha, beta = quantile
    position = alpha + probability * (count + 1.0 - alpha - beta) - 1.0
    lower = int(np.floor(position + FUZZ))
    weight = position - lower
    if abs(weight) <= FUZZ:
        weight = 0.0
    return lower, weight


@njit(cache=True, nogil=True, inline="always")
def tail_positions(count: int, lower: int, upper: bool) -> tuple[int, int]:
    """Return where the two neighbours of a quantile stand when the tail is counted from its end."""
    below = min(max(lower, 0), count - 1)
    above = min(max(lower + 1, 0), count - 1)
    if upper:
        return count - 1 - below, count - 1 - above
    return below, above


@njit(cache=True, nogil=True, inline="always")
def blend(low: float, high: float, weight: float) -> float:
    """Interpolate between two neighbours, in the order of operations that the reference takes."""
    if weight == 0.0:
        return low
    return (1.0 - weight) * low + weight * high


@njit(cache=True, nogil=True)
def base_values(
    series: np.ndarray,
    base_days: np.ndarray,
    base_row: np.ndarray,
    base_column: np.ndarray,
    rows: int,
    columns: int,
) -> np.ndarray:
    """Return the base period of one cell by calendar day and year, without 29 February."""
    table = np.full((rows, columns), np.nan)
    for item in range(base_days.size):
        table[base_row[item], base_column[item]] = series[base_days[item]]
    return table


@njit(cache=True, nogil=True)
def sort_rows(table: np.ndarray, sign: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort each calendar day's values, largest (times sign) first.

    Returns the values, the year of each, and how many there are.
    """
    values = np.empty(table.shape)
    years = np.empty(table.shape, dtype=np.int64)
    counts = np.empty(table.shape[0], dtype=np.int64)
    for row in range(table.shape[0]):
        count = 0
        for year in range(table.shape[1]):
            value = sign * table[row, year]
            if np.isnan(value):
                continue
            at = count
            while at > 0 and values[row, at - 1] < value:
                values[row, at] = values[row, at - 1]
                years[row, at] = years[row, at - 1]
                at -= 1
            values[row, at] = value
            years[row, at] = year
            count += 1
        counts[row] = count
    return values, years, counts


@njit(cache=True, nogil=True)
def window_rows(row: int, window: int, rows: int, out: np.ndarray) -> None:
    """Fill in the calendar days of a window, wrapped within the year."""
    for near in range(window):
        out[near] = (row + near - window // 2) % rows


@njit(cache=True, nogil=True)
def merge_tail(
    near: np.ndarray,
    values: np.ndarray,
    years: np.ndarray,
    counts: np.ndarray,
    wanted: int,
    tail: np.ndarray,
    owners: np.ndarray,
) -> int:
    """Merge the first `wanted` values of a window's sorted days; return how many there are."""
    heads = np.zeros(near.size, dtype=np.int64)
    for rank in range(wanted):
        best = -1
        value = 0.0
        for item in range(near.size):
            row = near[item]
            head = heads[item]
            if head < counts[row] and (best < 0 or values[row, head] > value):
                best = item
                value = values[row, head]
        if best < 0:
            return rank
        row = near[best]
        tail[rank] = value
        owners[rank] = years[row, heads[best]]
        heads[best] += 1
    return wanted


@njit(cache=True, nogil=True)
def depth(total: int, window: int, quantile: tuple[float, float, float], upper: bool) -> int:
    """Return how much of the tail can matter, with one year's values removed and one's added."""
    share = 1.0 - quantile[0] if upper else quantile[0]
    return min(total, int(np.ceil(share * (total + window))) + 2 * window + 4)


@njit(cache=True, nogil=True)
def day_thresholds(
    table: np.ndarray, quantile: tuple[float, float, float], window: int, fraction: float
) -> np.ndarray:
    """Return the quantile of each calendar day's window, pooled over the base years."""
    rows, columns = table.shape
    upper = quantile[0] >= 0.5
    sign = 1.0 if upper else -1.0
    values, years, counts = sort_rows(table, sign)
    near = np.empty(window, dtype=np.int64)
    tail = np.empty(window * columns)
    owners = np.empty(window * columns, dtype=np.int64)
    out = np.full(rows, np.nan)
    for row in range(rows):
        window_rows(row, window, rows, near)
        total = 0
        for item in range(window):
            total += counts[near[item]]
        if total == 0 or total < fraction * (window * columns):
            continue
        lower, weight = rank(total, quantile)
        low, high = tail_positions(total, lower, upper)
        merge_tail(near, values, years, counts, max(low, high) + 1, tail, owners)
        out[row] = sign * blend(tail[low], tail[high], weight)
    return out


@njit(cache=True, nogil=True)
def wet_quantile(values: np.ndarray, count: int, quantile: tuple[float, float, float]) -> float:
    """Return a quantile of the first `count` values, which are moved.

    Neighbours that are equal are taken as they are, not interpolated.
    """
    if count == 0:
        return np.nan
    lower, weight = rank(count, quantile)
    low = min(max(lower, 0), count - 1)
    high = min(max(lower + 1, 0), count - 1)
    first, second = select_two(values, count, low)
    if weight == 0.0 or high == low:
        return first
    if first == second:
        return first
    blended: float = (1.0 - weight) * first + weight * second
    return blended


@njit(cache=True, nogil=True)
def select_two(values: np.ndarray, count: int, low: int) -> tuple[float, float]:
    """Return the value of a rank and the next one of the first `count`, which are moved."""
    first: float = _select(values, 0, count - 1, low)
    second = values[min(low + 1, count - 1)]
    for item in range(low + 2, count):
        second = min(second, values[item])
    return first, second


@njit(cache=True, nogil=True)
def _select(values: np.ndarray, left: int, right: int, wanted: int) -> float:
    """Put the value of a rank in its place, smaller ones before and larger ones after it."""
    while left < right:
        pivot = values[(left + right) // 2]
        i, j = left, right
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if wanted <= j:
            right = j
        elif wanted >= i:
            left = i
        else:
            break
    found: float = values[wanted]
    return found
