"""Indicators of any variable with a season: rate of change, acceleration, the season itself."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import IndicatorError
from .cells import over_cells
from .harmonics import RATE, design, fit_harmonics, season_of
from .indicator import indicator
from .years import decimal_years

SANTER = "Santer et al. (2008), doi:10.1002/joc.1756"
NOISE = f"{SANTER}; von Storch and Zwiers (1999), doi:10.1017/CBO9780511612336"


@indicator(
    formula="b of x = a + b t + sum of c cos(2 pi k t) + s sin(2 pi k t), k to harmonics",
    units="{units} year-1",
    long_name="Rate of change of {long_name}",
    difference=True,
    references=NOISE,
)
def rate(
    field: xr.DataArray,
    *,
    harmonics: int = 2,
    confidence: float = 0.95,
    correction: str = "effective-size",
    min_fraction: float = 0.5,
) -> xr.Dataset:
    """Linear change per year beside a seasonal cycle, with an error for serial correlation.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Values at any frequency; gaps are left out.
    harmonics : int
        Harmonics of the year that are fitted with the line; 0 for yearly values.
    confidence : float
        Level of the limits.
    correction : {"effective-size", "none"}
        Whether the lag-1 autocorrelation of the residuals reduces the sample size.
    min_fraction : float
        Share of the values that must be present.

    Returns
    -------
    Dataset (...)
        ``rate``, its standard ``error``, ``lower`` and ``upper`` limit and ``pvalue``.

    Raises
    ------
    IndicatorError
        For an unknown correction, or too few times for the terms.
    """
    return rate_of(field, 1, harmonics, confidence, correction, min_fraction)


@indicator(
    formula="2 c of x = a + b t + c t^2 + harmonics of the year",
    units="{units} year-2",
    long_name="Acceleration of {long_name}",
    difference=True,
    references=NOISE,
)
def acceleration(
    field: xr.DataArray,
    *,
    harmonics: int = 2,
    confidence: float = 0.95,
    correction: str = "effective-size",
    min_fraction: float = 0.5,
) -> xr.Dataset:
    """Change of the rate of change per year: twice the quadratic term beside line and season.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Values at any frequency; gaps are left out.
    harmonics, confidence, correction, min_fraction
        As for `rate`.

    Returns
    -------
    Dataset (...)
        ``acceleration``, its standard ``error``, limits and ``pvalue``.

    Raises
    ------
    IndicatorError
        For an unknown correction, or too few times for the terms.
    """
    found = rate_of(field, 2, harmonics, confidence, correction, min_fraction)
    for name in ("error", "lower", "upper"):
        label = found[name].attrs["long_name"].replace("rate of change", "acceleration")
        found[name].attrs.update(long_name=label, units="{units} year-2")
    return found.rename(rate="acceleration")


@indicator(
    formula="x - sum of c cos(2 pi k t) + s sin(2 pi k t), fitted beside a polynomial",
    units="{units}",
    long_name="{long_name} without its seasonal cycle",
    references=NOISE,
)
def deseasonalised(field: xr.DataArray, *, harmonics: int = 2, degree: int = 1) -> xr.DataArray:
    """Values less the harmonics of the year, which are fitted beside a polynomial.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Values at any frequency; gaps are left out.
    harmonics : int
        Harmonics of the year.
    degree : int
        Degree of the polynomial that keeps change from entering the season.

    Returns
    -------
    DataArray (time, ...), units of `field`

    Raises
    ------
    IndicatorError
        For too few times for the terms.
    """
    years = _years(field, degree, harmonics)
    columns = design(years, degree, harmonics)

    def remove(series: np.ndarray) -> np.ndarray:
        left: np.ndarray = series - season_of(fit_harmonics(series, columns), columns, harmonics)
        return left

    return over_cells(remove, field, result={"time": field["time"]})


@indicator(
    formula="max - min of sum of c cos(2 pi k t) + s sin(2 pi k t)",
    units="{units}",
    long_name="Seasonal range of {long_name}",
    difference=True,
    references=NOISE,
)
def seasonal_range(field: xr.DataArray, *, harmonics: int = 2, degree: int = 1) -> xr.DataArray:
    """Highest less lowest value of the fitted seasonal cycle.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Values at any frequency; gaps are left out.
    harmonics, degree : int
        As for `deseasonalised`.

    Returns
    -------
    DataArray (...), units of `field`

    Raises
    ------
    IndicatorError
        For too few times for the terms.
    """
    columns = design(_years(field, degree, harmonics), degree, harmonics)
    whole_year = design(np.arange(730) / 730.0, degree, harmonics)

    def measure(series: np.ndarray) -> np.ndarray:
        cycle = season_of(fit_harmonics(series, columns), whole_year, harmonics)
        spread: np.ndarray = cycle.max(axis=1) - cycle.min(axis=1)
        return spread

    return over_cells(measure, field, result={})


def rate_of(
    field: xr.DataArray,
    degree: int,
    harmonics: int,
    confidence: float,
    correction: str,
    min_fraction: float,
    factor: float = 1.0,
) -> xr.Dataset:
    """Return the coefficient of ``t^degree / degree!``, times `factor`, with its errors."""
    if correction not in ("effective-size", "none"):
        raise IndicatorError(
            f"option 'correction' is {correction!r}; expected 'effective-size' or 'none'"
        )
    years = _years(field, degree, harmonics)
    columns = design(years, degree, harmonics)
    fewest = int(np.ceil(min_fraction * years.size))
    effective = correction == "effective-size"
    scale = np.array([factor, factor, factor, factor, 1.0])

    def measure(series: np.ndarray) -> np.ndarray:
        fit = fit_harmonics(series, columns, fewest)
        found: np.ndarray = fit.limits(degree, effective, confidence) * scale
        return found

    out = over_cells(measure, field, result={"part": list(RATE)})
    ds = xr.Dataset({name: out.sel(part=name, drop=True) for name in RATE})
    labels = ("", "Standard error", "Lower confidence limit", "Upper confidence limit", "p-value")
    for name, label in zip(RATE[1:], labels[1:], strict=True):
        ds[name].attrs["long_name"] = f"{label} of the rate of change of {{long_name}}"
    ds["pvalue"].attrs["units"] = "1"
    return ds


def _years(field: xr.DataArray, degree: int, harmonics: int) -> np.ndarray:
    """Return decimal years; refuse records that are too short for the terms."""
    years = decimal_years(field["time"])
    terms = degree + 1 + 2 * harmonics
    if years.size <= terms:
        raise IndicatorError(
            f"{field.name!r} has {years.size} times; a polynomial of degree {degree} and "
            f"{harmonics} harmonics need more than {terms}"
        )
    return years
