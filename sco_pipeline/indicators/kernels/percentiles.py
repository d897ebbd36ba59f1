"""Days beyond thresholds of a base period, cell by cell."""

from __future__ import annotations

import numpy as np
from numba import njit

from .bootstrap import bootstrap_counts
from .quantiles import base_values, day_thresholds, wet_quantile
from .shallow import DEEPEST, shallow_depth, shallow_thresholds


def thresholds(
    series: np.ndarray,
    base_days: np.ndarray,
    base_row: np.ndarray,
    base_column: np.ndarray,
    shape: tuple[int, int],
    quantile: tuple[float, float, float],
    window: int,
    fraction: float,
) -> np.ndarray:
    """Return the threshold of each calendar day of each cell: (cell, day)."""
    if shallow_depth(window * shape[1], quantile) <= DEEPEST:
        found = shallow_thresholds(series, base_days, base_row, shape, quantile, window, fraction)
    else:
        found = sorted_thresholds(
            series, base_days, base_row, base_column, shape, quantile, window, fraction
        )
    return np.asarray(found)


@njit(cache=True, nogil=True)
def sorted_thresholds(
    series: np.ndarray,
    base_days: np.ndarray,
    base_row: np.ndarray,
    base_column: np.ndarray,
    shape: tuple[int, int],
    quantile: tuple[float, float, float],
    window: int,
    fraction: float,
) -> np.ndarray:
    """Return the threshold of each calendar day of each cell, whatever its rank."""
    out = np.empty((series.shape[0], shape[0]))
    for cell in range(series.shape[0]):
        table = base_values(series[cell], base_days, base_row, base_column, shape[0], shape[1])
        out[cell] = day_thresholds(table, quantile, window, fraction)
    return out


@njit(cache=True, nogil=True)
def wet_thresholds(
    series: np.ndarray, first: int, last: int, wet: float, quantile: tuple[float, float, float]
) -> np.ndarray:
    """Return the quantile of the wet days in ``first:last`` of each cell."""
    out = np.empty(series.shape[0])
    values = np.empty(last - first)
    for cell in range(series.shape[0]):
        count = 0
        for day in range(first, last):
            if series[cell, day] >= wet:
                values[count] = series[cell, day]
                count += 1
        out[cell] = wet_quantile(values, count, quantile)
    return out


@njit(cache=True, nogil=True)
def beyond(
    series: np.ndarray, limits: np.ndarray, day_of_year: np.ndarray, upper: bool
) -> np.ndarray:
    """Return 1 where a day lies beyond its threshold, 0 where not, NaN where either is missing."""
    out = np.empty_like(series)
    for cell in range(series.shape[0]):
        for day in range(series.shape[1]):
            value = series[cell, day]
            limit = limits[cell, day_of_year[day]]
            if np.isnan(value) or np.isnan(limit):
                out[cell, day] = np.nan
            elif upper:
                out[cell, day] = 1.0 if value > limit else 0.0
            else:
                out[cell, day] = 1.0 if value < limit else 0.0
    return out


@njit(cache=True, nogil=True)
def put_bootstrap(
    hits: np.ndarray,
    series: np.ndarray,
    base_days: np.ndarray,
    base_row: np.ndarray,
    base_column: np.ndarray,
    leap_days: np.ndarray,
    leap_column: np.ndarray,
    shape: tuple[int, int],
    quantile: tuple[float, float, float],
    window: int,
    fraction: float,
) -> None:
    """Replace the days of the base period by their share of resamples, in place.

    A missing day counts as 0 resamples. A base of one year has none: its days are missing.
    """
    for cell in range(series.shape[0]):
        table = base_values(series[cell], base_days, base_row, base_column, shape[0], shape[1])
        leap = np.full(shape[1], np.nan)
        for item in range(leap_days.size):
            leap[leap_column[item]] = series[cell, leap_days[item]]
        counts, leap_counts = bootstrap_counts(table, leap, quantile, window, fraction)
        others = shape[1] - 1
        for item in range(base_days.size):
            count = counts[base_row[item], base_column[item]]
            hits[cell, base_days[item]] = count / others if others else np.nan
        for item in range(leap_days.size):
            count = leap_counts[leap_column[item]]
            hits[cell, leap_days[item]] = count / others if others else np.nan


@njit(cache=True, nogil=True)
def shares(
    hits: np.ndarray, starts: np.ndarray, stops: np.ndarray, allowed: np.ndarray
) -> np.ndarray:
    """Return the percentage of each period's days that are hits.

    A period with more missing days than `allowed` is missing.
    """
    out = np.empty((hits.shape[0], starts.size))
    for cell in range(hits.shape[0]):
        for period in range(starts.size):
            total = 0.0
            count = 0
            for day in range(starts[period], stops[period]):
                if hits[cell, day] == hits[cell, day]:
                    total += hits[cell, day]
                    count += 1
            absent = stops[period] - starts[period] - count
            given = count > 0 and absent <= allowed[period]
            out[cell, period] = 100.0 * total / count if given else np.nan
    return out
