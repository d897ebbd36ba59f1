"""Percentiles of a base period: which days belong to it, and the thresholds they give.

A threshold is the type 8 quantile of the values within a window of days around a calendar day, in
all base years. 29 February is left out of the pool, and the window wraps inside the same year
(1 January uses 30 and 31 December of its own year), as the reference implementation has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..catalog import Period
from ..errors import IndicatorError
from .periods import DayAxis


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
