"""Trends of any variable: the slope, its confidence limits and its p-value."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, get_args

import numpy as np
import xarray as xr

from ..errors import IndicatorError, unknown
from .cells import over_cells
from .indicator import indicator
from .slopes import limits_of, slope_error
from .years import calendar_years, decimal_years, months_of, without_season, year_means, year_stamps

Method = Literal["theil-sen", "ols"]
Correction = Literal[
    "none", "pre-whitening", "trend-free-pre-whitening", "hamed-rao", "yue-wang", "effective-size"
]
Season = Literal["keep", "remove", "test", "test-correlated", "average"]

DECADE = 10.0
MONTHS = 12
LONGEST = 3000
"""Theil-Sen looks at every pair: more values than this are averaged first, or fitted by OLS."""

REFERENCES = (
    "Sen (1968), doi:10.1080/01621459.1968.10480934; Mann (1945), doi:10.2307/1907187; "
    "Hamed and Rao (1998), doi:10.1016/S0022-1694(97)00125-X; "
    "Yue and Wang (2004), doi:10.1023/B:WARM.0000043140.61082.60; "
    "Yue et al. (2002), doi:10.1002/hyp.1095; "
    "Hirsch and Slack (1984), doi:10.1029/WR020i006p00727; "
    "Santer et al. (2008), doi:10.1002/joc.1756; Wilks (2016), doi:10.1175/BAMS-D-15-00267.1"
)
_TESTS = {"none": 0, "pre-whitening": 1, "trend-free-pre-whitening": 2, "hamed-rao": 3}
_TESTS["yue-wang"] = 4
_OF_METHOD: dict[str, tuple[str, ...]] = {
    "theil-sen": ("none", *list(_TESTS)[1:]),
    "ols": ("none", "effective-size"),
}
_PARTS = {
    "trend": "Trend of {long_name}",
    "lower": "Lower confidence limit of the trend of {long_name}",
    "upper": "Upper confidence limit of the trend of {long_name}",
    "pvalue": "p-value of the trend of {long_name}",
    "valid_values": "Values that the trend of {long_name} is of",
}
_SCALE: np.ndarray = np.array([DECADE, DECADE, DECADE, 1.0, 1.0])


@indicator(
    formula="10 median of (x(j) - x(i)) / (t(j) - t(i)), or 10 x slope of least squares",
    units="{units} (10 years)-1",
    long_name="Trend of {long_name}",
    difference=True,
    references=REFERENCES,
)
def trend(
    field: xr.DataArray,
    *,
    method: Method = "theil-sen",
    correction: Correction = "none",
    lags: int = 0,
    season: Season = "remove",
    confidence: float = 0.95,
    min_fraction: float = 0.5,
    gaps: Literal["time", "closed"] = "time",
    false_discovery_rate: float = 0.1,
) -> xr.Dataset:
    """Change per decade, with confidence limits and the p-value of no change.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Values at any frequency; gaps are left out.
    method : {"theil-sen", "ols"}
        Median of the slopes of all pairs with the Mann-Kendall test, or least squares with the
        t-test.
    correction : str
        For serial correlation. Of Theil-Sen: ``"pre-whitening"``,
        ``"trend-free-pre-whitening"``, ``"hamed-rao"``, ``"yue-wang"``. Of least squares:
        ``"effective-size"``, the sample size reduced by the lag-1 autocorrelation of the
        residuals.
    lags : int
        Lags that Hamed-Rao and Yue-Wang look at; 0 for all.
    season : {"remove", "keep", "test", "test-correlated", "average"}
        Of monthly values: take the mean of each calendar month out; leave them alone; compare
        only within calendar months (seasonal Mann-Kendall), also with correlated months; average
        the years first. Other values: ``"average"`` averages years, the rest changes nothing.
    confidence : float
        Level of the limits.
    min_fraction : float
        Share of the values (of ``"average"``: of the years, and of each year) that must be
        present.
    gaps : {"time", "closed"}
        Where values are missing, the corrections remove the trend in time, or by the order of the
        values present, as pymannkendall does.
    false_discovery_rate : float
        For `significant`: expected share of false discoveries on the field.

    Returns
    -------
    Dataset (...)
        ``trend``, ``lower``, ``upper`` in units of `field` per decade, ``pvalue``, the number of
        ``valid_values`` that they are of, and ``significant`` (1 or 0). Limits that the pairs
        cannot give are missing.

    Raises
    ------
    IndicatorError
        For options that do not go together, or fewer than four values.

    Notes
    -----
    Slopes take values at their times. Autocorrelation takes the values present as neighbours. The
    limits of Theil-Sen use the variance of Kendall's S, corrected by Hamed-Rao or Yue-Wang if
    asked. Yue-Wang with one lag follows pymannkendall, from which R's ``mmky1lag`` differs. On an
    exactly straight line nothing is left to correct, and the test is the plain one.
    """
    _check(field, method, correction, season)
    values, times = _prepared(field, season, min_fraction)
    fewest = max(4, int(np.ceil(min_fraction * values.sizes["time"])))
    if values.sizes["time"] < fewest:
        raise IndicatorError(
            f"a trend of {field.name!r} needs four values or more; found {values.sizes['time']}"
        )
    fit: Callable[[np.ndarray], np.ndarray]
    if method == "ols":
        fit = partial(_least_squares, times, correction, confidence, fewest)
    elif season.startswith("test"):
        fit = partial(_seasonal, season == "test-correlated", confidence, fewest)
    else:
        fit = partial(_theil_sen, times, correction, lags, gaps, confidence, fewest)
    out = over_cells(fit, values, result={"part": list(_PARTS)})
    return _described(out, field, false_discovery_rate)


def field_significance(pvalue: xr.DataArray, rate: float = 0.1) -> xr.DataArray:
    """Tell which local tests stand when the expected share of false ones is limited.

    Parameters
    ----------
    pvalue : DataArray (...)
        The p-values of the local tests; missing ones take no part.
    rate : float
        Share of false discoveries among the discoveries (Benjamini and Hochberg 1995); twice the
        level wanted for fields that are correlated in space (Wilks 2016).

    Returns
    -------
    DataArray (...), 1
        1 where the test stands, 0 where not, missing where `pvalue` is.
    """
    dims = list(pvalue.dims)

    def decide(values: np.ndarray) -> np.ndarray:
        present = np.sort(values[np.isfinite(values)])
        below = present <= rate * np.arange(1, present.size + 1) / max(1, present.size)
        limit = present[below].max() if below.any() else -1.0
        return np.where(np.isnan(values), np.nan, (values <= limit).astype(float))

    whole = pvalue.chunk(-1) if pvalue.chunks else pvalue
    stands: xr.DataArray = xr.apply_ufunc(
        decide,
        whole,
        input_core_dims=[dims],
        output_core_dims=[dims],
        dask="parallelized",
        output_dtypes=[float],
    )
    return stands


def _check(field: xr.DataArray, method: str, correction: str, season: str) -> None:
    """Refuse options that do not exist or do not go together."""
    if method not in _OF_METHOD:
        raise IndicatorError(unknown("trend method", method, _OF_METHOD))
    if correction not in _OF_METHOD[method]:
        raise IndicatorError(
            f"correction {correction!r} does not go with method {method!r}; choose one of "
            f"{', '.join(_OF_METHOD[method])}"
        )
    if season not in get_args(Season):
        raise IndicatorError(unknown("season option", season, get_args(Season)))
    if season.startswith("test") and (method != "theil-sen" or correction != "none"):
        raise IndicatorError(
            f"season {season!r} is a test of its own; use method 'theil-sen' and correction 'none'"
        )
    if method == "theil-sen" and season != "average" and field.sizes["time"] > LONGEST:
        raise IndicatorError(
            f"{field.name!r} has {field.sizes['time']} values, too many for all pairs "
            f"(limit {LONGEST}); use season 'average' or method 'ols'"
        )


def _prepared(
    field: xr.DataArray, season: str, min_fraction: float
) -> tuple[xr.DataArray, np.ndarray]:
    """Return the values that are fitted and their times in years."""
    time = field["time"]
    if season == "average":
        years, position = calendar_years(time)
        stamps = year_stamps(years, time)
        mean = partial(year_means, position=position, count=len(years), share=min_fraction)
        return over_cells(mean, field, result={"time": stamps}), years.astype(float)
    if season.startswith("test"):
        return _whole_years(field)
    years = decimal_years(time)
    if season == "remove" and _is_seasonal(time):
        return without_season(field), years
    return field, years


def _is_seasonal(time: xr.DataArray) -> bool:
    """Tell whether times fall into several calendar months."""
    return len(np.unique(np.asarray(time.dt.month))) > 1


def _whole_years(field: xr.DataArray) -> tuple[xr.DataArray, np.ndarray]:
    """Return monthly values of whole years, absent months missing."""
    months = months_of(field["time"], "a seasonal trend test")
    first = months[0] // MONTHS * MONTHS
    count = (months[-1] // MONTHS + 1) * MONTHS - first

    def spread(series: np.ndarray) -> np.ndarray:
        out = np.full((series.shape[0], count), np.nan)
        out[:, months - first] = series
        return out

    whole = over_cells(spread, field, result={"time": np.arange(count)})
    return whole, (first + np.arange(count) + 0.5) / MONTHS


def _least_squares(
    times: np.ndarray, correction: str, confidence: float, fewest: int, series: np.ndarray
) -> np.ndarray:
    """Return slope, limits, p-value of least squares and count, per decade; (cell, 5)."""
    from .kernels.trend_lines import least_squares

    fitted = least_squares(series, times)
    slope, error, freedom = slope_error(fitted, correction == "effective-size")
    enough = fitted[:, 0] >= fewest
    out = np.stack(limits_of(slope, error, freedom, confidence), axis=1)
    given = np.where(enough[:, None], out, np.nan)
    parts: np.ndarray = np.column_stack([given, fitted[:, 0]]) * _SCALE
    return parts


def _theil_sen(
    times: np.ndarray,
    correction: str,
    lags: int,
    gaps: str,
    confidence: float,
    fewest: int,
    series: np.ndarray,
) -> np.ndarray:
    """Return slope, limits, p-value of the Mann-Kendall family and count, per decade; (cell, 5)."""
    from .kernels.trend_tests import mann_kendall

    step = float(np.median(np.diff(times)))
    steps = times / step
    position = np.empty(0)
    if gaps == "time":
        position = steps - steps[0] + 1.0
        whole = np.rint(position)
        position = whole if np.allclose(position, whole, rtol=0.0, atol=1e-6) else position
    out = mann_kendall(
        series,
        steps,
        position,
        _TESTS[correction],
        lags,
        _normal(0.95),
        _normal(confidence),
        fewest,
    )
    parts: np.ndarray = out[:, [6, 8, 9, 4, 0]] * _SCALE / np.array([step, step, step, 1.0, 1.0])
    return parts


def _seasonal(correlated: bool, confidence: float, fewest: int, series: np.ndarray) -> np.ndarray:
    """Return slope, limits, p-value of the seasonal test and count, per decade; (cell, 5)."""
    from .kernels.trend_seasons import seasonal_mann_kendall

    years = series.shape[1] // MONTHS
    out = seasonal_mann_kendall(series, years, correlated, _normal(confidence), fewest)
    parts: np.ndarray = out[:, [6, 8, 9, 4, 0]] * _SCALE
    return parts


def _normal(confidence: float) -> float:
    """Return the two-sided normal quantile of a level."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence / 2.0))


def _described(out: xr.DataArray, field: xr.DataArray, rate: float) -> xr.Dataset:
    """Return the parts as variables with their own attributes."""
    ds = xr.Dataset({name: out.sel(part=name, drop=True) for name in _PARTS})
    for name, label in _PARTS.items():
        ds[name].attrs["long_name"] = label
    ds["pvalue"].attrs["units"] = "1"
    ds["valid_values"].attrs.update(units="1", standard_name="number_of_observations")
    if ds["pvalue"].ndim:
        ds["significant"] = field_significance(ds["pvalue"], rate)
        ds["significant"].attrs.update(
            long_name="Trend of {long_name} is significant on the whole field",
            units="1",
            flag_values=[0.0, 1.0],
            flag_meanings="not_significant significant",
            false_discovery_rate=rate,
        )
    return ds
