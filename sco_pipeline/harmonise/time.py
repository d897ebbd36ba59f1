"""The time axis of one file: stamps brought to periods.

In a harmonised Dataset `time` is the start of the period that a value stands for, and
``time_bnds`` holds its start and end, so that selecting, grouping and appending need no knowledge
of where an archive puts its stamps. Bounds are read from the file, else derived from the
dataset's frequency. Where stamps stand inside a day, month, season or year does not matter then;
an archive that stamps the end of the period says so with ``stamp: end``.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..catalog import DatasetEntry
from ..errors import HarmonisationError
from . import periods
from .coordinates import Axes
from .journal import Journal
from .stamps import as_datetime64, decode

_ALIGNED = ("day", "dekad", "month", "season", "year")
_ROUNDING = 0.01
"""Seconds that a stamp may miss the whole second by and still mean it."""
_STEP = re.compile(r"(\d+)(s|min|h|D)$")
_STEP_SECONDS = {"s": 1, "min": 60, "h": 3600, "D": 86400}


@dataclass(frozen=True)
class Times:
    """Periods of the steps of one file, in the order of the file.

    Attributes
    ----------
    start, end : array (time,), datetime64[ns] or cftime
        Bounds of each step.
    dim : str or None
        Dimension of the file that they lie along; None if the file is one step without it.
    derived : bool
        Whether the bounds were not in the file.
    """

    start: NDArray[Any]
    end: NDArray[Any]
    dim: str | None
    derived: bool

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Length of each step, s."""
        return periods.seconds_between(self.start, self.end)


def read_times(
    raw: xr.Dataset, axes: Axes, entry: DatasetEntry, origin: str, journal: Journal
) -> Times:
    """Return the periods of the steps of one file.

    Parameters
    ----------
    raw : Dataset
        Undecoded.
    axes : Axes
        Where the time coordinate is.
    entry : DatasetEntry
        Says frequency and layout.
    origin : str
        What to call the file in messages.
    journal : Journal
        Takes note of what is changed.

    Returns
    -------
    Times
        In the order of the file.

    Raises
    ------
    HarmonisationError
        If the file has no time and the entry does not tell where to find it, or if stamps and
        bounds contradict each other.
    """
    name = axes.time
    if name is None or not raw[name].size:
        if name is not None:
            raise HarmonisationError(f"{origin} holds no time step; fetch it again")
        from .dates import dates_elsewhere

        stamps, dim = dates_elsewhere(raw, entry, origin, journal)
        return _from_stamps(stamps, dim, entry, origin, journal)
    variable = raw[name].variable
    dim = str(variable.dims[0]) if variable.ndim else None
    if variable.dtype.kind == "M" or _is_cftime(variable):
        stamps = np.atleast_1d(variable.values)
        stamps = stamps.astype("datetime64[ns]") if stamps.dtype.kind == "M" else stamps
        return _from_decoded(raw, variable, stamps, dim, entry, origin, journal)
    units, calendar = _units(variable, entry, origin)
    explicit = entry.layout.calendar is not None or entry.frequency == "climatology"
    if entry.frequency == "climatology" and calendar is None:
        calendar = "proleptic_gregorian"
    values = np.atleast_1d(variable.values)
    stamps = decode(values, units, calendar, origin, explicit=explicit)
    stamps = _settle(stamps, values, entry, journal)
    bounds = _file_bounds(raw, variable, units, calendar, entry, origin)
    if bounds is None or entry.frequency == "climatology":
        return _from_stamps(stamps, dim, entry, origin, journal)
    return _checked(bounds, stamps, dim, entry, origin, journal)


def _is_cftime(variable: xr.Variable) -> bool:
    return variable.dtype.kind == "O" and hasattr(variable.values.flat[0], "calendar")


def _from_decoded(
    raw: xr.Dataset, variable: xr.Variable, stamps: NDArray[Any], dim: str | None,
    entry: DatasetEntry, origin: str, journal: Journal,
) -> Times:  # fmt: skip
    """Return the periods of a Dataset whose times somebody has decoded already."""
    bounds = raw.variables.get(variable.attrs.get("bounds", variable.encoding.get("bounds")))
    if bounds is None or bounds.dtype.kind != stamps.dtype.kind or bounds.ndim != 2:
        return _from_stamps(stamps, dim, entry, origin, journal)
    values = bounds.values
    values = values.astype("datetime64[ns]") if values.dtype.kind == "M" else values
    return _checked(values, stamps, dim, entry, origin, journal)


