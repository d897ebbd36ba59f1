"""Where each time stands: in decimal years, in its season, in its calendar year."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import IndicatorError
from .cells import over_cells

MONTHS = 12
_MONTH_DAYS = 26.5


def decimal_years(time: xr.DataArray) -> np.ndarray:
    """Return times in years, even where calendars are not.

    Parameters
    ----------
    time : DataArray (time,), datetime64 or cftime
        Rising.

    Returns
    -------
    ndarray (time,), float64
        The calendar year for yearly values, ``year + (month - 0.5) / 12`` for values a month or
        more apart, else the year and the share of it that has passed.
    """
    year, month = np.asarray(time.dt.year, dtype=float), np.asarray(time.dt.month)
    if len(np.unique(year)) == len(year) and len(np.unique(month)) <= 1:
        return year
    if is_monthly(time):
        return year + (month - 0.5) / MONTHS
    day = np.asarray(time.dt.dayofyear) - 1.0
    hour = np.asarray(time.dt.hour) + np.asarray(time.dt.minute) / 60.0
    years: np.ndarray = year + (day + hour / 24.0) / _days_in_year(time)
    return years


def is_monthly(time: xr.DataArray) -> bool:
    """Tell whether no calendar month occurs twice and values lie about a month or more apart."""
    if time.size < 2:
        return True
    stamp = np.asarray(time.dt.year) * MONTHS + np.asarray(time.dt.month)
    if len(np.unique(stamp)) < len(stamp):
        return False
    days = np.asarray(time.dt.year) * 365.25 + np.asarray(time.dt.dayofyear)
    return bool(np.median(np.diff(days)) > _MONTH_DAYS)


def months_of(time: xr.DataArray, what: str) -> np.ndarray:
    """Return months since January of year 0; refuse times that are not one a month."""
    stamp = np.asarray(time.dt.year) * MONTHS + np.asarray(time.dt.month) - 1
    if not is_monthly(time) or (np.diff(stamp) < 1).any():
        raise IndicatorError(
            f"{what} needs one value a month; the data hold {time.size} times in "
            f"{len(np.unique(stamp))} months; make monthly values first"
        )
    months: np.ndarray = stamp.astype(np.int64)
    return months


def calendar_years(time: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Return the calendar years of a record without holes, and each time's position in them."""
    year = np.asarray(time.dt.year)
    years = np.arange(year.min(), year.max() + 1)
    return years, (year - years[0]).astype(np.int64)


def year_stamps(years: np.ndarray, time: xr.DataArray) -> np.ndarray:
    """Return 1 January of years, as dates of the same kind as `time`."""
    if time.dtype.kind == "M":
        return (years - 1970).astype("datetime64[Y]").astype("datetime64[ns]")
    import cftime

    calendar = time.dt.calendar
    return np.array([cftime.datetime(int(y), 1, 1, calendar=calendar) for y in years])


def month_stamps(months: np.ndarray, time: xr.DataArray) -> np.ndarray:
    """Return the first day of months counted from January of year 0."""
    if time.dtype.kind == "M":
        return (months - 1970 * MONTHS).astype("datetime64[M]").astype("datetime64[ns]")
    import cftime

    calendar = time.dt.calendar
    pairs = [(int(m) // MONTHS, int(m) % MONTHS + 1) for m in months]
    return np.array([cftime.datetime(y, m, 1, calendar=calendar) for y, m in pairs])


def year_means(series: np.ndarray, position: np.ndarray, count: int, share: float) -> np.ndarray:
    """Average the values of each year; (cell, time) to (cell, year).

    A year with less than `share` of the usual number of its values is missing.
    """
    total, held = group_sums(series, position, count)
    usual = np.bincount(position, minlength=count).max()
    enough = held >= max(1.0, share * usual)
    return np.where(enough, total / np.maximum(held, 1.0), np.nan)


def group_sums(
    series: np.ndarray, position: np.ndarray, count: int, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum and the number of the values present in each group: (cell, group).

    With weights of the times, the weighted sum and the weight of the values.
    """
    from .kernels.grouped import group_sums as compiled

    alike = np.ones(series.shape[1]) if weights is None else np.asarray(weights, dtype=float)
    total, held = compiled(series, np.asarray(position, dtype=np.int64), count, alike)
    return total, held


def without_season(field: xr.DataArray) -> xr.DataArray:
    """Take the mean of each calendar month, over the whole record, out of a field."""
    month = np.asarray(field["time"].dt.month) - 1

    def remove(series: np.ndarray) -> np.ndarray:
        total, held = group_sums(series, month, MONTHS)
        normal = total / np.where(held > 0, held, np.nan)
        return series - normal[:, month]

    return over_cells(remove, field, result={"time": field["time"].values}).rename(field.name)


def _days_in_year(time: xr.DataArray) -> np.ndarray:
    """Return the length of each time's year in days."""
    return np.asarray(time.dt.days_in_year, dtype=float)
