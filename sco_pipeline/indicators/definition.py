"""What a daily index is: a function of `Days` under `@daily_index`.

The function's positional arguments are catalog variables and its keyword-only arguments options.
It returns one value for each cell and period. The decorator registers an indicator of DataArrays
of the same name; `engine` calls the functions of all indices that are wanted on one block after
the other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import xarray as xr

from ..errors import IndicatorError
from .documentation import document
from .indicator import indicator, indicators

Function = TypeVar("Function", bound=Callable[..., Any])
Frequencies = tuple[Literal["year", "season", "month"], ...]
EVERY: Frequencies = ("year", "season", "month")
YEAR: Frequencies = ("year",)

COMMON: Mapping[str, Any] = {"missing": "etccdi", "max_missing_days": None}
"""Options of every daily index: the missing-day rule and the limits of the ETCCDI rule."""

BASELINE: Mapping[str, Any] = {"partial_baseline": False}
"""Options of every daily index with a base period."""

HEMISPHERE: Mapping[str, Any] = {"northern_hemisphere": None}
"""Options of every daily index that differs between hemispheres."""


@dataclass(frozen=True)
class Joined:
    """Values that neighbouring blocks of years may change.

    Attributes
    ----------
    values : ndarray (period, cell)
        As if the block stood alone.
    edges : ndarray of int (3, cell)
        See `Days.longest_spell`.
    """

    values: np.ndarray
    edges: np.ndarray


@dataclass(frozen=True)
class Definition:
    """A daily index.

    Attributes
    ----------
    id : str
        Name of the function.
    function : callable
        ``(*Days, **options)`` to an array ``(period, cell)`` or `Joined`.
    variables : tuple of str
        What the function takes; ``tas`` may come of ``tasmax`` and ``tasmin``.
    options : mapping
        Keyword-only arguments with their defaults, and the common ones.
    frequencies : tuple of str
        For which it is defined.
    needs_baseline, by_hemisphere : bool
        Whether it needs a base period, and latitudes.
    judged_by : tuple of str
        Variables whose missing days decide whether a period has a value; none if the function
        decides itself.
    joins : bool
        Whether the function returns `Joined`.
    """

    id: str
    function: Callable[..., Any]
    variables: tuple[str, ...]
    options: Mapping[str, Any]
    frequencies: Frequencies
    needs_baseline: bool
    by_hemisphere: bool
    judged_by: tuple[str, ...]
    joins: bool

    def own_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that the function itself takes, with defaults."""
        shared = {*COMMON, *BASELINE, *HEMISPHERE}
        return {
            name: options.get(name, default)
            for name, default in self.options.items()
            if name not in shared
        }


definitions: dict[str, Definition] = {}
"""Daily indices by id; filled when the indicators' modules are imported."""


def is_daily_index(identifier: str) -> bool:
    """Tell whether an indicator is a daily index."""
    return identifier in indicators and identifier in definitions


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


def inputs_of(definition: Definition) -> tuple[str, ...]:
    """Return the catalog variables that an index needs; daily means come of the extremes."""
    names: dict[str, None] = {}
    for variable in definition.variables:
        names |= dict.fromkeys(("tasmax", "tasmin") if variable == "tas" else (variable,))
    return tuple(names)


def _of_arrays(definition: Definition) -> Callable[..., xr.DataArray]:
    """Return the index as a function of DataArrays, with a signature that tells its options."""

    def compute(*fields: xr.DataArray, **keywords: Any) -> xr.DataArray:
        from .engine import compute_daily

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
        results = compute_daily(ds, [(definition.id, definition.id, keywords)], baseline, frequency)
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


def one_of(option: str, value: object, known: Mapping[str, Any]) -> Any:
    """Return what an option's value stands for, or refuse it.

    Raises
    ------
    IndicatorError
        If the value is none of the known ones.
    """
    if value not in known:
        raise IndicatorError(f"option {option!r} is {value!r}; expected one of {list(known)}")
    return known[str(value)]
