"""Runs of days: longest spells, days in long spells, and the growing season."""

from __future__ import annotations

import numpy as np
from numba import njit

ABOVE, AT_LEAST, BELOW, AT_MOST = 0, 1, 2, 3


@njit(cache=True, nogil=True, inline="always")
def _holds(value: float, how: int, limit: float) -> bool:
    """Compare one value with a limit; false where either is missing."""
    if how == ABOVE:
        return value > limit
    if how == AT_LEAST:
        return value >= limit
    if how == BELOW:
        return value < limit
    return value <= limit


@njit(cache=True, nogil=True)
def longest_spells(
    series: np.ndarray, starts: np.ndarray, stops: np.ndarray, how: int, limit: float, span: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the longest spell of each period, and where spells meet the ends of the block.

    With `span` a spell belongs, with all its days, to the period it ends in; a period inside one
    spell has no value. Otherwise spells are cut at period ends. The periods follow each other.

    The second result holds, for each cell: length of the spell that starts on the first day, period
    that it ends in (-1 if it fills the block), and length of the spell that runs on after the last
    day; the day after the block decides, so that blocks can be joined.
    """
    cells, count = series.shape[0], starts.size
    out = np.zeros((cells, count))
    edges = np.zeros((cells, 3), dtype=np.int64)
    for cell in range(cells):
        run = 0
        leading = True
        edges[cell, 1] = -1
        for period in range(count):
            longest = 0
            broken = False
            if not span:
                run = 0
            for day in range(starts[period], stops[period]):
                if _holds(series[cell, day], how, limit):
                    run += 1
                    if not span:
                        longest = max(longest, run)
                    continue
                broken = True
                if leading:
                    leading = False
                    edges[cell, 0] = run
                    edges[cell, 1] = period if day > starts[period] or period == 0 else period - 1
                if day > starts[period] or period == 0:
                    longest = max(longest, run)
                elif run > out[cell, period - 1] or np.isnan(out[cell, period - 1]):
                    if run > 0:
                        out[cell, period - 1] = run
                run = 0
            out[cell, period] = longest
            if span and not broken and longest == 0:
                out[cell, period] = np.nan
        after = stops[count - 1]
        runs_on = after < series.shape[1] and _holds(series[cell, after], how, limit)
        if leading:
            edges[cell, 0] = run
            edges[cell, 1] = -1 if runs_on else count - 1
        edges[cell, 2] = run if runs_on else 0
        if span and run > 0 and not runs_on:
            last = out[cell, count - 1]
            out[cell, count - 1] = run if np.isnan(last) else max(last, run)
    return out, edges


@njit(cache=True, nogil=True)
def days_in_spells(
    hit: np.ndarray, starts: np.ndarray, stops: np.ndarray, shortest: int, span: bool
) -> np.ndarray:
    """Count the days of each period that lie in spells of at least `shortest` hits.

    A hit is a day with 1; 0 and NaN are not.

    With `span` spells are found on the whole series; otherwise each period is judged alone.
    """
    out = np.zeros((hit.shape[0], starts.size))
    for cell in range(hit.shape[0]):
        for period in range(starts.size):
            first, last = starts[period], stops[period]
            low, high = (0, hit.shape[1]) if span else (first, last)
            day = first
            total = 0
            while day < last:
                if hit[cell, day] != 1.0:
                    day += 1
                    continue
                begin = day
                while begin > low and hit[cell, begin - 1] == 1.0:
                    begin -= 1
                end = day
                while end < high and hit[cell, end] == 1.0:
                    end += 1
                inside = min(end, last) - day
                if end - begin >= shortest:
                    total += inside
                day += inside
            out[cell, period] = total
    return out


@njit(cache=True, nogil=True, inline="always")
def _first_run(
    series: np.ndarray, first: int, last: int, how: int, limit: float, shortest: int
) -> int:
    """Return the first day of the first run of `shortest` days in ``first:last``, or -1."""
    run = 0
    for day in range(first, last):
        run = run + 1 if _holds(series[day], how, limit) else 0
        if run == shortest:
            return day - shortest + 1
    return -1


@njit(cache=True, nogil=True)
def growing_seasons(
    tavg: np.ndarray,
    starts: np.ndarray,
    turns: np.ndarray,
    stops: np.ndarray,
    limit: float,
    shortest: int,
) -> np.ndarray:
    """Return the days from the first warm run to the first cold run after the turn of each period.

    ``starts:turns`` is searched for the start, ``turns:stops`` for the end; no start gives 0, no
    end the rest of the period.
    """
    out = np.zeros((tavg.shape[0], starts.size))
    for cell in range(tavg.shape[0]):
        days = tavg[cell]
        for period in range(starts.size):
            first = _first_run(days, starts[period], turns[period], ABOVE, limit, shortest)
            if first < 0:
                continue
            last = _first_run(days, turns[period], stops[period], BELOW, limit, shortest)
            out[cell, period] = (stops[period] if last < 0 else last) - first
    return out


@njit(cache=True, nogil=True, inline="always")
def _drop_short_runs(flags: np.ndarray, shortest: int) -> None:
    """Set runs shorter than `shortest` to false, in place."""
    day = 0
    while day < flags.size:
        if not flags[day]:
            day += 1
            continue
        end = day
        while end < flags.size and flags[end]:
            end += 1
        if end - day < shortest:
            flags[day:end] = False
        day = end


@njit(cache=True, nogil=True)
def growing_stretches(
    tavg: np.ndarray,
    starts: np.ndarray,
    stops: np.ndarray,
    limit: float,
    shortest: int,
    which: int,
) -> np.ndarray:
    """Return the first (0), the longest (1) or all (2) growing days of each period.

    Days grow between the first of `shortest` warm days and the first of `shortest` others, so that
    shorter interruptions do not count; stretches are cut at period ends.
    """
    out = np.zeros((tavg.shape[0], starts.size))
    for cell in range(tavg.shape[0]):
        grows = tavg[cell] >= limit
        _drop_short_runs(grows, shortest)
        rests = ~grows
        _drop_short_runs(rests, shortest)
        for period in range(starts.size):
            first = longest = total = run = 0
            for day in range(starts[period], stops[period] + 1):
                if day < stops[period] and not rests[day]:
                    run += 1
                    continue
                if run > 0 and first == 0:
                    first = run
                longest = max(longest, run)
                total += run
                run = 0
            out[cell, period] = first if which == 0 else (longest if which == 1 else total)
    return out
