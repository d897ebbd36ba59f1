"""Names in listings: which of them a pattern means, and which days they cover."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import Formatter

from ..catalog.models import DatasetEntry, Period, Request
from ..errors import CatalogError
from .absence import NotThereError
from .granules import Granule, month_of, spans_of, step_end, step_of, wanted_period
from .receive import Received

_DIGITS = {"Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{2}", "d": r"\d{2}", "j": r"\d{3}", "H": r"\d{2}",
           "b": r"[A-Za-z]{3}"}  # fmt: skip
# A listing has a gap only where every step of the pattern must have a file.
_COMPLETE = {"day": "day", "month": "month", "year": "year", "dekad": "irregular"}


@dataclass(frozen=True)
class Listed:
    """A file that a listing names.

    Attributes
    ----------
    name : str
        What the pattern is compared with.
    url : str
        Its address without secrets.
    size, version : int, str, optional
        What the listing says about it.
    address : str, optional
        What is asked for, if it differs from `url`.
    """

    name: str
    url: str
    size: int | None = None
    version: str | None = None
    address: str | None = None


def chosen(
    entry: DatasetEntry, request: Request, pattern: str, listed: Iterable[Listed]
) -> list[Granule]:
    """Return the listed files that match a pattern inside the wanted period.

    Of several files for one step the last by name is taken (they are versions), unless
    ``access.options.which`` is ``all``.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    request : Request
        The period.
    pattern : str
        Names with ``*``, ``?`` and date fields.
    listed : iterable of Listed
        What is there.

    Returns
    -------
    list of Granule
        In the order of time; where the series must be complete, gaps are granules that turn out
        to be missing.
    """
    step = step_of(pattern, entry.id)
    stamp = matcher(pattern, entry.id)
    wanted = wanted_period(entry, request)
    found: dict[tuple[dt.datetime, str], Granule] = {}
    for item in sorted(listed, key=lambda item: item.name):
        matched, time = stamp(item.name)
        if not matched or wanted is None:
            continue
        period = None
        if time is not None and step is not None:
            every = int(entry.access.options.get("every_days", 1))
            period = Period(start=time.date(), end=step_end(time.date(), step, every))
            assert period.start is not None and period.end is not None
            if period.end < wanted[0] or period.start > wanted[1]:
                continue
        # Versions of one step replace each other.
        which = item.name if entry.access.options.get("which") == "all" or time is None else ""
        found[time or dt.datetime.min, which] = Granule(
            item.url, period, size=item.size, version=item.version, address=item.address
        )
    if step is not None and _COMPLETE.get(step) == entry.frequency:
        for start, period in spans_of(entry, request, step):
            if not any(time == start for time, _ in found):
                url = f"{entry.access.url}#{start:%Y-%m-%d}"
                found[start, ""] = Granule(url, period, receive=_absent)
    return [found[key] for key in sorted(found)]


def matcher(pattern: str, dataset: str) -> Callable[[str], tuple[bool, dt.datetime | None]]:
    """Return a function that tells whether a name matches, and the time in it."""
    expression, groups = "", dict[str, str]()
    for text, name, spec, _ in Formatter().parse(pattern):
        expression += "".join(
            {"*": "[^/]*", "?": "[^/]"}.get(letter) or re.escape(letter) for letter in text
        )
        for literal, letter in re.findall(r"([^%]*)(?:%(.))?", spec or "") if name else ():
            expression += re.escape(literal)
            if not letter:
                continue
            if letter in groups:
                expression += f"(?P={groups[letter]})"
            else:
                groups[letter] = f"f{letter}"
                expression += f"(?P<f{letter}>{_DIGITS.get(letter, re.escape(letter))})"
    if groups and not {"Y", "y"} & set(groups):
        raise CatalogError(f"dataset {dataset!r}: {pattern!r} must hold the year, as %Y or %y")
    compiled = re.compile(expression)

    def match(text: str) -> tuple[bool, dt.datetime | None]:
        found = compiled.fullmatch(text)
        if not found:
            return False, None
        if not groups:
            return True, None
        try:
            return True, _time({letter: found[group] for letter, group in groups.items()})
        except ValueError:
            return False, None

    return match


def _time(parts: dict[str, str]) -> dt.datetime:
    year = int(parts["Y"]) if "Y" in parts else 2000 + int(parts["y"])
    if "j" in parts:
        day = dt.datetime(year, 1, 1) + dt.timedelta(days=int(parts["j"]) - 1)
        if day.year != year:
            raise ValueError("no such day of the year")
    else:
        month = month_of(parts["b"]) if "b" in parts else int(parts.get("m", "1"))
        day = dt.datetime(year, month, int(parts.get("d", "1")))
    return day + dt.timedelta(hours=int(parts.get("H", "0")))


def _absent(receiver: object, part: object) -> Received:
    raise NotThereError("the listing does not name it")
