"""Base periods, normals and reductions over time, shared by the indicators of any variable.

All of them work on the whole series of a cell at once: one task for each tile of cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError
from .axes import TIME_LENGTH

WMO_1203 = "WMO (2017), Guidelines on the Calculation of Climate Normals, WMO-No. 1203"
MONTHS = 12


def monthly_normal(
    field: xr.DataArray, baseline: Period, min_fraction: float, statistic: Any
) -> xr.DataArray:
    """Reduce the base period to one value for each calendar month."""
    within = in_base_period(field, baseline)
    months = within["time"].dt.month.values

    def reduce(values: np.ndarray) -> np.ndarray:
        normal = np.full((*values.shape[:-1], MONTHS), np.nan)
        for month in np.unique(months):
            of_month = values[..., months == month]
            count = np.isfinite(of_month).sum(axis=-1)
            enough = count >= max(1, min_fraction * of_month.shape[-1])
            normal[enough, month - 1] = statistic(of_month[enough], axis=-1)
        return normal

    normal = over_time(reduce, within, month=MONTHS)
    labels = ("month", np.arange(1, MONTHS + 1))
    return normal.transpose("month", ...).assign_coords(month=labels)


def over_time(
    reduce: Callable[[np.ndarray], np.ndarray], field: xr.DataArray, **sizes: int
) -> xr.DataArray:
    """Reduce the whole series of each cell, in float64; `sizes` are those of new dimensions."""
    result: xr.DataArray = xr.apply_ufunc(
        lambda values: reduce(values.astype(float)),
        field.chunk(time=-1) if field.chunks else field,
        input_core_dims=[["time"]],
        output_core_dims=[list(sizes)],
        dask="parallelized",
        output_dtypes=[float],
        dask_gufunc_kwargs={"output_sizes": sizes},
    )
    return result


def in_base_period(field: xr.DataArray, baseline: Period) -> xr.DataArray:
    """Return the base period, which must lie within the data."""
    if baseline.start is None or baseline.end is None:
        raise IndicatorError(f"baseline {baseline} is open; give its first and its last day")
    within: xr.DataArray = field.sel(time=slice(str(baseline.start), str(baseline.end)))
    first, last = (str(field["time"].values[i])[:10] for i in (0, -1))
    covered = str(baseline.start)[:7] >= first[:7] and str(baseline.end)[:7] <= last[:7]
    if not covered or within.sizes["time"] == 0:
        raise IndicatorError(
            f"baseline {baseline} is not within the data of {field.name!r} ({first}..{last}); "
            "choose a base period inside the data"
        )
    return within


def at_each_time(normal: xr.DataArray, field: xr.DataArray) -> xr.DataArray:
    """Give each time the value of its calendar month."""
    return normal.sel(month=field["time"].dt.month).drop_vars("month")


def time_lengths(field: xr.DataArray) -> xr.DataArray:
    """Return the length of each time cell in days; equal lengths where it is not known."""
    if TIME_LENGTH in field.coords:
        length: xr.DataArray = field[TIME_LENGTH]
        return length
    return xr.ones_like(field["time"], dtype=float)


def sample_deviation(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the standard deviation with n - 1; missing for a single value."""
    count = np.isfinite(values).sum(axis=axis)
    deviation = np.full(count.shape, np.nan)
    several = count > 1
    deviation[several] = np.nanstd(values[several], axis=axis, ddof=1)
    return deviation
