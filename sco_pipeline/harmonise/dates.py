"""Dates of files without a time axis: from the file's name, its attributes, or by rule."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..catalog import Composites, DatasetEntry
from ..errors import HarmonisationError
from .journal import Journal

_ACDD_START = "time_coverage_start"
_STEP_DIMS = ("time", "band", "t", "date")


def dates_elsewhere(
    raw: xr.Dataset, entry: DatasetEntry, origin: str, journal: Journal
) -> tuple[NDArray[Any], str | None]:
    """Return the dates of a file without time, and the dimension they lie along if any.

    Parameters
    ----------
    raw : Dataset
        Undecoded.
    entry : DatasetEntry
        Its `layout` tells where the date is; without that the ACDD attribute
        ``time_coverage_start`` is taken.
    origin : str
        Name of the file.
    journal : Journal
        Takes note.

    Returns
    -------
    dates : array (time,), datetime64[ns]
    dim : str or None

    Raises
    ------
    HarmonisationError
        If there is no date anywhere.
    """
    layout = entry.layout
    dim = next((name for name in _STEP_DIMS if raw.sizes.get(name, 0) > 1), None)
    if layout.composites is not None:
        return _composite_dates(raw, layout.composites, dim, entry, origin, journal), dim
    if dim is not None:
        raise HarmonisationError(
            f"{origin}: dimension {dim!r} has {raw.sizes[dim]} steps without dates; "
            f"give 'composites:' under 'layout:' of dataset {entry.id!r}"
        )
    if layout.date_in_name is not None:
        date = _from_name(origin, entry)
        journal.add("time", "none in the file", "date of the file name", layout.date_in_name)
    else:
        attribute = layout.date_in_attribute or _ACDD_START
        if attribute not in raw.attrs:
            raise HarmonisationError(
                f"{origin} has no time coordinate and no attribute {attribute!r}; give "
                f"'date_in_name:' or 'date_in_attribute:' under 'layout:' of {entry.id!r}"
            )
        date = _from_text(str(raw.attrs[attribute]), attribute, origin)
        journal.add("time", "none in the file", "date of an attribute", attribute)
    return np.array([np.datetime64(date, "ns")], dtype="datetime64[ns]"), None


def composite_starts(rule: Composites) -> Iterator[dt.date]:
    """Yield the first day of each step of a composite rule."""
    day = rule.start
    while True:
        yield day
        day = _next_composite(day, rule)


def composite_ends(starts: NDArray[Any], rule: Composites) -> NDArray[Any]:
    """Return where each composite ends (exclusive)."""
    days = starts.astype("datetime64[D]").astype(object)
    ends = [np.datetime64(_next_composite(day, rule), "ns") for day in days]
    return np.array(ends, dtype="datetime64[ns]")


def _next_composite(day: dt.date, rule: Composites) -> dt.date:
    following = day + dt.timedelta(days=rule.days)
    if rule.yearly:
        return min(following, dt.date(day.year + 1, 1, 1))
    return following


def _composite_dates(
    raw: xr.Dataset,
    rule: Composites,
    dim: str | None,
    entry: DatasetEntry,
    origin: str,
    journal: Journal,
) -> NDArray[Any]:
    count = raw.sizes[dim] if dim else 1
    days = composite_starts(rule)
    dates = [np.datetime64(next(days), "ns") for _ in range(count)]
    last = entry.coverage.end
    if last is not None and dates[-1] > np.datetime64(last, "ns"):
        raise HarmonisationError(
            f"{origin}: {count} composites from {rule.start} reach {str(dates[-1])[:10]}, after "
            f"the end of dataset {entry.id!r} ({last}); correct 'composites:' under its 'layout:'"
        )
    found = f"{count} steps without dates"
    journal.add("time", found, f"composites of {rule.days} days from {rule.start}", "catalog entry")
    return np.array(dates, dtype="datetime64[ns]")


def _from_name(origin: str, entry: DatasetEntry) -> dt.datetime:
    pattern, form = entry.layout.date_in_name, entry.layout.date_format or "%Y%m%d"
    match = re.search(pattern or "", origin)
    try:
        assert match is not None
        return dt.datetime.strptime(match["date"], form)
    except (AssertionError, IndexError, ValueError) as error:
        raise HarmonisationError(
            f"{origin}: its name holds no date by the pattern {pattern!r} and format {form!r}; "
            f"correct 'date_in_name:' under 'layout:' of dataset {entry.id!r}"
        ) from error


def _from_text(text: str, attribute: str, origin: str) -> dt.datetime:
    compact = re.match(r"(\d{4})(\d{2})(\d{2})T?(\d{2})?(\d{2})?(\d{2})?Z?$", text.strip())
    try:
        if compact:
            return dt.datetime(*(int(part or 0) for part in compact.groups()))  # type: ignore[arg-type]
        date = dt.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise HarmonisationError(
            f"{origin}: attribute {attribute!r} is {text!r:.60}, which is no date; "
            "give 'date_in_name:' under 'layout:' of the dataset's entry"
        ) from error
    return date.astimezone(dt.UTC).replace(tzinfo=None) if date.tzinfo else date
