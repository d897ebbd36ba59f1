"""Observations at positions of their own, gathered on a grid: swaths, tracks and points.

Each file is read, fixed and decoded alone, and each observation counts once, in the cell and the
period in which it was made. A cell's mean is that of its observations, not of its swaths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..catalog import DatasetEntry, Request, Variable
from ..errors import HarmonisationError
from .cells import Cells, cells_of
from .contract import check_contract
from .coordinates import Axes
from .dates import dates_elsewhere
from .field import Field
from .granule import axes_of, selected
from .join import Axis
from .opened_dataset import Opening
from .opening import attributes, time_coords
from .periods import begin, following
from .readers import read
from .stamps import decode
from .stored import unpacked
from .variables import source_of
from .wanted import UNCERTAINTY, wanted_fields

_PERIODS = ("hour", "day", "dekad", "month", "season", "year")
COUNT = "_observations"


@dataclass(frozen=True)
class Swath:
    """The observations of one file, still in it.

    Attributes
    ----------
    identity : tuple
        Path, time of change and size of the file.
    dims : tuple of str
        Along which observations lie.
    lat, lon : Variable
        Positions, lazy, on some of `dims`.
    period : Variable
        Start of the period of each observation, on some of `dims`.
    fields, attrs : dict
        Catalog id -> values and attributes.
    """

    identity: tuple[object, ...]
    dims: tuple[str, ...]
    lat: xr.Variable
    lon: xr.Variable
    period: xr.Variable
    fields: Mapping[str, Field]
    attrs: Mapping[str, Mapping[str, Any]]

    def spread(self, variable: xr.Variable) -> NDArray[Any]:
        """Return a coordinate at every observation."""
        shape = next(iter(self.fields.values())).shape[1:]
        values = unpacked(variable).reshape(variable.shape)
        order = [variable.dims.index(dim) for dim in self.dims if dim in variable.dims]
        absent = [at for at, dim in enumerate(self.dims) if dim not in variable.dims]
        return np.broadcast_to(np.expand_dims(values.transpose(order), absent), shape).ravel()


def open_observations(
    entry: DatasetEntry,
    variables: Mapping[str, Variable],
    paths: Sequence[Path],
    request: Request,
    grid: str,
) -> xr.Dataset:
    """Open files of observations as one harmonised, lazy Dataset on a regular grid.

    Parameters
    ----------
    entry : DatasetEntry
        What the catalog says of the files; ``layout.observations`` is ``mean`` or ``count``. The
        periods are those of its frequency, days where that is irregular.
    variables : mapping of str to Variable
        Catalog id -> quantity, for at least the requested variables.
    paths : sequence of Path
        Fetched files, in any order; several swaths may fall into one period.
    request : Request
        Variables, period and box that are wanted.
    grid : str
        Name of the target, such as ``latlon-1deg``.

    Returns
    -------
    Dataset (time, lat, lon)
        Means of all observations in a cell and period, NaN where there is none, and how many they
        are as ``<id>_observations``; or, for ``count``, how many there are, 0 where there is none.
        Observations without a position are in no cell.

    Raises
    ------
    HarmonisationError
        If a file has no positions or times, or none falls into the period.
    """
    opening = Opening(entry, variables, request)
    cells = cells_of(grid, request.bbox)
    swaths = [_swath(Path(path), opening) for path in sorted(paths, key=str)]
    held: dict[Any, list[Swath]] = {}
    for swath in swaths:
        for start in np.unique(swath.period.values):
            if _is_wanted(start, request):
                held.setdefault(start, []).append(swath)
    if not held:
        raise HarmonisationError(
            f"dataset {entry.id!r}: none of its {len(paths)} files holds an observation of "
            f"{request.period}; ask for another period"
        )
    start = np.array(sorted(held))
    end = following(start, _frequency(entry))
    found = f"{len(swaths)} files of observations"
    what = "how many there are" if entry.layout.observations == "count" else "means"
    opening.journal.add("grid", found, f"{what} on {grid} each {_frequency(entry)}", "the recipe")
    ds = xr.Dataset(coords={**time_coords(Axis(start, end, ()), opening), **cells.coords()})
    for name in swaths[0].fields:
        _add(ds, name, [held[period] for period in start], cells, opening)
    ds.attrs = attributes(entry, opening)
    check_contract(ds)
    return ds


def _swath(path: Path, opening: Opening) -> Swath:
    """Open one file of observations; positions and values stay in it."""
    from .fixes import apply_fixes

    entry, origin, journal = opening.entry, path.name, opening.journal
    raw = apply_fixes(read(path, entry), entry, path, journal)
    sources = {name: source_of(raw, name, entry, origin) for name in opening.request.variables}
    axes = axes_of(raw, next(iter(sources.values())).name, opening, origin)
    if axes.lat is None or axes.lon is None:
        raise HarmonisationError(
            f"{origin} has no latitude and longitude for its observations; the geolocation is "
            f"missing, fetch the file that holds it or name it under 'layout:' of {entry.id!r}"
        )
    lat, lon = raw[axes.lat].variable, raw[axes.lon].variable
    dims = tuple(dict.fromkeys(map(str, (*lat.dims, *lon.dims))))
    fields: dict[str, Field] = {}
    attrs: dict[str, Mapping[str, Any]] = {}
    for wanted in wanted_fields(raw, sources, opening, origin):
        if wanted.id.endswith(UNCERTAINTY):
            continue  # an uncertainty of one observation is not that of a mean
        variable = selected(raw, wanted.name, entry, origin, journal)
        variable = _flat(variable, dims, wanted.name, origin)
        takes = (np.zeros(1, np.intp), *(np.arange(variable.sizes[dim]) for dim in dims))
        made = wanted.decoding(variable, opening, origin)
        if made.per_second:
            raise HarmonisationError(
                f"{made.label} is an amount, and an observation has no length; correct 'units:' "
                f"of the entry of dataset {entry.id!r}"
            )
        fields[wanted.id] = Field(variable, (None, *dims), takes, np.ones(1), made, wanted.mask)
        attrs[wanted.id] = replace(wanted, linked=None).attributes(variable)
    status = path.stat()
    identity = (str(path), status.st_mtime_ns, status.st_size)
    return Swath(identity, dims, lat, lon, _periods(raw, axes, opening, origin), fields, attrs)


def _flat(variable: xr.Variable, dims: tuple[str, ...], name: str, origin: str) -> xr.Variable:
    """Return a variable along the dimensions of its positions; others must be of size one."""
    extra = [dim for dim in variable.dims if dim not in dims]
    if any(variable.sizes[dim] != 1 for dim in extra) or not set(dims) <= set(variable.dims):
        raise HarmonisationError(
            f"{origin}: {name!r} has dimensions {dict(variable.sizes)}, its positions have "
            f"{list(dims)}; choose one label of the others with 'select:' under 'layout:'"
        )
    return variable.isel({dim: 0 for dim in extra})


def _periods(raw: xr.Dataset, axes: Axes, opening: Opening, origin: str) -> xr.Variable:
    """Return the start of the period of each observation, from its own time or the file's."""
    entry = opening.entry
    if axes.time is None:
        stamps, _ = dates_elsewhere(raw, entry, origin, opening.journal)
        return xr.Variable((), begin(stamps, _frequency(entry))[0])
    time = raw[axes.time].variable
    units = entry.layout.time_units or str(time.attrs.get("units", ""))
    calendar = entry.layout.calendar or time.attrs.get("calendar")
    stamps = decode(unpacked(time).ravel(), units, calendar, origin)
    if stamps.dtype.kind != "M":
        raise HarmonisationError(
            f"{origin} counts time in calendar {calendar!r}, which no instrument observes in; "
            f"give 'calendar:' under 'layout:' of dataset {entry.id!r}"
        )
    return xr.Variable(time.dims, begin(stamps, _frequency(entry)).reshape(time.shape))


