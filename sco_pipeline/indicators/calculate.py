"""Many indicators of one harmonised Dataset, as one lazy Dataset with attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import xarray as xr

from ..catalog import IndicatorRequest, Period
from ..catalog.requests import FIELD, Baseline, check_requests
from ..errors import IndicatorError, unknown
from ..packed import Counter
from ..settings import Settings
from .axes import merge_time_axes, with_time_length, without_own_scalars
from .definition import is_daily_index
from .indicator import XCLIM, Indicator, Result, indicators
from .limits import Limits, limits_of, within
from .placeholders import about_field, filled
from .thresholds import with_threshold
from .uncertainty import UNCERTAINTY, carried, shared_by_all_times

Frequency = Literal["day", "month", "season", "year"]


def compute_indicators(
    ds: xr.Dataset,
    ids: Iterable[str],
    *,
    baseline: Baseline = None,
    frequency: Frequency = "year",
    memory_limit: int | str | None = None,
    **options: Any,
) -> xr.Dataset:
    """Compute indicators of a harmonised Dataset.

    Parameters
    ----------
    ds : Dataset (time, ...)
        Harmonised: catalog ids as names, canonical units.
    ids : iterable of str
        Indicators; one of any variable is written ``"anomaly:tos"``.
    baseline : Period or (first year, last year), optional
        Base period, both ends included.
    frequency : {"day", "month", "season", "year"}
        Frequency of the results that have one.
    memory_limit : int or str, optional
        Bytes that the process may take while daily indices are computed of files, such as
        ``"2GB"``; by default that of the settings, half of the memory.
    **options
        Options of the indicators; each goes to those that have it.

    Returns
    -------
    Dataset
        One lazy variable for each indicator.

    Raises
    ------
    IndicatorError
        For an unknown indicator, input or option, or a missing baseline.

    Examples
    --------
    >>> compute_indicators(ds, ["su", "tx90p"], baseline=(1961, 1990))  # doctest: +SKIP
    """
    requests = [_request(name, options) for name in ids]
    unused = set(options) - {option for request in requests for option in request.options}
    if unused:
        known = {name for request in requests for name in indicators[request.id].options}
        raise IndicatorError(unknown("option", min(unused), known))
    settings = Settings() if memory_limit is None else Settings(memory_limit=memory_limit)
    return calculate(ds, requests, baseline=baseline, frequency=frequency, settings=settings)


def calculate(
    ds: xr.Dataset,
    requests: Sequence[IndicatorRequest],
    *,
    baseline: Baseline = None,
    frequency: Frequency = "year",
    also: Mapping[str, xr.DataArray] | None = None,
    settings: Settings | None = None,
    counters: Mapping[str, Counter] | None = None,
) -> xr.Dataset:
    """Compute the indicators that a recipe asks for; see `compute_indicators`.

    An indicator of any variable may be one of an earlier result, such as the trend of ``su``.
    Results that were made elsewhere and are `also` in the product get the same time axes. What
    `counters` count of daily variables is in the result if it was counted in the same visit.
    """
    check_requests(requests, baseline, indicators)
    period = as_period(baseline)
    limits = limits_of(settings or Settings())
    daily = _daily(ds, requests, period, frequency, limits, counters or {})
    results: dict[str, xr.DataArray] = dict(daily)
    ds = with_time_length(ds)
    with within(limits):
        for request in requests:
            if request.output not in daily:
                known = _with_result(ds, request, results, frequency)
                _add(results, _named(request, _evaluate(known, request, period, frequency)))
                _add_error(results, known, request, period)
    _add(results, (also or {}).items())
    return merge_time_axes(results, ds, frequency)


def _with_result(
    ds: xr.Dataset,
    request: IndicatorRequest,
    results: Mapping[str, xr.DataArray],
    frequency: Frequency,
) -> xr.Dataset:
    """Return the data, or an earlier result on its own time axis if a request is of that."""
    if request.of is None or request.of in ds.data_vars or request.of not in results:
        return ds
    result = without_own_scalars(results[request.of])
    return with_time_length(merge_time_axes({request.of: result}, ds, frequency))


def _add(results: dict[str, xr.DataArray], more: Iterable[tuple[str, xr.DataArray]]) -> None:
    """Add results, or refuse a name that is there."""
    for name, result in more:
        if name in results:
            raise IndicatorError(f"two results are called {name!r}; give one a 'name:'")
        results[name] = result


def _add_error(
    results: dict[str, xr.DataArray], ds: xr.Dataset, request: IndicatorRequest, base: Period | None
) -> None:
    """Add the uncertainty of a result that carries one."""
    if request.output not in results:
        return
    error = _error(ds, request, base, results)
    if error is not None:
        results[str(error.name)] = error
        results[request.output].attrs["ancillary_variables"] = str(error.name)


def _daily(
    ds: xr.Dataset,
    requests: Sequence[IndicatorRequest],
    baseline: Period | None,
    frequency: Frequency,
    limits: Limits,
    counters: Mapping[str, Counter],
) -> dict[str, xr.DataArray]:
    """Compute all daily indices among the requests in one visit to the data."""
    daily = [request for request in requests if is_daily_index(request.id)]
    if not daily:
        return {}
    # compiled kernels: only when they are used
    from .engine import Request, compute_daily

    errors = [one for one in daily if one.id == "mean" and f"{one.of}{UNCERTAINTY}" in ds]
    found = [Request(one.output, one.id, one.options, one.of) for one in daily]
    found += [
        Request(f"{one.output}{UNCERTAINTY}", one.id, one.options, f"{one.of}{UNCERTAINTY}")
        for one in errors
    ]
    results = compute_daily(ds, found, baseline, frequency, limits, counters)
    for one in errors:
        results.pop(f"{one.of}{UNCERTAINTY}_valid_days")
        name = f"{one.output}{UNCERTAINTY}"
        results[name] = shared_by_all_times(results[one.output], results[name])
    for request in daily:
        entry = indicators[request.id]
        inputs = (request.of,) if request.of else ("tas", *entry.inputs)
        first = next(ds[name] for name in inputs if name in ds)
        made = results[request.output]
        results[request.output] = with_threshold(made, entry, request.options, first)
    counts = {counter.name for counter in counters.values()}
    for name in set(results) - {request.name for request in found} - counts:
        results[name].attrs.setdefault("standard_name", "number_of_observations")
    return results


def as_period(baseline: Baseline) -> Period | None:
    """Return a base period given by years or days as a `Period`."""
    if baseline is None or isinstance(baseline, Period):
        return baseline
    first, last = (int(year) for year in baseline)
    return Period(start=date(first, 1, 1), end=date(last, 12, 31))


def _request(name: str, options: Mapping[str, Any]) -> IndicatorRequest:
    identifier, _, of = name.partition(":")
    known = indicators[identifier].options
    own = {option: value for option, value in options.items() if option in known}
    return IndicatorRequest(id=identifier, of=of or None, options=own)


def _evaluate(
    ds: xr.Dataset, request: IndicatorRequest, baseline: Period | None, frequency: Frequency
) -> Result:
    """Call one indicator's function with its inputs and describe the result."""
    entry = indicators[request.id]
    keywords: dict[str, Any] = dict(request.options)
    if entry.id == XCLIM:
        from .xclim_adapter import compute_xclim

        return compute_xclim(ds, str(request.of), frequency, **keywords).rename(request.output)
    if entry.needs_baseline:
        keywords["baseline"] = baseline
    if entry.takes_frequency:
        keywords["frequency"] = frequency
    fields = [_input(ds, entry, name, request) for name in entry.inputs]
    result = entry.function(*fields, **keywords)
    if isinstance(result, xr.DataArray):
        result.attrs = _attributes(entry, fields[0]) | _chosen(entry, keywords)
        result.name = request.output
        result = with_threshold(result, entry, request.options, fields[0])
    else:
        for name in result.data_vars:
            own = filled(result[name].attrs, fields[0])
            shared = _attributes(entry, fields[0]) | _chosen(entry, keywords)
            if own.get("units", shared["units"]) != shared["units"]:
                shared.pop("units_metadata", None)
            result[name].attrs = {**shared, **own}
    return result


