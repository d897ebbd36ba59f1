"""What can be said of a file that is in no catalog: only what CF allows to guess.

The rest is asked for by name: the units of a variable without any, the frequency of a single step.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import xarray as xr

from ..catalog import DatasetEntry, Layout, Source, Variable
from ..catalog.models import Frequency
from ..errors import HarmonisationError
from . import periods
from .coordinates import find_axes
from .journal import Journal
from .stamps import decode
from .units import conversion, normalise

_COMPANIONS = ("bounds", "climatology", "grid_mapping", "ancillary_variables")
_DURATIONS = {"P1D": "day", "P01D": "day", "P1M": "month", "P1Y": "year", "PT1H": "hour"}
_WORDS = {"day": "day", "daily": "day", "mon": "month", "month": "month", "monthly": "month"}
_WORDS |= {"yr": "year", "year": "year", "yearly": "year", "annual": "year", "hourly": "hour"}
_EXTREMES = {"tasmax": "maximum", "tasmin": "minimum"}


@dataclass(frozen=True)
class Hints:
    """What the caller says of a file.

    Attributes
    ----------
    variables : tuple of str
        Names in the file; empty for all that can be read.
    frequency : str or None
    units : mapping
        Name in the file -> units.
    layout : Layout
    """

    variables: tuple[str, ...] = ()
    frequency: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    layout: Layout = field(default_factory=Layout)


def guess_entry(
    raw: xr.Dataset,
    origin: str,
    fmt: str,
    known: Mapping[str, Variable],
    hints: Hints,
    journal: Journal,
) -> tuple[DatasetEntry, dict[str, Variable]]:
    """Return an entry and the variables for a file that is in no catalog.

    Parameters
    ----------
    raw : Dataset
        Undecoded.
    origin : str
        Name of the file.
    fmt : str
        Name of its reader.
    known : mapping
        Variables of the catalog.
    hints : Hints
        What the caller says.
    journal : Journal
        Takes note of what is guessed or left out.

    Returns
    -------
    entry : DatasetEntry
    variables : dict

    Raises
    ------
    HarmonisationError
        Asking for what cannot be guessed.
    """
    for name in hints.variables:
        if name not in raw.variables:
            found = sorted(str(key) for key in raw.data_vars)
            raise HarmonisationError(f"{origin} has no variable {name!r}; found {found}")
    sources: dict[str, Source] = {}
    variables: dict[str, Variable] = {}
    for name in hints.variables or data_names(raw, origin):
        units = hints.units.get(name, str(raw[name].attrs.get("units", "")).strip())
        problem = _unit_problem(units, name)
        if problem:
            if name in hints.variables:
                raise HarmonisationError(f"{origin}: variable {name!r} {problem}")
            journal.add(name, problem.split(";")[0], "left out", problem.split("; ")[-1])
            continue
        variable = quantity(raw[name].variable, name, units, known)
        if variable.id in sources:
            journal.add(name, f"a second {variable.id!r}", "left out", "ask for it by name")
            continue
        sources[variable.id], variables[variable.id] = _source(raw, name, hints), variable
        if variable.id != name:
            reason = "CF standard name" if variable.id in known else "lower case"
            journal.add(variable.id, f"name {name!r}", f"name {variable.id!r}", reason)
    if not sources:
        raise HarmonisationError(
            f"{origin} has no variable that can be read without more: {_left_out(journal)}"
        )
    frequency = hints.frequency or guess_frequency(raw, sources, origin, hints.layout, journal)
    return _entry(raw, origin, fmt, frequency, sources, hints), variables


def data_names(raw: xr.Dataset, origin: str) -> list[str]:
    """Return the variables of a file that hold data: numbers over time or space, no coordinate."""
    companions = {
        word
        for var in raw.variables.values()
        for key in (*_COMPANIONS, "coordinates")
        for word in str(var.attrs.get(key, "")).replace(":", " ").split()
    }
    names = []
    for key, da in raw.data_vars.items():
        name, attrs = str(key), da.attrs
        if name in companions or da.dtype.kind not in "iuf" or not da.dims:
            continue
        if any(mark in attrs for mark in ("flag_values", "flag_masks", "flag_meanings")):
            continue
        if " since " in str(attrs.get("units", "")) or attrs.get("axis"):
            continue
        axes = find_axes(raw, name, origin)
        if axes.lat or axes.time or axes.y:
            names.append(name)
    widest = max((raw[name].ndim for name in names), default=0)
    return [name for name in names if raw[name].ndim == widest]


def quantity(raw: xr.Variable, name: str, units: str, known: Mapping[str, Variable]) -> Variable:
    """Return the catalog's quantity by standard name and units, else one of the file's own."""
    standard_name = str(raw.attrs.get("standard_name", ""))
    fitting = [
        variable
        for variable in known.values()
        if variable.standard_name == standard_name or variable.id == name.lower()
        if _converts(units, variable.units)
    ]
    by_name = [variable for variable in fitting if variable.id == name.lower()]
    if by_name:
        return by_name[0]
    if len(fitting) > 1:
        methods = str(raw.attrs.get("cell_methods", ""))
        fitting = [v for v in fitting if (_EXTREMES.get(v.id, "mean ") in methods)] or [
            v for v in fitting if v.id not in _EXTREMES
        ]
    if len(fitting) == 1:
        return fitting[0]
    own = re.sub(r"[^a-z0-9_]", "_", name.lower()).strip("_")[:40] or "value"
    return Variable(
        id=own if own[0].isalpha() else f"v_{own}"[:40],
        long_name=str(raw.attrs.get("long_name") or name)[:200],
        standard_name=standard_name or None,
        units=normalise(units, "degC"),
    )


def guess_frequency(
    raw: xr.Dataset, sources: Mapping[str, Source], origin: str, layout: Layout, journal: Journal
) -> str:
    """Return the frequency that the steps, their bounds or the attributes show.

    Raises
    ------
    HarmonisationError
        If nothing shows it.
    """
    name = next(iter(sources.values())).name
    time = layout.time or find_axes(raw, name, origin).time
    days: Any = None
    if time is not None:
        variable = raw[time].variable
        days = _lengths(raw, variable, layout, origin)
    if days is not None and len(days):
        for frequency, (low, high) in periods.LENGTHS.items():
            high = 0.89 if frequency == "hour" else high
            if low <= days.min() and days.max() <= high and days.max() > 0:
                length = float(np.median(days))
                steps = f"{length:g} d" if length >= 1 else f"{round(length * 24, 4):g} h"
                journal.add("frequency", f"steps of {steps}", frequency, "spacing")
                return frequency
        return "irregular"
    for key in ("time_coverage_resolution", "time_coverage_duration", "frequency"):
        word = str(raw.attrs.get(key, "")).strip()
        found = _DURATIONS.get(word.upper()) or _WORDS.get(word.lower())
        if found:
            journal.add("frequency", f"attribute {key} = {word}", found, "ACDD")
            return found
    raise HarmonisationError(
        f"{origin} has one time step, or none, and does not say how long it is; "
        "state it: frequency='day', 'month', 'year' ..."
    )


def _lengths(raw: xr.Dataset, variable: xr.Variable, layout: Layout, origin: str) -> Any:
    """Return lengths of the steps in days, from spacing or bounds; None for a single stamp."""
    units = layout.time_units or str(variable.attrs.get("units", ""))
    calendar = layout.calendar or variable.attrs.get("calendar")
    bounds = raw.variables.get(variable.attrs.get("bounds", variable.encoding.get("bounds")))
    values, start = np.atleast_1d(variable.values), None
    if values.size > 1:
        start, end = values[:-1], values[1:]
    elif bounds is not None and bounds.ndim == 2 and layout.time_bounds == "trust":
        start, end = bounds.values[:, 0], bounds.values[:, 1]
    if start is None:
        return None
    if values.dtype.kind not in "MO":
        start = decode(start, units, calendar, origin, explicit=True)
        end = decode(end, units, calendar, origin, explicit=True)
    return periods.seconds_between(start, end) / 86400


def _unit_problem(units: str, name: str) -> str | None:
    if units.lower() in ("", "n/a", "na", "unknown", "undefined", "none"):
        return f"has no units; state them: units={{{name!r}: '<units>'}}"
    try:
        conversion(units, normalise(units, "degC"))
    except HarmonisationError:
        return f"has unknown units {units!r}; state them: units={{{name!r}: '<units>'}}"
    return None


def _converts(units: str, wanted: str) -> bool:
    try:
        return conversion(units, wanted) is not None
    except HarmonisationError:
        return False


def _source(raw: xr.Dataset, name: str, hints: Hints) -> Source:
    return Source(name=name, units=hints.units.get(name), out_of_range="mask")


def _left_out(journal: Journal) -> str:
    lines = [f"{c.subject} {c.found}, {c.reason}" for c in journal if c.made == "left out"]
    return "; ".join(lines) or "it holds no numbers over time or space"


def _entry(
    raw: xr.Dataset, origin: str, fmt: str, frequency: str,
    sources: dict[str, Source], hints: Hints,
) -> DatasetEntry:  # fmt: skip
    stem = re.sub(r"[^a-z0-9-]+", "-", origin.lower()).strip("-")[:80] or "file"
    return DatasetEntry.model_validate(
        {
            "id": stem,
            "agency": "unknown",
            "role": "none",
            "title": str(raw.attrs.get("title") or origin)[:400],
            "license": str(raw.attrs.get("license") or "not stated")[:400],
            "citation": str(raw.attrs.get("references") or origin)[:400],
            "coverage": {"start": dt.date(1970, 1, 1)},
            "frequency": cast(Frequency, frequency),
            "format": fmt,
            "access": {"method": "local", "url": origin},
            "variables": sources,
            "layout": hints.layout,
        }
    )
