"""What headline recipes must give for the twins of their datasets, cell by cell, by NumPy alone."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import xarray as xr

from sco_pipeline.catalog import IndicatorRequest, Recipe
from sco_pipeline.indicators.calculate import as_period
from tests.headline_twins import CLIMATES

RELATIVE = 2e-4  # of the span of the values; files hold float32, GRIB 24 bits


def check_result(
    made: xr.Dataset,
    request: IndicatorRequest,
    recipe: Recipe,
    fields: dict[str, np.ndarray],
    times: pd.DatetimeIndex,
) -> None:
    """Compare one result of a product with a computation of its own.

    Parameters
    ----------
    made : Dataset
        The product, read back.
    request : IndicatorRequest
        The indicator.
    recipe : Recipe
        For the base period.
    fields : dict of ndarray (time, y, x)
        Inputs in canonical units.
    times : DatetimeIndex
        Of the inputs.
    """
    if request.id == "marine_heatwaves":
        check_heatwaves(made)
        return
    of = request.of or _OF[request.id]
    field = fields[of]
    found = made[request.output]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # cells without any value
        if request.id == "trend":
            check_trend(found, field, of, times)
            return
        expected = _expected(request, recipe, field, times)
    if request.id in ("tx90p", "tn90p"):
        # five values have none above their 90th percentile but for the rounding of that
        assert float(found.max()) < 2 and bool((found.notnull() == np.isfinite(expected)).all())
        return
    scale = np.nanmax(np.abs(expected)) or 1.0
    if request.id in _YEARLY:
        expected = expected[None]
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=RELATIVE * scale, rtol=0)
    assert np.isfinite(expected).any()


def check_uncertainty(made: xr.Dataset, request: IndicatorRequest, error: float) -> None:
    """Means carry the uncertainty of the values, departures that of their normal as well."""
    name = f"{request.output}_uncertainty"
    if request.id in ("trend", "variability", "standardised_anomaly"):
        assert name not in made
        return
    if request.id == "sea_level_anomaly":
        error *= 1000
    found = made[name]
    np.testing.assert_array_equal(found.notnull(), made[request.output].notnull())
    mean = request.id in ("period_mean", "climatology")
    low, high = float(found.min()), float(found.max())
    assert low >= error * (1 - 1e-6) and high <= error * ((1 if mean else 2**0.5) + 1e-6)
    for kind in ("uncorrelated", "correlated"):
        assert np.isfinite(made[f"{name}_{kind}_regional"]).any()


_OF = {
    "su": "tasmax", "txx": "tasmax", "tx90p": "tasmax", "wsdi": "tasmax",
    "tr": "tasmin", "tnn": "tasmin", "tn90p": "tasmin",
    "prcptot": "pr", "rx1day": "pr", "rx5day": "pr", "cdd": "pr", "cwd": "pr", "r20mm": "pr",
    "r95ptot": "pr",
}  # fmt: skip
_YEARLY = set(_OF)


def _expected(
    request: IndicatorRequest, recipe: Recipe, field: np.ndarray, times: pd.DatetimeIndex
) -> np.ndarray:
    """Return what a result must be."""
    if request.id in _YEARLY:
        return _of_a_year(request.id, field)
    if request.id in ("period_mean", "departure", "variability"):
        lengths = _lengths(times)[:, None, None] * np.isfinite(field)
        mean = np.nansum(field * lengths, axis=0) / lengths.sum(axis=0)
        if request.id == "period_mean":
            return mean
        return field - mean if request.id == "departure" else np.nanstd(field, axis=0, ddof=1)
    base = as_period(recipe.baseline)
    assert base is not None
    inside = (times >= pd.Timestamp(base.start)) & (times <= pd.Timestamp(base.end))
    month = np.asarray(times.month)
    mean, spread = (np.full((12, *field.shape[1:]), np.nan) for _ in range(2))
    for number in np.unique(month[inside]):
        one = field[inside & (month == number)]
        mean[number - 1], spread[number - 1] = np.nanmean(one, axis=0), np.nanstd(one, 0, ddof=1)
    if request.id == "climatology":
        return mean
    departure = field - mean[month - 1]
    if request.id == "standardised_anomaly":
        return departure / spread[month - 1]
    assert request.id in ("anomaly", "sea_level_anomaly")
    return departure * (1000.0 if request.id == "sea_level_anomaly" else 1.0)


def _lengths(times: pd.DatetimeIndex) -> np.ndarray:
    """Return the days that each step stands for: a day, ten days or what is left, a month."""
    step = np.diff(times).min() / np.timedelta64(1, "D")
    if step <= 1:
        return np.ones(times.size)
    ends = [
        stamp + pd.Timedelta(days=10) if stamp.day < 21 and step < 20 else _next_month(stamp)
        for stamp in times
    ]
    return np.asarray((pd.DatetimeIndex(ends) - times).days, float)


def _next_month(stamp: pd.Timestamp) -> pd.Timestamp:
    return stamp.replace(day=1) + pd.DateOffset(months=1)


def _of_a_year(name: str, daily: np.ndarray) -> np.ndarray:
    """Return an index of one year, which is its own base period."""
    gone = np.isnan(daily).all(axis=0)
    wet = np.where(daily >= 1, daily, np.nan)
    five = np.lib.stride_tricks.sliding_window_view(daily, 5, axis=0).sum(axis=-1)
    made = {
        "su": lambda: (daily > 25).sum(axis=0),
        "tr": lambda: (daily > 20).sum(axis=0),
        "txx": lambda: daily.max(axis=0),
        "tnn": lambda: daily.min(axis=0),
        "prcptot": lambda: np.nansum(wet, axis=0),
        "rx1day": lambda: daily.max(axis=0),
        "rx5day": lambda: five.max(axis=0),
        "cdd": lambda: _longest(daily < 1),
        "cwd": lambda: _longest(daily >= 1),
        "r20mm": lambda: (daily >= 20).sum(axis=0),
        "r95ptot": lambda: np.nansum(np.where(wet > _wettest(wet), wet, 0), axis=0),
        "tx90p": lambda: 100 * _above_window(daily).mean(axis=0),
        "tn90p": lambda: 100 * _above_window(daily).mean(axis=0),
        "wsdi": lambda: _in_spells(_above_window(daily), 6),
    }[name]()
    return np.where(gone, np.nan, made)


def _longest(hit: np.ndarray) -> np.ndarray:
    run, best = np.zeros(hit.shape[1:]), np.zeros(hit.shape[1:])
    for day in hit:
        run = (run + 1) * day
        best = np.maximum(best, run)
    return best


def _in_spells(hit: np.ndarray, least: int) -> np.ndarray:
    """Count the days of runs of at least `least` days."""
    run, total = np.zeros(hit.shape[1:]), np.zeros(hit.shape[1:])
    for day in (*hit, np.zeros(hit.shape[1:], bool)):
        total += np.where(~day.astype(bool) & (run >= least), run, 0)
        run = (run + 1) * day
    return total


def _wettest(wet: np.ndarray) -> np.ndarray:
    """Return the 95th percentile of wet days, by the estimator of climdex."""
    return np.nanquantile(wet, 0.95, axis=0, method="median_unbiased")


def _above_window(daily: np.ndarray) -> np.ndarray:
    """Tell which days are above the 90th percentile of the five days around them."""
    window = np.stack([np.roll(daily, shift, axis=0) for shift in range(-2, 3)])
    return daily > np.quantile(window, 0.9, axis=0, method="median_unbiased")


def check_trend(found: xr.DataArray, field: np.ndarray, of: str, times: pd.DatetimeIndex) -> None:
    """Compare the trend of cells with the line of least squares through their departures."""
    years = np.asarray((times - times[0]).days, float) / 365.25
    month = np.asarray(times.month)
    normal = np.stack([np.nanmean(field[month == m], axis=0) for m in range(1, 13)])
    left = field - normal[month - 1]
    left = left - left.mean(axis=0)
    slope = (left * (years - years.mean())[:, None, None]).sum(axis=0)
    slope /= ((years - years.mean()) ** 2).sum()
    assert np.isfinite(slope).any()
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(slope))
    reach = 3 * np.nanstd(left) / len(years) ** 0.5 + abs(CLIMATES[of].per_year)
    assert float(np.nanmax(abs(found - 10 * slope))) < 10 * reach


def check_heatwaves(made: xr.Dataset) -> None:
    """Days are those of the four categories, and intensities are in order."""
    days = made["marine_heatwaves_days"]
    parts = [
        made[f"marine_heatwaves_{k}_days"] for k in ("moderate", "strong", "severe", "extreme")
    ]
    np.testing.assert_allclose(sum(parts), days)
    assert float(days.max()) > 5
    mean, most = made["marine_heatwaves_intensity_mean"], made["marine_heatwaves_intensity_max"]
    assert bool((mean <= most).where(mean.notnull(), True).all())
