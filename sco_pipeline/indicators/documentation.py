"""The numpydoc text of daily indices: each variable and option is described once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

_INPUTS = {
    "tasmax": "Daily maximum temperature.",
    "tasmin": "Daily minimum temperature.",
    "tas": "Daily mean temperature.",
    "pr": "Daily precipitation.",
    "field": "Daily values of any variable.",
}
_UNITS = {"pr": "mm d-1", "field": "any units"}
_OPTIONS = {
    "frequency": ('{"year", "season", "month"}', "Of the result."),
    "baseline": ("Period", "Base period, whole calendar years inside the data."),
    "threshold": ("float", "Value that days are compared with, degC or mm."),
    "base_temperature": ("float", "Temperature that degree days are counted from, degC."),
    "quantile": ("float", "Quantile of the base period, between 0 and 1."),
    "window": ("int", "Days around each calendar day that are pooled, odd."),
    "min_base_fraction": (
        "float",
        "Least share of the window's values of the base that must be present.",
    ),
    "bootstrap": (
        "bool",
        "Judge days of the base by resamples that leave their own year out, as ETCCDI does.",
    ),
    "min_days": ("int", "Days that make a spell."),
    "spells_can_span_years": (
        "bool",
        "Whether a spell goes on over the end of a period, or is cut there.",
    ),
    "wet_day": ("float", "Least precipitation of a wet day, mm."),
    "center_on_last_day": ("bool", "Date sums on their last day instead of the middle one."),
    "gsl_mode": (
        '{"gsl", "first", "max", "sum"}',
        "ETCCDI's growing season, or the first, longest or all warm stretches.",
    ),
    "heatwave_quantile": ("float", "Quantile of daily mean temperature, between 0 and 1."),
    "quantile_method": (
        "str",
        "Plotting positions of the percentile, by NumPy's names; see `percentile.METHODS`.",
    ),
    "windows": (
        '{"calendar", "rolling"}',
        "How days are pooled for a percentile; see `percentile.WINDOWS`.",
    ),
    "variant": (
        '{"ETCCDI", "ECA&D", "xclim"}',
        "Whose choices the options start from; see `variants`.",
    ),
    "missing": (
        "str",
        "Missing-day rule: 'etccdi', 'wmo', 'percent:P' or 'at-least:N'; see `missing`.",
    ),
    "max_missing_days": (
        "mapping, optional",
        "Most missing days of a 'year', 'season' and 'month', instead of 15, 6 and 3.",
    ),
    "partial_baseline": (
        "bool",
        "Accept base years that the data do not reach; shares are of all resamples.",
    ),
    "northern_hemisphere": (
        "bool, optional",
        "Hemisphere of all cells; by default that of their latitude.",
    ),
}


def document(
    function: Callable[..., Any],
    inputs: Iterable[str],
    keywords: Iterable[str],
    units: str,
    references: str,
) -> str:
    """Return the docstring of an index as a function of DataArrays.

    Parameters
    ----------
    function : callable
        The definition; its docstring gives summary and notes.
    inputs, keywords : iterable of str
        Variables and keyword-only arguments.
    units : str
        Of the result.
    references : str
        Where the definition comes from.

    Returns
    -------
    str
        In numpydoc's form.
    """
    text = [inspect.getdoc(function) or "", "", "Parameters", "----------"]
    for name in inputs:
        text += [f"{name} : DataArray (time, ...), {_UNITS.get(name, 'degC')}"]
        text += [f"    {_INPUTS[name]}"]
    for name in keywords:
        kind, meaning = _OPTIONS[name]
        text += [f"{name} : {kind}", f"    {meaning}"]
    text += ["", "Returns", "-------"]
    text += [f"DataArray (time, ...), {units.replace('{units}', 'units of `field`')}"]
    text += ["    One value a period, missing where too many days are."]
    text += ["", "Raises", "------", "IndicatorError"]
    text += ["    If data, units, options or base period do not fit."]
    text += ["", "References", "----------", f".. [1] {references}"]
    return "\n".join(text)
