"""Days and periods: the padded day axis of a record, and its years, seasons and months.

A record is padded to whole calendar years, so that a day that is not in the record is a missing
day of its period. Days are counted from 1 January of the first year.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import xarray as xr

from ..errors import IndicatorError

PeriodName = Literal["year", "season", "month"]
MONTHS = 12
FEBRUARY = 1
LEAP_DAY = 58
"""Position of 28 February in a year, whose threshold judges 29 February too."""

_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ALWAYS = {"360_day": None, "noleap": False, "365_day": False, "all_leap": True, "366_day": True}


@dataclass(frozen=True)
class Periods:
    """Stretches of whole months.

    Attributes
    ----------
    name : {"year", "season", "month"}
        What they are.
    first_month, last_month : ndarray of int
        Months from January of the first year; `last_month` is not part of the period.
    complete : ndarray of bool
        False where a month of the period lies outside the record.
    """

    name: PeriodName
    first_month: np.ndarray
    last_month: np.ndarray
    complete: np.ndarray

    def __len__(self) -> int:
        """Count the periods."""
        return len(self.first_month)


@dataclass(frozen=True)
class DayAxis:
    """The padded day axis of a record.

    Attributes
    ----------
    calendar : str
        CF calendar; dates of numpy are ``"proleptic_gregorian"``.
    first_year, last_year : int
        Calendar years that the record touches.
    position : ndarray of int (time,)
        Padded day of each time of the record.
    """

    calendar: str
    first_year: int
    last_year: int
    position: np.ndarray

    @property
    def years(self) -> int:
        """Count the calendar years."""
        return self.last_year - self.first_year + 1

    @cached_property
    def month_starts(self) -> np.ndarray:
        """First padded day of each month, and one past the last day."""
        years = range(self.first_year, self.last_year + 1)
        lengths = [days for year in years for days in month_lengths(year, self.calendar)]
        return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)

    @property
    def year_starts(self) -> np.ndarray:
        """First padded day of each year, and one past the last day."""
        return self.month_starts[::MONTHS]

    @property
    def days(self) -> int:
        """Count the padded days."""
        return int(self.month_starts[-1])

    @property
    def days_per_year(self) -> int:
        """Days of a year without 29 February: 365, or 360."""
        return 360 if self.calendar == "360_day" else 365

    @cached_property
    def is_leap_day(self) -> np.ndarray:
        """Whether each padded day is 29 February."""
        flags = np.zeros(self.days, dtype=bool)
        if self.calendar != "360_day":
            lengths = np.diff(self.month_starts)[FEBRUARY::MONTHS]
            starts = self.month_starts[:-1][FEBRUARY::MONTHS]
            flags[starts[lengths == 29] + 28] = True
        return flags

    @cached_property
    def ordinal_day(self) -> np.ndarray:
        """Position in the year from 0, 29 February counted."""
        position: np.ndarray = np.arange(self.days) - self._starts_of_days
        return position

    @cached_property
    def day_of_year(self) -> np.ndarray:
        """Position in the year from 0, without 29 February, which shares that of the 28th."""
        starts = self._starts_of_days
        position: np.ndarray = np.arange(self.days) - starts - self._leap_days_before(starts)
        return position

    @property
    def _starts_of_days(self) -> np.ndarray:
        """Return the first padded day of the year of each padded day."""
        return np.repeat(self.year_starts[:-1], np.diff(self.year_starts))

    def _leap_days_before(self, starts: np.ndarray) -> np.ndarray:
        """Count the leap days of the year up to and including each day."""
        total = np.cumsum(self.is_leap_day)
        return np.asarray(total - np.where(starts > 0, total[starts - 1], 0))

    def periods(self, name: PeriodName) -> Periods:
        """Return the years, seasons or months of the padded record.

        The first season is the winter that holds the first January and February; it and the last
        winter are not complete.
        """
        months = MONTHS * self.years
        step, first = {"year": (MONTHS, 0), "season": (3, -1), "month": (1, 0)}[name]
        starts = np.arange(first, months, step)
        stops = starts + step
        complete = (starts >= 0) & (stops <= months)
        return Periods(name, np.clip(starts, 0, None), np.clip(stops, None, months), complete)

    def stamps(self, periods: Periods) -> tuple[np.ndarray, np.ndarray]:
        """Return start and end of each period as dates of the record's kind."""
        step = {"year": MONTHS, "season": 3, "month": 1}[periods.name]
        first = np.where(periods.complete, periods.first_month, periods.last_month - step)
        first = np.where(periods.first_month > 0, periods.first_month, first)
        return self._dates(first), self._dates(first + step)

    def _dates(self, months: np.ndarray) -> np.ndarray:
        """Return the first day of months counted from January of the first year."""
        years, months = self.first_year + months // MONTHS, months % MONTHS
        if self.calendar == "proleptic_gregorian":
            since_1970: np.ndarray = (years - 1970) * MONTHS + months
            return since_1970.astype("datetime64[M]").astype("datetime64[ns]")
        import cftime

        pairs = zip(years.tolist(), months.tolist(), strict=True)
        dates = [cftime.datetime(y, m + 1, 1, calendar=self.calendar) for y, m in pairs]
        return np.array(dates, dtype=object)


