"""Units that daily indices accept, and what brings them to degC and mm a day."""

from __future__ import annotations

import xarray as xr

from ..errors import IndicatorError

_TEMPERATURE = {
    "degC": (1.0, 0.0),
    "K": (1.0, -273.15),
    "degF": (5.0 / 9.0, -160.0 / 9.0),
}
_PRECIPITATION = {
    "mm d-1": (1.0, 0.0),
    "mm": (1.0, 0.0),
    "kg m-2 s-1": (86400.0, 0.0),
    "m d-1": (1000.0, 0.0),
    "cm d-1": (10.0, 0.0),
}
_SPELLINGS = {
    "celsius": "degC", "degrees_celsius": "degC", "degree_celsius": "degC", "deg_c": "degC",
    "c": "degC", "°c": "degC", "degc": "degC", "degreesc": "degC", "degrees celsius": "degC",
    "degree celsius": "degC", "degrees_c": "degC", "kelvin": "K", "k": "K", "degk": "K",
    "degrees_kelvin": "K", "fahrenheit": "degF", "degf": "degF", "degree_fahrenheit": "degF",
    "degrees_fahrenheit": "degF", "mm/day": "mm d-1", "mm/d": "mm d-1", "mm day-1": "mm d-1",
    "mm d^-1": "mm d-1", "mm day^-1": "mm d-1", "mm d**-1": "mm d-1", "millimeter": "mm",
    "kg m-2 d-1": "mm d-1", "kg m-2 day-1": "mm d-1", "kg/m2/day": "mm d-1", "kg m-2": "mm",
    "kg m**-2 s**-1": "kg m-2 s-1", "kg m^-2 s^-1": "kg m-2 s-1", "kg/m2/s": "kg m-2 s-1",
    "mm s-1": "kg m-2 s-1", "mm/s": "kg m-2 s-1", "m/day": "m d-1", "m day-1": "m d-1",
    "cm/day": "cm d-1", "cm day-1": "cm d-1",
}  # fmt: skip
_KINDS = {
    "tasmax": ("a temperature", _TEMPERATURE),
    "tasmin": ("a temperature", _TEMPERATURE),
    "tas": ("a temperature", _TEMPERATURE),
    "pr": ("daily precipitation", _PRECIPITATION),
}


def conversion(field: xr.DataArray) -> tuple[float, float]:
    """Return scale and offset from a variable's units to degC or mm a day.

    Parameters
    ----------
    field : DataArray
        Named by its catalog id; other quantities stay as they are.

    Raises
    ------
    IndicatorError
        If there are no units, or they are none of the quantity.
    """
    name = str(field.name)
    if name not in _KINDS:
        return 1.0, 0.0
    what, known = _KINDS[name]
    units = str(field.attrs.get("units", "")).strip()
    if not units:
        raise IndicatorError(
            f"variable {name!r} has no units; set its attribute 'units' to one of {list(known)}"
        )
    found = known.get(_SPELLINGS.get(units.lower(), units))
    if found is None:
        raise IndicatorError(
            f"variable {name!r} has units {units!r}, which are not of {what}; "
            f"expected one of {list(known)}"
        )
    return found


def units_of(field: xr.DataArray) -> str:
    """Return the units that a variable has after its `conversion`."""
    if str(field.name) not in _KINDS:
        return str(field.attrs.get("units", "1"))
    return next(iter(_KINDS[str(field.name)][1]))
