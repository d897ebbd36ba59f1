"""Excess heat and heatwaves, and degree days."""

from __future__ import annotations

import numpy as np
from numba import njit

NUMBER, DAYS, LONGEST, MAGNITUDE, AMPLITUDE = 0, 1, 2, 3, 4


@njit(cache=True, nogil=True)
def degree_sums(
    values: np.ndarray, starts: np.ndarray, stops: np.ndarray, base: float, sign: float
) -> np.ndarray:
    """Sum what each day lies above (sign 1) or below (sign -1) a base; missing days add nothing.

    Values are (day, cell), sums (period, cell).
    """
    cells = values.shape[1]
    out = np.zeros((starts.size, cells))
    for period in range(starts.size):
        total = out[period]
        for day in range(starts[period], stops[period]):
            row = values[day]
            for cell in range(cells):
                excess = sign * (row[cell] - base)
                total[cell] += excess if excess > 0.0 else 0.0
    return out


@njit(cache=True, nogil=True)
def excess_heat(
    series: np.ndarray, limits: np.ndarray, day_of_year: np.ndarray, before: int
) -> np.ndarray:
    """Return the excess heat factor of each day, missing where one of its days is.

    The mean of three days less the threshold of the last one, times what that mean lies above the
    `before` days before them, at least 1.
    """
    out = np.full_like(series, np.nan)
    for cell in range(series.shape[0]):
        for day in range(before + 2, series.shape[1]):
            mean = (series[cell, day] + series[cell, day - 1] + series[cell, day - 2]) / 3.0
            past = 0.0
            for near in range(day - 2 - before, day - 2):
                past += series[cell, near]
            acclimatised = mean - past / before
            if acclimatised == acclimatised:
                significant = mean - limits[cell, day_of_year[day]]
                out[cell, day] = significant * max(1.0, acclimatised)
    return out


@njit(cache=True, nogil=True)
def heatwaves(
    factor: np.ndarray, starts: np.ndarray, stops: np.ndarray, shortest: int, what: int
) -> np.ndarray:
    """Return one aspect of the heatwaves of each season, found inside it.

    A heatwave is a run of at least `shortest` days with a positive factor: their number, days,
    longest one, mean over heatwaves of their mean factor, and peak of the one with the largest mean
    factor. Without a heatwave the last two are missing.
    """
    out = np.empty((factor.shape[0], starts.size))
    for cell in range(factor.shape[0]):
        for period in range(starts.size):
            number = days = longest = run = 0
            total = means = top = 0.0
            best = -np.inf
            peak = np.nan
            for day in range(starts[period], stops[period] + 1):
                inside = day < stops[period] and factor[cell, day] > 0.0
                if inside:
                    run += 1
                    total += factor[cell, day]
                    top = max(top, factor[cell, day])
                    continue
                if run >= shortest:
                    number += 1
                    days += run
                    longest = max(longest, run)
                    means += total / run
                    if total / run > best:
                        best, peak = total / run, top
                run = 0
                total = top = 0.0
            if what == NUMBER:
                out[cell, period] = number
            elif what == DAYS:
                out[cell, period] = days
            elif what == LONGEST:
                out[cell, period] = longest
            elif what == MAGNITUDE:
                out[cell, period] = means / number if number else np.nan
            else:
                out[cell, period] = peak
    return out