def _frequency(entry: DatasetEntry) -> str:
    return entry.frequency if entry.frequency in _PERIODS else "day"


def _is_wanted(start: Any, request: Request) -> bool:
    day = start.astype("datetime64[D]").astype(object)
    period = request.period
    return (period.start is None or day >= period.start) and (
        period.end is None or day <= period.end
    )


def _add(
    ds: xr.Dataset, name: str, periods: Sequence[Sequence[Swath]], cells: Cells, opening: Opening
) -> None:
    """Add one variable, and how many observations it was made of; one task for each period."""
    import dask.array as da
    from dask.base import tokenize
    from dask.delayed import delayed

    counts_only = opening.entry.layout.observations == "count"
    gather = delayed(_gathered)
    steps = []
    for start, swaths in zip(ds["time"].values, periods, strict=True):
        token = tokenize([s.identity for s in swaths], start, cells, swaths[0].fields[name].decode)
        key = f"{opening.entry.id}-{name}-{token}"
        step = gather(list(swaths), name, start, cells, counts_only, dask_key_name=key)
        steps.append(da.from_delayed(step, (2, 1, *cells.shape), np.float64))
    whole = da.concatenate(steps, axis=1)
    attrs = dict(periods[0][0].attrs[name])
    dims = ("time", "lat", "lon")
    if counts_only:
        ds[name] = (dims, whole[1], attrs)
        return
    ds[name] = (dims, whole[0], {**attrs, "ancillary_variables": name + COUNT})
    about = {"long_name": f"Number of observations of {attrs['long_name']}", "units": "1"}
    if "standard_name" in attrs:
        about["standard_name"] = f"{attrs['standard_name']} number_of_observations"
    ds[name + COUNT] = (dims, whole[1], about)


def _gathered(
    swaths: Sequence[Swath], name: str, start: Any, cells: Cells, counts_only: bool
) -> NDArray[np.float64]:
    """Return means and numbers (2, 1, lat, lon) of the observations of one period."""
    size = cells.rows.size * cells.columns.size
    total, number = np.zeros(size), np.zeros(size)
    for swath in swaths:
        where = cells.find(swath.spread(swath.lat), swath.spread(swath.lon))
        field = swath.fields[name]
        values = field.read(tuple(slice(0, length) for length in field.shape)).ravel()
        taken = (where >= 0) & (swath.spread(swath.period) == start) & np.isfinite(values)
        total += np.bincount(where[taken], weights=values[taken], minlength=size)
        number += np.bincount(where[taken], minlength=size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / number
    return np.stack([mean, number]).reshape(2, 1, *cells.shape)
