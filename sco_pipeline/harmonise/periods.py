"""Periods of a calendar: where the day, month, season or year of a date begins and ends.

Works on datetime64[ns] and on cftime dates of every calendar alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Dates = NDArray[Any]

# shortest and longest period that a frequency can mean, days
LENGTHS = {
    "hour": (0.0, 1.0),
    "day": (0.9, 1.1),
    "dekad": (7.9, 11.1),
    "month": (27.9, 31.1),
    "season": (88.9, 92.1),
    "year": (359.9, 366.1),
}


# days from the start of a period that always lead into the next one and never past it
_INTO_NEXT = {"hour": 1.5 / 24, "day": 1.5, "dekad": 12, "month": 40, "season": 110, "year": 400}
_NUMPY_UNITS = {"hour": "h", "day": "D", "month": "M", "year": "Y"}


def is_cftime(dates: Dates) -> bool:
    """Tell whether the dates are cftime objects."""
    return dates.dtype.kind == "O"


def shift(dates: Dates, seconds: float) -> Dates:
    """Return the dates moved by a number of seconds."""
    if is_cftime(dates):
        return np.asarray(dates + dt.timedelta(seconds=seconds), dtype=object)
    return np.asarray(dates + np.timedelta64(round(seconds * 1e9), "ns"))


def seconds_between(start: Dates, end: Dates) -> NDArray[np.float64]:
    """Return `end` - `start` in seconds."""
    difference = end - start
    if is_cftime(start):
        flat = [item.total_seconds() for item in difference.flat]
        return np.array(flat, dtype=np.float64).reshape(difference.shape)
    return np.asarray(difference / np.timedelta64(1, "s"), dtype=np.float64)


def rounded(dates: Dates) -> Dates:
    """Return the dates at the nearest whole second."""
    if is_cftime(dates):
        flat = [_round_one(date) for date in dates.flat]
        return np.array(flat, dtype=object).reshape(dates.shape)
    whole = (dates + np.timedelta64(500_000_000, "ns")).astype("datetime64[s]")
    return np.asarray(whole.astype("datetime64[ns]"))


def begin(dates: Dates, frequency: str) -> Dates:
    """Return the start of the period of `frequency` that holds each date."""
    if is_cftime(dates):
        floor = _FLOORS[frequency]
        return np.array([floor(date) for date in dates], dtype=object)
    return np.asarray(_floor64(dates, frequency).astype("datetime64[ns]"))


def following(starts: Dates, frequency: str) -> Dates:
    """Return the start of the period after each of `starts`."""
    return begin(shift(starts, 86400 * _INTO_NEXT[frequency]), frequency)


def _floor64(dates: Dates, frequency: str) -> Dates:
    if frequency in _NUMPY_UNITS:
        return np.asarray(dates.astype(f"datetime64[{_NUMPY_UNITS[frequency]}]"))
    months = dates.astype("datetime64[M]")
    if frequency == "season":
        index = months.astype(np.int64)  # months since January 1970; seasons begin in Dec, Mar ...
        return np.asarray((index - (index + 1) % 3).astype("datetime64[M]"))
    day = (dates.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
    part = np.minimum(day // 10, 2) * 10
    return np.asarray(months.astype("datetime64[D]") + part.astype("timedelta64[D]"))


def _clear(date: Any, **parts: int) -> Any:
    return date.replace(hour=0, minute=0, second=0, microsecond=0, **parts)


def _season(date: Any) -> Any:
    month = date.month - date.month % 3
    return _clear(date, day=1, month=month or 12, year=date.year if month else date.year - 1)


_FLOORS: dict[str, Callable[[Any], Any]] = {
    "hour": lambda date: date.replace(minute=0, second=0, microsecond=0),
    "day": _clear,
    "dekad": lambda date: _clear(date, day=min((date.day - 1) // 10, 2) * 10 + 1),
    "month": lambda date: _clear(date, day=1),
    "season": _season,
    "year": lambda date: _clear(date, day=1, month=1),
}


def _round_one(date: Any) -> Any:
    moved = date + dt.timedelta(microseconds=500_000)
    return moved.replace(microsecond=0)
