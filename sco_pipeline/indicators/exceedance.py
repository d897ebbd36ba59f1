"""Days of a period on which something holds, with the missing-day rules of the project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from ..errors import IndicatorError, unknown
from .cells import over_cells
from .missing import MissingRule, missing_rule
from .periods import Periods, day_axis

_FREQUENCIES = ("year", "season", "month")


def days_where(
    holds: Callable[..., np.ndarray],
    fields: list[xr.DataArray],
    frequency: str,
    missing: str,
    per_cell: list[xr.DataArray] | None = None,
) -> xr.DataArray:
    """Count the days of each period on which a condition holds.

    Parameters
    ----------
    holds : callable
        Takes series (cell, day), then values per cell; returns a boolean array (cell, day).
    fields : list of DataArray (time, ...)
        Daily; a day counts as missing where the first of them is.
    frequency : {"year", "season", "month"}
        Of the result.
    missing : str
        Missing-day rule.
    per_cell : list of DataArray (...), optional
        Values of cells.

    Returns
    -------
    DataArray (time, ...)

    Raises
    ------
    IndicatorError
        If the data are not daily, or the frequency or the rule does not exist.
    """
    if frequency not in _FREQUENCIES:
        raise IndicatorError(unknown("frequency of counted days", frequency, _FREQUENCIES))
    axis = day_axis(fields[0]["time"])
    rule = missing_rule(missing, None)
    periods = axis.periods(frequency)  # type: ignore[arg-type]
    bounds = axis.month_starts
    starts, stops = bounds[periods.first_month], bounds[periods.last_month]
    number = len(fields)  # the kernel must not carry the fields along

    def count(*arrays: np.ndarray) -> np.ndarray:
        series = [padded_years(a, axis.days, axis.position) for a in arrays[:number]]
        flags = holds(*series, *arrays[number:])
        total = np.concatenate(
            [np.zeros((flags.shape[0], 1)), flags.cumsum(axis=1, dtype=float)], axis=1
        )
        enough = enough_days(rule, series[0], bounds, periods)
        return np.where(enough, total[:, stops] - total[:, starts], np.nan)

    stamps, _ = axis.stamps(periods)
    return over_cells(count, *fields, result={"time": stamps}, per_cell=per_cell or [])


def days_above(field: xr.DataArray, threshold: float, frequency: str, missing: str) -> xr.DataArray:
    """Count the days of each period strictly above a threshold; see `days_where`."""
    found = days_where(lambda series: series > threshold, [field], frequency, missing)
    return found.assign_coords(threshold=threshold)


def enough_days(
    rule: MissingRule, series: np.ndarray, bounds: np.ndarray, periods: Periods
) -> np.ndarray:
    """Tell which periods have enough days; (cell, day) to (cell, period)."""
    return rule.holds(np.ascontiguousarray(series.T), bounds, periods).T


def padded_years(series: np.ndarray, days: int, position: np.ndarray) -> np.ndarray:
    """Return (cell, time) as (cell, padded day)."""
    out: np.ndarray[Any, Any] = np.full((series.shape[0], days), np.nan)
    out[:, position] = series
    return out
