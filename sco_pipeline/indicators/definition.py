"""What a daily index is: a function of `Days` under `@daily_index`.

The function's positional arguments are catalog variables and its keyword-only arguments options.
It returns one value for each cell and period. The decorator registers an indicator of DataArrays
of the same name; `engine` calls the functions of all indices that are wanted on one block after
the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import numpy as np

from ..catalog.requests import FIELD
from ..errors import IndicatorError
from .indicator import indicators

Function = TypeVar("Function", bound=Callable[..., Any])
Frequencies = tuple[Literal["year", "season", "month"], ...]
EVERY: Frequencies = ("year", "season", "month")
YEAR: Frequencies = ("year",)

COMMON: Mapping[str, Any] = {"variant": "ETCCDI", "missing": "etccdi", "max_missing_days": None}
"""Options of every daily index: whose choices, the missing-day rule and ETCCDI's limits of it."""

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
        What the function takes; ``tas`` may come of ``tasmax`` and ``tasmin``; ``("field",)`` for
        any variable.
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

    def of(self, variable: str | None) -> Definition:
        """Return an index of any variable as one of this variable."""
        if variable is None or self.variables != (FIELD,):
            return self
        return replace(self, variables=(variable,), judged_by=(variable,))

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


def inputs_of(definition: Definition) -> tuple[str, ...]:
    """Return the catalog variables that an index needs; daily means come of the extremes."""
    names: dict[str, None] = {}
    for variable in definition.variables:
        names |= dict.fromkeys(("tasmax", "tasmin") if variable == "tas" else (variable,))
    return tuple(names)


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
