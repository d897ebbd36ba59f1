"""Events above a seasonal threshold, and what is said of each (Hobday et al. 2016, 2018)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

MOST_SEVERE = 4
EVENT = (
    "start",
    "peak",
    "end",
    "duration",
    "duration_moderate",
    "duration_strong",
    "duration_severe",
    "duration_extreme",
    "intensity_max",
    "intensity_mean",
    "intensity_var",
    "intensity_cumulative",
    "intensity_max_relThresh",
    "intensity_mean_relThresh",
    "intensity_var_relThresh",
    "intensity_cumulative_relThresh",
    "intensity_max_abs",
    "intensity_mean_abs",
    "intensity_var_abs",
    "intensity_cumulative_abs",
    "rate_onset",
    "rate_decline",
    "category",
)
COLUMNS = len(EVENT)
_LEAST = 1e-9
"""A threshold that does not exceed the climatology by this much, as under ice, judges nothing."""


@njit(cache=True, nogil=True)
def find_events(
    series: np.ndarray,
    normal: np.ndarray,
    day_of_year: np.ndarray,
    shortest: int,
    longest_gap: int,
    starts: np.ndarray,
    ends: np.ndarray,
) -> int:
    """Write first and last day of each event; return how many there are.

    Runs strictly above the threshold of at least `shortest` days, joined where at most
    `longest_gap` days lie between them. A missing day ends a run.
    """
    count = 0
    run = 0
    for day in range(series.size + 1):
        above = False
        if day < series.size and not math.isnan(series[day]):
            of_year = day_of_year[day]
            threshold = normal[1, of_year]
            above = series[day] > threshold and threshold - normal[0, of_year] > _LEAST
        if above:
            run += 1
            continue
        if run >= shortest:
            if count > 0 and day - run - ends[count - 1] - 1 <= longest_gap:
                ends[count - 1] = day - 1
            else:
                starts[count] = day - run
                ends[count] = day - 1
                count += 1
        run = 0
    return count


@njit(cache=True, nogil=True)
def _describe_values(values: np.ndarray, peak: int, out: np.ndarray) -> None:
    """Write value at the peak, mean, population standard deviation and sum."""
    mean = values.sum() / values.size
    square = 0.0
    for value in values:
        square += (value - mean) ** 2
    out[0] = values[peak]
    out[1] = mean
    out[2] = math.sqrt(square / values.size)
    out[3] = mean * values.size


@njit(cache=True, nogil=True)
def _rates(
    inside: np.ndarray, peak: int, before: float, after: float, first: bool, last: bool
) -> tuple[float, float]:
    """Return the rates of onset and decline; `first` and `last`: at the ends of the record."""
    top = inside[peak]
    left = inside.size - 1 - peak
    if not first:
        onset = (top - 0.5 * (inside[0] + before)) / (peak + 0.5)
    else:
        onset = (top - inside[0]) / peak if peak > 0 else 1.0
    if not last:
        decline = (top - 0.5 * (inside[-1] + after)) / (left + 0.5)
    else:
        decline = (top - inside[-1]) / left if left > 0 else math.nan
    return onset, decline


@njit(cache=True, nogil=True)
def _level(series: np.ndarray, normal: np.ndarray, day_of_year: np.ndarray, day: int) -> float:
    """Return the value of a day; the climatology where it is missing."""
    value = series[day]
    return float(normal[0, day_of_year[day]] if math.isnan(value) else value)


@njit(cache=True, nogil=True)
def describe_event(
    series: np.ndarray,
    normal: np.ndarray,
    day_of_year: np.ndarray,
    start: int,
    end: int,
    record: tuple[int, int],
    sign: float,
    out: np.ndarray,
) -> None:
    """Write what is said of one event; see `EVENT`.

    `record` holds first and last day of the record. `sign` is -1 where `series` and `normal` are
    those of cold spells with their sign changed.
    """
    length = end - start + 1
    value, normals, threshold = np.empty(length), np.empty(length), np.empty(length)
    for i in range(length):
        of_year = day_of_year[start + i]
        value[i] = _level(series, normal, day_of_year, start + i)
        normals[i] = normal[0, of_year]
        threshold[i] = normal[1, of_year]
    intensity = value - normals
    above = value - threshold
    peak = int(np.argmax(intensity))
    out[0], out[1], out[2], out[3] = start, start + peak, end, length
    out[4:8] = 0.0
    largest = -math.inf
    for i in range(length):
        ratio = math.floor(1.0 + above[i] / (threshold[i] - normals[i]))
        largest = max(largest, ratio)
        if ratio >= 1.0:
            out[3 + min(int(ratio), MOST_SEVERE)] += 1.0
    _describe_values(intensity, peak, out[8:12])
    _describe_values(above, peak, out[12:16])
    _describe_values(value, peak, out[16:20])
    first, last = start == record[0], end == record[1]
    before = after = 0.0
    if not first:
        before = _level(series, normal, day_of_year, start - 1) - normal[0, day_of_year[start - 1]]
    if not last:
        after = _level(series, normal, day_of_year, end + 1) - normal[0, day_of_year[end + 1]]
    out[20], out[21] = _rates(intensity, peak, before, after, first, last)
    out[22] = min(largest, float(MOST_SEVERE))
    for column in (8, 9, 11, 12, 13, 15, 16, 17, 19):
        out[column] *= sign


@njit(cache=True, nogil=True)
def events(
    series: np.ndarray,
    normal: np.ndarray,
    day_of_year: np.ndarray,
    record: tuple[int, int],
    shortest: int,
    longest_gap: int,
    sign: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return all events of all cells.

    Parameters
    ----------
    series : ndarray (cell, day)
        Daily values, with the sign changed for cold spells.
    normal : ndarray (cell, 2, day of year)
        Mean and threshold of `mhw_threshold.climatology`.
    day_of_year : ndarray of int (day,)
        Position on the last axis of `normal`.
    record : tuple of int
        First and last day of the record on the axis of `series`.
    shortest, longest_gap : int
        Days an event has at least, and that may lie between joined ones; -1 joins none.
    sign : float
        1, or -1 for cold spells, whose intensities are negative.

    Returns
    -------
    ndarray of int (event,), ndarray (event, 23)
        Cell, and the columns `EVENT`, with days on the axis of `series`.
    """
    most = series.shape[1] // max(1, shortest) + 1
    starts, ends = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    total = 0
    for cell in range(series.shape[0]):
        total += find_events(
            series[cell], normal[cell], day_of_year, shortest, longest_gap, starts, ends
        )
    cells, found = np.empty(total, dtype=np.int64), np.empty((total, COLUMNS))
    total = 0
    for cell in range(series.shape[0]):
        one, own = series[cell], normal[cell]
        count = find_events(one, own, day_of_year, shortest, longest_gap, starts, ends)
        for i in range(count):
            cells[total] = cell
            describe_event(one, own, day_of_year, starts[i], ends[i], record, sign, found[total])
            total += 1
    return cells, found
