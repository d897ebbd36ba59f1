"""Numbers of a time axis to dates: all CF calendars, months since, year 0, absolute dates.

Standard calendars give datetime64[ns] where all dates fit, other calendars cftime objects. Nothing
is rounded but the last digits that a floating-point number cannot hold.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import cftime
import numpy as np
from numpy.typing import NDArray

from ..errors import HarmonisationError

STANDARD = ("standard", "gregorian", "proleptic_gregorian")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_SPELLINGS = {
    "microseconds": ("us", "microsec", "microsecond", "microseconds"),
    "milliseconds": ("ms", "msec", "millisec", "millisecond", "milliseconds"),
    "second": ("s", "sec", "secs", "second", "seconds"),
    "minute": ("min", "mins", "minute", "minutes"),
    "hour": ("h", "hr", "hrs", "hour", "hours"),
    "day": ("d", "day", "days"),
    "week": ("week", "weeks"),
    "month": ("month", "months", "mon"),
    "year": ("year", "years", "yr", "yrs", "common_year", "common_years"),
}
_FRACTIONS = {"microseconds": 1e-6, "milliseconds": 1e-3}
_REFERENCE = re.compile(
    r"(?P<year>[+-]?\d{1,5})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[T\s]+(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}(?:\.\d*)?))?)?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?$",
    re.I,
)
_GREGORIAN_FROM = 1582
_CALENDARS = (*STANDARD, "noleap", "365_day", "all_leap", "366_day", "360_day", "julian")


@dataclass(frozen=True)
class TimeUnits:
    """``<step> since <reference>``, taken apart.

    Attributes
    ----------
    step : str
        ``second`` ... ``year``.
    reference : tuple of int
        Year, month, day.
    seconds : float
        Time of day of the reference in UTC, s; may lie outside of 0..86400 for a time zone.
    """

    step: str
    reference: tuple[int, int, int]
    seconds: float


def parse_units(units: str, origin: str) -> TimeUnits:
    """Take the units of a time axis apart.

    Raises
    ------
    HarmonisationError
        If they do not read ``<step> since <date>``.
    """
    step, _, rest = units.strip().partition(" since ")
    names = [name for name, forms in _SPELLINGS.items() if step.strip().lower() in forms]
    match = _REFERENCE.match(rest.strip())
    if not names or match is None:
        raise HarmonisationError(
            f"{origin}: time units {units!r} do not read '<step> since <date>'; "
            "give 'time_units:' under 'layout:' of the dataset's entry"
        )
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    clock = 3600 * int(match["hour"] or 0) + 60 * int(match["minute"] or 0)
    seconds = clock + float(match["second"] or 0) - _zone_seconds(match["zone"])
    return TimeUnits(names[0], (year, month, day), seconds)


def decode(
    values: NDArray[Any], units: str, calendar: str | None, origin: str, *, explicit: bool = False
) -> NDArray[Any]:
    """Turn the numbers of a time axis into dates.

    Parameters
    ----------
    values : array (time,)
        As they stand in the file.
    units : str
        ``days since 1950-01-01``; ``day as %Y%m%d.%f`` is read too.
    calendar : str or None
        CF calendar; None is the standard one.
    origin : str
        What to call the file in messages.
    explicit : bool
        Whether the catalog entry named the calendar.

    Returns
    -------
    array (time,), datetime64[ns] or cftime
        Dates in UTC.

    Raises
    ------
    HarmonisationError
        If the units or the calendar cannot be read, or a number is missing.
    """
    calendar = _calendar(calendar, origin)
    numbers = np.asarray(values)
    if numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
        raise HarmonisationError(
            f"{origin}: {int((~np.isfinite(numbers)).sum())} of {numbers.size} time values are "
            "missing; the file is damaged, fetch it again"
        )
    if " as " in units:
        return _absolute(numbers, units, calendar, origin)
    parsed = parse_units(units, origin)
    if parsed.reference[0] <= 0 and calendar in STANDARD[:2]:
        if not (explicit and calendar == "proleptic_gregorian"):
            raise HarmonisationError(
                f"{origin}: time units {units!r} count from a year that the standard calendar does "
                "not have; give 'calendar: proleptic_gregorian' under 'layout:' of the dataset's "
                "entry, or 'frequency: climatology' for a year that stands for many"
            )
    if parsed.step in ("month", "year"):
        return _calendar_steps(numbers.astype(float), parsed, calendar)
    if calendar in STANDARD and parsed.reference[0] > _GREGORIAN_FROM:
        return _numpy_dates(numbers, parsed)
    return _cftime_dates(numbers, parsed, calendar)


def as_datetime64(dates: NDArray[Any]) -> NDArray[Any]:
    """Return cftime dates of a standard calendar as datetime64[ns] where they all fit."""
    if dates.dtype.kind == "M" or not dates.size or dates.flat[0].calendar not in STANDARD:
        return dates
    if min(d.year for d in dates.flat) < 1678 or max(d.year for d in dates.flat) > 2261:
        return dates
    flat = [np.datetime64(d.isoformat(), "ns") for d in dates.flat]
    return np.array(flat, dtype="datetime64[ns]").reshape(dates.shape)


def _calendar(calendar: str | None, origin: str) -> str:
    name = (calendar or "standard").strip().lower()
    if name not in _CALENDARS:
        raise HarmonisationError(
            f"{origin}: calendar {calendar!r} is none of CF's {', '.join(_CALENDARS)}; "
            "give 'calendar:' under 'layout:' of the dataset's entry"
        )
    return {"365_day": "noleap", "366_day": "all_leap", "gregorian": "standard"}.get(name, name)


def _zone_seconds(zone: str | None) -> int:
    if not zone or zone.upper() in ("Z", "UTC", "GMT"):
        return 0
    digits = zone[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    return (-1 if zone[0] == "-" else 1) * (3600 * int(hours) + 60 * int(minutes))


def _numpy_dates(numbers: NDArray[Any], units: TimeUnits) -> NDArray[Any]:
    """Count from a date of the Gregorian calendar, in whole nanoseconds."""
    year, month, day = units.reference
    reference = np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "s")
    seconds = _SECONDS.get(units.step, 1)
    if numbers.dtype.kind in "iu" and units.step in _SECONDS and units.seconds % 1 == 0:
        dates = reference + (numbers.astype(np.int64) * seconds + int(units.seconds))
    else:
        total = numbers.astype(np.float64) * _FRACTIONS.get(units.step, seconds) + units.seconds
        whole = np.floor(total)
        nanos = np.round((total - whole) * 1e9).astype(np.int64)
        dates = (reference + whole.astype(np.int64)).astype("datetime64[s]")
        if _fits(dates):
            return np.asarray(dates.astype("datetime64[ns]") + nanos.astype("timedelta64[ns]"))
    if _fits(dates):
        return np.asarray(dates.astype("datetime64[ns]"))
    return _cftime_dates(numbers, units, "proleptic_gregorian")


def _fits(dates: NDArray[Any]) -> bool:
    low, high = np.datetime64("1678-01-01", "s"), np.datetime64("2262-01-01", "s")
    return not dates.size or bool(dates.min() >= low and dates.max() < high)


def _cftime_dates(numbers: NDArray[Any], units: TimeUnits, calendar: str) -> NDArray[Any]:
    year, month, day = units.reference
    seconds = _FRACTIONS.get(units.step, float(_SECONDS.get(units.step, 1)))
    exact = seconds if units.step in _FRACTIONS else _SECONDS[units.step]
    text = f"seconds since {year:04d}-{month:02d}-{day:02d}"
    offset = int(units.seconds) if units.seconds % 1 == 0 else units.seconds
    if numbers.dtype.kind in "iu":
        total = [int(n) * exact + offset for n in numbers]
    else:
        total = [float(n) * exact + offset for n in numbers]
    dates = cftime.num2date(total, text, calendar, has_year_zero=year <= 0 or None)
    return as_datetime64(np.asarray(dates, dtype=object))


def _calendar_steps(numbers: NDArray[np.float64], units: TimeUnits, calendar: str) -> NDArray[Any]:
    """Count calendar months or years; a fraction is that part of the month it falls in."""
    year, month, day = units.reference
    scale = 12 if units.step == "year" else 1
    dates = []
    for number in numbers * scale:
        whole = int(np.floor(number + 1e-6))
        fraction = max(number - whole, 0.0)
        first = _month(year, month, whole, calendar)
        following = _month(year, month, whole + 1, calendar)
        length = (following - first).days
        start = first + _days(min(day, length) - 1) + _days(units.seconds / 86400)
        dates.append(start + _days(fraction * length if fraction > 1e-6 else 0.0))
    return as_datetime64(np.array(dates, dtype=object))


def _month(year: int, month: int, count: int, calendar: str) -> cftime.datetime:
    years, index = divmod(month - 1 + count, 12)
    return cftime.datetime(year + years, index + 1, 1, calendar=calendar)


def _days(count: float) -> dt.timedelta:
    return dt.timedelta(days=count)


def _absolute(numbers: NDArray[Any], units: str, calendar: str, origin: str) -> NDArray[Any]:
    """Read ``day as %Y%m%d.%f``: the digits of the number are the date."""
    if not re.match(r"day as %Y%m%d(\.%f)?$", units.strip()):
        raise HarmonisationError(
            f"{origin}: time units {units!r} are not read; only 'day as %Y%m%d.%f' is"
        )
    dates = []
    for number in numbers.astype(float):
        whole = int(np.floor(number + 1e-9))
        start = cftime.datetime(whole // 10000, whole // 100 % 100, whole % 100, calendar=calendar)
        dates.append(start + _days(round((number - whole) * 86400) / 86400))
    return as_datetime64(np.array(dates, dtype=object))
