"""Monthly totals and means of monthly or daily records, on whole calendar years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError
from .cells import list_of
from .years import MONTHS, group_sums, is_monthly, month_stamps

MOST_MISSING_DAYS = 3


@dataclass(frozen=True)
class Months:
    """The months of a record, padded to whole calendar years.

    Attributes
    ----------
    first_year, years : int
        Calendar years of the padded months.
    position : ndarray of int (time,)
        Padded month of each time of the record.
    lengths : ndarray (month,)
        Days of each padded month.
    monthly : bool
        Whether the record holds one value a month; else several, a day apart.
    stamps : ndarray (output,)
        Times of the results: those of a monthly record, else the first of each month.
    output : ndarray of int (output,)
        Padded months that the results have.
    """

    first_year: int
    years: int
    position: np.ndarray
    lengths: np.ndarray
    monthly: bool
    stamps: np.ndarray
    output: np.ndarray

    @property
    def count(self) -> int:
        """Number of padded months."""
        return MONTHS * self.years

    def means(self, series: np.ndarray) -> np.ndarray:
        """Return monthly means (cell, padded month).

        A month of daily values is missing with more than three missing days.
        """
        if self.monthly:
            out = np.full((series.shape[0], self.count), np.nan)
            out[:, self.position] = series
            return out
        total, held = group_sums(series, self.position, self.count)
        enough = held >= self.lengths - MOST_MISSING_DAYS
        return np.where(enough, total / np.maximum(held, 1.0), np.nan)

    def totals(self, series: np.ndarray) -> np.ndarray:
        """Return monthly totals of daily rates (cell, padded month)."""
        totals: np.ndarray = self.means(series) * self.lengths
        return totals

    def base(self, baseline: Period, name: object) -> slice:
        """Return the years of a base period, which must lie within the record.

        Raises
        ------
        IndicatorError
            If they do not, or the base period is no whole years.
        """
        start, end = baseline.start, baseline.end
        if start is None or end is None or (start.month, end.month) != (1, MONTHS):
            raise IndicatorError(
                f"{name!r} needs a baseline of whole years; found {baseline}; "
                "give first and last year"
            )
        last_year = self.first_year + self.years - 1
        if start.year < self.first_year or end.year > last_year:
            raise IndicatorError(
                f"baseline {start.year}..{end.year} is not within the data of {name!r} "
                f"({self.first_year}..{last_year}); choose a base period inside the data"
            )
        return slice(start.year - self.first_year, end.year - self.first_year + 1)


def months_axis(time: xr.DataArray, name: object) -> Months:
    """Return the months of a record of monthly or daily values.

    Parameters
    ----------
    time : DataArray (time,), datetime64 or cftime
        Rising, one value a month or a day.
    name : str
        Of the variable, for messages.

    Returns
    -------
    Months

    Raises
    ------
    IndicatorError
        If the steps are neither months nor days.
    """
    stamp = np.asarray(time.dt.year, dtype=np.int64) * MONTHS + np.asarray(time.dt.month) - 1
    monthly = is_monthly(time)
    if not monthly:
        _check_daily(time, name)
    first_year = int(stamp[0] // MONTHS)
    years = int(stamp[-1] // MONTHS) - first_year + 1
    padded = np.arange(MONTHS * years) + first_year * MONTHS
    position = stamp - padded[0]
    output = position if monthly else np.unique(position)
    return Months(
        first_year=first_year,
        years=years,
        position=position,
        lengths=month_lengths(padded, str(time.dt.calendar)),
        monthly=monthly,
        stamps=list_of(time) if monthly else month_stamps(padded[output], time),
        output=output,
    )


def month_lengths(months: np.ndarray, calendar: str) -> np.ndarray:
    """Return the days of months counted from January of year 0."""
    from .periods import month_lengths as of_year

    years = np.unique(months // MONTHS)
    table = np.array([of_year(int(year), calendar) for year in years], dtype=float)
    lengths: np.ndarray = table[np.searchsorted(years, months // MONTHS), months % MONTHS]
    return lengths


def _check_daily(time: xr.DataArray, name: object) -> None:
    """Refuse records that are neither monthly nor daily."""
    day = np.asarray(time.dt.year) * 366 + np.asarray(time.dt.dayofyear)
    if len(np.unique(day)) < len(day):
        raise IndicatorError(f"{name!r} has several values a day; make daily or monthly values")
    typical = np.median(np.diff(day)) if day.size > 1 else 1
    if typical > 1.5:
        raise IndicatorError(
            f"{name!r} has a step of about {typical:g} days; expected daily or monthly values"
        )
