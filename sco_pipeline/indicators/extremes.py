"""Return levels of extremes, with confidence limits and a measure of fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import xarray as xr

from ..errors import IndicatorError, unknown
from .cells import over_cells
from .exceedance import padded_years
from .extreme_samples import cluster_peaks, yearly_maxima
from .indicator import indicator
from .kernels.extremes_fit import (
    fit_gev,
    fit_gpd,
    gev_level,
    gev_probability,
    gpd_probability,
    gpd_quantile,
    largest_distance,
)
from .kernels.extremes_likelihood import gev_by_likelihood, gpd_by_likelihood
from .periods import day_axis
from .years import calendar_years

COLES = (
    "Coles (2001), doi:10.1007/978-1-4471-3675-0; Hosking (1990), "
    "doi:10.1111/j.2517-6161.1990.tb01775.x; Kysely (2008), doi:10.1175/2007JAMC1763.1"
)
PARTS = ("level", "lower", "upper", "location", "scale", "shape", "ks_distance", "ks_pvalue")
Method = Literal["l-moments", "likelihood"]
FEWEST_BLOCKS = 10
FEWEST_PEAKS = 20


@indicator(
    formula="F^-1(1 - 1 / return_period), F: GEV of the yearly maxima",
    units="{units}",
    long_name="Return level of {long_name} (block maxima)",
    cell_methods="time: maximum",
    references=COLES,
)
def return_level(
    field: xr.DataArray,
    *,
    return_period: float = 50.0,
    tail: Literal["high", "low"] = "high",
    confidence: float = 0.95,
    resamples: int = 200,
    min_fraction: float = 0.9,
    seed: int = 0,
    method: Method = "l-moments",
) -> xr.Dataset:
    """Level that the highest value of a year exceeds once in `return_period` years on average.

    A generalised extreme value distribution is fitted to the yearly extremes by L-moments. Limits
    are percentiles of fits to samples drawn from the fitted distribution (parametric bootstrap),
    and so is the p-value of the Kolmogorov-Smirnov distance. Or it is fitted by maximum likelihood,
    with limits from the profile of the likelihood, which are wider above than below.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Daily, monthly or yearly values; the highest of each calendar year is taken.
    return_period : float
        Years, above 1.
    tail : {"high", "low"}
        Whether highest or lowest values are extremes.
    confidence : float
        Level of the limits.
    resamples : int
        Bootstrap samples; 0 for no limits.
    min_fraction : float
        Share of the usual number of a year's values that must be present.
    seed : int
        Of the random numbers, which are the same for every cell and chunk.
    method : {"l-moments", "likelihood"}
        Of fit and limits. The likelihood takes some 0.3 s a cell and gives no ``ks_pvalue``.

    Returns
    -------
    Dataset (...)
        ``return_level``, ``lower``, ``upper``, the parameters ``location``, ``scale`` and
        ``shape`` (positive: heavy tail), ``ks_distance`` and ``ks_pvalue``. Missing with fewer
        than ten years.

    Raises
    ------
    IndicatorError
        If the return period is not above one year, or the record has fewer than ten years.
    """
    _check(return_period, confidence, tail, method)
    years, position = calendar_years(field["time"])
    if len(years) < FEWEST_BLOCKS:
        raise IndicatorError(
            f"return levels of {field.name!r} need {FEWEST_BLOCKS} years or more; found "
            f"{len(years)}"
        )
    sign = 1.0 if tail == "high" else -1.0
    draws = np.random.default_rng(seed).random((resamples, len(years)))
    chance = np.array([1.0 / return_period])

    def fit(series: np.ndarray) -> np.ndarray:
        blocks = yearly_maxima(sign * series, position, len(years), min_fraction)
        return np.stack([_fit_one(one, chance, draws, confidence, sign, method) for one in blocks])

    return _described(over_cells(fit, field, result={"part": list(PARTS)}), "return_level")


@indicator(
    formula="u + (scale / shape) ((rate return_period)^shape - 1), GPD of peaks over u",
    units="{units}",
    long_name="Return level of {long_name} (peaks over threshold)",
    frequency="day",
    cell_methods="time: maximum",
    references=f"{COLES}; Ferro and Segers (2003), doi:10.1111/1467-9868.00401",
)
def peak_return_level(
    field: xr.DataArray,
    *,
    return_period: float = 50.0,
    quantile: float = 0.95,
    separation: int = 3,
    confidence: float = 0.95,
    resamples: int = 200,
    seed: int = 0,
    method: Method = "l-moments",
) -> xr.Dataset:
    """Level exceeded once in `return_period` years, from the peaks of daily values.

    A generalised Pareto distribution is fitted by L-moments to the excesses of the highest values
    of clusters above the threshold, a quantile of all days. Limits and p-value as for
    `return_level`; the threshold and the number of peaks a year are taken as known.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Daily values.
    return_period : float
        Years, above 1.
    quantile : float
        Of all days, the threshold.
    separation : int
        Days below the threshold that part two clusters.
    confidence, resamples, seed, method
        As for `return_level`.

    Returns
    -------
    Dataset (...)
        As for `return_level`; ``location`` is the threshold. Missing with fewer than 20 peaks.

    Raises
    ------
    IndicatorError
        If the data are not daily, or an option is out of range.
    """
    _check(return_period, confidence, "high", method)
    if not 0.5 <= quantile < 1.0:
        raise IndicatorError(f"option 'quantile' is {quantile}; expected 0.5 to 1")
    axis = day_axis(field["time"])
    generator = np.random.default_rng(seed)
    most = axis.days // max(1, separation) + 1
    draws = generator.random((resamples, most)) if resamples else np.empty((0, most))

    def fit(series: np.ndarray) -> np.ndarray:
        padded = padded_years(series, axis.days, axis.position)
        return np.stack(
            [
                _fit_peaks(one, quantile, separation, return_period, draws, confidence, method)
                for one in padded
            ]
        )

    return _described(over_cells(fit, field, result={"part": list(PARTS)}), "peak_return_level")


def _check(return_period: float, confidence: float, tail: str, method: str) -> None:
    """Refuse options that are out of range."""
    if return_period <= 1.0:
        raise IndicatorError(f"option 'return_period' is {return_period}; expected above 1 year")
    if not 0.0 < confidence < 1.0:
        raise IndicatorError(f"option 'confidence' is {confidence}; expected between 0 and 1")
    if tail not in ("high", "low"):
        raise IndicatorError(f"option 'tail' is {tail!r}; expected 'high' or 'low'")
    if method not in get_args(Method):
        raise IndicatorError(unknown("method", method, get_args(Method)))


def _fit_one(
    blocks: np.ndarray,
    chance: np.ndarray,
    draws: np.ndarray,
    confidence: float,
    sign: float,
    method: str,
) -> np.ndarray:
    """Return `PARTS` of one cell's block maxima."""
    out = np.full(len(PARTS), np.nan)
    sample = blocks[np.isfinite(blocks)]
    if sample.size < FEWEST_BLOCKS:
        return out
    if np.ptp(sample) == 0:
        return out
    if method == "likelihood":
        *levels, parameters = gev_by_likelihood(sample, float(chance[0]), confidence)
        held = [np.array([parameter]) for parameter in parameters]
        out[:3], out[3:6] = levels, parameters
        out[6] = largest_distance(gev_probability(sample[None], *held))[0]
        return _turned(out, sign)
    location, scale, shape = fit_gev(sample[None])
    if np.isnan(scale[0]):
        return out
    distance = largest_distance(gev_probability(sample[None], location, scale, shape))
    out[0] = gev_level(location, scale, shape, chance)[0, 0]
    out[3:7] = location[0], scale[0], shape[0], distance[0]

    def refit(uniform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        drawn = gev_level(location, scale, shape, 1.0 - uniform.ravel()).reshape(uniform.shape)
        own = fit_gev(drawn)
        return gev_level(*own, chance)[:, 0], largest_distance(gev_probability(drawn, *own))

    return _with_bootstrap(out, refit, draws[:, : sample.size], confidence, sign)


def _fit_peaks(
    series: np.ndarray,
    quantile: float,
    separation: int,
    return_period: float,
    draws: np.ndarray,
    confidence: float,
    method: str,
) -> np.ndarray:
    """Return `PARTS` of one cell's peaks over its threshold."""
    out = np.full(len(PARTS), np.nan)
    held = series[np.isfinite(series)]
    if held.size == 0:
        return out
    threshold = float(np.quantile(held, quantile))
    excess = cluster_peaks(series, threshold, separation) - threshold
    if excess.size < FEWEST_PEAKS:
        return out
    rate = excess.size / (held.size / 365.25)
    chance = np.array([1.0 / (rate * return_period)])
    if method == "likelihood":
        *levels, parameters = gpd_by_likelihood(excess, float(chance[0]), confidence)
        fitted = [np.array([parameter]) for parameter in parameters]
        out[:3], out[3:6] = np.add(levels, threshold), (threshold, *parameters)
        out[6] = largest_distance(gpd_probability(excess[None], *fitted))[0]
        return out
    scale, shape = fit_gpd(excess[None])
    if np.isnan(scale[0]):
        return out
    out[0] = threshold + gpd_quantile(scale, shape, chance)[0, 0]
    out[3:6] = threshold, scale[0], shape[0]
    out[6] = largest_distance(gpd_probability(excess[None], scale, shape))[0]

    def refit(uniform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        drawn = gpd_quantile(scale, shape, uniform.ravel()).reshape(uniform.shape)
        own = fit_gpd(drawn)
        levels = threshold + gpd_quantile(*own, chance)[:, 0]
        return levels, largest_distance(gpd_probability(drawn, *own))

    return _with_bootstrap(out, refit, draws[:, : excess.size], confidence, 1.0)


def _with_bootstrap(
    out: np.ndarray,
    refit: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    draws: np.ndarray,
    confidence: float,
    sign: float,
) -> np.ndarray:
    """Add limits and p-value from samples of the fitted distribution; turn the sign back."""
    if draws.shape[0]:
        levels, distances = refit(draws)
        good = np.isfinite(levels)
        tails = [0.5 - confidence / 2.0, 0.5 + confidence / 2.0]
        if good.any():
            out[1:3] = np.quantile(levels[good], tails)
            out[7] = (np.sum(distances[good] >= out[6]) + 1.0) / (good.sum() + 1.0)
    return _turned(out, sign)


def _turned(out: np.ndarray, sign: float) -> np.ndarray:
    """Turn the sign of levels back; the lower limit of the one is the upper of the other."""
    if sign < 0:
        out[0], out[1], out[2], out[3] = -out[0], -out[2], -out[1], -out[3]
    return out


def _described(found: xr.DataArray, name: str) -> xr.Dataset:
    """Return the parts as variables with their attributes."""
    ds = xr.Dataset({part: found.sel(part=part, drop=True) for part in PARTS})
    labels = {
        "lower": "Lower confidence limit of the return level of {long_name}",
        "upper": "Upper confidence limit of the return level of {long_name}",
        "location": "Location of the extreme value distribution of {long_name}",
        "scale": "Scale of the extreme value distribution of {long_name}",
        "shape": "Shape of the extreme value distribution of {long_name}",
        "ks_distance": "Kolmogorov-Smirnov distance of the fit to {long_name}",
        "ks_pvalue": "Bootstrap p-value of the fit to {long_name}",
    }
    for part, label in labels.items():
        ds[part].attrs["long_name"] = label
    for part in ("shape", "ks_distance", "ks_pvalue"):
        ds[part].attrs["units"] = "1"
    return ds.rename(level=name)
