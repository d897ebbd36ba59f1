"""Any indicator of xclim by name, with the missing-day rules of this project around it.

xclim is an optional extra: nothing else of the package needs it, and it is imported on use, since
its import takes many seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr

from ..errors import IndicatorError, unknown
from .exceedance import days_where
from .indicator import indicator

_FREQUENCIES = {"year": "YS", "season": "QS-DEC", "month": "MS"}
_REFERENCE = "Bourgault et al. (2023), xclim, doi:10.21105/joss.05415"


@indicator(
    formula="that of the indicator of xclim",
    units="{units}",
    long_name="Indicator of xclim",
    frequency="day",
    references=_REFERENCE,
)
def xclim(
    field: xr.DataArray,
    *,
    frequency: str,
    arguments: Mapping[str, Any] | None = None,
    missing: str = "etccdi",
) -> xr.DataArray:
    """An indicator of xclim: ``xclim:<id>``, or `of` in a recipe, names it and not a variable.

    Parameters
    ----------
    field : DataArray (time, ...)
        Not used alone: xclim takes the variables it wants from the data by their names.
    frequency : {"year", "season", "month"}
        Of the result.
    arguments : mapping
        Arguments of the xclim indicator, for example ``{"thresh": "25 degC"}``.
    missing : str
        Missing-day rule, which takes the place of xclim's.

    Returns
    -------
    DataArray (time, ...)
        With xclim's attributes.

    Raises
    ------
    IndicatorError
        If xclim is not installed or is not below 1.0, or knows no such indicator, or refuses the
        data.
    """
    raise IndicatorError(
        f"'xclim' of {field.name!r} cannot be called on one variable; ask for 'xclim:<id>' of a "
        "Dataset"
    )


def compute_xclim(
    ds: xr.Dataset,
    identifier: str,
    frequency: str,
    arguments: Mapping[str, Any] | None = None,
    missing: str = "etccdi",
) -> xr.DataArray:
    """Compute one indicator of xclim.

    Parameters
    ----------
    ds : Dataset (time, ...)
        Harmonised daily data; variables are taken by their names, which are those of xclim.
    identifier : str
        Name in xclim's registry, in lower case: ``"tx_days_above"``.
    frequency : {"year", "season", "month"}
        Of the result.
    arguments : mapping, optional
        Arguments of the indicator.
    missing : str
        Missing-day rule.

    Returns
    -------
    DataArray (time, ...)

    Raises
    ------
    IndicatorError
        If xclim is not installed or is not below 1.0, or knows no such indicator, or refuses the
        data.
    """
    if frequency not in _FREQUENCIES:
        raise IndicatorError(unknown("frequency of xclim", frequency, _FREQUENCIES))
    registry, options = _load()
    if identifier.upper() not in registry:
        raise IndicatorError(unknown("xclim indicator", identifier, map(str.lower, registry)))
    entry = registry[identifier.upper()].get_instance()
    names = [name for name, about in entry.parameters.items() if int(about.kind) in (0, 1)]
    wanted = [name for name in names if int(entry.parameters[name].kind) == 0]
    absent = [name for name in wanted if name not in ds]
    if absent:
        raise IndicatorError(
            f"indicator 'xclim:{identifier}' needs {', '.join(map(repr, absent))}; the data hold "
            f"{sorted(map(str, ds.data_vars))}"
        )
    used = {name: ds[name] for name in names if name in ds}
    keywords = dict(arguments or {})
    if "freq" in entry.parameters:
        keywords.setdefault("freq", _FREQUENCIES[frequency])
    try:
        with options(check_missing="skip"):
            found = entry(**used, **keywords)
    except (TypeError, ValueError, KeyError) as error:
        raise IndicatorError(f"xclim refuses 'xclim:{identifier}': {error}") from error
    if not isinstance(found, xr.DataArray):
        raise IndicatorError(
            f"'xclim:{identifier}' gives several results; only those with one can be used"
        )
    return _masked(found, list(used.values()), frequency, missing, identifier)


def _masked(
    found: xr.DataArray, used: list[xr.DataArray], frequency: str, missing: str, identifier: str
) -> xr.DataArray:
    """Mask periods without enough days, and say where the result comes from."""
    attributes = dict(found.attrs)
    for field in used:
        if "time" not in found.dims or "time" not in field.dims:
            continue
        held = days_where(lambda series: series == series, [field], frequency, missing)
        found = found.where(held.reindex(time=found["time"]).notnull())
    kept = ("long_name", "standard_name", "units", "cell_methods")
    found.attrs = {key: attributes[key] for key in kept if attributes.get(key)}
    found.attrs.update(
        indicator=f"xclim:{identifier}",
        definition=str(attributes.get("description") or attributes.get("long_name") or ""),
        references=_REFERENCE,
    )
    return found


def _load() -> tuple[Mapping[str, Any], Any]:
    """Import xclim, which must be below 1.0."""
    try:
        import xclim as library
        from xclim.core.indicator import registry
    except ImportError as error:
        raise IndicatorError(
            "indicators of xclim need xclim, which is not installed; install 'sco-pipeline[xclim]'"
        ) from error
    if int(str(library.__version__).split(".")[0]) >= 1:
        raise IndicatorError(
            f"xclim {library.__version__} is installed; this adapter needs a version below 1.0"
        )
    return registry, library.set_options
