"""Years beside each other: the year to date, and the yearly anomalies that stripes are drawn of."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError, unknown
from .cells import over_cells
from .indicator import indicator
from .normals import WMO_1203, departures, in_base_period, time_lengths
from .years import calendar_years, group_sums, year_stamps

STRIPES = f"Hawkins (2018), Warming stripes, https://showyourstripes.info; {WMO_1203}"
Statistic = Literal["mean", "sum"]


@indicator(
    formula="sum of w x / sum of w (or sum of x) from 1 January to the newest date",
    units="{units}",
    long_name="{long_name} of the year to date",
    cell_methods="time: mean",
    references=WMO_1203,
)
def year_to_date(
    field: xr.DataArray,
    *,
    baseline: Period,
    statistic: Statistic = "mean",
    min_fraction: float = 0.9,
) -> xr.Dataset:
    """Each year from 1 January to the date of the newest value, against the same part of others.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Daily or monthly values; each is weighted by the length of its time cell for a mean.
    baseline : Period
        Years of the normal; it must lie within the data.
    statistic : {"mean", "sum"}
        Of the values.
    min_fraction : float
        Share of the usual number of values that the part of a year must hold.

    Returns
    -------
    Dataset (time, ...)
        ``year_to_date``, its ``departure`` from the mean of the years of the base period, and its
        ``rank`` among all years, 1 the highest; equal values share the better rank.

    Raises
    ------
    IndicatorError
        For an unknown statistic, or a base period that is not within the data.
    """
    if statistic not in ("mean", "sum"):
        raise IndicatorError(unknown("statistic", statistic, ("mean", "sum")))
    time = field["time"]
    date = np.asarray(time.dt.month) * 32 + np.asarray(time.dt.day)
    values = field.isel(time=np.flatnonzero(date <= date[-1]))
    based = np.asarray(in_base_period(field, baseline)["time"].dt.year)
    found = _of_years(values, statistic, min_fraction)

    def order(series: np.ndarray) -> np.ndarray:
        above = (series[:, None, :] > series[:, :, None]).sum(axis=2) + 1.0
        return np.where(np.isfinite(series), above, np.nan)

    parts = xr.Dataset(
        {"year_to_date": found, "departure": departures(found, _those_of(found, based), 0.0)}
    )
    parts["rank"] = over_cells(order, found, result={"time": found["time"]})
    about = {"departure": "Departure", "rank": "Rank"}
    for name, label in about.items():
        parts[name].attrs["long_name"] = f"{label} of {{long_name}} of the year to date"
    parts["rank"].attrs["units"] = "1"
    if field.attrs.get("units") == "degC":
        parts["departure"].attrs["units_metadata"] = "temperature: difference"
    if statistic == "sum":
        for name in ("year_to_date", "departure"):
            parts[name].attrs["cell_methods"] = "time: sum"
    return parts


@indicator(
    formula="mean of x over year - mean of x over base",
    units="{units}",
    long_name="Yearly anomaly of {long_name}",
    cell_methods="time: mean",
    difference=True,
    references=STRIPES,
)
def stripes(field: xr.DataArray, *, baseline: Period, min_fraction: float = 0.9) -> xr.DataArray:
    """Mean of each calendar year less that of the base period: the data of warming stripes.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Daily, monthly or yearly values, each weighted by the length of its time cell.
    baseline : Period
        Years of the normal; it must lie within the data.
    min_fraction : float
        Share of the usual number of values that a year must hold.

    Returns
    -------
    DataArray (time, ...), units of `field`
        One value a calendar year.

    Raises
    ------
    IndicatorError
        If the base period is not within the data.
    """
    based = np.asarray(in_base_period(field, baseline)["time"].dt.year)
    found = _of_years(field, "mean", min_fraction)
    return departures(found, _those_of(found, based), 0.0)


def _those_of(found: xr.DataArray, years: np.ndarray) -> np.ndarray:
    """Return 1 for the times of some years, else 0."""
    return np.isin(found["time"].dt.year, years).astype(float)


def _of_years(field: xr.DataArray, statistic: str, min_fraction: float) -> xr.DataArray:
    """Return the mean or the sum of each calendar year that has enough values."""
    years, position = calendar_years(field["time"])
    lengths = np.asarray(time_lengths(field).values, dtype=float)
    usual = np.bincount(position).max()

    def reduce(series: np.ndarray) -> np.ndarray:
        result, count = group_sums(series, position, len(years))
        if statistic == "mean":
            total, held = group_sums(series, position, len(years), lengths)
            result = total / np.where(held > 0, held, np.nan)
        return np.where(count >= max(1.0, min_fraction * usual), result, np.nan)

    return over_cells(reduce, field, result={"time": year_stamps(years, field["time"])})
