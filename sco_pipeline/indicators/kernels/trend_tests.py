"""The Mann-Kendall family on the series of cells, with the slope that belongs to it.

Sums over pairs give the score, its tie correction and the ranks at once, so that nothing is sorted:
a group of t equal values adds t (t - 1) (2 t + 5) to the correction, which is the sum of
e (6 e + 12) over its members if e is the number of equal values that come later.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .trend_lines import median, pair_slopes, present_values, theil_sen

NONE, PRE_WHITENING, TREND_FREE, HAMED_RAO, YUE_WANG = 0, 1, 2, 3, 4
COLUMNS = ("n", "s", "variance", "z", "p", "tau", "slope", "intercept", "lower", "upper")
_FLAT = 1e-12
"""Residuals smaller than this share of the values are rounding: the series is a straight line."""


@njit(cache=True, nogil=True)
def score(values: np.ndarray, count: int) -> tuple[float, float]:
    """Return Kendall's S and its variance, corrected for ties."""
    total = 0
    ties = 0.0
    for i in range(count - 1):
        first = values[i]
        sign = 0
        equal = 0
        for j in range(i + 1, count):
            sign += (values[j] > first) - (values[j] < first)
            equal += values[j] == first
        total += sign
        ties += equal * (6.0 * equal + 12.0)
    n = float(count)
    return float(total), (n * (n - 1.0) * (2.0 * n + 5.0) - ties) / 18.0


@njit(cache=True, nogil=True)
def ranks(values: np.ndarray, count: int, out: np.ndarray) -> None:
    """Write the rank of each value, equal ones sharing their mean rank."""
    for i in range(count):
        below = 0
        equal = 0
        for j in range(count):
            below += values[j] < values[i]
            equal += values[j] == values[i]
        out[i] = below + 0.5 * (equal + 1)


@njit(cache=True, nogil=True, inline="always")
def _lost(total: float, term: float) -> float:
    """Return what rounding takes from ``total + term`` (Neumaier 1974)."""
    new = total + term
    if abs(total) >= abs(term):
        return (total - new) + term
    return (term - new) + total


@njit(cache=True, nogil=True)
def lagged_sum(values: np.ndarray, count: int, mean: float, lag: int) -> float:
    """Sum the products of departures `lag` apart, compensated, so that ties stay ties."""
    total = lost = 0.0
    for i in range(count - lag):
        term = (values[i] - mean) * (values[i + lag] - mean)
        lost += _lost(total, term)
        total += term
    return total + lost


@njit(cache=True, nogil=True)
def autocorrelation(values: np.ndarray, count: int, lag: int) -> float:
    """Return the autocorrelation at a lag, divided by the variance; 0 for a constant series."""
    mean = lost = largest = 0.0
    for i in range(count):
        lost += _lost(mean, values[i])
        mean += values[i]
        largest = max(largest, abs(values[i]))
    mean = (mean + lost) / count
    total = lagged_sum(values, count, mean, 0)
    if total <= count * (_FLAT * largest) ** 2:
        return 0.0
    return lagged_sum(values, count, mean, lag) / total


@njit(cache=True, nogil=True)
def inflation(
    residuals: np.ndarray, count: int, how: int, lags: int, bound: float, work: np.ndarray
) -> float:
    """Return the factor by which serial correlation inflates the variance of S.

    Hamed and Rao (1998): ranks of the residuals, lags outside ``+- bound / sqrt(n)`` only.
    Yue and Wang (2004): the residuals themselves, every lag.
    """
    last = count - 1 if lags <= 0 else min(lags, count - 1)
    n = float(count)
    total = 0.0
    if how == HAMED_RAO:
        ranks(residuals, count, work)
        limit = bound / math.sqrt(n)
        for lag in range(1, last + 1):
            rho = autocorrelation(work, count, lag)
            if rho > limit or rho < -limit:
                total += (n - lag) * (n - lag - 1.0) * (n - lag - 2.0) * rho
        return 1.0 + 2.0 / (n * (n - 1.0) * (n - 2.0)) * total if count > 2 else 1.0
    for lag in range(1, last + 1):
        total += (1.0 - lag / n) * autocorrelation(residuals, count, lag)
    return 1.0 + 2.0 * total


@njit(cache=True, nogil=True)
def normal_score(s: float, variance: float) -> tuple[float, float]:
    """Return z with continuity correction, and its two-sided p-value.

    No variance and no score is no trend (z = 0, p = 1); a negative variance has no test.
    """
    if s == 0.0:
        return 0.0, 1.0
    if variance <= 0.0 or math.isnan(variance):
        return math.nan, math.nan
    z = (s - math.copysign(1.0, s)) / math.sqrt(variance)
    return z, math.erfc(abs(z) / math.sqrt(2.0))


