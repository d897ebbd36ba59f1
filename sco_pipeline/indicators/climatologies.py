"""Climatologies of other steps than the calendar month: day of the year, season, year."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError
from .cells import over_cells
from .indicator import indicator
from .normals import WMO_1203, in_base_period, time_lengths
from .periods import day_axis
from .years import MONTHS, group_sums

SEASONS = ("DJF", "MAM", "JJA", "SON")
DAYS = 366
_WITHIN = "time: mean within years time: mean over years"


@indicator(
    formula="mean of x(t), t in base, day of year within smooth_width / 2 of d",
    units="{units}",
    long_name="Daily climatology of {long_name}",
    standard_name="{standard_name}",
    cell_methods=_WITHIN,
    frequency="day",
    references=f"{WMO_1203}; Hobday et al. (2016), doi:10.1016/j.pocean.2015.12.014",
)
def daily_climatology(
    field: xr.DataArray, *, baseline: Period, smooth_width: int = 31, min_fraction: float = 0.8
) -> xr.DataArray:
    """Mean of each day of the year over the base period, smoothed by a running mean.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Daily values.
    baseline : Period
        Base period; it must lie within the data.
    smooth_width : int
        Days of the running mean, odd, which wraps around the year's end; 1 for none.
    min_fraction : float
        Share of the values of the base period that must be present in the days of the running mean.

    Returns
    -------
    DataArray (dayofyear, ...), units of `field`
        1 to 366, on which 1 March is always 61. Every value of the days of the window has the same
        weight, so that 29 February counts for what it is.

    Raises
    ------
    IndicatorError
        If the data are not daily, the width is even, or the base period is not within the data.
    """
    if smooth_width % 2 == 0 or not 1 <= smooth_width <= DAYS:
        raise IndicatorError(f"option 'smooth_width' is {smooth_width}; expected an odd number")
    within = in_base_period(field, baseline)
    day_axis(within["time"])  # refuses what is not daily
    month, day = np.asarray(within["time"].dt.month), np.asarray(within["time"].dt.day)
    lengths = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    position = (np.cumsum(lengths) - lengths)[month - 1] + day - 1
    given = np.bincount(position, minlength=DAYS).astype(float)

    def mean(series: np.ndarray) -> np.ndarray:
        total, held = np.zeros((2, series.shape[0], DAYS))
        for each in np.unique(position):
            own = series[:, position == each]
            total[:, each], held[:, each] = np.nansum(own, axis=1), np.isfinite(own).sum(axis=1)
        total, held = _around(total, smooth_width), _around(held, smooth_width)
        enough = (held > 0) & (held >= min_fraction * _around(given[None], smooth_width))
        return np.where(enough, total / np.maximum(held, 1.0), np.nan)

    return over_cells(mean, within, result={"dayofyear": np.arange(1, DAYS + 1)})


@indicator(
    formula="sum of w(t) x(t) / sum of w(t), t in base and season; w: length",
    units="{units}",
    long_name="Seasonal climatology of {long_name}",
    standard_name="{standard_name}",
    cell_methods=_WITHIN,
    references=WMO_1203,
)
def seasonal_climatology(
    field: xr.DataArray, *, baseline: Period, min_fraction: float = 0.8
) -> xr.DataArray:
    """Mean of each season over the base period, each value weighted by the length of its cell.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Monthly or daily values.
    baseline : Period
        Base period; it must lie within the data. The months of the seasons are those of the base
        period, so that its first winter lacks a December and its last one has one alone.
    min_fraction : float
        Share of a season's time that must be present.

    Returns
    -------
    DataArray (season, ...), units of `field`
        ``DJF``, ``MAM``, ``JJA``, ``SON``.

    Raises
    ------
    IndicatorError
        If the base period is not covered by the data.
    """
    within = in_base_period(field, baseline)
    slot = np.asarray(within["time"].dt.month) % MONTHS // 3
    return (
        _means(within, slot, min_fraction).rename(slot="season").assign_coords(season=list(SEASONS))
    )


@indicator(
    formula="sum of w(t) x(t) / sum of w(t), t in base; w: length",
    units="{units}",
    long_name="Annual climatology of {long_name}",
    standard_name="{standard_name}",
    references=WMO_1203,
)
def annual_climatology(
    field: xr.DataArray, *, baseline: Period, min_fraction: float = 0.8
) -> xr.DataArray:
    """Mean over the base period, each value weighted by the length of its time cell.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Values at any frequency.
    baseline : Period
        Base period; it must lie within the data.
    min_fraction : float
        Share of the base period that must be present.

    Returns
    -------
    DataArray (...), units of `field`

    Raises
    ------
    IndicatorError
        If the base period is not covered by the data.
    """
    within = in_base_period(field, baseline)
    slot = np.zeros(within.sizes["time"], dtype=np.int64)
    return _means(within, slot, min_fraction).isel(slot=0, drop=True)


def _means(field: xr.DataArray, slot: np.ndarray, min_fraction: float) -> xr.DataArray:
    """Return the weighted mean of each group of times along a dimension ``slot``."""
    groups = slot.max() + 1 if slot.max() == 0 else len(SEASONS)
    lengths = np.asarray(time_lengths(field).values, dtype=float)
    whole = np.bincount(slot, lengths, groups)

    def mean(series: np.ndarray) -> np.ndarray:
        total, held = group_sums(series, slot, groups, lengths)
        enough = (held > 0) & (held >= min_fraction * whole)
        return np.where(enough, total / np.where(held > 0, held, 1.0), np.nan)

    return over_cells(mean, field, result={"slot": np.arange(groups)})


def _around(values: np.ndarray, width: int) -> np.ndarray:
    """Sum over a centred window of days that wraps around the year's end; (cell, day)."""
    half = width // 2
    wrapped = np.concatenate([values[:, DAYS - half :], values, values[:, :half]], axis=1)
    sums = np.zeros_like(values)
    for step in range(width):
        sums += wrapped[:, step : step + DAYS]
    return sums
