"""The time axes of a product in the terms of CF: periods, climatologies, the reference epoch."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from ..catalog import Period, Recipe

CLIMATOLOGICAL_TIME = "climatological_time"
CLIMATOLOGY_BOUNDS = "climatology_bounds"
PERIOD = "period"
REFERENCE_EPOCH = "reference_epoch"
CLIMATOLOGICAL_DIMS = ("month", "season", "dayofyear")
_SEASONS = {"DJF": 12, "MAM": 3, "JJA": 6, "SON": 9}
_LONG_NAMES = {
    "month": "calendar month",
    "season": "season of the year",
    "dayofyear": "day of the year",
}
_MONTHS_LONG = {"month": 1, "season": 3, "year": 12}
_CLOCK = {"units_metadata": "leap_seconds: unknown"}
_ABOUT_CLIMATOLOGY_BOUNDS = {
    "standard_name": "time",
    "long_name": "bounds of the climatological time",
    "coverage_content_type": "coordinate",
} | _CLOCK
Span = tuple[Any, Any]


def is_time_axis(ds: xr.Dataset | xr.DataArray, dim: str) -> bool:
    """Tell whether a dimension has dates as coordinate."""
    return dim in ds.coords and holds_dates(ds[dim])


def time_axes(ds: xr.Dataset) -> list[str]:
    """Return the dimensions along time, the finest first."""
    axes = [str(dim) for dim in ds.dims if is_time_axis(ds, str(dim))]
    return sorted(axes, key=lambda axis: (-ds.sizes[axis], axis != "time"))


def baseline_period(recipe: Recipe) -> Period | None:
    """Return the base period of a recipe as days."""
    if recipe.baseline is None or isinstance(recipe.baseline, Period):
        return recipe.baseline
    first, last = recipe.baseline
    return Period(start=dt.date(first, 1, 1), end=dt.date(last, 12, 31))


def covered(product: xr.Dataset, default: Period) -> tuple[str, str] | None:
    """Return the first and the last day a product covers as ISO dates, both included.

    Parameters
    ----------
    product : Dataset
        With bounds for its time axes, or without any time axis.
    default : Period
        What is covered if there is no time axis.

    Returns
    -------
    tuple of str or None
        None if nothing tells.
    """
    axes = time_axes(product)
    if axes:
        start, end = span_of(product, axes[0])
        return iso_day(start), iso_day(one_tick_before(end) if end > start else end)
    if default.start and default.end:
        return str(default.start), str(default.end)
    return None


def span_of(ds: xr.Dataset, axis: str) -> Span:
    """Return the start of the first and the end of the last cell of a time axis."""
    bounds = ds.get(f"{axis}_bnds")
    if bounds is None:
        return ds[axis].values[0], ds[axis].values[-1]
    return bounds.values[0, 0], bounds.values[-1, -1]


def iso_day(stamp: Any) -> str:
    """Return the day of a datetime64 or cftime stamp as YYYY-MM-DD.

    A day that the civil calendar lacks, such as 30 February of a 360-day year, becomes the 28th.
    """
    if isinstance(stamp, np.datetime64):
        return str(stamp).partition("T")[0]
    try:
        return str(dt.date(stamp.year, stamp.month, stamp.day))
    except ValueError:
        return str(dt.date(stamp.year, stamp.month, 28))


def iso_stamp(stamp: Any) -> str:
    """Return a stamp in ISO 8601: a date, or date and time where it is not midnight."""
    text = str(stamp.astype("datetime64[s]")) if hasattr(stamp, "astype") else stamp.isoformat()
    return text.removesuffix("T00:00:00")


def describe_time(product: xr.Dataset, recipe: Recipe, coverage: Period) -> xr.Dataset:
    """Give every time axis its attributes and bounds, and add what CF wants beside them.

    Parameters
    ----------
    product : Dataset
        With time axes ``time`` or a frequency's name, and climatological dimensions.
    recipe : Recipe
        For frequency and baseline.
    coverage : Period
        Days the inputs cover, for results without a time axis.

    Returns
    -------
    Dataset
        With ``climatological_time`` and its bounds, ``reference_epoch`` and ``period`` where
        some variable needs them.
    """
    for axis in time_axes(product):
        product = _with_period_bounds(product, axis, recipe)
        about = {"standard_name": "time", "long_name": _axis_name(axis), "axis": "T"} | _CLOCK
        product[axis].attrs.update(about)
    baseline = baseline_period(recipe)
    epoch = baseline if baseline and baseline.start and baseline.end else coverage
    if not (epoch.start and epoch.end):
        return product
    for dim in CLIMATOLOGICAL_DIMS:
        if dim in product.dims:
            product = _with_climatology(product, dim, epoch)
    if any("_anomaly" in str(da.attrs.get("standard_name")) for da in product.values()):
        # no standard_name: the compliance checker refuses dates under `reference_epoch`
        attributes = {"long_name": "reference epoch of the anomalies"}
        product = _with_epoch(product, REFERENCE_EPOCH, epoch, attributes)
    if coverage.start and coverage.end and any(_is_whole_period(da) for da in product.values()):
        attributes = {"long_name": "period of the statistics", "standard_name": "time"}
        product = _with_epoch(product, PERIOD, coverage, attributes)
    return product


def _is_whole_period(da: xr.DataArray) -> bool:
    """Tell whether a data variable is one value for the whole period."""
    along_time = any(dim in CLIMATOLOGICAL_DIMS or is_time_axis(da, str(dim)) for dim in da.dims)
    return "cell_methods" in da.attrs and "time" in da.attrs["cell_methods"] and not along_time


def _axis_name(axis: str) -> str:
    return "time" if axis == "time" else f"start of the {axis}"


def holds_dates(da: xr.DataArray | xr.Variable) -> bool:
    """Tell whether a variable of any shape holds dates."""
    if np.issubdtype(da.dtype, np.datetime64):
        return True
    return da.dtype == object and da.size > 0 and hasattr(da.values.flat[0], "calendar")


def one_tick_before(end: Any) -> Any:
    """Return a moment inside the last cell, since bounds end where the next cell begins."""
    if isinstance(end, np.datetime64):
        return end - np.timedelta64(1, "s")
    return end - dt.timedelta(seconds=1)


def _with_period_bounds(ds: xr.Dataset, axis: str, recipe: Recipe) -> xr.Dataset:
    """Name the bounds of a time axis; make them if the axis holds starts of known periods."""
    name = f"{axis}_bnds"
    step = axis if axis in _MONTHS_LONG else recipe.frequency
    index = ds.indexes[axis]
    if name not in ds and step in _MONTHS_LONG and isinstance(index, pd.DatetimeIndex):
        if not bool((index.day == 1).all()):
            return ds
        ends = index + pd.DateOffset(months=_MONTHS_LONG[step])
        ds = ds.assign_coords({name: ((axis, "nv"), np.stack([index, ends], axis=1))})
    if name in ds:
        ds[axis].attrs.pop("bounds", None)
        if _is_climatological(ds, axis):
            ds[axis].attrs["climatology"] = name
            ds[name].attrs = dict(_ABOUT_CLIMATOLOGY_BOUNDS)
        else:
            ds[axis].attrs["bounds"] = name
            ds[name].attrs = {}
    return ds


def _is_climatological(ds: xr.Dataset, axis: str) -> bool:
    """Tell whether all cell methods along an axis are statistics of days (CF 7.4)."""
    methods = [da.attrs.get("cell_methods", "") for da in ds.values() if axis in da.dims]
    return any(methods) and all("within days" in method for method in methods if method)


def _with_climatology(ds: xr.Dataset, dim: str, epoch: Period) -> xr.Dataset:
    """Add the climatological time of a dimension of months, seasons or days of the year."""
    starts = [_cell_of(dim, label) for label in ds[dim].values.tolist()]
    bounds = np.array([_occurrences(start, end, epoch) for start, end in starts])
    bounds = bounds.astype("datetime64[ns]")
    first_ends = [
        first + (end_of - start_of)
        for first, (start_of, end_of) in zip(
            bounds[:, 0], [(np.datetime64(s), np.datetime64(e)) for s, e in starts], strict=True
        )
    ]
    middle = bounds[:, 0] + (np.array(first_ends) - bounds[:, 0]) // 2
    suffix = "" if dim == "month" else f"_{dim}"
    name, bounds_name = CLIMATOLOGICAL_TIME + suffix, CLIMATOLOGY_BOUNDS + suffix
    about = {
        "standard_name": "time",
        "long_name": "climatological time",
        "climatology": bounds_name,
    } | _CLOCK
    ds = ds.assign_coords(
        {
            name: (dim, middle.astype("datetime64[ns]"), about),
            bounds_name: ((dim, "nv"), bounds, dict(_ABOUT_CLIMATOLOGY_BOUNDS)),
        }
    )
    ds[dim].attrs.update(long_name=_LONG_NAMES[dim])
    if ds[dim].dtype.kind in "iuf":
        ds[dim].attrs.setdefault("units", "1")
    return ds


def _cell_of(dim: str, label: Any) -> tuple[str, str]:
    """Return start and end of a climatological cell in a leap year, as ISO dates."""
    if dim == "dayofyear":
        start = pd.Timestamp(2000, 1, 1) + pd.Timedelta(days=int(label) - 1)
        return str(start.date()), str((start + pd.Timedelta(days=1)).date())
    month = _SEASONS[label] if isinstance(label, str) else int(label)
    start = pd.Timestamp(2000, month, 1)
    length = 3 if dim == "season" else 1
    return str(start.date()), str((start + pd.DateOffset(months=length)).date())


def _occurrences(start: str, end: str, epoch: Period) -> tuple[str, str]:
    """Return the start of a cell's first and the end of its last occurrence in the epoch."""
    assert epoch.start and epoch.end
    length = pd.Timestamp(end) - pd.Timestamp(start)
    cell = pd.Timestamp(start)
    years = range(epoch.start.year, epoch.end.year + 1)
    day = 28 if (cell.month, cell.day) == (2, 29) else cell.day
    found = [pd.Timestamp(year, cell.month, day) for year in years]
    last_day = pd.Timestamp(epoch.end) + pd.Timedelta(days=1)
    inside = [s for s in found if s >= pd.Timestamp(epoch.start) and s + length * 0.5 < last_day]
    first, last = (inside or found)[0], (inside or found)[-1]
    if cell.day == 1 and length.days > 1:
        months = 3 if length.days > 40 else 1
        return str(first), str(last + pd.DateOffset(months=months))
    return str(first), str(last + length)


def _with_epoch(ds: xr.Dataset, name: str, epoch: Period, about: dict[str, str]) -> xr.Dataset:
    """Add a scalar time coordinate with bounds."""
    start = np.datetime64(str(epoch.start), "ns")
    end = np.datetime64(str(epoch.end), "ns") + np.timedelta64(1, "D")
    middle = start + (end - start) // 2
    return ds.assign_coords(
        {
            name: ((), middle, {**about, **_CLOCK, "bounds": f"{name}_bnds"}),
            f"{name}_bnds": (("nv",), np.array([start, end])),
        }
    )
