"""Ranks and records of any variable."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..catalog import Period
from .cells import over_cells
from .indicator import indicator
from .normals import in_base_period

WMO = "WMO (2017), Guidelines on the Calculation of Climate Normals, WMO-No. 1203"


@indicator(
    formula="1 + number of x(s) > x(t), s at the same time of the year",
    units="1",
    long_name="Rank of {long_name}",
    references=WMO,
)
def rank(field: xr.DataArray, *, highest_first: bool = True) -> xr.DataArray:
    """Rank among all values of the same time of the year; equal values share the better rank.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Yearly, seasonal or monthly values.
    highest_first : bool
        Whether rank 1 is the highest value.

    Returns
    -------
    DataArray (time, ...), 1
        Missing where the value is.
    """
    slot = _slots(field["time"])

    def order(series: np.ndarray) -> np.ndarray:
        signed = series if highest_first else -series
        out = np.full_like(series, np.nan)
        for each in np.unique(slot):
            own = np.flatnonzero(slot == each)
            for time in own:
                better = (signed[:, own] > signed[:, [time]]).sum(axis=1)
                out[:, time] = np.where(np.isnan(series[:, time]), np.nan, better + 1.0)
        return out

    return over_cells(order, field, result={"time": field["time"]})


@indicator(
    formula="1 if x(t) > max of x(s), -1 if x(t) < min of x(s), s < t at its time of the year",
    units="1",
    long_name="Records of {long_name}",
    references=WMO,
)
def record(field: xr.DataArray, *, min_years: int = 10) -> xr.DataArray:
    """1 where a value is above all before it at its time of the year, -1 where below, else 0.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Yearly, seasonal or monthly values.
    min_years : int
        Values before it that a record must beat; earlier ones are missing.

    Returns
    -------
    DataArray (time, ...), 1
        Of values that do not change in distribution, the n-th is a record with a chance of 1 / n on
        either side.
    """
    slot = _slots(field["time"])

    def flag(series: np.ndarray) -> np.ndarray:
        out = np.full_like(series, np.nan)
        for each in np.unique(slot):
            low = np.full(series.shape[0], np.inf)
            high = np.full(series.shape[0], -np.inf)
            seen = np.zeros(series.shape[0])
            for time in np.flatnonzero(slot == each):
                value = series[:, time]
                held = np.isfinite(value)
                sign = (value > high) * 1.0 - (value < low) * 1.0
                out[:, time] = np.where(held & (seen >= min_years), sign, np.nan)
                low, high = np.fmin(low, value), np.fmax(high, value)
                seen += held
        return out

    return over_cells(flag, field, result={"time": field["time"]})


@indicator(
    formula="100 (smaller + equal / 2 + 1/2) / (n + 1)",
    units="%",
    long_name="Percentile rank of {long_name}",
    references=f"{WMO}; Makkonen (2006), doi:10.1175/JAM2349.1",
)
def percentile_rank(field: xr.DataArray, *, baseline: Period, min_values: int = 10) -> xr.DataArray:
    """Percentile of each value among those of the same time of the year in the base period.

    ``100 (smaller + equal / 2 + 1/2) / (n + 1)``: never 0 or 100.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Yearly, seasonal or monthly values.
    baseline : Period
        Base period within the data.
    min_values : int
        Values of a time of the year that the base period must hold.

    Returns
    -------
    DataArray (time, ...), %

    Raises
    ------
    IndicatorError
        If the base period is not within the data.
    """
    slot = _slots(field["time"])
    base = np.isin(field["time"].values, in_base_period(field, baseline)["time"].values)

    def share(series: np.ndarray) -> np.ndarray:
        out = np.full_like(series, np.nan)
        for each in np.unique(slot):
            sample = series[:, base & (slot == each)]
            count = np.isfinite(sample).sum(axis=1)
            for time in np.flatnonzero(slot == each):
                value = series[:, [time]]
                below = (sample < value).sum(axis=1) + 0.5 * (sample == value).sum(axis=1)
                found = 100.0 * (below + 0.5) / (count + 1.0)
                held = np.isfinite(value[:, 0]) & (count >= min_values)
                out[:, time] = np.where(held, found, np.nan)
        return out

    return over_cells(share, field, result={"time": field["time"]})


def _slots(time: xr.DataArray) -> np.ndarray:
    """Return the calendar month of each time; daily values share that of their day."""
    month = np.asarray(time.dt.month)
    stamp = np.asarray(time.dt.year) * 12 + month
    if len(np.unique(stamp)) == len(stamp):
        return month
    return np.asarray(month * 32 + np.asarray(time.dt.day))
