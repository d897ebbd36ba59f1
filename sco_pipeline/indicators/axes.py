"""Several time axes in one product: the finest is `time`, a coarser one is named by its step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from ..errors import IndicatorError

TIME_LENGTH = "time_length"
# what describes the cells of the grid, and is no coordinate of a DataArray
_CELLS = ("lat_bnds", "lon_bnds", "y_bnds", "x_bnds", "crs")
_PLACE = ("lat", "lon", "crs")  # single ones that all results share
_MONTHS = {"month": 1, "season": 3, "year": 12}
# `month` and `season` alone are the labels of a climatology
_AXES = {"day": "time_day", "month": "time_month", "season": "time_season", "year": "year"}


def merge_time_axes(
    results: Mapping[str, xr.DataArray], ds: xr.Dataset, frequency: str
) -> xr.Dataset:
    """Merge results into one Dataset without aligning their time axes.

    Parameters
    ----------
    results : mapping of str to DataArray
        Results by name; those along ``time`` are on the axis of `ds` or one value a period.
    ds : Dataset
        The inputs, whose time axis and bounds are kept.
    frequency : str
        Of results that have one; the step of an axis with a single time.

    Returns
    -------
    Dataset
        Variables in the order of `results`. The finest axis, or that of the data, is ``time``,
        others take the name of their step: ``time_month``, ``year``; every axis has bounds.

    Raises
    ------
    IndicatorError
        If two results of the same step have different times.
    """
    names, steps = _axes_of(results, ds, frequency)
    merged = xr.Dataset()
    for name, result in results.items():
        da = _with_own_scalars(result, name).drop_vars(TIME_LENGTH, errors="ignore")
        axis = names.get(name, "time")
        merged[name] = da.rename(time=axis) if axis != "time" else da
    on_grid = {*merged.dims, "nv"}
    kept = [name for name in _CELLS if name in ds.coords and on_grid.issuperset(ds[name].dims)]
    if "time" in names.values() and "time" not in steps and "time_bnds" in ds.coords:
        kept.append("time_bnds")
    merged = merged.assign_coords({name: ds[name].variable for name in kept})
    for axis, step in steps.items():
        merged = _with_bounds(merged, axis, step)
    return merged


def _axes_of(
    results: Mapping[str, xr.DataArray], ds: xr.Dataset, frequency: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the axis of each result along time, and the step of each axis that is not the data's.

    Raises
    ------
    IndicatorError
        If two axes of the same step differ.
    """
    along = {name: da for name, da in results.items() if "time" in da.dims}
    order = sorted(
        along, key=lambda name: (not _same_axis(along[name], ds), -along[name].sizes["time"])
    )
    names: dict[str, str] = {}
    steps: dict[str, str] = {}
    first: dict[str, str] = {}
    for name in order:
        index = along[name].indexes["time"]
        known = next(
            (axis for axis, one in first.items() if along[one].indexes["time"].equals(index)), None
        )
        if known is None:
            step = _step_of(index, frequency)
            known = "time" if not first else _AXES[step]
            if known in first:
                raise IndicatorError(
                    f"{first[known]!r} and {name!r} have different times, one a {step} each; "
                    "ask for them in two recipes"
                )
            first[known] = name
            if not _same_axis(along[name], ds):
                steps[known] = step
        names[name] = known
    return names, steps


def _step_of(index: pd.Index, frequency: str) -> str:
    """Return the step of a time axis by its stamps; that of the results where one cannot tell."""
    months = np.array([12 * stamp.year + stamp.month for stamp in index])
    if months.size < 2:
        return frequency
    between = np.diff(months).min()
    if between == 0:
        return "day"
    return next(name for name, length in reversed(_MONTHS.items()) if between >= length)


def _with_own_scalars(da: xr.DataArray, name: str) -> xr.DataArray:
    """Rename scalar coordinates such as a threshold, so that no other result claims them."""
    return da.rename({key: f"{name}_{key}" for key in _scalars(da)})


def without_own_scalars(da: xr.DataArray) -> xr.DataArray:
    """Drop scalar coordinates such as a threshold, which a result of a result does not have."""
    return da.drop_vars(_scalars(da))


def _scalars(da: xr.DataArray) -> list[str]:
    return [str(key) for key in da.coords if da[key].ndim == 0 and key not in _PLACE]


def with_time_length(ds: xr.Dataset) -> xr.Dataset:
    """Add the length of each time cell in days as a coordinate that DataArrays can carry."""
    if "time_bnds" not in ds.coords:
        return ds
    spans = np.diff(ds["time_bnds"].values, axis=1)[:, 0]
    days = [span / np.timedelta64(1, "D") for span in spans]
    return ds.assign_coords({TIME_LENGTH: ("time", days, {"units": "days"})})


def _same_axis(da: xr.DataArray, ds: xr.Dataset) -> bool:
    return "time" in da.dims and "time" in ds.dims and da.indexes["time"].equals(ds.indexes["time"])


def _with_bounds(ds: xr.Dataset, axis: str, frequency: str) -> xr.Dataset:
    """Add the bounds of the periods that start at each stamp of `axis`."""
    index = ds.indexes[axis]
    if frequency not in _MONTHS:
        return ds
    months = _MONTHS[frequency]
    if isinstance(index, pd.DatetimeIndex):
        ends = np.asarray(index + pd.DateOffset(months=months))
    else:
        ends = np.array([_months_later(date, months) for date in index], dtype=object)
    bounds = np.stack([np.asarray(index), ends], axis=1)
    stamps = (axis, index, {"standard_name": "time", "bounds": f"{axis}_bnds"})
    return ds.assign_coords({axis: stamps, f"{axis}_bnds": ((axis, "nv"), bounds)})


def _months_later(date: Any, months: int) -> Any:
    """Return the first day of a month of another calendar, some months later."""
    month = date.month - 1 + months
    return date.replace(year=date.year + month // 12, month=month % 12 + 1)
