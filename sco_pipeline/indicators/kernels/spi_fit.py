"""Distributions of monthly totals, fitted to each calendar month of each cell.

All of them take samples (cell, year, month) with NaN for missing and return a `Fit`; probabilities
are taken of whole records. Plain array arithmetic: the special functions are the cost, and scipy
computes them without holding the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

FEWEST = 4
TRACE = 0.0005
_PEARSON_C = (0.2906, 0.1882, 0.0442)
_PEARSON_D = (0.36067, -0.59567, 0.25361, -2.78861, 2.56096, -0.77045)


@dataclass(frozen=True)
class Fit:
    """Parameters of each calendar month.

    Attributes
    ----------
    parameters : tuple of ndarray (cell, month)
        In the order of the distribution.
    zeros : ndarray (cell, month)
        Share of zeros among the values of the sample.
    holds : ndarray of bool (cell, month)
        Whether the fit exists.
    """

    parameters: tuple[np.ndarray, ...]
    zeros: np.ndarray
    holds: np.ndarray


def fit_gamma(sample: np.ndarray) -> Fit:
    """Fit the positive values by Thom's approximation to maximum likelihood.

    Parameters
    ----------
    sample : ndarray (cell, year, month)
        Not negative.

    Returns
    -------
    Fit
        Shape and scale. No fit exists where the positive values do not differ.
    """
    count, total, zeros = _counted(sample)
    positive = sample > 0
    number = positive.sum(axis=1)
    logs = np.log(sample, out=np.zeros_like(sample), where=positive).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / number
        spread = np.log(mean) - logs / number
        shape = (1.0 + np.sqrt(1.0 + 4.0 * spread / 3.0)) / (4.0 * spread)
        scale = mean / shape
    holds = np.isfinite(shape) & np.isfinite(scale) & (scale > 0) & (spread > 1e-14) & (count > 0)
    return Fit((shape, scale), zeros, holds)


def fit_gamma_by_l_moments(sample: np.ndarray) -> Fit:
    """Fit a gamma distribution by L-moments (Hosking 1990); shape and scale.

    Parameters
    ----------
    sample : ndarray (cell, year, month)
        Positive values; zeros are left out.

    Returns
    -------
    Fit
    """
    count, _, zeros = _counted(sample)
    first, second, _ = l_moments(np.where(sample > 0, sample, np.nan))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = second / first
        z = np.pi * ratio**2
        y = 1.0 - ratio
        low = (1.0 - 0.3080 * z) / (z * (1.0 + z * (-0.05812 + z * 0.01765)))
        high = y * (0.7213 - y * 0.5947) / (1.0 + y * (-2.1817 + y * 1.2113))
        shape = np.where(ratio < 0.5, low, high)
        scale = first / shape
    holds = (ratio > 0) & (ratio < 1) & (count - zeros * count >= FEWEST - 0.5)
    return Fit((shape, scale), zeros, holds)


def gamma_probability(values: np.ndarray, fit: Fit) -> np.ndarray:
    """Return the share of zeros plus the rest by the gamma distribution; 0 at zero."""
    from scipy.special import gammainc

    shape, scale = (_spread(p) for p in fit.parameters)
    with np.errstate(invalid="ignore", divide="ignore"):
        below: np.ndarray = gammainc(shape, np.maximum(values, 0.0) / scale)
    return _with_zeros(below, fit)


def fit_pearson(sample: np.ndarray) -> Fit:
    """Fit a Pearson III distribution by L-moments, zeros included; mean, deviation and skewness.

    Parameters
    ----------
    sample : ndarray (cell, year, month)

    Returns
    -------
    Fit
        No fit exists for fewer than four values other than zero.
    """
    count, _, zeros = _counted(sample)
    first, second, third = l_moments(sample)
    size = np.abs(third)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = 3.0 * np.pi * size**2
        c1, c2, c3 = _PEARSON_C
        low = (1.0 + c1 * t) / (t * (1.0 + t * (c2 + t * c3)))
        y = 1.0 - size
        d1, d2, d3, d4, d5, d6 = _PEARSON_D
        high = y * (d1 + y * (d2 + y * d3)) / (1.0 + y * (d4 + y * (d5 + y * d6)))
        shape = np.where(size < 0.333333333, low, high)
        deviation, skew = _pearson_moments(shape, second, third)
    other = np.rint(count * (1.0 - zeros))
    holds = (second > 0) & (size < 1) & (other >= FEWEST)
    return Fit((first, deviation, skew), zeros, holds)


def _pearson_moments(
    shape: np.ndarray, second: np.ndarray, third: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return standard deviation and skewness of a Pearson III distribution."""
    from scipy.special import poch

    root = np.sqrt(shape)
    deviation = np.sqrt(np.pi) * second / poch(shape, 0.5) * root
    symmetric = np.abs(third) <= 1e-6
    skew = np.where(symmetric, 0.0, np.sign(third) * 2.0 / root)
    return np.where(symmetric, second * np.sqrt(np.pi), deviation), skew