def _units(variable: xr.Variable, entry: DatasetEntry, origin: str) -> tuple[str, str | None]:
    units = entry.layout.time_units or str(variable.attrs.get("units", ""))
    if not units.strip():
        raise HarmonisationError(
            f"{origin}: the time coordinate has no units; give 'time_units:' under 'layout:' of "
            f"dataset {entry.id!r}, for example 'days since 1970-01-01'"
        )
    calendar = entry.layout.calendar or variable.attrs.get("calendar")
    return units, None if calendar is None else str(calendar)


def _settle(
    stamps: NDArray[Any], values: NDArray[Any], entry: DatasetEntry, journal: Journal
) -> NDArray[Any]:
    """Round to the second, and onto midnight where floating point missed it by a little."""
    settled = periods.rounded(stamps)
    off = np.abs(periods.seconds_between(stamps, settled))
    settled = np.where(off <= _ROUNDING, settled, stamps)
    if entry.frequency in _ALIGNED and values.dtype.kind == "f":
        middle = periods.shift(settled, 43200)
        midnight = periods.begin(middle, "day")
        near = np.abs(periods.seconds_between(midnight, settled)) <= 1.0
        settled = np.where(near, midnight, settled)
    moved = np.abs(periods.seconds_between(stamps, settled))
    if moved.size and moved.max() > 0:
        journal.add(
            "time",
            f"stamps up to {moved.max():.2g} s off",
            "whole seconds",
            "floating-point numbers cannot hold them",
        )
    return settled


def _file_bounds(
    raw: xr.Dataset,
    variable: xr.Variable,
    units: str,
    calendar: str | None,
    entry: DatasetEntry,
    origin: str,
) -> NDArray[Any] | None:
    """Return the bounds (time, 2) that the file gives, if they are to be trusted."""
    name = variable.attrs.get("bounds")
    if name not in raw.variables or entry.layout.time_bounds == "ignore":
        return None
    bounds = raw.variables[name]
    if bounds.shape[-1:] != (2,) or bounds.size != 2 * variable.size:
        raise HarmonisationError(
            f"{origin}: time bounds {name!r} have shape {bounds.shape}, expected "
            f"({variable.size}, 2); set 'time_bounds: ignore' under 'layout:' of {entry.id!r}"
        )
    own_units = str(bounds.attrs.get("units", units))
    own_calendar = bounds.attrs.get("calendar", calendar)
    dates = decode(bounds.values.reshape(-1), own_units, own_calendar, origin, explicit=True)
    return np.asarray(periods.rounded(dates).reshape(-1, 2))


def _checked(
    bounds: NDArray[Any],
    stamps: NDArray[Any],
    dim: str | None,
    entry: DatasetEntry,
    origin: str,
    journal: Journal,
) -> Times:
    """Check the bounds of a file against its stamps and the dataset's frequency."""
    start, end = bounds[:, 0], bounds[:, 1]
    length = periods.seconds_between(start, end) / 86400
    if not (length > 0).any():
        journal.add("time", "bounds of no length", "bounds by frequency", entry.frequency)
        return _from_stamps(stamps, dim, entry, origin, journal)
    outside = (periods.seconds_between(start, stamps) < -1) | (
        periods.seconds_between(stamps, end) < -1
    )
    if outside.any():
        at = int(np.argmax(outside))
        raise HarmonisationError(
            f"{origin}: the time stamp {stamps[at]} lies outside of its bounds {start[at]} to "
            f"{end[at]}; set 'time_bounds: ignore' under 'layout:' of dataset {entry.id!r}"
        )
    start, end = _aligned(start, end, entry.frequency, journal)
    low, high = periods.LENGTHS.get(entry.frequency, (0.0, np.inf))
    length = periods.seconds_between(start, end) / 86400
    if (length <= 0).any() or length.min() < low or length.max() > high:
        raise HarmonisationError(
            f"{origin}: time bounds span {length.min():g} to {length.max():g} days, dataset "
            f"{entry.id!r} is stated as {entry.frequency!r}; correct 'frequency:' or set "
            "'time_bounds: ignore' under 'layout:' of its entry"
        )
    return Times(start, end, dim, derived=False)


