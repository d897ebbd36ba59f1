"""The samples that extreme value distributions are fitted to."""

from __future__ import annotations

import numpy as np


def yearly_maxima(
    series: np.ndarray, position: np.ndarray, years: int, min_fraction: float
) -> np.ndarray:
    """Return the highest value of each year that has enough of them; (cell, year)."""
    usual = np.bincount(position).max()
    out = np.full((series.shape[0], years), np.nan)
    for year in range(years):
        own = series[:, position == year]
        enough = np.isfinite(own).sum(axis=1) >= max(1.0, min_fraction * usual)
        if enough.any():
            out[enough, year] = np.nanmax(own[enough], axis=1)
    return out


def cluster_peaks(series: np.ndarray, threshold: float, separation: int) -> np.ndarray:
    """Return the highest value of each cluster of days above a threshold.

    Parameters
    ----------
    series : ndarray (day,)
        Missing days part clusters like days below the threshold.
    threshold : float
    separation : int
        Days not above the threshold that part two clusters.

    Returns
    -------
    ndarray (cluster,)
    """
    above = np.flatnonzero(series > threshold)
    if above.size == 0:
        return np.empty(0)
    first = np.concatenate([[0], np.flatnonzero(np.diff(above) > separation) + 1])
    peaks: np.ndarray = np.maximum.reduceat(series[above], first)
    return peaks
