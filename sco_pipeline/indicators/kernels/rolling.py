"""Thresholds of days of the year from windows that roll over the record, as xclim takes them.

A day of the year is an ordinal: 60 is 29 February of a leap year and 1 March of another. Windows go
on into the year before and after, inside the base period. The 366th day has values in leap years
only: the other 365 are stretched over 366 instead.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .quantiles import select_two


@njit(cache=True, nogil=True)
def rolling_thresholds(
    series: np.ndarray,
    span: tuple[int, int],
    ordinal: np.ndarray,
    rows: int,
    quantile: tuple[float, float, float],
    window: int,
    least: float,
) -> np.ndarray:
    """Return the quantile of each day of the year: (cell, day of the year).

    Parameters
    ----------
    series : ndarray (cell, day)
        Missing is NaN.
    span : (int, int)
        First day of the base period, and one past its last.
    ordinal : ndarray of int (day of the base,)
        Day of the year from 0.
    rows : int
        Days of the year that get a threshold; later ones have none.
    quantile : (float, float, float)
        Probability and plotting positions.
    window, least
        Days of a window, and fewest values that must be present.
    """
    first, last = span
    around = _days_by_row(ordinal, rows)
    out = np.full((series.shape[0], rows), np.nan)
    pool = np.empty(around.shape[1] * window)
    for cell in range(series.shape[0]):
        for row in range(rows):
            count = 0
            for item in range(around.shape[1]):
                if around[row, item] < 0:
                    continue
                centre = first + around[row, item]
                for day in range(centre - window // 2, centre - window // 2 + window):
                    if first <= day < last and series[cell, day] == series[cell, day]:
                        pool[count] = series[cell, day]
                        count += 1
            if count > 0 and count >= least:
                out[cell, row] = _linear(pool, count, quantile)
    return out


@njit(cache=True, nogil=True)
def _days_by_row(ordinal: np.ndarray, rows: int) -> np.ndarray:
    """Return the days of the base that each row is the centre of, -1 where there are no more."""
    counts = np.zeros(rows, dtype=np.int64)
    for day in range(ordinal.size):
        if ordinal[day] < rows:
            counts[ordinal[day]] += 1
    out = np.full((rows, counts.max()), -1)
    counts[:] = 0
    for day in range(ordinal.size):
        row = ordinal[day]
        if row < rows:
            out[row, counts[row]] = day
            counts[row] += 1
    return out


@njit(cache=True, nogil=True)
def _linear(values: np.ndarray, count: int, quantile: tuple[float, float, float]) -> float:
    """Return a quantile of the first `count` values as NumPy interpolates, from the nearer side."""
    probability, alpha, beta = quantile
    position = count * probability + (alpha + probability * (1.0 - alpha - beta)) - 1.0
    position = min(max(position, 0.0), count - 1.0)
    lower = int(np.floor(position))
    weight = position - lower
    low, high = select_two(values, count, lower)
    step = high - low
    found: float = low + step * weight if weight < 0.5 else high - step * (1.0 - weight)
    return found


def stretched(limits: np.ndarray, days: int) -> np.ndarray:
    """Stretch thresholds (cell, day of the year) linearly over a year of more days."""
    had = limits.shape[1]
    if had == days:
        return limits
    at = np.linspace(1.0, float(days), had)
    wanted = np.arange(1, days + 1, dtype=float)
    above = np.clip(np.searchsorted(at, wanted), 1, had - 1)
    rise = (limits[:, above] - limits[:, above - 1]) / (at[above] - at[above - 1])
    out: np.ndarray = rise * (wanted - at[above - 1]) + limits[:, above - 1]
    return out
