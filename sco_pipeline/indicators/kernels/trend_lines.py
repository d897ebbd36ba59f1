"""Straight lines through the series of cells: Theil-Sen and least squares."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_ROUNDING = 1e-14
"""Residuals below this share of the values are rounding: the line is exact."""


@njit(cache=True, nogil=True)
def present_values(
    series: np.ndarray, times: np.ndarray, values: np.ndarray, at: np.ndarray
) -> int:
    """Copy the values that are not missing, with their times; return how many they are."""
    count = 0
    for i in range(series.size):
        if not math.isnan(series[i]):
            values[count] = series[i]
            at[count] = times[i]
            count += 1
    return count


@njit(cache=True, nogil=True)
def select(values: np.ndarray, low: int, high: int, rank: int) -> float:
    """Return the value of a rank in ``values[low:high + 1]``, which is partly ordered in place."""
    while low < high:
        middle = (low + high) >> 1
        a, b, c = values[low], values[middle], values[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            return float(values[rank])
    return float(values[rank])


@njit(cache=True, nogil=True)
def median(values: np.ndarray, count: int) -> float:
    """Return the median of the first `count` values, which are partly ordered in place."""
    half = count >> 1
    upper = select(values, 0, count - 1, half)
    if count % 2:
        return upper
    lower = float(values[0])
    for i in range(1, half):
        lower = max(lower, values[i])
    return 0.5 * (lower + upper)


@njit(cache=True, nogil=True)
def pair_slopes(values: np.ndarray, at: np.ndarray, count: int, slopes: np.ndarray) -> int:
    """Write the slopes of all pairs at different times; return how many there are."""
    pairs = 0
    for i in range(count - 1):
        first, since = values[i], at[i]
        for j in range(i + 1, count):
            step = at[j] - since
            if step > 0.0:
                slopes[pairs] = (values[j] - first) / step
                pairs += 1
    return pairs


@njit(cache=True, nogil=True)
def theil_sen(
    values: np.ndarray, at: np.ndarray, count: int, slopes: np.ndarray, reach: float
) -> tuple[float, float, float]:
    """Return the median of the pair slopes and its confidence limits.

    `reach` is the normal quantile of the confidence times the standard deviation of Kendall's S
    (Sen 1968); limits outside the slopes are missing.
    """
    pairs = pair_slopes(values, at, count, slopes)
    if pairs == 0:
        return math.nan, math.nan, math.nan
    slope = median(slopes, pairs)
    lower = int(np.rint((pairs - reach) / 2.0)) - 1
    upper = int(np.rint((pairs + reach) / 2.0))
    low = high = math.nan
    if lower >= 0 and upper < pairs:
        low = select(slopes, 0, pairs - 1, lower)
        high = select(slopes, lower, pairs - 1, upper)
    return slope, low, high


@njit(cache=True, nogil=True)
def least_squares(series: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Fit a line to each cell.

    Parameters
    ----------
    series : ndarray (cell, time)
        Missing is NaN.
    times : ndarray (time,)
        In any unit; it need not be even.

    Returns
    -------
    ndarray (cell, 6)
        Number of values, slope, intercept at time 0, standard error of the slope, lag-1
        autocorrelation of the residuals (of neighbours that are both present), and the
        standard deviation of the residuals (n - 2).
    """
    out = np.full((series.shape[0], 6), np.nan)
    for cell in range(series.shape[0]):
        one = series[cell]
        count = 0
        mean_t = mean_x = 0.0
        low, high = math.inf, -math.inf
        for i in range(one.size):
            if not math.isnan(one[i]):
                count += 1
                mean_t += times[i]
                mean_x += one[i]
                low, high = min(low, one[i]), max(high, one[i])
        out[cell, 0] = count
        if count < 2:
            continue
        mean_t /= count
        mean_x /= count
        tt = tx = 0.0
        for i in range(one.size):
            if not math.isnan(one[i]):
                tt += (times[i] - mean_t) ** 2
                tx += (times[i] - mean_t) * (one[i] - mean_x)
        if tt == 0.0:
            continue
        if low == high:
            tx, mean_x = 0.0, low
        slope = tx / tt
        out[cell, 1] = slope
        out[cell, 2] = mean_x - slope * mean_t
        rest = lagged = before = 0.0
        has_before = False
        for i in range(one.size):
            if math.isnan(one[i]):
                has_before = False
                continue
            residual = (one[i] - mean_x) - slope * (times[i] - mean_t)
            rest += residual * residual
            if has_before:
                lagged += residual * before
            before = residual
            has_before = True
        if rest <= count * (_ROUNDING * max(abs(low), abs(high))) ** 2:
            rest = lagged = 0.0
        if count > 2:
            out[cell, 3] = math.sqrt(rest / (count - 2) / tt)
            out[cell, 5] = math.sqrt(rest / (count - 2))
        out[cell, 4] = lagged / rest if rest > 0.0 else 0.0
    return out
