"""The threshold of a result as a scalar coordinate, as CF asks for with the names of indices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import xarray as xr

from .indicator import Indicator

_OPTIONS = ("threshold", "base_temperature", "wet_day")
_COUNTED = re.compile(r"(?:number|spell_length)_of_days_with_(\w+)_(?:above|below)_threshold")
_UNITS = {"air_temperature": "degC", "lwe_thickness_of_precipitation_amount": "mm"}


def with_threshold(
    result: xr.DataArray, entry: Indicator, options: Mapping[str, Any], field: xr.DataArray
) -> xr.DataArray:
    """Describe the threshold that a result was counted with, where it has one.

    Parameters
    ----------
    result : DataArray
        Of one indicator.
    entry : Indicator
        Its standard name tells whether CF wants a threshold.
    options : mapping
        As they were asked for.
    field : DataArray
        First input, in whose units a threshold is.

    Returns
    -------
    DataArray
        With the scalar coordinate ``threshold``, its units and standard name.
    """
    counted = _COUNTED.fullmatch(entry.standard_name or "")
    quantity = counted[1] if counted else None
    summed = (entry.standard_name or "").startswith("integral_wrt_time_of_air_temperature_")
    if "threshold" not in result.coords:
        option = next((name for name in _OPTIONS if name in entry.options), None)
        if option is None or not (quantity or summed):
            return result
        result = result.assign_coords(threshold=float(options.get(option, entry.options[option])))
    name = "air_temperature_threshold" if summed else quantity
    units = "degC" if summed else _UNITS.get(quantity or "", field.attrs.get("units", "1"))
    about = {"long_name": f"threshold of {entry.long_name}", "units": units}
    if name:
        about["standard_name"] = name
    result.coords["threshold"].attrs = {**about, **result.coords["threshold"].attrs}
    return result
