"""Least-squares slopes: standard error, degrees of freedom, confidence limits."""

from __future__ import annotations

import numpy as np


def slope_error(fitted: np.ndarray, effective: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return slope, its standard error and the degrees of freedom of least-squares fits.

    Parameters
    ----------
    fitted : ndarray (cell, 6)
        From the kernel `least_squares`.
    effective : bool
        Whether the sample size is reduced to ``n (1 - r) / (1 + r)`` by the lag-1 autocorrelation
        r of the residuals, where that is positive (Santer et al. 2008).

    Returns
    -------
    slope, error, freedom : ndarray (cell,)
        The error is missing where no degree of freedom is left.
    """
    count, slope, error = fitted[:, 0], fitted[:, 1], fitted[:, 3]
    freedom = count - 2.0
    if effective:
        r = np.clip(fitted[:, 4], 0.0, 1.0)
        reduced = count * (1.0 - r) / (1.0 + r) - 2.0
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.where(reduced > 0, error * np.sqrt(freedom / reduced), np.nan)
        freedom = reduced
    return slope, error, freedom


def limits_of(
    slope: np.ndarray, error: np.ndarray, freedom: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return slope, lower and upper limit and p-value of the t-test; an exact line has p = 0."""
    from scipy.special import stdtr, stdtrit

    freedom = np.where(freedom > 0, freedom, np.nan)
    reach = stdtrit(freedom, 0.5 + confidence / 2.0) * error
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(error > 0, np.abs(slope) / error, np.where(slope == 0, 0.0, np.inf))
    pvalue = np.where(np.isfinite(ratio), 2.0 * stdtr(freedom, -np.abs(ratio)), 0.0)
    return slope, slope - reach, slope + reach, np.where(np.isnan(error), np.nan, pvalue)