def month_lengths(year: int, calendar: str) -> list[int]:
    """Return the days of the twelve months of a year in a CF calendar."""
    if calendar == "360_day":
        return [30] * MONTHS
    lengths = list(_LENGTHS)
    if _is_leap(year, calendar):
        lengths[FEBRUARY] = 29
    return lengths


def _is_leap(year: int, calendar: str) -> bool:
    always = _ALWAYS.get(calendar)
    if always is not None:
        return always
    by_four = year % 4 == 0
    if calendar == "julian" or (calendar in ("standard", "gregorian") and year < 1582):
        return by_four
    return by_four and (year % 100 != 0 or year % 400 == 0)


def day_axis(time: xr.DataArray) -> DayAxis:
    """Return the padded day axis of a daily time coordinate.

    Parameters
    ----------
    time : DataArray (time,), datetime64 or cftime
        One time for each day, rising; days may be absent.

    Returns
    -------
    DayAxis
        With the position of each time.

    Raises
    ------
    IndicatorError
        If the steps are not days, a day comes twice, or time runs backwards.
    """
    if time.size == 0:
        raise IndicatorError("the data have no time at all; check 'period:'")
    calendar = str(time.dt.calendar)
    _check_steps(time)
    year, month, day = (np.asarray(getattr(time.dt, part)) for part in ("year", "month", "day"))
    frame = DayAxis(calendar, int(year.min()), int(year.max()), np.empty(0, dtype=np.int64))
    starts = frame.month_starts[(year - frame.first_year) * MONTHS + month - 1]
    position = (starts + day - 1).astype(np.int64)
    steps = np.diff(position)
    if (steps <= 0).any():
        index = int(np.argmax(steps <= 0)) + 1
        what = "comes twice" if steps[index - 1] == 0 else "comes after a later day"
        raise IndicatorError(
            f"day {_iso(time, index)} {what} in the data; daily values need each day once, in order"
        )
    return DayAxis(calendar, frame.first_year, frame.last_year, position)


def _check_steps(time: xr.DataArray) -> None:
    """Refuse data whose usual step is not one day."""
    if time.size < 2:
        return
    values = np.asarray(time.values)
    steps = np.diff(values)
    if values.dtype != object:
        usual = float(np.median(steps / np.timedelta64(1, "s"))) / 86400
    else:
        usual = float(np.median([step.total_seconds() for step in steps])) / 86400
    if usual < 0.99 or usual > 1.5:
        raise IndicatorError(
            f"the indicator needs daily values; the data have a step of {usual:.4g} days "
            f"between {_iso(time, 0)} and {_iso(time, -1)}"
        )


def _iso(time: xr.DataArray, index: int) -> str:
    value: Any = time.values[index]
    return str(value)[:10]
