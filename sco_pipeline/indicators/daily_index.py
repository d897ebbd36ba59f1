"""Daily indices as indicators: the decorator, and the function of DataArrays that it makes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import xarray as xr

from ..errors import IndicatorError
from .definition import (
    BASELINE,
    COMMON,
    EVERY,
    HEMISPHERE,
    Definition,
    Frequencies,
    definitions,
    inputs_of,
)
from .documentation import document
from .indicator import indicator

Function = TypeVar("Function", bound=Callable[..., Any])


def daily_index(
    *,
    frequencies: Frequencies = EVERY,
    needs_baseline: bool = False,
    by_hemisphere: bool = False,
    judged_by: tuple[str, ...] | None = None,
    **about: Any,
) -> Callable[[Function], Function]:
    """Register a function of `Days` as an indicator.

    Parameters
    ----------
    frequencies : tuple of str
        For which the index is defined.
    needs_baseline, by_hemisphere : bool
        Whether it needs a base period, and latitudes.
    judged_by : tuple of str, optional
        See `Definition`; by default the variables of the function.
    **about
        Attributes; see `indicator.Indicator`.

    Returns
    -------
    callable
        A decorator that returns the function unchanged.
    """

    def register(function: Function) -> Function:
        parameters = inspect.signature(function).parameters.values()
        variables = tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY)
        options = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        options |= COMMON
        options |= BASELINE if needs_baseline else {}
        options |= HEMISPHERE if by_hemisphere else {}
        definition = Definition(
            id=function.__name__,
            function=function,
            variables=variables,
            options=options,
            frequencies=frequencies,
            needs_baseline=needs_baseline,
            by_hemisphere=by_hemisphere,
            judged_by=variables if judged_by is None else judged_by,
            joins=inspect.signature(function).return_annotation == "Joined",
        )
        definitions[definition.id] = definition
        compute = _of_arrays(definition)
        keywords = inspect.signature(compute).parameters.values()
        compute.__doc__ = document(
            function,
            inputs_of(definition),
            [p.name for p in keywords if p.kind is p.KEYWORD_ONLY],
            about["units"],
            about["references"],
        )
        indicator(frequency="day", **about)(compute)
        return function

    return register


def _of_arrays(definition: Definition) -> Callable[..., xr.DataArray]:
    """Return the index as a function of DataArrays, with a signature that tells its options."""

    def compute(*fields: xr.DataArray, **keywords: Any) -> xr.DataArray:
        from .engine import Request, compute_daily

        names = inputs_of(definition)
        named = [field.rename(name) for name, field in zip(names, fields, strict=True)]
        try:
            ds = xr.merge(named, join="exact", compat="override", combine_attrs="drop_conflicts")
        except ValueError as error:
            raise IndicatorError(
                f"inputs of {definition.id!r}, {', '.join(names)}, are not on the same grid and "
                f"days ({error!s:.200})"
            ) from error
        baseline = keywords.pop("baseline", None)
        frequency = keywords.pop("frequency")
        request = Request(definition.id, definition.id, keywords, definition.variables[0])
        results = compute_daily(ds, [request], baseline, frequency)
        return results[definition.id]

    kind = inspect.Parameter
    given = ["frequency", *(["baseline"] if definition.needs_baseline else [])]
    parameters = [kind(name, kind.POSITIONAL_OR_KEYWORD) for name in inputs_of(definition)]
    parameters += [kind(name, kind.KEYWORD_ONLY) for name in given]
    parameters += [
        kind(name, kind.KEYWORD_ONLY, default=default)
        for name, default in definition.options.items()
    ]
    compute.__name__ = definition.id
    compute.__qualname__ = definition.id
    compute.__module__ = definition.function.__module__
    compute.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return compute
