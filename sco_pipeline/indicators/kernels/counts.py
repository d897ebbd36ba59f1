"""Counts, sums, means and extremes of the days of each period."""

from __future__ import annotations

import numpy as np
from numba import njit

ABOVE, AT_LEAST, BELOW, AT_MOST = 0, 1, 2, 3


@njit(cache=True, nogil=True)
def count_days(
    series: np.ndarray, starts: np.ndarray, stops: np.ndarray, how: int, limit: float
) -> np.ndarray:
    """Count the days of each period that compare true with a limit; a missing day never does."""
    out = np.empty((series.shape[0], starts.size))
    for cell in range(series.shape[0]):
        for period in range(starts.size):
            days = series[cell, starts[period] : stops[period]]
            count = 0
            if how == ABOVE:
                for day in range(days.size):
                    count += days[day] > limit
            elif how == AT_LEAST:
                for day in range(days.size):
                    count += days[day] >= limit
            elif how == BELOW:
                for day in range(days.size):
                    count += days[day] < limit
            else:
                for day in range(days.size):
                    count += days[day] <= limit
            out[cell, period] = count
    return out


@njit(cache=True, nogil=True)
def count_present(series: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Count the days of each period that are not missing."""
    out = np.empty((series.shape[0], starts.size), dtype=np.int64)
    for cell in range(series.shape[0]):
        for period in range(starts.size):
            days = series[cell, starts[period] : stops[period]]
            count = 0
            for day in range(days.size):
                count += days[day] == days[day]
            out[cell, period] = count
    return out


@njit(cache=True, nogil=True)
def longest_absence(series: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Return the longest run of missing days inside each period."""
    out = np.empty((series.shape[0], starts.size), dtype=np.int64)
    for cell in range(series.shape[0]):
        for period in range(starts.size):
            run = longest = 0
            for day in range(starts[period], stops[period]):
                run = run + 1 if np.isnan(series[cell, day]) else 0
                longest = max(longest, run)
            out[cell, period] = longest
    return out


@njit(cache=True, nogil=True)
def extremes(
    series: np.ndarray, starts: np.ndarray, stops: np.ndarray, largest: bool
) -> np.ndarray:
    """Return the largest or smallest value of each period, missing where there is none."""
    out = np.empty((series.shape[0], starts.size))
    sign = 1.0 if largest else -1.0
    for cell in range(series.shape[0]):
        for period in range(starts.size):
            days = series[cell, starts[period] : stops[period]]
            a = b = c = d = -np.inf
            whole = days.size - days.size % 4
            for day in range(0, whole, 4):
                a = max(a, sign * days[day]) if days[day] == days[day] else a
                b = max(b, sign * days[day + 1]) if days[day + 1] == days[day + 1] else b
                c = max(c, sign * days[day + 2]) if days[day + 2] == days[day + 2] else c
                d = max(d, sign * days[day + 3]) if days[day + 3] == days[day + 3] else d
            for day in range(whole, days.size):
                a = max(a, sign * days[day]) if days[day] == days[day] else a
            best = max(max(a, b), max(c, d))
            out[cell, period] = np.nan if best == -np.inf else sign * best
    return out


@njit(cache=True, nogil=True)
def sums_where(
    series: np.ndarray,
    limits: np.ndarray,
    starts: np.ndarray,
    stops: np.ndarray,
    how: int,
) -> np.ndarray:
    """Sum the values of each period that compare true with the limit of their cell."""
    out = np.empty((series.shape[0], starts.size))
    for cell in range(series.shape[0]):
        limit = limits[cell]
        for period in range(starts.size):
            total = 0.0
            for day in range(starts[period], stops[period]):
                value = series[cell, day]
                if (how == ABOVE and value > limit) or (how == AT_LEAST and value >= limit):
                    total += value
            out[cell, period] = np.nan if np.isnan(limit) else total
    return out


@njit(cache=True, nogil=True)
def means(series: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Return the mean of the values of each period, missing where there is none."""
    out = np.empty((series.shape[0], starts.size))
    for cell in range(series.shape[0]):
        for period in range(starts.size):
            total = 0.0
            count = 0
            for day in range(starts[period], stops[period]):
                value = series[cell, day]
                if value == value:
                    total += value
                    count += 1
            out[cell, period] = total / count if count else np.nan
    return out


@njit(cache=True, nogil=True)
def running_sums(series: np.ndarray, first: int, last: int, before: int, after: int) -> np.ndarray:
    """Sum each day with its neighbours; a missing day is 0, a window over an end of the record too.

    The record lies in ``first:last`` of the series; the rest is context.
    """
    out = np.zeros_like(series)
    for cell in range(series.shape[0]):
        for day in range(max(first + before, before), min(last, series.shape[1]) - after):
            total = 0.0
            for near in range(day - before, day + after + 1):
                value = series[cell, near]
                total += value if value == value else 0.0
            out[cell, day] = total
    return out