def pearson_probability(values: np.ndarray, fit: Fit) -> np.ndarray:
    """Return probabilities; 0.0005 and 0.9995 outside the support, as climate_indices does."""
    from scipy.special import gammainc, gammaincc, ndtr

    mean, deviation, skew = (_spread(p) for p in fit.parameters)
    zeros = _spread(fit.zeros)
    with np.errstate(invalid="ignore", divide="ignore"):
        standard = (values - mean) / deviation
        shape = 4.0 / skew**2
        argument = shape + 2.0 * standard / skew
        inside = np.maximum(argument, 0.0)
        below: np.ndarray = np.where(skew > 0, gammainc(shape, inside), gammaincc(shape, inside))
        below = np.where(skew == 0, ndtr(standard), below)
        outside = (argument <= 0) & (skew != 0)
    below = np.where((values < TRACE) & (zeros > 0), 0.0, below)
    below = np.where((values < TRACE) & (zeros <= 0), TRACE, below)
    below = np.where(outside & (skew >= 0), TRACE, below)
    below = np.where(outside & (skew < 0), 1.0 - TRACE, below)
    return _with_zeros(below, fit)


def fit_log_logistic(sample: np.ndarray) -> Fit:
    """Fit a generalised (log-)logistic distribution by L-moments; location, scale and shape.

    Parameters
    ----------
    sample : ndarray (cell, year, month)

    Returns
    -------
    Fit
    """
    count, _, _ = _counted(sample)
    first, second, third = l_moments(sample)
    shape = -third
    with np.errstate(invalid="ignore", divide="ignore"):
        angle = np.pi * shape
        small = np.abs(shape) < 1e-6
        scale = np.where(small, second, second * np.sin(angle) / angle)
        location = first - np.where(small, 0.0, scale * (1.0 / shape - np.pi / np.sin(angle)))
    holds = (second > 0) & (np.abs(third) < 1) & (count >= FEWEST)
    return Fit((location, scale, np.where(small, 0.0, shape)), np.zeros_like(first), holds)


def log_logistic_probability(values: np.ndarray, fit: Fit) -> np.ndarray:
    """Return probabilities; 0 and 1 outside the support."""
    from scipy.special import expit

    location, scale, shape = (_spread(p) for p in fit.parameters)
    with np.errstate(invalid="ignore", divide="ignore"):
        standard = (values - location) / scale
        argument = 1.0 - shape * standard
        reduced = np.where(shape == 0, standard, -np.log(np.maximum(argument, 0.0)) / shape)
    probability: np.ndarray = expit(reduced)
    return probability


def l_moments(sample: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the first two L-moments and the L-skewness along the second axis (unbiased).

    Parameters
    ----------
    sample : ndarray (cell, year, month)
        Missing is NaN.

    Returns
    -------
    ndarray (cell, month), three times
    """
    ordered = np.sort(sample, axis=1)
    held = np.isfinite(ordered)
    count = held.sum(axis=1).astype(float)[:, None, :]
    rank = np.arange(1.0, sample.shape[1] + 1.0)[None, :, None]
    values = np.where(held, ordered, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        one = (rank - 1.0) / (count - 1.0)
        two = one * (rank - 2.0) / (count - 2.0)
        size = count[:, 0, :]
        b0 = values.sum(axis=1) / size
        b1 = np.where(held, values * one, 0.0).sum(axis=1) / size
        b2 = np.where(held, values * two, 0.0).sum(axis=1) / size
        second = 2.0 * b1 - b0
        third = 6.0 * b2 - 6.0 * b1 + b0
        return b0, second, third / second


def _counted(sample: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return number and sum of the values present, and the share of zeros among them."""
    held = np.isfinite(sample)
    count = held.sum(axis=1)
    total = np.where(held, sample, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return count, total, (sample == 0).sum(axis=1) / count


def _spread(parameter: np.ndarray) -> np.ndarray:
    """Return a parameter (cell, month) in the shape of records (cell, year, month)."""
    return parameter[:, None, :]


def _with_zeros(below: np.ndarray, fit: Fit) -> np.ndarray:
    """Add the share of zeros to the probability of the other values."""
    zeros = _spread(fit.zeros)
    probability: np.ndarray = zeros + (1.0 - zeros) * below
    return probability


Fitter = Callable[[np.ndarray], Fit]
Probability = Callable[[np.ndarray, Fit], np.ndarray]
DISTRIBUTIONS: dict[str, tuple[Fitter, Probability]] = {
    "gamma": (fit_gamma, gamma_probability),
    "gamma-l-moments": (fit_gamma_by_l_moments, gamma_probability),
    "pearson3": (fit_pearson, pearson_probability),
    "log-logistic": (fit_log_logistic, log_logistic_probability),
}
