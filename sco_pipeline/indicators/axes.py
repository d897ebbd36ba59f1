"""Several time axes in one product: the finest is `time`, a coarser one is named by its step."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

_OFFSETS = {"month": 1, "season": 3, "year": 12}


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
    merged = xr.Dataset()
    for name, da in results.items():
        da = da.reset_coords(["time_bnds"], drop=True) if "time_bnds" in da.coords else da
        if "time" in da.dims and name not in on_steps:
            da = _with_bounds(da, frequency)
            if on_steps:
                da = da.rename({"time": frequency, "time_bnds": f"{frequency}_bnds"})
                da[frequency].attrs["bounds"] = f"{frequency}_bnds"
        elif name in on_steps and "time_bnds" in ds.coords:
            da = da.assign_coords(time_bnds=ds["time_bnds"])
        merged[name] = da
    return merged


def _same_axis(da: xr.DataArray, ds: xr.Dataset) -> bool:
    return "time" in da.dims and "time" in ds.dims and da.indexes["time"].equals(ds.indexes["time"])


def _with_bounds(da: xr.DataArray, frequency: str) -> xr.DataArray:
    """Add the bounds of periods that start at each stamp."""
    index = da.indexes["time"]
    if frequency not in _OFFSETS or not isinstance(index, pd.DatetimeIndex):
        return da
    ends = index + pd.DateOffset(months=_OFFSETS[frequency])
    bounds = xr.DataArray(
        [list(pair) for pair in zip(index, ends, strict=True)], dims=("time", "nv")
    )
    da = da.assign_coords(time_bnds=bounds.astype("datetime64[ns]"))
    da["time"].attrs.update(standard_name="time", bounds="time_bnds")
    return da