@njit(cache=True, nogil=True)
def whiten(values: np.ndarray, count: int, rho: float) -> None:
    """Take `rho` times the value before from each value but the first, in place."""
    for i in range(count - 1):
        values[i] = values[i + 1] - values[i] * rho


@njit(cache=True, nogil=True)
def without_trend(
    values: np.ndarray, position: np.ndarray, count: int, slope: float, out: np.ndarray
) -> None:
    """Write the residuals; where only rounding is left, write zeros."""
    largest = spread = 0.0
    for i in range(count):
        out[i] = values[i] - position[i] * slope
        largest = max(largest, abs(values[i]))
        spread = max(spread, abs(out[i] - out[0]))
    if spread <= _FLAT * largest:
        for i in range(count):
            out[i] = 0.0


@njit(cache=True, nogil=True)
def mann_kendall(
    series: np.ndarray,
    times: np.ndarray,
    position: np.ndarray,
    how: int,
    lags: int,
    bound: float,
    reach: float,
    fewest: int,
) -> np.ndarray:
    """Test each cell for a trend.

    Parameters
    ----------
    series : ndarray (cell, time)
        Missing is NaN and left out.
    times : ndarray (time,)
        For the slope, in any unit; rising.
    position : ndarray (time,)
        For the removal of the trend, in units of `times`; empty for the order of the values
        present, from 1.
    how : int
        `NONE`, `PRE_WHITENING`, `TREND_FREE`, `HAMED_RAO` or `YUE_WANG`.
    lags : int
        Lags of the variance corrections; 0 for all.
    bound : float
        Normal quantile outside which Hamed-Rao takes a lag as significant.
    reach : float
        Normal quantile of the slope's confidence limits.
    fewest : int
        A cell with fewer values has no result.

    Returns
    -------
    ndarray (cell, 10)
        `COLUMNS`. The slope is that of the given series whatever `how`; its limits use the
        corrected variance where there is one.
    """
    length = series.shape[1]
    out = np.full((series.shape[0], 10), np.nan)
    values, at, place = np.empty(length), np.empty(length), np.empty(length)
    rest, work = np.empty(length), np.empty(length)
    slopes = np.empty(length * (length - 1) // 2)
    for cell in range(series.shape[0]):
        count = present_values(series[cell], times, values, at)
        out[cell, 0] = count
        if count < fewest or count < 2:
            continue
        if position.size == 0:
            for i in range(count):
                place[i] = i + 1.0
        else:
            present_values(series[cell], position, values, place)
        pairs = pair_slopes(values, at, count, slopes)
        slope = median(slopes, pairs) if pairs else math.nan
        tested = count
        work[:count] = values[:count]
        if how == PRE_WHITENING:
            whiten(work, count, autocorrelation(values, count, 1))
            tested = count - 1
        elif how == TREND_FREE:
            without_trend(values, place, count, slope, work)
            whiten(work, count, autocorrelation(work, count, 1))
            tested = count - 1
            for i in range(tested):
                work[i] += place[i] * slope
        s, variance = score(work, tested)
        spread = variance if tested == count else score(values, count)[1]
        if how == HAMED_RAO or how == YUE_WANG:
            without_trend(values, place, count, slope, rest)
            variance *= inflation(rest, count, how, lags, bound, work)
            spread = variance
        out[cell, 1] = s
        out[cell, 2] = variance
        out[cell, 3], out[cell, 4] = normal_score(s, variance)
        out[cell, 5] = s / (0.5 * tested * (tested - 1.0)) if tested > 1 else math.nan
        margin = reach * math.sqrt(spread) if spread >= 0.0 else math.nan
        out[cell, 6] = slope
        if not math.isnan(margin):
            _, out[cell, 8], out[cell, 9] = theil_sen(values, at, count, slopes, margin)
        middle = median(values, count)
        out[cell, 7] = middle - slope * median(at, count)
    return out


@njit(cache=True, nogil=True)
def covariance_of_scores(one: np.ndarray, two: np.ndarray) -> float:
    """Return the covariance of S of two series without gaps (Dietz and Killeen 1981)."""
    n = one.size
    concordant = 0.0
    product = 0.0
    for i in range(n):
        rank_one = rank_two = 0.0
        for j in range(n):
            sign_one = 1.0 * (one[i] > one[j]) - 1.0 * (one[i] < one[j])
            sign_two = 1.0 * (two[i] > two[j]) - 1.0 * (two[i] < two[j])
            rank_one += sign_one
            rank_two += sign_two
            if j > i:
                concordant += sign_one * sign_two
        product += 0.5 * (n + 1.0 + rank_one) * 0.5 * (n + 1.0 + rank_two)
    return (concordant + 4.0 * product - n * (n + 1.0) ** 2) / 3.0
