"""Address patterns: from ``{day:%Y%m%d}`` and a period to one address a file."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Literal

from ..catalog.models import DatasetEntry, Period, Request
from ..errors import CatalogError, unknown

if TYPE_CHECKING:
    from .receive import Received, Receiver

# From coarse to fine; the finest one in a pattern is the step from file to file.
STEPS = ("year", "month", "dekad", "day", "hour")
MAX_GRANULES = 200_000
# A growing dataset without a stated latency is given so long before a file counts as missing.
PATIENCE_DAYS = 60
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DIRECTIVES: Mapping[str, Callable[[dt.datetime], str]] = {
    "Y": lambda t: f"{t.year:04d}",
    "y": lambda t: f"{t.year % 100:02d}",
    "m": lambda t: f"{t.month:02d}",
    "d": lambda t: f"{t.day:02d}",
    "j": lambda t: f"{t.timetuple().tm_yday:03d}",
    "H": lambda t: f"{t.hour:02d}",
    "b": lambda t: _MONTHS[t.month - 1],
    "%": lambda t: "%",
}
_CASES: Mapping[str, Callable[[str], str]] = {"": str, "upper": str.upper, "lower": str.lower}


@dataclass(frozen=True)
class Granule:
    """One file of a dataset, and how it is received.

    Attributes
    ----------
    url : str
        Address without secrets; the identity of the file in the ledger.
    period : Period, optional
        Days that the file covers.
    status : {"final", "preliminary"}
        What the archive calls it.
    mirrors : tuple of str
        Further addresses of the same bytes, tried in this order after `url`.
    sha256 : str, optional
        What the bytes must hash to.
    size : int, optional
        Bytes, if a listing told.
    path : Path, optional
        A file that is here already; it is read in place.
    fallback : Granule, optional
        Preliminary file of the same period, taken while this one is not published.
    receive : callable, optional
        Writes the bytes to a temporary path; by default a plain GET.
    headers : tuple of (str, str)
        Further request headers; never secrets.
    address : str, optional
        What is asked for, if it differs from `url`, for example by a signature.
    version : str, optional
        What a listing said the present version is; compared with the recorded ETag.
    """

    url: str
    period: Period | None = None
    status: Literal["preliminary", "final"] = "final"
    mirrors: tuple[str, ...] = ()
    sha256: str | None = None
    size: int | None = None
    path: Path | None = None
    fallback: Granule | None = None
    receive: Callable[[Receiver, Path], Received] | None = field(default=None, compare=False)
    headers: tuple[tuple[str, str], ...] = ()
    address: str | None = field(default=None, repr=False)
    version: str | None = None


def granules_of(entry: DatasetEntry, request: Request) -> list[Granule]:
    """Expand the address patterns of an entry over the wanted part of its coverage.

    Parameters
    ----------
    entry : DatasetEntry
        ``access.url`` and ``access.mirrors`` are patterns; ``preliminary.url`` is the pattern of
        the preliminary series, if there is one.
    request : Request
        The variables expand ``{variable}``; the period is cut to the coverage.

    Returns
    -------
    list of Granule
        In the order of time.

    Raises
    ------
    CatalogError
        If a pattern has a field that is not known.
    """
    early = entry.preliminary.url if entry.preliminary else None
    patterns = (entry.access.url, *entry.access.mirrors, *((early,) if early else ()))
    steps = {step_of(pattern, entry.id) for pattern in patterns}
    if len(steps) > 1:
        raise CatalogError(
            f"dataset {entry.id!r}: its addresses step by {sorted(map(str, steps))}; "
            "give url, mirrors and preliminary.url the same fields"
        )
    step = steps.pop()
    spans = spans_of(entry, request, step)
    found = []
    for start, period in spans:
        for name in _source_names(entry, request, patterns):
            fields = (start, name)
            url, *mirrors = (fill(p, *fields) for p in patterns[: 1 + len(entry.access.mirrors)])
            fallback = Granule(fill(early, *fields), period, "preliminary") if early else None
            whole = entry.access.sha256 if step is None else None
            found.append(Granule(url, period, "final", tuple(mirrors), whole, fallback=fallback))
    return found


def likely_files(entry: DatasetEntry, pattern: str | None = None) -> list[str]:
    """Return the addresses of the newest file that must be out by now, and of the first one.

    Parameters
    ----------
    entry : DatasetEntry
        Coverage and latency tell which days have files.
    pattern : str, optional
        Address pattern; by default that of the entry.

    Returns
    -------
    list of str
        One address where the pattern has no date.
    """
    pattern = pattern or entry.access.url
    first, last = entry.coverage.start, entry.coverage.end
    if last is None:
        wait = 2 * entry.latency_days if entry.latency_days is not None else PATIENCE_DAYS
        last = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=wait)
    step = step_of(pattern, entry.id)
    name = next((source.name for source in entry.variables.values()), "")
    every = int(entry.access.options.get("every_days", 1))
    found = []
    for day in (max(first, last), first):
        start = _step_start(day, step, every) if step not in (None, "hour") else day
        time = dt.datetime(start.year, start.month, start.day)
        found.append(fill(pattern, time, name))
    return list(dict.fromkeys(found))


def fields_of(pattern: str, dataset: str) -> set[str]:
    """Return the names of the fields of a pattern, or raise for one that is not known."""
    names = set()
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError as error:
        raise CatalogError(f"dataset {dataset!r}: address {pattern!r}: {error}") from error
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if name not in (*STEPS, "variable") or conversion:
            hint = unknown("field", name, (*STEPS, "variable"))
            raise CatalogError(f"dataset {dataset!r}: address {pattern!r}: {hint}")
        if name == "variable" and spec in _CASES:
            names.add(name)
            continue
        wrong = set(re.findall(r"%(.?)", spec or "")) - set(_DIRECTIVES)
        if wrong or "{" in (spec or "") or not spec or name == "variable":
            raise CatalogError(
                f"dataset {dataset!r}: address {pattern!r}: field {name!r} has the format "
                f"{spec!r}; expected %Y %y %m %d %j %H %b, for example {{day:%Y%m%d}}, "
                "or upper or lower for the variable"
            )
        names.add(name)
    return names


def step_of(pattern: str, dataset: str) -> str | None:
    """Return the finest time field of a pattern; None if it is one file."""
    names = fields_of(pattern, dataset)
    return next((step for step in reversed(STEPS) if step in names), None)


def fill(pattern: str, time: dt.datetime, variable: str = "") -> str:
    """Put a time and the name of a variable into a pattern."""
    filled = []
    for text, name, spec, _ in Formatter().parse(pattern):
        filled.append(text)
        if name == "variable":
            filled.append(_CASES[spec or ""](variable))
        elif name is not None:
            filled.append(re.sub(r"%(.)", lambda m: _DIRECTIVES[m[1]](time), spec or ""))
    return "".join(filled)


def wanted_period(entry: DatasetEntry, request: Request) -> tuple[dt.date, dt.date] | None:
    """Return first and last day of the request inside the coverage; None if they do not meet.

    A growing dataset ends today (UTC).
    """
    today = dt.datetime.now(dt.UTC).date()
    last = entry.coverage.end or today
    start = max(request.period.start or entry.coverage.start, entry.coverage.start)
    end = min(request.period.end or last, last)
    return (start, end) if start <= end else None


def spans_of(
    entry: DatasetEntry, request: Request, step: str | None
) -> list[tuple[dt.datetime, Period | None]]:
    """Return the stamp and the days of each file from the first to the last wanted day."""
    if step is None:
        return [(dt.datetime(1, 1, 1), None)]
    wanted = wanted_period(entry, request)
    if wanted is None:
        return []
    spans: list[tuple[dt.datetime, Period | None]] = []
    for span in _walk(wanted[0], wanted[1], step, int(entry.access.options.get("every_days", 1))):
        spans.append(span)
        if len(spans) > MAX_GRANULES:
            raise CatalogError(
                f"dataset {entry.id!r}: {request.period} needs over {MAX_GRANULES} files; "
                "ask for a shorter period"
            )
    return spans


def _walk(
    first: dt.date, last: dt.date, step: str, every: int
) -> Iterator[tuple[dt.datetime, Period]]:
    """Yield each step that meets the days from `first` to `last`."""
    day = _step_start(first, step, every)
    while day <= last:
        end = step_end(day, step, every)
        if step == "hour":
            for hour in range(24):
                yield dt.datetime(day.year, day.month, day.day, hour), Period(start=day, end=day)
        else:
            yield dt.datetime(day.year, day.month, day.day), Period(start=day, end=end)
        day = end + dt.timedelta(days=1)


def _step_start(day: dt.date, step: str, every: int) -> dt.date:
    """Return the first day of the step that holds `day`."""
    if step == "year":
        return day.replace(month=1, day=1)
    if step == "month":
        return day.replace(day=1)
    if step == "dekad":
        return day.replace(day=min(21, 1 + (day.day - 1) // 10 * 10))
    # Composites of several days start anew each year, as those of MODIS do.
    past = (day.timetuple().tm_yday - 1) % every
    return day - dt.timedelta(days=past)


def month_of(name: str) -> int:
    """Return the number of a month from its first three letters, in English."""
    return _MONTHS.index(name.lower()) + 1


def step_end(day: dt.date, step: str, every: int) -> dt.date:
    """Return the last day of the step that starts at `day`."""
    year_end = day.replace(month=12, day=31)
    if step == "year":
        return year_end
    month_end = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    if step == "month":
        return month_end
    if step == "dekad":
        return month_end if day.day > 20 else day + dt.timedelta(days=9)
    return min(year_end, day + dt.timedelta(days=every - 1))


def _source_names(entry: DatasetEntry, request: Request, patterns: tuple[str, ...]) -> list[str]:
    """Return the names that ``{variable}`` stands for: those in the files."""
    if not any("variable" in fields_of(pattern, entry.id) for pattern in patterns):
        return [""]
    wanted = request.variables or tuple(entry.variables)
    for name in wanted:
        if name not in entry.variables:
            raise CatalogError(unknown(f"variable of dataset {entry.id!r}", name, entry.variables))
    return [entry.variables[name].name for name in wanted]
