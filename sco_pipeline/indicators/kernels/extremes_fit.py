"""Generalised extreme value and Pareto distributions, fitted by L-moments (Hosking 1990).

Samples are (sample, value) with NaN for missing; parameters are arrays (sample,). The shape is
that of climate science: positive for a heavy tail, so that xi = -k of Hosking.
"""

from __future__ import annotations

import numpy as np

EULER = 0.5772156649015329
_FLAT = 1e-6


def fit_gev(sample: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return location, scale and shape of the generalised extreme value distribution."""
    from scipy.special import gamma

    first, second, skew = l_moments(sample)
    with np.errstate(invalid="ignore", divide="ignore"):
        c = 2.0 / (3.0 + skew) - np.log(2.0) / np.log(3.0)
        k = 7.8590 * c + 2.9554 * c**2
        for _ in range(20):  # Newton on Hosking's equation for the L-skewness
            k = k - _excess(k, skew) / _slope(k, skew)
        k = np.where(np.abs(k) < _FLAT, _FLAT, k)
        factor = gamma(1.0 + k)
        scale = second * k / ((1.0 - 2.0**-k) * factor)
        location = first - scale * (1.0 - factor) / k
    good = (second > 0) & (np.abs(skew) < 1) & (k > -1)
    return _kept(good, location, scale, -k)


def _excess(k: np.ndarray, skew: np.ndarray) -> np.ndarray:
    """Return the L-skewness of shape k less the one that is wanted."""
    k = np.where(np.abs(k) < _FLAT, _FLAT, k)
    excess: np.ndarray = 2.0 * (1.0 - 3.0**-k) / (1.0 - 2.0**-k) - 3.0 - skew
    return excess


def _slope(k: np.ndarray, skew: np.ndarray) -> np.ndarray:
    step = 1e-5
    slope: np.ndarray = (_excess(k + step, skew) - _excess(k - step, skew)) / (2.0 * step)
    return slope


def fit_gpd(excess: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return scale and shape of the generalised Pareto distribution of excesses over 0."""
    first, second, _ = l_moments(excess)
    with np.errstate(invalid="ignore", divide="ignore"):
        k = first / second - 2.0
        scale = (1.0 + k) * first
    good = (second > 0) & (k > -1)
    scale, shape = (np.where(good, p, np.nan) for p in (scale, -k))
    return scale, shape


def l_moments(sample: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the first two L-moments and the L-skewness of each sample (unbiased)."""
    from .spi_fit import l_moments as along_second

    found = along_second(sample[:, :, None])
    return found[0][:, 0], found[1][:, 0], found[2][:, 0]


def gev_level(
    location: np.ndarray, scale: np.ndarray, shape: np.ndarray, chance: np.ndarray
) -> np.ndarray:
    """Return the values that are exceeded with a chance in a block; (sample, chance)."""
    reduced = -np.log1p(-chance)[None, :]
    shape = np.where(np.abs(shape) < _FLAT, _FLAT, shape)[:, None]
    level: np.ndarray = location[:, None] + scale[:, None] / shape * (reduced**-shape - 1.0)
    return level


def gev_probability(
    values: np.ndarray, location: np.ndarray, scale: np.ndarray, shape: np.ndarray
) -> np.ndarray:
    """Return the probability of not exceeding values; (sample, value)."""
    shape = np.where(np.abs(shape) < _FLAT, _FLAT, shape)[:, None]
    with np.errstate(invalid="ignore", over="ignore"):
        inner = np.maximum(1.0 + shape * (values - location[:, None]) / scale[:, None], 0.0)
        probability: np.ndarray = np.exp(-(inner ** (-1.0 / shape)))
    return probability


def gpd_quantile(scale: np.ndarray, shape: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Return the excesses that are exceeded with a chance; (sample, chance)."""
    shape = np.where(np.abs(shape) < _FLAT, _FLAT, shape)[:, None]
    quantile: np.ndarray = scale[:, None] / shape * (chance[None, :] ** -shape - 1.0)
    return quantile


def gpd_probability(values: np.ndarray, scale: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Return the probability of not exceeding excesses; (sample, value)."""
    shape = np.where(np.abs(shape) < _FLAT, _FLAT, shape)[:, None]
    with np.errstate(invalid="ignore"):
        inner = np.maximum(1.0 + shape * values / scale[:, None], 0.0)
        probability: np.ndarray = 1.0 - inner ** (-1.0 / shape)
    return probability


def largest_distance(probability: np.ndarray) -> np.ndarray:
    """Return the Kolmogorov-Smirnov distance of each sample's fitted probabilities; (sample,)."""
    ordered = np.sort(probability, axis=1)
    held = np.isfinite(ordered)
    count = held.sum(axis=1)[:, None]
    place = np.arange(1, probability.shape[1] + 1)[None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.maximum(place / count - ordered, ordered - (place - 1) / count)
    distance: np.ndarray = np.where(held, apart, -np.inf).max(axis=1)
    return np.where(count[:, 0] > 0, distance, np.nan)


def _kept(good: np.ndarray, *parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return parameters, missing where the fit does not exist."""
    one, two, three = (np.where(good, p, np.nan) for p in parameters)
    return one, two, three
