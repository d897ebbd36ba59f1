"""The seasonal Mann-Kendall tests on the series of cells."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .trend_lines import median, pair_slopes, present_values, select
from .trend_tests import covariance_of_scores, normal_score, score


@njit(cache=True, nogil=True)
def _whole_years(matrix: np.ndarray, out: np.ndarray) -> int:
    """Copy the years in which every season is present; return how many they are."""
    count = 0
    for year in range(matrix.shape[1]):
        whole = True
        for season in range(matrix.shape[0]):
            whole = whole and not math.isnan(matrix[season, year])
        if whole:
            out[:, count] = matrix[:, year]
            count += 1
    return count


@njit(cache=True, nogil=True)
def _scores(matrix: np.ndarray, values: np.ndarray, at: np.ndarray) -> tuple[float, float, float]:
    """Return S, its variance and the number of pairs, summed over the seasons."""
    total = variance = pairs = 0.0
    for season in range(matrix.shape[0]):
        count = present_values(matrix[season], matrix[season], values, at)
        s, spread = score(values, count)
        total += s
        variance += spread
        pairs += 0.5 * count * (count - 1.0)
    return total, variance, pairs


@njit(cache=True, nogil=True)
def _correlated_scores(matrix: np.ndarray) -> tuple[float, float, float]:
    """Return S and its variance with the covariance between seasons, from whole years."""
    seasons = matrix.shape[0]
    total = variance = pairs = 0.0
    for one in range(seasons):
        total += score(matrix[one], matrix.shape[1])[0]
        pairs += 0.5 * matrix.shape[1] * (matrix.shape[1] - 1.0)
        for two in range(seasons):
            variance += covariance_of_scores(matrix[one], matrix[two])
    return total, variance, pairs


@njit(cache=True, nogil=True)
def seasonal_mann_kendall(
    series: np.ndarray, years: int, correlated: bool, reach: float, fewest: int
) -> np.ndarray:
    """Test each cell for a trend within its seasons.

    Parameters
    ----------
    series : ndarray (cell, year * season)
        Whole years of seasons in order; missing is NaN.
    years : int
        Number of years.
    correlated : bool
        Whether the covariance between seasons enters the variance; only years in which every
        season is present are then tested, without continuity correction (Hirsch and Slack 1984).
    reach : float
        Normal quantile of the slope's confidence limits.
    fewest : int
        A cell with fewer values has no result.

    Returns
    -------
    ndarray (cell, 10)
        ``n, s, variance, z, p, tau, slope, intercept, lower, upper``; slopes are per year.
    """
    seasons = series.shape[1] // years
    out = np.full((series.shape[0], 10), np.nan)
    values, at = np.empty(series.shape[1]), np.empty(series.shape[1])
    steps = np.arange(series.shape[1]) * 1.0
    slopes = np.empty(seasons * (years * (years - 1) // 2) + 1)
    whole = np.empty((seasons, years))
    for cell in range(series.shape[0]):
        matrix = series[cell].reshape(years, seasons).T.copy()
        count = present_values(series[cell], steps, values, at)
        out[cell, 0] = count
        if count < fewest or count < 2:
            continue
        middle, when = median(values, count), median(at, count) / seasons
        pairs = 0
        for season in range(seasons):
            held = present_values(matrix[season], steps, values, at)
            pairs += pair_slopes(values, at, held, slopes[pairs:])
        s, variance, compared = _scores(matrix, values, at)
        spread = variance
        if correlated:
            tested = whole[:, : _whole_years(matrix, whole)].copy()
            alone = _scores(tested, values, at)[1]
            s, variance, compared = _correlated_scores(tested)
            spread *= variance / alone if alone > 0.0 else 1.0
            z = s / math.sqrt(variance) if variance > 0.0 else 0.0
            out[cell, 3], out[cell, 4] = z, math.erfc(abs(z) / math.sqrt(2.0))
        else:
            out[cell, 3], out[cell, 4] = normal_score(s, variance)
        out[cell, 1], out[cell, 2] = s, variance
        out[cell, 5] = s / compared if compared > 0.0 else math.nan
        if pairs == 0:
            continue
        out[cell, 6] = median(slopes, pairs)
        out[cell, 7] = middle - out[cell, 6] * when
        margin = reach * math.sqrt(max(spread, 0.0))
        lower = int(np.rint((pairs - margin) / 2.0)) - 1
        upper = int(np.rint((pairs + margin) / 2.0))
        if lower >= 0 and upper < pairs:
            out[cell, 8] = select(slopes, 0, pairs - 1, lower)
            out[cell, 9] = select(slopes, lower, pairs - 1, upper)
    return out
