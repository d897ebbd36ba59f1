"""Uncertainties that the data carry, brought through means and departures from them.

The error of a mean over time is taken as shared by all its times, so that it does not shrink; that
of a departure as independent of the errors of the normal. Where the truth lies between, either is
the upper limit. Other results, such as trends and counts, get none from the data: trends have
limits of their own, by the scatter of the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from ..catalog import Period
from .indicator import Indicator
from .normals import by_month, in_base_period, month_error, over_time
from .sea_level import millimetres

UNCERTAINTY = "_uncertainty"
SHARED = "errors shared by all times"
_MEANS = ("climatology", "seasonal_climatology", "annual_climatology", "period_mean")


def carried(
    entry: Indicator, field: xr.DataArray, sigma: xr.DataArray, result: xr.DataArray,
    keywords: Mapping[str, Any],
) -> xr.DataArray | None:  # fmt: skip
    """Return the standard uncertainty of a result from that of its field.

    Parameters
    ----------
    entry : Indicator
        What was computed.
    field, sigma : DataArray (time, ...)
        Values and their standard uncertainty, in the same units.
    result : DataArray
        Of `field`.
    keywords : mapping
        What the indicator was computed with, ``baseline`` included.

    Returns
    -------
    DataArray or None
        In the units of the result, missing where that is; None for an indicator that carries none.
    """
    held = sigma.where(field.notnull()).assign_attrs(field.attrs)
    if entry.id in _MEANS:
        error, how = entry.function(held, **keywords), SHARED
    elif entry.id in _DEPARTURES:
        normal = _DEPARTURES[entry.id](held, keywords.get("baseline"))
        factor = millimetres(field) if result.attrs.get("units") == "mm" else 1.0
        error = (held**2 + normal**2) ** 0.5 * factor
        how = "errors independent of those of the normal"
    else:
        return None
    assert isinstance(error, xr.DataArray)
    error = error.transpose(*result.dims).where(result.notnull())
    error.attrs = _about(result, how)
    return error.rename(f"{result.name}{UNCERTAINTY}")


def shared_by_all_times(result: xr.DataArray, error: xr.DataArray) -> xr.DataArray:
    """Return the mean of uncertainties as the uncertainty of a mean, which then refers to it."""
    result.attrs["ancillary_variables"] += f" {error.name}"
    return error.where(result.notnull()).assign_attrs(_about(result, SHARED))


def _about(result: xr.DataArray, how: str) -> dict[str, Any]:
    """Return the attributes of an uncertainty."""
    name = str(result.attrs.get("long_name", result.name))
    if name[1:2].islower():
        name = name[0].lower() + name[1:]
    about = {
        "long_name": f"Standard uncertainty of the {name}, {how}",
        "units": result.attrs.get("units", "1"),
    }
    if about["units"] == "degC":
        about["units_metadata"] = "temperature: difference"
    kept = ("indicator", "ecv", "references", "definition_options")
    about |= {key: result.attrs[key] for key in kept if key in result.attrs}
    if "standard_name" in result.attrs:
        about["standard_name"] = f"{result.attrs['standard_name']} standard_error"
    return about


def _of_mean(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the standard error of a mean of values with independent errors."""
    count = np.isfinite(values).sum(axis=axis)
    total = np.sqrt(np.nansum(values**2, axis=axis))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _of_month(sigma: xr.DataArray, baseline: Period | None) -> xr.DataArray:
    assert baseline is not None
    return by_month(sigma, baseline, 0.0, [month_error], lambda _, month, error: error[:, month])


def _of_base(sigma: xr.DataArray, baseline: Period | None) -> xr.DataArray:
    assert baseline is not None
    return over_time(_of_mean, in_base_period(sigma, baseline))


def _of_period(sigma: xr.DataArray, baseline: Period | None) -> xr.DataArray:
    return over_time(_of_mean, sigma)


_DEPARTURES: Mapping[str, Callable[[xr.DataArray, Period | None], xr.DataArray]] = {
    "anomaly": _of_month,
    "sea_level_anomaly": _of_month,
    "water_storage_anomaly": _of_base,
    "departure": _of_period,
}