def _aligned(
    start: NDArray[Any], end: NDArray[Any], frequency: str, journal: Journal
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Bring bounds that miss the calendar period by a little onto it.

    Archives close a month at 23:59:59, at its last day, or from noon to noon.
    """
    if frequency not in _ALIGNED:
        return start, end
    length = periods.seconds_between(start, end)
    first = periods.begin(periods.shift(start, float(np.median(length)) / 2), frequency)
    last = periods.following(first, frequency)
    slack = 61.0 if frequency == "day" else 86400.0
    early = np.abs(periods.seconds_between(first, start))
    late = np.abs(periods.seconds_between(last, end))
    worst = max(float(early.max()), float(late.max()))
    if worst == 0 or worst > slack:
        return start, end
    journal.add(
        "time",
        f"bounds up to {worst:g} s off the {frequency}",
        f"a whole {frequency} each",
        "rounding",
    )
    return first, last


def _from_stamps(
    stamps: NDArray[Any], dim: str | None, entry: DatasetEntry, origin: str, journal: Journal
) -> Times:
    """Derive the periods from the stamps and the dataset's frequency."""
    inside = periods.shift(stamps, -1) if entry.layout.stamp == "end" else stamps
    if entry.frequency == "climatology":
        start = _climatological_months(stamps, entry, origin, journal)
        return Times(start, periods.following(start, "month"), dim, derived=True)
    if entry.frequency in _ALIGNED:
        start = periods.begin(inside, entry.frequency)
        end = periods.following(start, entry.frequency)
        if (periods.seconds_between(start, stamps) != 0).any():
            where = entry.layout.stamp or "inside"
            journal.add(
                "time",
                f"stamps at the {where} of the {entry.frequency}".replace("the inside", "a point"),
                "start of the period",
                "one convention for all datasets",
            )
    else:
        start, end = _steps(stamps, entry, origin)
    journal.add("time", "no bounds", f"bounds of one {_step_name(entry)} each", "derived")
    return Times(start, end, dim, derived=True)


def _step_name(entry: DatasetEntry) -> str:
    return entry.frequency if entry.frequency in _ALIGNED else entry.layout.step or "step"


def _steps(
    stamps: NDArray[Any], entry: DatasetEntry, origin: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return periods of a fixed length, or up to the next stamp."""
    step = _step_seconds(stamps, entry, origin)
    if entry.layout.composites is not None:
        from .dates import composite_ends

        return stamps, composite_ends(stamps, entry.layout.composites)
    before = {"start": 0.0, "middle": 0.5, "end": 1.0}[entry.layout.stamp or "start"]
    start = periods.shift(stamps, -before * step)
    return start, periods.shift(start, step)


def _step_seconds(stamps: NDArray[Any], entry: DatasetEntry, origin: str) -> float:
    if entry.layout.step is not None:
        match = _STEP.match(entry.layout.step)
        assert match is not None  # the model checks it
        return float(int(match[1]) * _STEP_SECONDS[match[2]])
    if stamps.size > 1:
        gaps = periods.seconds_between(stamps[:-1], stamps[1:])
        return float(np.median(np.abs(gaps)))
    if entry.frequency == "hour":
        return 3600.0
    raise HarmonisationError(
        f"{origin} is one step of an irregular series; "
        f"give 'step:' (such as 8D) under 'layout:' of dataset {entry.id!r}"
    )


def _climatological_months(
    stamps: NDArray[Any], entry: DatasetEntry, origin: str, journal: Journal
) -> NDArray[Any]:
    """Place the twelve months of a climatological year in the first year of the coverage."""
    if stamps.dtype.kind == "M":
        months = [int(str(stamp)[5:7]) for stamp in stamps]
    else:
        months = [stamp.month for stamp in stamps]
    if len(set(months)) != len(months):
        raise HarmonisationError(
            f"{origin}: a climatology has each month once, found months {months}; "
            f"correct 'frequency:' of dataset {entry.id!r}"
        )
    year = entry.coverage.start.year
    journal.add("time", "a year that stands for many", f"months of {year}", "start of the coverage")
    first = [np.datetime64(dt.date(year, month, 1), "ns") for month in months]
    return np.array(first, dtype="datetime64[ns]")


__all__ = ["Times", "as_datetime64", "read_times"]
