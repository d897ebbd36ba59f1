"""Sums over groups of times, such as calendar months, and departures from them, cell by cell."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def group_sums(
    series: np.ndarray, position: np.ndarray, count: int, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted sum and the weight of the values present in each group: (cell, group).

    One value after the other, so that the bits do not hang on how cells are tiled.
    """
    total = np.zeros((series.shape[0], count))
    held = np.zeros((series.shape[0], count))
    for cell in range(series.shape[0]):
        for time in range(series.shape[1]):
            value = series[cell, time]
            if math.isfinite(value):
                total[cell, position[time]] += weights[time] * value
                held[cell, position[time]] += weights[time]
    return total, held


@njit(cache=True, nogil=True)
def group_squares(
    series: np.ndarray, position: np.ndarray, centre: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum of squares about a group's centre, and the number of values: (cell, group)."""
    total = np.zeros(centre.shape)
    held = np.zeros(centre.shape)
    for cell in range(series.shape[0]):
        for time in range(series.shape[1]):
            departure = series[cell, time] - centre[cell, position[time]]
            if math.isfinite(departure):
                total[cell, position[time]] += departure * departure
                held[cell, position[time]] += 1.0
    return total, held


@njit(cache=True, nogil=True)
def departures(series: np.ndarray, position: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Take the centre of its group out of each value: (cell, time)."""
    out = np.empty(series.shape)
    for cell in range(series.shape[0]):
        for time in range(series.shape[1]):
            out[cell, time] = series[cell, time] - centre[cell, position[time]]
    return out


@njit(cache=True, nogil=True)
def scores(
    series: np.ndarray, position: np.ndarray, centre: np.ndarray, spread: np.ndarray
) -> np.ndarray:
    """Return departures in units of the group's spread, missing where there is none."""
    out = np.empty(series.shape)
    for cell in range(series.shape[0]):
        for time in range(series.shape[1]):
            scale = spread[cell, position[time]]
            departure = series[cell, time] - centre[cell, position[time]]
            out[cell, time] = departure / scale if scale > 0.0 else np.nan
    return out
