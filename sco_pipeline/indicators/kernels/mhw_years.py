"""Yearly metrics of events."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .mhw_events import COLUMNS, MOST_SEVERE, describe_event, find_events

YEAR = (
    "count",
    "duration",
    "intensity_max",
    "intensity_max_max",
    "intensity_mean",
    "intensity_cumulative",
    "intensity_var",
    "intensity_max_relThresh",
    "intensity_mean_relThresh",
    "intensity_cumulative_relThresh",
    "intensity_var_relThresh",
    "intensity_max_abs",
    "intensity_mean_abs",
    "intensity_cumulative_abs",
    "intensity_var_abs",
    "rate_onset",
    "rate_decline",
    "total_days",
    "total_icum",
    "moderate_days",
    "strong_days",
    "severe_days",
    "extreme_days",
    "category",
)
_MEANS = ((1, 3), (2, 8), (4, 9), (5, 11), (6, 10), (7, 12), (8, 13), (9, 15), (10, 14), (11, 16))
_MORE_MEANS = ((12, 17), (13, 19), (14, 18), (15, 20), (16, 21))
MEANS = _MEANS + _MORE_MEANS
_DAYS, _SUM, _FIRST_CATEGORY, _CATEGORY = 17, 18, 18, 23


@njit(cache=True, nogil=True)
def _add_days(
    series: np.ndarray,
    normal: np.ndarray,
    day_of_year: np.ndarray,
    year_of: np.ndarray,
    start: int,
    end: int,
    out: np.ndarray,
) -> None:
    """Add the days of an event to the calendar years they lie in, by category."""
    for day in range(start, end + 1):
        year = year_of[day]
        out[year, _DAYS] += 1.0
        value = series[day]
        if math.isnan(value):
            continue
        mean, threshold = normal[0, day_of_year[day]], normal[1, day_of_year[day]]
        ratio = math.floor(1.0 + (value - threshold) / (threshold - mean))
        if ratio >= 1.0:
            out[year, _FIRST_CATEGORY + min(int(ratio), MOST_SEVERE)] += 1.0


@njit(cache=True, nogil=True)
def yearly(
    series: np.ndarray,
    normal: np.ndarray,
    day_of_year: np.ndarray,
    year_of: np.ndarray,
    record: tuple[int, int],
    shortest: int,
    longest_gap: int,
    sign: float,
) -> np.ndarray:
    """Return yearly metrics of each cell; parameters as in `mhw_events.events`.

    Parameters
    ----------
    series, normal, day_of_year, record, shortest, longest_gap, sign
        As in `mhw_events.events`.
    year_of : ndarray of int (day,)
        Position of each day's calendar year.

    Returns
    -------
    ndarray (cell, year, 24)
        `YEAR`. Means and cumulative intensity belong to the year an event starts in; days to the
        calendar year; means of years without events are missing.
    """
    years = year_of[-1] + 1
    out = np.zeros((series.shape[0], years, len(YEAR)))
    most = series.shape[1] // max(1, shortest) + 1
    starts, ends = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    event = np.empty(COLUMNS)
    for cell in range(series.shape[0]):
        one, own, of_cell = series[cell], normal[cell], out[cell]
        count = find_events(one, own, day_of_year, shortest, longest_gap, starts, ends)
        for i in range(count):
            describe_event(one, own, day_of_year, starts[i], ends[i], record, sign, event)
            row = of_cell[year_of[starts[i]]]
            row[0] += 1.0
            for to, source in MEANS:
                row[to] += event[source]
            if row[0] == 1.0 or sign * event[8] > sign * row[3]:
                row[3] = event[8]
            row[_SUM] += event[11]
            row[_CATEGORY] = max(row[_CATEGORY], event[22])
            _add_days(one, own, day_of_year, year_of, starts[i], ends[i], of_cell)
        for year in range(years):
            row = of_cell[year]
            for to, _ in MEANS:
                row[to] = row[to] / row[0] if row[0] > 0.0 else math.nan
            if row[0] == 0.0:
                row[3] = math.nan
    return out
