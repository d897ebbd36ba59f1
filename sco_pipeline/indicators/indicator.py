"""What an indicator is: a pure function of DataArrays under `@indicator`.

The function's name is the indicator's id. Its positional arguments are catalog variables, or the
one argument ``field`` for an indicator of any variable. Keyword-only arguments are ``baseline``
(a `Period`), ``frequency`` (of the result) or options with defaults. Attributes and checks are
added around the function, so that it holds nothing but the science.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import xarray as xr

from ..catalog.requests import Signature
from ..errors import IndicatorError
from ..registry import Registry

Result = xr.DataArray | xr.Dataset
Function = TypeVar("Function", bound=Callable[..., Result])

XCLIM = "xclim"
"""The indicator whose `of` names an indicator of xclim."""
_GIVEN = ("baseline", "frequency")


@dataclass(frozen=True, kw_only=True)
class Indicator(Signature):
    """An indicator and everything a product says about it; its id is the name of the function.

    Attributes
    ----------
    function : callable
        DataArrays in, one DataArray out; a Dataset where one computation gives several results,
        whose variables then carry their own attributes.
    units : str
        Units of the result; ``{units}`` stands for those of the field.
    long_name : str
        ``{long_name}`` stands for that of the field.
    standard_name : str or None
        CF standard name; ``{standard_name}`` stands for that of the field.
    cell_methods : str or None
        CF cell methods along time.
    frequency : str or None
        Frequency the inputs must have; None for any.
    difference : bool
        Whether the result is a difference of two values of the field.
    ecv : str or None
        GCOS Essential Climate Variable; None takes the one of the field.
    definition : str
        First line of the docstring.
    references : str
        Where the definition comes from.
    takes_frequency : bool
        Whether the function takes ``frequency``.
    formula : str
        In plain text: x(t) the values, base the base period, options by name; TX, TN and TM daily
        maximum, minimum and mean temperature, P precipitation of a day.
    """

    function: Callable[..., Result]
    units: str
    long_name: str
    standard_name: str | None = None
    cell_methods: str | None = None
    frequency: Literal["day", "month"] | None = None
    difference: bool = False
    ecv: str | None = None
    references: str = ""
    definition: str = ""
    formula: str = ""
    takes_frequency: bool = False


indicators: Registry[Indicator] = Registry("indicator", IndicatorError, "sco_pipeline.indicators")


def indicator(**about: Any) -> Callable[[Function], Function]:
    """Register a function as an indicator.

    Parameters
    ----------
    **about
        Fields of `Indicator` that the signature does not tell: ``units``, ``long_name``,
        ``standard_name``, ``cell_methods``, ``frequency``, ``difference``, ``ecv``,
        ``references``, ``formula``.

    Returns
    -------
    callable
        A decorator that returns the function unchanged.
    """

    def register(function: Function) -> Function:
        parameters = inspect.signature(function).parameters.values()
        keywords = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        entry = Indicator(
            id=function.__name__,
            function=function,
            inputs=tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY),
            options={name: value for name, value in keywords.items() if name not in _GIVEN},
            needs_baseline="baseline" in keywords,
            takes_frequency="frequency" in keywords,
            definition=(inspect.getdoc(function) or "").partition("\n")[0],
            **about,
        )
        indicators.add(entry.id, entry)
        return function

    return register
