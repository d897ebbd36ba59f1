"""Seasonal climatology and threshold of daily series (Hobday et al. 2016)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .trend_lines import select

_MARGIN = 0.35
"""Share of the way from threshold to mean at which the next day's threshold is looked for."""


@njit(cache=True, nogil=True)
def fill_short_gaps(series: np.ndarray, longest: int) -> None:
    """Interpolate gaps of at most `longest` days that have values on both sides, in place."""
    before = -1
    for day in range(series.size):
        if math.isnan(series[day]):
            continue
        gap = day - before - 1
        if 0 < gap <= longest and before >= 0:
            step = (series[day] - series[before]) / (gap + 1)
            for i in range(1, gap + 1):
                series[before + i] = series[before] + step * i
        before = day


@njit(cache=True, nogil=True)
def pool_of(
    series: np.ndarray,
    days: np.ndarray,
    first: int,
    last: int,
    half_width: int,
    pool: np.ndarray,
) -> int:
    """Gather the values within `half_width` of ``days[first:last]``; return how many."""
    count = 0
    for i in range(first, last):
        low = max(0, days[i] - half_width)
        high = min(series.size, days[i] + half_width + 1)
        for day in range(low, high):
            if not math.isnan(series[day]):
                pool[count] = series[day]
                count += 1
    return count


@njit(cache=True, nogil=True)
def quantile(
    values: np.ndarray, count: int, share: float, guess: float, upper: np.ndarray
) -> float:
    """Return a quantile of the first `count` values by linear interpolation (type 7).

    Only values above `guess` are looked at where they are enough; a guess below the quantile, for
    example from the day before, leaves few of them.
    """
    place = share * (count - 1)
    rank = int(place)
    weight = place - rank
    held = 0
    for i in range(count):
        upper[held] = values[i]
        held += values[i] > guess
    within = rank - (count - held)
    if within >= 0:
        values, rank, count = upper, within, held
    low = select(values, 0, count - 1, rank)
    if weight == 0.0 or rank + 1 >= count:
        return low
    high = values[rank + 1]
    for i in range(rank + 2, count):
        high = min(high, values[i])
    # numpy's form of the interpolation, so that the last bits agree too
    if weight < 0.5:
        return float(low + (high - low) * weight)
    return float(high - (high - low) * (1.0 - weight))


@njit(cache=True, nogil=True)
def smooth(values: np.ndarray, width: int, out: np.ndarray) -> None:
    """Write the running mean over `width` days of the year, which is a circle; width < 2 years."""
    half = width // 2
    days = values.size
    for day in range(days):
        total = 0.0
        count = 0
        for step in range(-half, half + 1):
            at = day + step
            if at < 0:
                at += days
            elif at >= days:
                at -= days
            value = values[at]
            if not math.isnan(value):
                total += value
                count += 1
        out[day] = total / count if not math.isnan(values[day]) else math.nan


@njit(cache=True, nogil=True)
def climatology(
    series: np.ndarray,
    days: np.ndarray,
    starts: np.ndarray,
    leap: int,
    half_width: int,
    share: float,
    width: int,
) -> np.ndarray:
    """Return mean and threshold of each day of the year.

    Parameters
    ----------
    series : ndarray (cell, day)
        Daily values; missing is NaN.
    days, starts : ndarray of int
        ``days[starts[d]:starts[d + 1]]`` are the days of the base period on day `d` of the year.
    leap : int
        Day of the year of 29 February, which is the mean of its neighbours; -1 for none.
    half_width : int
        Days on each side that enter the pool, by position in the record.
    share : float
        Of the quantile, 0.9 for the 90th percentile.
    width : int
        Days of the running mean; 1 for none.

    Returns
    -------
    ndarray (cell, 2, day of year)
        Mean and threshold; missing where the pool is empty.
    """
    length = starts.size - 1
    out = np.full((series.shape[0], 2, length), np.nan)
    raw = np.empty(length)
    pool = np.empty(int(np.max(starts[1:] - starts[:-1])) * (2 * half_width + 1) + 1)
    upper = np.empty(pool.size)
    for cell in range(series.shape[0]):
        mean, threshold = out[cell, 0], out[cell, 1]
        guess = -math.inf
        for day in range(length):
            if day == leap:
                continue
            count = pool_of(series[cell], days, starts[day], starts[day + 1], half_width, pool)
            if count == 0:
                continue
            total = 0.0
            for i in range(count):
                total += pool[i]
            mean[day] = total / count
            threshold[day] = quantile(pool, count, share, guess, upper)
            guess = threshold[day] - _MARGIN * abs(threshold[day] - mean[day])
        for part in range(2):
            values = out[cell, part]
            if leap >= 0:
                values[leap] = 0.5 * values[leap - 1] + 0.5 * values[leap + 1]
            if width > 1:
                raw[:] = values
                smooth(raw, width, values)
    return out
