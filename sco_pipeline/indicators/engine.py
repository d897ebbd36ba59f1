"""All daily indices of a call in one visit to each block of the data.

Data in memory are computed at once, tile by tile in threads. Lazy data give lazy results: files go
through lanes (see `lane`), other arrays of dask give one task for each block, whatever the number
of indices. Indices with a base period need the whole record of a cell; for the others blocks of
whole years are computed apart and joined, so that memory does not grow with the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError
from ..packed import Counter, floating
from ..settings import Settings
from .baseline import Base, base_period
from .blocks import Job, Wanted
from .days import HALF_YEAR, Frame
from .definition import BASELINE, COMMON, HEMISPHERE, Definition, definitions, inputs_of
from .indicator import indicators
from .lanes import compute_lazily, compute_now
from .lazy import compute_blocks
from .limits import Limits, limits_of
from .missing import missing_rule
from .percentile import check_percentile
from .periods import DayAxis, PeriodName, day_axis
from .placeholders import about_field
from .units import conversion, units_of
from .variants import resolved, variant_of

_SHARED = {**COMMON, **BASELINE, **HEMISPHERE}
"""Options that all indices of one visit have alike, and their defaults."""

_AHEAD = {"year": 0, "season": 2, "month": 0}
"""Months after a block of years that its periods reach into."""


class Request(NamedTuple):
    """One index that is wanted: name of the result, id, options, and of which variable."""

    name: str
    id: str
    options: Mapping[str, Any]
    of: str | None = None

    @property
    def definition(self) -> Definition:
        """What is computed."""
        return definitions[self.id].of(self.of)


def compute_daily(
    ds: xr.Dataset,
    requests: Iterable[Request],
    baseline: Period | None,
    frequency: str,
    limits: Limits | None = None,
    counters: Mapping[str, Counter] | None = None,
) -> dict[str, xr.DataArray]:
    """Compute daily indices in one visit to each block.

    Parameters
    ----------
    ds : Dataset (time, ...)
        Daily ``tasmax``, ``tasmin``, ``tas`` or ``pr`` with units; on a grid or of one place.
    requests : iterable of Request
        What is wanted.
    baseline : Period or None
        Whole years.
    frequency : {"year", "season", "month"}
        Of the results.
    limits : Limits, optional
        Memory and scratch directory; by default those of the settings of this machine.
    counters : mapping of str to Counter, optional
        Variable -> what is counted of its values in the same visit, where that is possible.

    Returns
    -------
    dict of str to DataArray
        The indices by name, then ``<variable>_valid_days`` for what they were computed of;
        dimension ``time`` (start of each period), then those of the data. What was counted, by
        the names of the counters.

    Raises
    ------
    IndicatorError
        If an index, option, unit, time axis or base period does not fit.
    """
    limits = limits or limits_of(Settings())
    results: dict[str, xr.DataArray] = {}
    counters, requests = dict(counters or {}), list(requests)
    for one in prepare(ds, requests, baseline, frequency):
        values, counted = _values(one, limits, counters)
        found = _describe(one, values)
        for name in [name for name, each in counters.items() if each.name in counted]:
            counter = counters.pop(name)  # one visit is enough
            found[counter.name] = xr.DataArray(counted[counter.name], dims=counter.dim)
        results |= found
    return {request.name: results.pop(request.name) for request in requests} | results


@dataclass(frozen=True)
class Prepared:
    """Indices that one visit to the data computes: what, where in the record, and of what."""

    job: Job
    frame: Frame
    fields: tuple[xr.DataArray, ...]
    south: xr.DataArray | None


def prepare(
    ds: xr.Dataset, requests: Iterable[Request], baseline: Period | None, frequency: str
) -> list[Prepared]:
    """Check what is wanted, and group what one visit computes; see `compute_daily`."""
    groups: dict[str, list[Request]] = {}
    for request in map(_resolved, requests):
        shared = _SHARED | {key: request.options[key] for key in _SHARED if key in request.options}
        del shared["variant"]  # its choices are resolved
        groups.setdefault(repr(shared), []).append(request)
    return [
        _prepare(ds, part, baseline, frequency)
        for group in groups.values()
        for part in _parted(ds, group)
    ]


def _resolved(request: Request) -> Request:
    """Give all options of an index, or refuse them."""
    options = resolved(request.definition, request.options)
    check_percentile(options)
    return request._replace(options=options)


def _parted(ds: xr.Dataset, requests: Sequence[Request]) -> list[list[Request]]:
    """Take variables that no index connects apart where the window is the whole record.

    Each is still read once, and the window is that of one part instead of all.
    """
    if not any(request.definition.needs_baseline for request in requests):
        return [list(requests)]
    parts: list[tuple[set[str], list[Request]]] = []
    for request in requests:
        names, own = set(_available(ds, request.definition)), [request]
        for others, joined in [part for part in parts if part[0] & names]:
            names |= others
            own = joined + own
            parts.remove((others, joined))
        parts.append((names, own))
    return [own for _, own in parts]


def _prepare(
    ds: xr.Dataset, requests: Sequence[Request], baseline: Period | None, frequency: str
) -> Prepared:
    """Prepare indices that share missing-day rule and base period."""
    wanted = tuple(Wanted(one.name, one.definition, one.options) for one in requests)
    period = _frequency(wanted, frequency)
    job = _job(ds, wanted)
    fields = [ds[name] for name in job.variables]
    _check_same(fields)
    axis = day_axis(fields[0]["time"])
    options = requests[0].options
    rule = missing_rule(options.get("missing", COMMON["missing"]), options.get("max_missing_days"))
    base = _base(wanted, axis, baseline, partial=bool(options.get("partial_baseline", False)))
    fields = [field.transpose("time", ...) for field in fields]
    south = _south(fields[0], wanted, options.get("northern_hemisphere"))
    ahead = HALF_YEAR if south is not None and bool(south.any()) else _AHEAD[period]
    frame = Frame(axis, period, 0, axis.years, base, rule, ahead)
    return Prepared(job, frame, tuple(fields), south)


def _values(
    one: Prepared, limits: Limits, counters: Mapping[str, Counter]
) -> tuple[Any, Mapping[str, Any]]:
    """Return the results by slot, at once for data in memory, else lazy; and what was counted."""
    if all(field.chunks is None for field in one.fields):
        return compute_now(one.job, one.frame, one.fields, one.south, limits), {}
    found = compute_lazily(one.job, one.frame, one.fields, one.south, limits, counters)
    if found is None:
        return compute_blocks(one.job, one.frame, one.fields, one.south), {}
    return found


def _frequency(wanted: Sequence[Wanted], frequency: str) -> PeriodName:
    """Refuse a frequency that an index is not defined for."""
    for one in wanted:
        if frequency not in one.definition.frequencies:
            known = ", ".join(one.definition.frequencies)
            raise IndicatorError(
                f"indicator {one.definition.id!r} has no value for a {frequency!r}; "
                f"it is defined for: {known}"
            )
    return frequency  # type: ignore[return-value]


def _job(ds: xr.Dataset, wanted: tuple[Wanted, ...]) -> Job:
    """Collect the variables that the indices need."""
    variables: dict[str, None] = {}
    counted: dict[str, None] = {}
    for one in wanted:
        counted |= dict.fromkeys(one.definition.judged_by or one.definition.variables)
        names = _available(ds, one.definition)
        missing = [name for name in names if name not in ds.data_vars]
        if missing:
            raise IndicatorError(
                f"indicator {one.definition.id!r} needs {missing[0]!r}; "
                f"the data hold {sorted(map(str, ds.data_vars))}"
            )
        variables |= dict.fromkeys(names)
    conversions = tuple(conversion(ds[name]) for name in variables)
    dtypes = tuple(floating(ds[name].dtype) for name in variables)
    return Job(wanted, tuple(variables), tuple(counted), conversions, dtypes)


def _available(ds: xr.Dataset, definition: Definition) -> tuple[str, ...]:
    """Return the variables of an index, with the daily mean where the data hold it."""
    if "tas" not in ds.data_vars:
        return inputs_of(definition)
    names = definition.variables
    judged = "tas" in definition.judged_by
    return (*names, "tas") if judged and "tas" not in names else names


def _check_same(fields: Sequence[xr.DataArray]) -> None:
    """Refuse inputs of different dimensions; those of one Dataset share coordinates."""
    for field in fields:
        if "time" not in field.dims:
            raise IndicatorError(f"variable {field.name!r} has no dimension 'time'")
    if any(set(field.dims) != set(fields[0].dims) for field in fields):
        raise IndicatorError(
            f"inputs differ in dimensions: { {str(f.name): f.dims for f in fields} }"
        )


def _base(
    wanted: Sequence[Wanted], axis: DayAxis, baseline: Period | None, *, partial: bool
) -> Base | None:
    """Return the base period if one is needed."""
    needing = [one.definition.id for one in wanted if one.definition.needs_baseline]
    if not needing:
        return None
    if baseline is None:
        raise IndicatorError(f"indicator {needing[0]!r} needs a baseline; give first and last year")
    return base_period(axis, baseline, partial=partial)


def _south(
    field: xr.DataArray, wanted: Sequence[Wanted], northern: bool | None
) -> xr.DataArray | None:
    """Tell which cells lie in the southern hemisphere, for indices that ask."""
    asking = [one.definition.id for one in wanted if one.definition.by_hemisphere]
    if not asking:
        return None
    space = field.isel(time=0, drop=True)
    if northern is None:
        if "lat" not in field.coords:
            raise IndicatorError(
                f"indicator {asking[0]!r} differs between hemispheres and the data have no 'lat'; "
                "add it as a coordinate, or give northern_hemisphere=True or False"
            )
        lat = field["lat"].reset_coords(drop=True)
        shape = xr.DataArray(np.empty(space.shape, dtype=bool), dims=space.dims)
        return (lat.drop_vars(list(lat.coords)) < 0).broadcast_like(shape).transpose(*space.dims)
    return xr.DataArray(np.full(space.shape, not northern), dims=space.dims)


def _describe(one: Prepared, values: Any) -> dict[str, xr.DataArray]:
    """Give the results coordinates and attributes."""
    job, frame, fields = one.job, one.frame, one.fields
    starts, _ = frame.axis.stamps(frame.axis.periods(frame.frequency))
    coords = {
        name: coord
        for name, coord in fields[0].coords.items()
        if "time" not in coord.dims and name != "time_length"
    }
    coords["time"] = xr.DataArray(starts, dims="time", attrs={"standard_name": "time"})
    names = [wanted.name for wanted in job.wanted] + [f"{n}_valid_days" for n in job.counted]
    results = {}
    for slot, name in enumerate(names):
        results[name] = xr.DataArray(values[slot], dims=fields[0].dims, coords=coords, name=name)
    of = {str(field.name): field for field in fields}
    for wanted in job.wanted:
        field = of.get(wanted.definition.variables[0], fields[0])
        results[wanted.name].attrs = _attributes(wanted, frame, field)
    for name in job.counted:
        results[f"{name}_valid_days"].attrs = {
            "long_name": f"Days with {name}",
            "units": "d",
            "indicator": "valid_days",
            "definition": f"Number of days of the period on which {name} is not missing.",
        }
    return results


def _attributes(wanted: Wanted, frame: Frame, field: xr.DataArray) -> dict[str, Any]:
    """Return what a product says of an index, its definition and options included."""
    entry, definition = indicators[wanted.definition.id], wanted.definition
    options = {**definition.own_options(wanted.options)}
    chosen = {"missing_days": frame.rule.text, **options}
    if definition.needs_baseline and frame.base is not None:
        chosen["base_period"] = frame.base.text
    if definition.by_hemisphere:
        northern = wanted.options.get("northern_hemisphere")
        chosen["hemisphere"] = (
            "of the latitude" if northern is None else "northern" if northern else "southern"
        )
    about = about_field(field) | {"units": units_of(field)}
    attributes = {
        "long_name": entry.long_name.format_map(about),
        "units": entry.units.format_map(about),
        "indicator": entry.id,
        "definition": entry.definition,
        "definition_options": "; ".join(f"{key}={value}" for key, value in chosen.items()),
        "ancillary_variables": " ".join(
            f"{name}_valid_days" for name in definition.judged_by or definition.variables
        ),
    }
    if not entry.takes_any_variable:
        attributes["definition_variant"] = variant_of(definition, wanted.options)
        if wanted.options["variant"] != COMMON["variant"]:  # titles of maps and series tell it
            attributes["long_name"] += f" ({wanted.options['variant']})"
    named = "standard_name" in field.attrs or "{" not in (entry.standard_name or "")
    for key, value in (
        ("standard_name", entry.standard_name if named else None),
        ("cell_methods", entry.cell_methods),
        ("references", entry.references),
    ):
        if value:
            attributes[key] = value.format_map(about)
    if ecv := entry.ecv or (field.attrs.get("ecv") if entry.takes_any_variable else None):
        attributes["ecv"] = ecv
    if entry.difference:
        attributes["units_metadata"] = "temperature: difference"
    return attributes
