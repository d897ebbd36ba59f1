"""Runs of days: longest spells, days in long spells, and the growing season.

Values are (day, cell); the inner loops run over the cells.
"""

from __future__ import annotations

import numpy as np
from numba import njit

AT_LEAST, BELOW = 1, 2


@njit(cache=True, nogil=True)
def longest_spells(
    values: np.ndarray,
    starts: np.ndarray,
    stops: np.ndarray,
    how: int,
    limits: np.ndarray,
    span: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the longest spell of each period, and the spell that runs on after the last.

    With `span` a spell belongs, with all its days, to the period it ends in, which the day after
    the period tells; a period inside one spell has no value. Otherwise spells are cut at period
    ends. The periods follow each other; spells start in the first. `how` is AT_LEAST or BELOW, and
    `limits` holds the limit once, with the type of the values.
    """
    cells = values.shape[1]
    limit = limits[0]
    out = np.empty((starts.size, cells))
    run = np.zeros(cells, dtype=np.int32)
    longest = np.empty(cells, dtype=np.int32)
    for period in range(starts.size):
        longest[:] = 0
        if not span:
            run[:] = 0
        for day in range(starts[period], stops[period]):
            row, after = values[day], values[day + 1]
            if how == BELOW:
                for cell in range(cells):
                    run[cell] = run[cell] + 1 if row[cell] < limit else 0
                    ended = 0 if span and after[cell] < limit else run[cell]
                    longest[cell] = max(longest[cell], ended)
            else:
                for cell in range(cells):
                    run[cell] = run[cell] + 1 if row[cell] >= limit else 0
                    ended = 0 if span and after[cell] >= limit else run[cell]
                    longest[cell] = max(longest[cell], ended)
        length = stops[period] - starts[period]
        for cell in range(cells):
            inside = span and longest[cell] == 0 and run[cell] >= length
            out[period, cell] = np.nan if inside else longest[cell]
    after = values[stops[starts.size - 1]]
    for cell in range(cells):
        goes_on = after[cell] < limit if how == BELOW else after[cell] >= limit
        run[cell] = run[cell] if goes_on else 0
    return out, run


@njit(cache=True, nogil=True)
def leading_spells(
    values: np.ndarray, starts: np.ndarray, stops: np.ndarray, how: int, limits: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the length of the spell that starts on the first day, and the period it ends in.

    The period is -1 where the spell runs on after the last one.
    """
    cells = values.shape[1]
    limit = limits[0]
    lengths = np.zeros(cells, dtype=np.int32)
    ends_in = np.full(cells, -1, dtype=np.int32)
    for cell in range(cells):
        day = starts[0]
        last = stops[starts.size - 1]
        while day <= last:
            value = values[day, cell]
            if not (value < limit if how == BELOW else value >= limit):
                break
            day += 1
        lengths[cell] = min(day, last) - starts[0]
        if day <= last:
            period = 0
            while period < starts.size - 1 and stops[period] < day:
                period += 1
            ends_in[cell] = period
    return lengths, ends_in


@njit(cache=True, nogil=True)
def _first_runs(
    values: np.ndarray,
    first: int,
    last: int,
    warm: bool,
    limit: float,
    shortest: int,
    run: np.ndarray,
    out: np.ndarray,
) -> None:
    """Find the first day of the first run of `shortest` days in ``first:last``, or -1."""
    cells = values.shape[1]
    run[:] = 0
    out[:] = -1
    for day in range(first, last):
        row = values[day]
        begin = day - shortest + 1
        if warm:
            for cell in range(cells):
                run[cell] = run[cell] + 1 if row[cell] > limit else 0
                out[cell] = begin if run[cell] == shortest and out[cell] < 0 else out[cell]
        else:
            for cell in range(cells):
                run[cell] = run[cell] + 1 if row[cell] < limit else 0
                out[cell] = begin if run[cell] == shortest and out[cell] < 0 else out[cell]


@njit(cache=True, nogil=True)
def growing_seasons(
    tavg: np.ndarray,
    starts: np.ndarray,
    turns: np.ndarray,
    stops: np.ndarray,
    limits: np.ndarray,
    shortest: int,
) -> np.ndarray:
    """Return the days from the first warm run to the first cold run after the turn of each period.

    ``starts:turns`` is searched for the start, ``turns:stops`` for the end; no start gives 0, no
    end the rest of the period. `limits` holds the limit once, with the type of the values.
    """
    cells = tavg.shape[1]
    out = np.zeros((starts.size, cells))
    run = np.empty(cells, dtype=np.int32)
    begin = np.empty(cells, dtype=np.int32)
    end = np.empty(cells, dtype=np.int32)
    for period in range(starts.size):
        _first_runs(tavg, starts[period], turns[period], True, limits[0], shortest, run, begin)
        _first_runs(tavg, turns[period], stops[period], False, limits[0], shortest, run, end)
        for cell in range(cells):
            if begin[cell] >= 0:
                last = stops[period] if end[cell] < 0 else end[cell]
                out[period, cell] = last - begin[cell]
    return out


@njit(cache=True, nogil=True)
def days_in_spells(
    hit: np.ndarray, starts: np.ndarray, stops: np.ndarray, shortest: int, span: bool
) -> np.ndarray:
    """Count the days (cell, day) of each period that lie in spells of at least `shortest` hits.

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
    out = np.zeros((starts.size, tavg.shape[1]))
    for cell in range(tavg.shape[1]):
        grows = tavg[:, cell] >= limit
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
            out[period, cell] = first if which == 0 else (longest if which == 1 else total)
    return out
