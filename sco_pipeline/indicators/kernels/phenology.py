"""Growing seasons in series of a vegetation index."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_LEAST = 0.05
_DAYS = 365.25


@njit(cache=True, nogil=True)
def _crossing(x0: float, y0: float, x1: float, y1: float, level: float) -> float:
    """Return where the line between two points meets a level."""
    return x0 + (level - y0) / (y1 - y0) * (x1 - x0) if y1 != y0 else x1


@njit(cache=True, nogil=True)
def growing_seasons(
    series: np.ndarray,
    times: np.ndarray,
    years: np.ndarray,
    shift: np.ndarray,
    fraction: float,
    longest_gap: float,
) -> np.ndarray:
    """Return start, peak, end (days from the start of the year), length and amplitude.

    Parameters
    ----------
    series : ndarray (cell, time)
        Missing is NaN.
    times : ndarray (time,)
        Decimal years.
    years : ndarray (year,)
        Calendar years.
    shift : ndarray (cell,)
        Years by which a cell's years start later.
    fraction : float
        Of the amplitude on each side.
    longest_gap : float
        Years; a longer gap inside a year makes it missing.

    Returns
    -------
    ndarray (cell, year, 5)
    """
    out = np.full((series.shape[0], years.size, 5), np.nan)
    at, value = np.empty(times.size), np.empty(times.size)
    for cell in range(series.shape[0]):
        for year in range(years.size):
            begin = years[year] + shift[cell]
            count = 0
            widest, before = 0.0, begin
            for i in range(times.size):
                if begin <= times[i] < begin + 1.0 and not math.isnan(series[cell, i]):
                    at[count], value[count] = times[i], series[cell, i]
                    widest = max(widest, times[i] - before)
                    before = times[i]
                    count += 1
            widest = max(widest, begin + 1.0 - before)
            if count < 4 or widest > longest_gap:
                continue
            peak = int(np.argmax(value[:count]))
            left, right = value[: peak + 1].min(), value[peak:count].min()
            amplitude = value[peak] - 0.5 * (left + right)
            if amplitude < _LEAST:
                continue
            low = left + fraction * (value[peak] - left)
            i = peak
            while i > 0 and value[i - 1] >= low:
                i -= 1
            start = at[0] if i == 0 else _crossing(at[i - 1], value[i - 1], at[i], value[i], low)
            low = right + fraction * (value[peak] - right)
            i = peak
            while i < count - 1 and value[i + 1] >= low:
                i += 1
            end = at[i]
            if i < count - 1:
                end = _crossing(at[i], value[i], at[i + 1], value[i + 1], low)
            out[cell, year, 0] = (start - begin) * _DAYS
            out[cell, year, 1] = (at[peak] - begin) * _DAYS
            out[cell, year, 2] = (end - begin) * _DAYS
            out[cell, year, 3] = (end - start) * _DAYS
            out[cell, year, 4] = amplitude
    return out
