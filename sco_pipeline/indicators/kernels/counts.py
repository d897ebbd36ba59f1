"""Counts, sums, means and extremes of the days of each period.

Values are (day, cell); the inner loops run over the cells, so that a processor takes many at once.
Limits have the precision of the values.
"""

from __future__ import annotations

import numpy as np
from numba import njit

ABOVE, AT_LEAST, BELOW, AT_MOST = 0, 1, 2, 3


@njit(cache=True, nogil=True)
def count_days(
    values: np.ndarray, starts: np.ndarray, stops: np.ndarray, how: int, limits: np.ndarray
) -> np.ndarray:
    """Count the days of each period that compare true with a limit; a missing day never does.

    `limits` holds the limit once, with the type of the values.
    """
    cells = values.shape[1]
    limit = limits[0]
    out = np.empty((starts.size, cells))
    count = np.empty(cells, dtype=np.int32)
    for period in range(starts.size):
        count[:] = 0
        for day in range(starts[period], stops[period]):
            row = values[day]
            if how == ABOVE:
                for cell in range(cells):
                    count[cell] += row[cell] > limit
            elif how == AT_LEAST:
                for cell in range(cells):
                    count[cell] += row[cell] >= limit
            elif how == BELOW:
                for cell in range(cells):
                    count[cell] += row[cell] < limit
            else:
                for cell in range(cells):
                    count[cell] += row[cell] <= limit
        out[period] = count
    return out


@njit(cache=True, nogil=True)
def count_present(values: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Count the days of each period that are not missing."""
    cells = values.shape[1]
    out = np.zeros((starts.size, cells), dtype=np.int32)
    for period in range(starts.size):
        count = out[period]
        for day in range(starts[period], stops[period]):
            row = values[day]
            for cell in range(cells):
                count[cell] += row[cell] == row[cell]
    return out


@njit(cache=True, nogil=True)
def sum_months(months: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Sum the months (month, cell) ``first:last`` of each period."""
    out = np.zeros((first.size, months.shape[1]), dtype=np.int32)
    for period in range(first.size):
        for month in range(first[period], last[period]):
            for cell in range(months.shape[1]):
                out[period, cell] += months[month, cell]
    return out


@njit(cache=True, nogil=True)
def longest_absence(values: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Return the longest run of missing days inside each period."""
    cells = values.shape[1]
    out = np.zeros((starts.size, cells), dtype=np.int32)
    run = np.empty(cells, dtype=np.int32)
    for period in range(starts.size):
        run[:] = 0
        for day in range(starts[period], stops[period]):
            for cell in range(cells):
                value = values[day, cell]
                run[cell] = run[cell] + 1 if value != value else 0
                out[period, cell] = max(out[period, cell], run[cell])
    return out


@njit(cache=True, nogil=True)
def extremes(
    values: np.ndarray, starts: np.ndarray, stops: np.ndarray, largest: bool
) -> np.ndarray:
    """Return the largest or smallest value of each period, missing where there is none."""
    cells = values.shape[1]
    out = np.empty((starts.size, cells))
    best = np.empty(cells, dtype=values.dtype)
    for period in range(starts.size):
        best[:] = -np.inf if largest else np.inf
        for day in range(starts[period], stops[period]):
            row = values[day]
            if largest:
                for cell in range(cells):
                    best[cell] = row[cell] if row[cell] > best[cell] else best[cell]
            else:
                for cell in range(cells):
                    best[cell] = row[cell] if row[cell] < best[cell] else best[cell]
        for cell in range(cells):
            out[period, cell] = best[cell] if np.isfinite(best[cell]) else np.nan
    return out


@njit(cache=True, nogil=True)
def sums_where(
    values: np.ndarray, limits: np.ndarray, starts: np.ndarray, stops: np.ndarray, how: int
) -> np.ndarray:
    """Sum the values of each period that compare true with the limit of their cell.

    A cell without a limit has no sums.
    """
    cells = values.shape[1]
    out = np.zeros((starts.size, cells))
    for period in range(starts.size):
        total = out[period]
        for day in range(starts[period], stops[period]):
            row = values[day]
            if how == ABOVE:
                for cell in range(cells):
                    total[cell] += row[cell] if row[cell] > limits[cell] else 0.0
            else:
                for cell in range(cells):
                    total[cell] += row[cell] if row[cell] >= limits[cell] else 0.0
        for cell in range(cells):
            total[cell] = np.nan if np.isnan(limits[cell]) else total[cell]
    return out


@njit(cache=True, nogil=True)
def means(values: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Return the mean of the days that have a value, missing where none has."""
    cells = values.shape[1]
    out = np.zeros((starts.size, cells))
    count = np.empty(cells, dtype=np.int32)
    for period in range(starts.size):
        total = out[period]
        count[:] = 0
        for day in range(starts[period], stops[period]):
            row = values[day]
            for cell in range(cells):
                there = row[cell] == row[cell]
                total[cell] += row[cell] if there else 0.0
                count[cell] += there
        for cell in range(cells):
            total[cell] = total[cell] / count[cell] if count[cell] else np.nan
    return out


@njit(cache=True, nogil=True)
def mean_differences(
    first: np.ndarray, second: np.ndarray, starts: np.ndarray, stops: np.ndarray
) -> np.ndarray:
    """Return the mean difference of the days that have both values, missing where none has."""
    cells = first.shape[1]
    out = np.zeros((starts.size, cells))
    count = np.empty(cells, dtype=np.int32)
    for period in range(starts.size):
        total = out[period]
        count[:] = 0
        for day in range(starts[period], stops[period]):
            one, two = first[day], second[day]
            for cell in range(cells):
                difference = one[cell] - two[cell]
                there = difference == difference
                total[cell] += difference if there else 0.0
                count[cell] += there
        for cell in range(cells):
            total[cell] = total[cell] / count[cell] if count[cell] else np.nan
    return out


@njit(cache=True, nogil=True)
def largest_running_sums(
    values: np.ndarray,
    starts: np.ndarray,
    stops: np.ndarray,
    first: int,
    last: int,
    before: int,
    after: int,
) -> np.ndarray:
    """Return the largest sum of each day with its neighbours in each period.

    A missing day is 0, and so is a sum over an end of the record, which lies in ``first:last``.
    """
    cells = values.shape[1]
    out = np.zeros((starts.size, cells))
    window = before + after + 1
    kept = np.zeros((window, cells))
    total = np.empty(cells)
    for period in range(starts.size):
        best = out[period]
        begin = max(starts[period], first + before)
        end = min(stops[period], last - after)
        best[:] = -np.inf if begin == starts[period] and end == stops[period] else 0.0
        for day in range(begin - before, end + after):
            row, clean = values[day], kept[day % window]
            for cell in range(cells):
                clean[cell] = row[cell] if row[cell] == row[cell] else 0.0
            if day < begin + after:
                continue
            total[:] = 0.0
            for near in range(day - window + 1, day + 1):
                one = kept[near % window]
                for cell in range(cells):
                    total[cell] += one[cell]
            for cell in range(cells):
                best[cell] = total[cell] if total[cell] > best[cell] else best[cell]
    return out
