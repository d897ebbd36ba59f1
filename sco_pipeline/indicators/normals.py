"""Base periods, normals and reductions over time, shared by the indicators of any variable.

All of them work on the whole series of a cell at once: one task for each tile of cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError
from .axes import TIME_LENGTH
from .cells import over_cells
from .years import MONTHS, group_sums

WMO_1203 = "WMO (2017), Guidelines on the Calculation of Climate Normals, WMO-No. 1203"

Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of series (cell, time) and the month of each time from 0: (cell, month), missing for no value."""


def month_mean(series: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Return the mean of each calendar month."""
    total, held = group_sums(series, month, MONTHS)
    return total / np.where(held > 0, held, np.nan)


def month_deviation(series: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Return the standard deviation (n - 1) of each calendar month; missing for a single value."""
    from .kernels import grouped

    square, held = grouped.group_squares(series, month, month_mean(series, month))
    return np.sqrt(square / np.where(held > 1, held - 1, np.nan))


def month_error(series: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Return the standard error of each calendar month's mean; errors are independent."""
    square, held = group_sums(series * series, month, MONTHS)
    error: np.ndarray = np.sqrt(square) / np.where(held > 0, held, np.nan)
    return error


def from_normal(series: np.ndarray, month: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Take the normal of its month out of each value: (cell, time)."""
    from .kernels import grouped

    departure: np.ndarray = grouped.departures(series, month, mean)
    return departure


def in_deviations(
    series: np.ndarray, month: np.ndarray, mean: np.ndarray, deviation: np.ndarray
) -> np.ndarray:
    """Return the departures from the normal in standard deviations of the month: (cell, time)."""
    from .kernels import grouped

    score: np.ndarray = grouped.scores(series, month, mean, deviation)
    return score


def monthly_normal(
    field: xr.DataArray, baseline: Period, min_fraction: float, statistic: Statistic = month_mean
) -> xr.DataArray:
    """Reduce the base period to one value for each calendar month: (month, ...)."""
    within = in_base_period(field, baseline)
    reduce = partial(_normal, _months(within), min_fraction, statistic)
    return over_cells(reduce, within, result={"month": np.arange(1, MONTHS + 1)})


def by_month(
    field: xr.DataArray,
    baseline: Period,
    min_fraction: float,
    statistics: Sequence[Statistic],
    combine: Callable[..., np.ndarray],
) -> xr.DataArray:
    """Combine each value with normals of its calendar month: (time, ...).

    `combine` takes the series (cell, time), the month of each time from 0, then for each statistic
    what it gave in the base period: (cell, month).
    """
    month = _months(field)
    based = np.isin(field["time"].values, in_base_period(field, baseline)["time"].values)

    def at_each_time(series: np.ndarray) -> np.ndarray:
        base = series if based.all() else np.ascontiguousarray(series[:, based])
        normals = [_normal(month[based], min_fraction, one, base) for one in statistics]
        return combine(series, month, *normals)

    out = over_cells(at_each_time, field, result={"time": field["time"].values})
    return out.assign_coords(time=field["time"])


def _months(field: xr.DataArray) -> np.ndarray:
    """Return the calendar month of each time, from 0."""
    return np.asarray(field["time"].dt.month, dtype=np.int64) - 1


def _normal(
    month: np.ndarray, min_fraction: float, statistic: Statistic, series: np.ndarray
) -> np.ndarray:
    """Return a statistic of the calendar months that have enough values: (cell, month)."""
    _, held = group_sums(series, month, MONTHS)
    usual = np.bincount(month, minlength=MONTHS)
    enough = held >= np.maximum(1, min_fraction * usual)
    return np.where(enough, statistic(series, month), np.nan)


def mean_of(series: np.ndarray, weights: np.ndarray, min_fraction: float) -> np.ndarray:
    """Return the weighted mean of each cell's series that holds enough of the weight: (cell, 1)."""
    alone = np.zeros(series.shape[1], dtype=np.int64)
    total, held = group_sums(series, alone, 1, weights)
    enough = (held > 0) & (held >= min_fraction * weights.sum())
    mean: np.ndarray = np.where(enough, total / np.where(held > 0, held, 1.0), np.nan)
    return mean


def departures(field: xr.DataArray, weights: np.ndarray, min_fraction: float) -> xr.DataArray:
    """Take the weighted mean of each cell's series out of it: (time, ...)."""

    def depart(series: np.ndarray) -> np.ndarray:
        departure: np.ndarray = series - mean_of(series, weights, min_fraction)
        return departure

    out = over_cells(depart, field, result={"time": field["time"].values})
    return out.assign_coords(time=field["time"])


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


def time_lengths(field: xr.DataArray) -> xr.DataArray:
    """Return the length of each time cell in days; equal lengths where it is not known."""
    if TIME_LENGTH in field.coords:
        length: xr.DataArray = field[TIME_LENGTH]
        return length
    return xr.ones_like(field["time"], dtype=float)
