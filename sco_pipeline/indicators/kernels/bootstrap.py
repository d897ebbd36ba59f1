"""The in-base bootstrap: each base day against resamples that leave its own year out."""

from __future__ import annotations

import numpy as np
from numba import njit

from .quantiles import blend, depth, merge_tail, rank, sort_rows, tail_positions, window_rows

LEAP_ROW = 58
"""Calendar day, from 0, of 28 February, whose thresholds judge 29 February too."""

MARGIN = 1e-9
"""A day this far (relatively) from every possible threshold needs no closer look."""


@njit(cache=True, nogil=True)
def _without_year(
    tail: np.ndarray, owners: np.ndarray, size: int, year: int, kept: np.ndarray
) -> int:
    """Copy the tail without one year's values; return how many are left."""
    count = 0
    for item in range(size):
        if owners[item] != year:
            kept[count] = tail[item]
            count += 1
    return count


@njit(cache=True, nogil=True)
def _pick(kept: np.ndarray, size: int, added: np.ndarray, more: int, position: int) -> float:
    """Return the value at a position of two lists, both largest first, as if merged."""
    first = second = 0
    value = np.nan
    for _ in range(position + 1):
        if second >= more or (first < size and kept[first] >= added[second]):
            value = kept[first]
            first += 1
        else:
            value = added[second]
            second += 1
    return value


@njit(cache=True, nogil=True)
def _sorted_year(
    table: np.ndarray, near: np.ndarray, year: int, sign: float, out: np.ndarray
) -> int:
    """Sort one year's values of a window, largest (times sign) first; return how many there are."""
    count = 0
    for item in range(near.size):
        value = sign * table[near[item], year]
        if np.isnan(value):
            continue
        at = count
        while at > 0 and out[at - 1] < value:
            out[at] = out[at - 1]
            at -= 1
        out[at] = value
        count += 1
    return count


@njit(cache=True, nogil=True)
def _exceedances(
    value: float,
    year: int,
    kept: np.ndarray,
    size: int,
    remaining: int,
    doubles: np.ndarray,
    more: np.ndarray,
    quantile: tuple[float, float, float],
    least: float,
    upper: bool,
) -> int:
    """Count the resamples whose threshold a value (times sign) lies beyond."""
    count = 0
    for other in range(more.size):
        total = remaining + more[other]
        if other == year or total == 0 or total < least:
            continue
        lower, weight = rank(total, quantile)
        low, high = tail_positions(total, lower, upper)
        added = doubles[other]
        threshold = blend(
            _pick(kept, size, added, more[other], low),
            _pick(kept, size, added, more[other], high),
            weight,
        )
        count += value > threshold
    return count


@njit(cache=True, nogil=True)
def _sure_bounds(
    kept: np.ndarray,
    size: int,
    fewest: int,
    most: int,
    longest: int,
    quantile: tuple[float, float, float],
    upper: bool,
) -> tuple[float, float]:
    """Return below and above what a value is sure to lie on one side of all thresholds.

    Adding up to `longest` values to those kept can only raise the value at a position, and by at
    most as many positions. The resamples have `fewest` to `most` values.
    """
    few = tail_positions(fewest, rank(fewest, quantile)[0], upper)
    many = tail_positions(most, rank(most, quantile)[0], upper)
    deep = max(max(few[0], few[1]), max(many[0], many[1])) + 1
    near_end = min(min(few[0], few[1]), min(many[0], many[1])) - 1 - longest
    low = kept[deep] if deep < size else -np.inf
    high = kept[near_end] if 0 <= near_end < size else np.inf
    return low - MARGIN * max(1.0, abs(low)), high + MARGIN * max(1.0, abs(high))


@njit(cache=True, nogil=True)
def _fewest_and_most(more: np.ndarray, year: int) -> tuple[int, int]:
    """Return the fewest and the most values of any other year."""
    fewest, most = 1 << 30, 0
    for other in range(more.size):
        if other != year:
            fewest = min(fewest, more[other])
            most = max(most, more[other])
    return fewest, most


@njit(cache=True, nogil=True)
def bootstrap_counts(
    table: np.ndarray,
    leap: np.ndarray,
    quantile: tuple[float, float, float],
    window: int,
    fraction: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Count, for each base day, the resamples whose threshold it lies beyond.

    A resample of a day's year leaves that year out and takes one other year twice. A value lies
    beyond an upper quantile when larger, beyond a lower one when smaller.

    Parameters
    ----------
    table : ndarray (calendar day, year)
        The base period; missing is NaN.
    leap : ndarray (year,)
        Values of 29 February, judged like 28 February.
    quantile, window, fraction
        Quantile, days of the window, and least share of values that must be present.

    Returns
    -------
    ndarray (calendar day, year), ndarray (year,)
        Resamples, of (years - 1), that the day and 29 February lie beyond.
    """
    rows, columns = table.shape
    upper = quantile[0] >= 0.5
    sign = 1.0 if upper else -1.0
    values, years, counts = sort_rows(table, sign)
    near = np.empty(window, dtype=np.int64)
    tail = np.empty(window * columns)
    owners = np.empty(window * columns, dtype=np.int64)
    kept = np.empty(window * columns)
    doubles = np.empty((columns, window))
    more = np.empty(columns, dtype=np.int64)
    least = fraction * (window * columns)
    out = np.zeros((rows, columns), dtype=np.int64)
    out_leap = np.zeros(columns, dtype=np.int64)
    for row in range(rows):
        window_rows(row, window, rows, near)
        total = 0
        for year in range(columns):
            more[year] = _sorted_year(table, near, year, sign, doubles[year])
            total += more[year]
        wanted = depth(total, window, quantile, upper)
        found = merge_tail(near, values, years, counts, wanted, tail, owners)
        for year in range(columns if columns > 1 else 0):
            size = _without_year(tail, owners, found, year, kept)
            rest = total - more[year]
            fewest, most = _fewest_and_most(more, year)
            low, high = -np.inf, np.inf
            if rest + fewest >= max(least, 1.0):
                low, high = _sure_bounds(
                    kept, size, rest + fewest, rest + most, most, quantile, upper
                )
            for is_leap in range(2 if row == LEAP_ROW else 1):
                value = sign * (leap[year] if is_leap else table[row, year])
                count = 0
                if value > high:
                    count = columns - 1
                elif value >= low:
                    count = _exceedances(
                        value, year, kept, size, rest, doubles, more, quantile, least, upper
                    )
                if is_leap:
                    out_leap[year] = count
                else:
                    out[row, year] = count
    return out, out_leap
