"""Several time axes in one product: the finest is `time`, a coarser one is named by its step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

TIME_LENGTH = "time_length"
# what describes the cells of the grid, and is no coordinate of a DataArray
_CELLS = ("lat_bnds", "lon_bnds", "y_bnds", "x_bnds", "crs")
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
        Name of the coarser axis when both occur: ``"year"``.

    Returns
    -------
    Dataset
        Variables in the order of `results`; every time axis has bounds.
    """
    on_steps = {name for name, da in results.items() if _same_axis(da, ds)}
    periods = _AXES[frequency] if on_steps else "time"
    merged = xr.Dataset()
    for name, result in results.items():
        da = _with_own_scalars(result, name).drop_vars(TIME_LENGTH, errors="ignore")
        if "time" in da.dims and name not in on_steps and periods != "time":
            da = da.rename(time=periods)
        merged[name] = da
    on_grid = {*merged.dims, "nv"}
    kept = [name for name in _CELLS if name in ds.coords and on_grid.issuperset(ds[name].dims)]
    if on_steps and "time_bnds" in ds.coords:
        kept.append("time_bnds")
    merged = merged.assign_coords({name: ds[name].variable for name in kept})
    return _with_bounds(merged, periods, frequency) if periods in merged.dims else merged


def _with_own_scalars(da: xr.DataArray, name: str) -> xr.DataArray:
    """Rename scalar coordinates such as a threshold, so that no other result claims them."""
    scalars = [str(key) for key in da.coords if da[key].ndim == 0 and key not in ("lat", "lon")]
    return da.rename({key: f"{name}_{key}" for key in scalars})


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
