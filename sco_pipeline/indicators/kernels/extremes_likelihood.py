"""Return levels by maximum likelihood, with limits from the profile of the likelihood (Coles 2001).

One sample at a time: an optimisation for each point of the profile is slow beside L-moments.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .extremes_fit import fit_gev, fit_gpd

_FLAT = 1e-6
_WIDEST = 0.999
"""Shapes beyond it have no finite mean on one side and no regular likelihood on the other."""
_STEPS = 60
Cost = Callable[[np.ndarray], float]
Found = tuple[float, float, float, tuple[float, ...]]


def gev_by_likelihood(sample: np.ndarray, chance: float, confidence: float) -> Found:
    """Return level, lower and upper limit, and (location, scale, shape), of block maxima.

    Parameters
    ----------
    sample : ndarray (value,)
        Without missing values.
    chance : float
        Of exceeding the level in a block.
    confidence : float
        Of the limits: those levels whose profile lies within half a quantile of chi-squared with
        one degree of freedom below the maximum.

    Returns
    -------
    level, lower, upper : float
        A limit is missing where the profile does not fall so far.
    parameters : tuple of float
    """
    reduced = -np.log1p(-chance)
    scale = float(np.std(sample))
    centre = float(np.mean(sample))
    scaled = (sample - centre) / scale
    start = [float(part[0]) for part in fit_gev(scaled[None])]
    if not np.isfinite(start).all():
        start = [-0.45, 0.78, 0.0]  # Gumbel of the same mean and deviation

    def cost(point: np.ndarray) -> float:
        level, log_scale, shape = point
        return _gev_cost(
            scaled, level - _reach(reduced, shape) * np.exp(log_scale), log_scale, shape
        )

    first = start[0] + _reach(reduced, start[2]) * start[1]
    best = _lowest(cost, np.array([first, np.log(start[1]), start[2]]))
    limits = _limits(cost, best, confidence)
    log_scale, shape = best[1], best[2]
    location = best[0] - _reach(reduced, shape) * np.exp(log_scale)
    level, lower, upper = (centre + scale * value for value in (best[0], *limits))
    return level, lower, upper, (centre + scale * location, scale * np.exp(log_scale), shape)


def gpd_by_likelihood(excess: np.ndarray, chance: float, confidence: float) -> Found:
    """Return level above the threshold, its limits, and (scale, shape), of peaks.

    Parameters
    ----------
    excess : ndarray (value,)
        Above the threshold, without missing values.
    chance : float
        Of a peak to exceed the level.
    confidence : float
        As for `gev_by_likelihood`.

    Returns
    -------
    level, lower, upper : float
    parameters : tuple of float
    """
    unit = float(np.mean(excess))
    scaled = excess / unit
    scale, shape = (float(part[0]) for part in fit_gpd(scaled[None]))
    if not np.isfinite([scale, shape]).all():
        scale, shape = 1.0, 0.0

    def cost(point: np.ndarray) -> float:
        level, shape = point
        if level <= 0:
            return float("inf")
        return _gpd_cost(scaled, level / _growth(chance, shape), shape)

    best = _lowest(cost, np.array([scale * _growth(chance, shape), shape]))
    limits = _limits(cost, best, confidence)
    level, lower, upper = (unit * value for value in (best[0], *limits))
    return level, lower, upper, (level / _growth(chance, best[1]), best[1])


def _reach(reduced: float, shape: float) -> float:
    """Return how many scales a level lies above the location."""
    if abs(shape) < _FLAT:
        return float(-np.log(reduced))
    return float((reduced**-shape - 1.0) / shape)


def _growth(chance: float, shape: float) -> float:
    """Return how many scales a level lies above the threshold."""
    return float(-np.log(chance) if abs(shape) < _FLAT else (chance**-shape - 1.0) / shape)


def _gev_cost(sample: np.ndarray, location: float, log_scale: float, shape: float) -> float:
    """Return the negative log-likelihood of block maxima."""
    if abs(shape) > _WIDEST:
        return float("inf")
    z = (sample - location) / np.exp(log_scale)
    if abs(shape) < _FLAT:
        return float(sample.size * log_scale + np.sum(z + np.exp(-z)))
    inner = 1.0 + shape * z
    if inner.min() <= 0:
        return float("inf")
    logs = np.log(inner)
    return float(
        sample.size * log_scale + np.sum((1.0 + 1.0 / shape) * logs + np.exp(-logs / shape))
    )


def _gpd_cost(excess: np.ndarray, scale: float, shape: float) -> float:
    """Return the negative log-likelihood of excesses."""
    if scale <= 0 or abs(shape) > _WIDEST:
        return float("inf")
    if abs(shape) < _FLAT:
        return float(excess.size * np.log(scale) + np.sum(excess) / scale)
    inner = 1.0 + shape * excess / scale
    if inner.min() <= 0:
        return float("inf")
    return float(excess.size * np.log(scale) + (1.0 + 1.0 / shape) * np.sum(np.log(inner)))


def _lowest(cost: Cost, start: np.ndarray) -> np.ndarray:
    """Minimise from a start; a second search leaves a simplex that has collapsed."""
    from scipy.optimize import minimize

    about = {"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000, "maxfev": 4000}
    found = start
    for _ in range(2):
        found = minimize(cost, found, method="Nelder-Mead", options=about).x
    return np.asarray(found)


def _limits(cost: Cost, best: np.ndarray, confidence: float) -> tuple[float, float]:
    """Return where the profile of the first parameter falls by half the chi-squared quantile."""
    from scipy.optimize import brentq
    from scipy.special import chdtri

    bound = cost(best) + float(chdtri(1, 1.0 - confidence)) / 2.0
    others = best[1:]

    def above(level: float) -> float:
        nonlocal others
        others = _lowest(lambda rest: cost(np.array([level, *rest])), others)
        return cost(np.array([level, *others])) - bound

    limits = []
    for sign in (-1.0, 1.0):
        others, inside, step = best[1:], float(best[0]), 0.1
        limit = float("nan")
        for _ in range(_STEPS):
            outside = inside + sign * step
            if above(outside) > 0:
                limit = float(brentq(above, min(inside, outside), max(inside, outside), xtol=1e-9))
                break
            inside, step = outside, step * 1.5
        limits.append(limit)
    return limits[0], limits[1]