def _error(
    ds: xr.Dataset,
    request: IndicatorRequest,
    baseline: Period | None,
    results: Mapping[str, xr.DataArray],
) -> xr.DataArray | None:
    """Return the uncertainty of a result, where the data have one of their only input."""
    entry = indicators[request.id]
    if len(entry.inputs) != 1 or entry.id == XCLIM:
        return None
    field = _input(ds, entry, entry.inputs[0], request)
    sigma = ds.get(f"{field.name}{UNCERTAINTY}")
    if sigma is None or f"{request.output}{UNCERTAINTY}" in results:
        return None
    keywords = dict(request.options) | ({"baseline": baseline} if entry.needs_baseline else {})
    return carried(entry, field, sigma, results[request.output], keywords)


def _input(ds: xr.Dataset, entry: Indicator, name: str, request: IndicatorRequest) -> xr.DataArray:
    """Return one input variable."""
    if name == FIELD and request.of is not None:
        name = request.of
    if name not in ds.data_vars:
        raise IndicatorError(
            f"indicator {entry.id!r} needs {name!r}; the data hold {sorted(map(str, ds.data_vars))}"
        )
    return ds[name]


def _attributes(entry: Indicator, field: xr.DataArray) -> dict[str, Any]:
    """Return the attributes of a result, from those of the indicator and of its first input."""
    about = about_field(field)
    attributes: dict[str, Any] = {
        "long_name": entry.long_name.format_map(about),
        "units": entry.units.format_map(about),
        "indicator": entry.id,
        "definition": entry.definition,
    }
    if entry.standard_name and ("{" not in entry.standard_name or "standard_name" in field.attrs):
        attributes["standard_name"] = entry.standard_name.format_map(about)
    if entry.difference and "degC" in (field.attrs.get("units"), entry.units):
        attributes["units_metadata"] = "temperature: difference"
    for key, value in (
        ("cell_methods", entry.cell_methods),
        ("references", entry.references),
        ("ecv", entry.ecv or field.attrs.get("ecv")),
    ):
        if value:
            attributes[key] = value
    return attributes


def _chosen(entry: Indicator, keywords: Mapping[str, Any]) -> dict[str, str]:
    """Return the options that a result was computed with, missing-value rule and base included."""
    chosen = {name: keywords.get(name, default) for name, default in entry.options.items()}
    if entry.needs_baseline:
        base = keywords["baseline"]
        chosen["base_period"] = f"{base.start}..{base.end}"
    text = "; ".join(f"{name}={value}" for name, value in chosen.items())
    return {"definition_options": text} if text else {}


def _named(request: IndicatorRequest, result: Result) -> list[tuple[str, xr.DataArray]]:
    """Return the results of one indicator with their names in the product."""
    if isinstance(result, xr.DataArray):
        return [(request.output, result)]
    return [
        (request.output if name == request.id else f"{request.output}_{name}", result[name])
        for name in map(str, result.data_vars)
    ]
