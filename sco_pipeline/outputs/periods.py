"""Periods as people write them: December 2007, Dec 2007 to Feb 2008, 2009, 30 June 2005."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import xarray as xr

from .time_axes import iso_day, span_of

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def period_text(first: date, last: date) -> str:
    """Return a period of whole days, both included, in its shortest form."""
    if first == last:
        return day_text(first)
    whole_months = first.day == 1 and (last + timedelta(days=1)).day == 1
    if not whole_months:
        return f"{day_text(first)} to {day_text(last)}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{MONTHS[first.month - 1]} {first.year}"
    if first.month == 1 and last.month == 12:
        return str(first.year) if first.year == last.year else f"{first.year} to {last.year}"
    if first.year == last.year:
        return f"{MONTHS[first.month - 1]} to {MONTHS[last.month - 1]} {last.year}"
    return f"{MONTHS[first.month - 1]} {first.year} to {MONTHS[last.month - 1]} {last.year}"


def day_text(day: date) -> str:
    """Return a day as ``30 June 2005``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def days_text(text: str) -> str:
    """Return an ISO period such as ``2006-05-01 to 2010-04-30`` in words; else the text itself."""
    first, _, last = text.partition(" to ")
    try:
        return period_text(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        return text


def cell_text(product: xr.Dataset, axis: str, index: int) -> str:
    """Return the period of one cell of a time axis."""
    start, end = _cell(product, axis, index)
    first, last = date.fromisoformat(iso_day(start)), date.fromisoformat(iso_day(end))
    if last > first and str(_clock(end)) in ("00:00:00", "None"):
        last -= timedelta(days=1)
    return period_text(first, last)


def coverage_text(product: xr.Dataset) -> str:
    """Return the period a product covers; empty if it does not say."""
    first = str(product.attrs.get("time_coverage_start", ""))[:10]
    last = str(product.attrs.get("time_coverage_end", ""))[:10]
    return days_text(f"{first} to {last}") if first and last else ""


def _cell(product: xr.Dataset, axis: str, index: int) -> tuple[Any, Any]:
    return span_of(product.isel({axis: slice(index, index + 1 or None)}), axis)


def _clock(stamp: Any) -> str | None:
    text = str(stamp) if not hasattr(stamp, "isoformat") else stamp.isoformat()
    return text.partition("T")[2][:8] or None
