"""One file, standardised alone: its times, its grid and its variables, nothing read yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..catalog import DatasetEntry, Request
from ..errors import HarmonisationError
from .coordinates import Axes, find_axes
from .field import Field
from .grid import Grid
from .horizontal import horizontal_grid
from .journal import Journal
from .opened_dataset import Opening
from .readers import read
from .time import Times, read_times
from .variables import source_of
from .wanted import wanted_fields


@dataclass(frozen=True)
class Granule:
    """One file, standardised and still lazy.

    Attributes
    ----------
    origin : str
        Name of the file.
    identity : tuple
        Path, time of change and size: what tells two files apart.
    times : Times
        Periods of its steps that are wanted, in order.
    grid : Grid
        Where its values lie.
    fields : dict
        Catalog id -> field.
    attrs : dict
        Catalog id -> attributes.
    """

    origin: str
    identity: tuple[object, ...]
    times: Times
    grid: Grid
    fields: Mapping[str, Field]
    attrs: Mapping[str, Mapping[str, Any]]


def standardise(path: Path, opening: Opening) -> Granule | None:
    """Open one file and bring it to the contract, lazily.

    Parameters
    ----------
    path : Path
        A file of the dataset.
    opening : Opening
        Entry, variables and request.

    Returns
    -------
    Granule or None
        None if the file holds nothing of the wanted period.

    Raises
    ------
    HarmonisationError
        If it cannot be given one meaning.
    """
    from .fixes import apply_fixes

    raw = apply_fixes(read(path, opening.entry), opening.entry, path, opening.journal)
    status = path.stat()
    return standardise_raw(raw, path.name, (str(path), status.st_mtime_ns, status.st_size), opening)


def standardise_raw(
    raw: xr.Dataset, origin: str, identity: tuple[object, ...], opening: Opening
) -> Granule | None:
    """Bring one undecoded Dataset to the contract, lazily; see `standardise`."""
    names = opening.request.variables
    sources = {name: source_of(raw, name, opening.entry, origin) for name in names}
    axes = axes_of(raw, sources[names[0]].name, opening, origin)
    times = read_times(raw, axes, opening.entry, origin, opening.journal)
    if axes.lat and raw[axes.lat].ndim == 2 and times.dim in raw[axes.lat].dims:
        times = _whole_swath(times, opening)
    steps = _wanted_steps(times, opening.request)
    if not steps.size:
        return None
    times = Times(times.start[steps], times.end[steps], times.dim, times.derived)
    fields: dict[str, Field] = {}
    attrs: dict[str, Mapping[str, Any]] = {}
    grid: Grid | None = None
    for wanted in wanted_fields(raw, sources, opening, origin):
        variable = selected(raw, wanted.name, opening.entry, origin, opening.journal)
        mine = axes_of(raw, wanted.name, opening, origin)
        own = horizontal_grid(raw, variable, mine, opening, origin)
        if grid is not None and (difference := own.differs_from(grid)):
            raise HarmonisationError(
                f"{origin}: {names[0]!r} and {wanted.id!r} lie on different grids ({difference}); "
                "ask for them in two datasets"
            )
        grid = own
        decode = wanted.decoding(variable, opening, origin)
        field = _field(variable, times, steps, own, decode, origin)
        fields[wanted.id] = replace(field, mask=wanted.mask)
        attrs[wanted.id] = wanted.attributes(variable)
    assert grid is not None  # a request names at least one variable
    return Granule(origin, identity, times, grid, fields, attrs)


def _whole_swath(times: Times, opening: Opening) -> Times:
    """Return the times of a swath, one for each scan line, as one step."""
    opening.journal.add(
        "time", "one for each scan line", "one step from first to last line", "a swath"
    )
    start, end = times.start.min(), times.end.max()
    return Times(np.array([start]), np.array([end]), None, times.derived)


def axes_of(raw: xr.Dataset, name: str, opening: Opening, origin: str) -> Axes:
    """Return the coordinates of a variable; those that the entry names come first."""
    layout = opening.entry.layout
    stated = {
        role: value
        for role in ("time", "lat", "lon", "y", "x")
        if (value := getattr(layout, role)) is not None
    }
    for role, value in stated.items():
        if value not in raw.variables:
            raise HarmonisationError(
                f"{origin} has no {role} coordinate {value!r}; found "
                f"{sorted(str(key) for key in raw.variables)}; correct 'layout:' of its entry"
            )
    return find_axes(raw, name, origin, stated)


def _wanted_steps(times: Times, request: Request) -> NDArray[np.intp]:
    """Return the positions of the steps of the wanted period, in rising order of time."""
    order = np.argsort(times.start, kind="stable")
    period = request.period
    keep = np.ones(order.size, dtype=bool)
    start = times.start[order]
    if period.start is not None:
        keep &= start >= _date_like(period.start, start)
    if period.end is not None:
        import datetime as dt

        keep &= start < _date_like(period.end + dt.timedelta(days=1), start)
    return np.asarray(order[keep], dtype=np.intp)


def _date_like(day: Any, dates: NDArray[Any]) -> Any:
    """Return a day in the type and calendar of `dates`."""
    if dates.dtype.kind == "M":
        return np.datetime64(day, "ns")
    import cftime

    calendar = dates[0].calendar
    last = 30 if calendar == "360_day" else day.day
    number = min(day.day, last)
    if calendar == "noleap" and (day.month, day.day) == (2, 29):
        return cftime.datetime(day.year, 3, 1, calendar=calendar)
    return cftime.datetime(
        day.year, day.month, number, calendar=calendar, has_year_zero=dates[0].has_year_zero
    )


def selected(
    raw: xr.Dataset, name: str, entry: DatasetEntry, origin: str, journal: Journal
) -> xr.Variable:
    """Return a variable at the level or member that the entry selects."""
    variable = raw[name].variable
    for dim, label in entry.layout.select.items():
        if dim not in variable.dims:
            raise HarmonisationError(
                f"{origin}: 'select:' names dimension {dim!r}, but {name!r} has "
                f"{list(variable.dims)}; correct 'layout:' of dataset {entry.id!r}"
            )
        values = raw[dim].values
        if values.dtype.kind in "iuf":
            at = np.flatnonzero(np.isclose(values, float(label)))
        else:
            at = np.flatnonzero(values.astype(str) == str(label))
        if at.size != 1:
            raise HarmonisationError(
                f"{origin}: {dim!r} has no {label!r}; found {values[:20].tolist()}; correct "
                f"'select:' under 'layout:' of dataset {entry.id!r}"
            )
        journal.add(
            dim, f"{values.size} values", f"{dim} = {label}", "the catalog entry selects it"
        )
        variable = variable.isel({dim: int(at[0])})
    return variable


def _field(
    variable: xr.Variable,
    times: Times,
    steps: NDArray[np.intp],
    grid: Grid,
    decode: Any,
    origin: str,
) -> Field:
    """Bind a variable to its dimensions; what remains must be of size one."""
    time_dim = times.dim if times.dim in variable.dims else None
    if time_dim is None and steps.size > 1:
        raise HarmonisationError(
            f"{decode.label} has no time dimension, but {origin} has {steps.size} steps"
        )
    used = {time_dim, *grid.raw_dims}
    extra = [str(dim) for dim in variable.dims if dim not in used]
    for dim in extra:
        if variable.sizes[dim] != 1:
            raise HarmonisationError(
                f"{decode.label} has dimension {dim!r} of size {variable.sizes[dim]}; choose one "
                "of its labels with 'select:' under 'layout:' of the dataset's entry"
            )
    variable = variable.isel({dim: 0 for dim in extra})
    return Field(
        variable,
        (time_dim, *grid.raw_dims),
        (steps if time_dim else np.zeros(1, dtype=np.intp), *grid.takes),
        times.seconds,
        decode,
    )
