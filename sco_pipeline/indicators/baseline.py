"""Percentiles of a base period: which days belong to it, and the thresholds they give.

A threshold is the type 8 quantile of the values within a window of days around a calendar day, in
all base years. 29 February is left out of the pool, and the window wraps inside the same year
(1 January uses 30 and 31 December of its own year), as the reference implementation has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError
from .percentile import numbers
from .periods import DayAxis, day_axis


@dataclass(frozen=True)
class Base:
    """The days of a base period on a padded day axis.

    Attributes
    ----------
    first_year, years : int
        First year and number of years.
    first_day, last_day : int
        Padded days; `last_day` is not part of the base.
    days, row, column : ndarray of int
        Padded day, calendar day and year (both from 0) of each day but 29 February.
    leap_days, leap_column : ndarray of int
        Padded day and year of each 29 February.
    shape : tuple of int
        Calendar days and years.
    """

    first_year: int
    years: int
    first_day: int
    last_day: int
    days: np.ndarray
    row: np.ndarray
    column: np.ndarray
    leap_days: np.ndarray
    leap_column: np.ndarray
    shape: tuple[int, int]

    @property
    def text(self) -> str:
        """Return the base period as a product states it."""
        return f"{self.first_year}-{self.first_year + self.years - 1}"


def base_period(axis: DayAxis, period: Period, *, partial: bool) -> Base:
    """Find the days of a base period in a record.

    Parameters
    ----------
    axis : DayAxis
        Of the record.
    period : Period
        Whole calendar years.
    partial : bool
        Accept base years that the record does not reach.

    Raises
    ------
    IndicatorError
        If the period is not of whole years, or not in the record.
    """
    first, last = _whole_years(period, axis.calendar)
    inside = max(first, axis.first_year), min(last, axis.last_year)
    if inside[0] > inside[1] or (not partial and inside != (first, last)):
        raise IndicatorError(
            f"the base period {first}-{last} is not within the data, which cover "
            f"{axis.first_year}-{axis.last_year}; choose a base inside them"
        )
    starts = axis.year_starts
    first_day = int(starts[inside[0] - axis.first_year])
    last_day = int(starts[inside[1] - axis.first_year + 1])
    days = np.arange(first_day, last_day)
    column = np.searchsorted(starts, days, side="right") - 1 + axis.first_year - first
    leap = axis.is_leap_day[days]
    return Base(
        first_year=first,
        years=last - first + 1,
        first_day=first_day,
        last_day=last_day,
        days=days[~leap],
        row=axis.day_of_year[days[~leap]],
        column=column[~leap],
        leap_days=days[leap],
        leap_column=column[leap],
        shape=(axis.days_per_year, last - first + 1),
    )


def _whole_years(period: Period, calendar: str) -> tuple[int, int]:
    """Return first and last year of a base period, or refuse one of other days."""
    start, end = period.start, period.end
    if start is None or end is None:
        raise IndicatorError(f"the base period {period} is open; give its first and last year")
    ends = {(12, 31), (12, 30)} if calendar == "360_day" else {(12, 31)}
    if (start.month, start.day) != (1, 1) or (end.month, end.day) not in ends:
        raise IndicatorError(
            f"the base period {period} is not of whole calendar years; "
            "percentile indices need years, such as (1961, 1990)"
        )
    return start.year, end.year


def day_thresholds(
    field: xr.DataArray,
    baseline: Period,
    quantiles: Sequence[float] = (0.1, 0.9),
    *,
    window: int = 5,
    min_base_fraction: float = 0.1,
) -> xr.DataArray:
    """Return the thresholds of each calendar day that percentile indices compare with.

    Parameters
    ----------
    field : DataArray (time, ...)
        Daily values.
    baseline : Period
        Whole calendar years inside the data.
    quantiles : sequence of float
        Between 0 and 1.
    window : int
        Days around each calendar day, odd.
    min_base_fraction : float
        Least share of the window's values that must be present.

    Returns
    -------
    DataArray (quantile, dayofyear, ...)
        In the units of `field`; 29 February shares the threshold of the 28th, and `dayofyear`
        counts without it.

    Raises
    ------
    IndicatorError
        If the data are not daily or the base is not inside them.
    """
    from .kernels.percentiles import thresholds

    axis = day_axis(field["time"])
    base = base_period(axis, baseline, partial=False)
    series, shape = _series(field, axis)
    found = [
        thresholds(
            series,
            base.days,
            base.row,
            base.column,
            base.shape,
            numbers(q, "median_unbiased"),
            window,
            min_base_fraction,
        )
        for q in quantiles
    ]
    values = np.stack([array.T.reshape(-1, *shape) for array in found])
    dims = ("quantile", "dayofyear", *(dim for dim in field.dims if dim != "time"))
    coords = {"quantile": list(quantiles), "dayofyear": np.arange(1, base.shape[0] + 1)}
    attrs = {"units": field.attrs.get("units", ""), "base_period": base.text}
    return xr.DataArray(values, dims=dims, coords=coords, attrs=attrs)


def wet_day_thresholds(
    pr: xr.DataArray,
    baseline: Period,
    quantiles: Sequence[float] = (0.95, 0.99),
    *,
    wet_day: float = 1.0,
) -> xr.DataArray:
    """Return the quantiles of the wet days of a base period.

    Parameters
    ----------
    pr : DataArray (time, ...), mm
        Daily precipitation.
    baseline : Period
        Whole calendar years inside the data.
    quantiles : sequence of float
        Between 0 and 1.
    wet_day : float
        Least precipitation of a wet day.

    Returns
    -------
    DataArray (quantile, ...), mm
        Missing where the base has no wet day.

    Raises
    ------
    IndicatorError
        If the data are not daily or the base is not inside them.
    """
    from .kernels.percentiles import wet_thresholds

    axis = day_axis(pr["time"])
    base = base_period(axis, baseline, partial=False)
    series, shape = _series(pr, axis)
    found = [
        wet_thresholds(
            series,
            base.first_day,
            base.last_day,
            float(wet_day),
            numbers(q, "median_unbiased"),
        ).reshape(shape)
        for q in quantiles
    ]
    dims = ("quantile", *(dim for dim in pr.dims if dim != "time"))
    attrs = {"units": "mm", "base_period": base.text}
    return xr.DataArray(
        np.stack(found), dims=dims, coords={"quantile": list(quantiles)}, attrs=attrs
    )


def _series(field: xr.DataArray, axis: DayAxis) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return a variable as padded series (cell, day), and the shape of the cells."""
    values = field.transpose("time", ...).values
    series = np.full((int(np.prod(values.shape[1:])), axis.days), np.nan)
    series[:, axis.position] = values.reshape(len(values), -1).T
    return series, values.shape[1:]
