"""Indicators of any variable: climatology, anomalies, mean and variability.

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
from .indicator import indicator

WMO_1203 = "WMO (2017), Guidelines on the Calculation of Climate Normals, WMO-No. 1203"
MONTHS = 12


@indicator(
    formula="mean of x(t) over t in base with month(t) = m",
    units="{units}",
    long_name="Monthly climatology of {long_name}",
    standard_name="{standard_name}",
    cell_methods="time: mean within years time: mean over years",
    references=WMO_1203,
)
def climatology(
    field: xr.DataArray, *, baseline: Period, min_fraction: float = 0.8
) -> xr.DataArray:
    """Mean of each calendar month over the base period.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Monthly or daily values.
    baseline : Period
        Base period; it must lie within the data.
    min_fraction : float
        Share of a calendar month's values that must be present.

    Returns
    -------
    DataArray (month, ...), units of `field`
        Missing where fewer than `min_fraction` of the values are present.

    Raises
    ------
    IndicatorError
        If the base period is not covered by the data.
    """
    return _monthly_normal(field, baseline, min_fraction, np.nanmean)


@indicator(
    formula="x(t) - mean of x(s) over s in base with month(s) = month(t)",
    units="{units}",
    long_name="Anomaly of {long_name}",
    cell_methods="time: mean",
    difference=True,
    references=WMO_1203,
)
def anomaly(field: xr.DataArray, *, baseline: Period, min_fraction: float = 0.8) -> xr.DataArray:
    """Departure from the mean of the same calendar month over the base period.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Monthly or daily values.
    baseline : Period
        Base period; it must lie within the data.
    min_fraction : float
        Share of a calendar month's values that must be present in the base period.

    Returns
    -------
    DataArray (time, ...), units of `field`
        Missing where the value or its normal is missing.

    Raises
    ------
    IndicatorError
        If the base period is not covered by the data.
    """
    normal = _monthly_normal(field, baseline, min_fraction, np.nanmean)
    return field - _at_each_time(normal, field)


@indicator(
    formula="(x(t) - m) / s; m, s: mean and deviation (n - 1) of its month in base",
    units="1",
    long_name="Standardised anomaly of {long_name}",
    cell_methods="time: mean",
    references=WMO_1203,
)
def standardised_anomaly(
    field: xr.DataArray, *, baseline: Period, min_fraction: float = 0.8
) -> xr.DataArray:
    """Anomaly divided by the standard deviation of its calendar month over the base period.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Monthly or daily values.
    baseline : Period
        Base period; it must lie within the data and hold two years or more.
    min_fraction : float
        Share of a calendar month's values that must be present in the base period.

    Returns
    -------
    DataArray (time, ...), 1
        Missing where the normal is missing or the standard deviation (n - 1) is zero.

    Raises
    ------
    IndicatorError
        If the base period is not covered by the data.
    """
    mean = _monthly_normal(field, baseline, min_fraction, np.nanmean)
    spread = _monthly_normal(field, baseline, min_fraction, _sample_deviation)
    spread = spread.where(spread > 0)
    return (field - _at_each_time(mean, field)) / _at_each_time(spread, field)


@indicator(
    formula="number of months with anomaly(t) > threshold",
    units="1",
    long_name="Months a year with {long_name} above normal",
    cell_methods="time: sum",
    frequency="month",
    references=WMO_1203,
)
def warm_months(
    field: xr.DataArray, *, baseline: Period, threshold: float = 0.5, min_fraction: float = 0.8
) -> xr.DataArray:
    """Months a year whose anomaly exceeds a threshold.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Monthly values.
    baseline : Period
        Base period of the anomaly; it must lie within the data.
    threshold : float
        In the units of `field`; 0.5 degC is the threshold of El Nino conditions in use at NOAA.
    min_fraction : float
        Share of a calendar month's values that must be present in the base period.

    Returns
    -------
    DataArray (time, ...), 1
        One value a calendar year; missing unless all twelve months are present.

    Raises
    ------
    IndicatorError
        If the base period is not covered by the data.
    """
    departure = anomaly(field, baseline=baseline, min_fraction=min_fraction)
    exceeds = (departure > threshold).where(departure.notnull())
    counts = exceeds.resample(time="YS").sum(min_count=MONTHS)
    about = {"long_name": "threshold of the anomaly", "units": field.attrs.get("units", "1")}
    return counts.assign_coords(threshold=((), threshold, about))


@indicator(
    formula="sum of w(t) x(t) / sum of w(t); w: length of the time cell",
    units="{units}",
    long_name="Mean of {long_name} over the period",
    standard_name="{standard_name}",
    cell_methods="time: mean",
    references=WMO_1203,
)
def period_mean(field: xr.DataArray, *, min_fraction: float = 0.8) -> xr.DataArray:
    """Mean over the whole period, each value weighted by the length of its time cell.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Values at any frequency.
    min_fraction : float
        Share of the period that must be present.

    Returns
    -------
    DataArray (...), units of `field`
        Missing where less than `min_fraction` of the period is present.
    """
    lengths = _lengths(field).values

    def mean(values: np.ndarray) -> np.ndarray:
        valid = np.isfinite(values)
        present = valid @ lengths
        total = np.where(valid, values, 0.0) @ lengths
        enough = (present > 0) & (present >= min_fraction * lengths.sum())
        result = np.full(total.shape, np.nan)
        result[enough] = total[enough] / present[enough]
        return result

    return _over_time(mean, field)


@indicator(
    formula="x(t) - sum of w(s) x(s) / sum of w(s); w: length of the time cell",
    units="{units}",
    long_name="Departure of {long_name} from the mean of the period",
    cell_methods="time: mean",
    difference=True,
    references=WMO_1203,
)
def departure(field: xr.DataArray, *, min_fraction: float = 0.8) -> xr.DataArray:
    """Departure of each value from the mean over the whole period; the season is kept.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Values at any frequency.
    min_fraction : float
        Share of the period that must be present.

    Returns
    -------
    DataArray (time, ...), units of `field`
        Missing where the value or the mean is missing.
    """
    return field - period_mean(field, min_fraction=min_fraction)


@indicator(
    formula="sqrt(sum of (x(t) - mean)^2 / (n - 1))",
    units="{units}",
    long_name="Variability of {long_name}",
    cell_methods="time: standard_deviation",
    difference=True,
    references=WMO_1203,
)
def variability(field: xr.DataArray, *, min_fraction: float = 0.8) -> xr.DataArray:
    """Sample standard deviation (n - 1) of the values around the mean of the period.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Values at any frequency.
    min_fraction : float
        Share of the values that must be present.

    Returns
    -------
    DataArray (...), units of `field`
        Missing where fewer than two, or fewer than `min_fraction`, of the values are present.
    """

    def spread(values: np.ndarray) -> np.ndarray:
        count = np.isfinite(values).sum(axis=-1)
        deviation = np.full(count.shape, np.nan)
        enough = (count > 1) & (count >= min_fraction * values.shape[-1])
        deviation[enough] = np.nanstd(values[enough], axis=-1, ddof=1)
        return deviation

    return _over_time(spread, field)


def _monthly_normal(
    field: xr.DataArray, baseline: Period, min_fraction: float, statistic: Any
) -> xr.DataArray:
    """Reduce the base period to one value for each calendar month."""
    within = _select(field, baseline)
    months = within["time"].dt.month.values

    def reduce(values: np.ndarray) -> np.ndarray:
        normal = np.full((*values.shape[:-1], MONTHS), np.nan)
        for month in np.unique(months):
            of_month = values[..., months == month]
            count = np.isfinite(of_month).sum(axis=-1)
            enough = count >= max(1, min_fraction * of_month.shape[-1])
            normal[enough, month - 1] = statistic(of_month[enough], axis=-1)
        return normal

    normal = _over_time(reduce, within, month=MONTHS)
    labels = ("month", np.arange(1, MONTHS + 1))
    return normal.transpose("month", ...).assign_coords(month=labels)


def _over_time(
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


def _select(field: xr.DataArray, baseline: Period) -> xr.DataArray:
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


def _at_each_time(normal: xr.DataArray, field: xr.DataArray) -> xr.DataArray:
    """Give each time the value of its calendar month."""
    return normal.sel(month=field["time"].dt.month).drop_vars("month")


def _lengths(field: xr.DataArray) -> xr.DataArray:
    """Return the length of each time cell in days; equal lengths where it is not known."""
    if TIME_LENGTH in field.coords:
        length: xr.DataArray = field[TIME_LENGTH]
        return length
    return xr.ones_like(field["time"], dtype=float)


def _sample_deviation(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the standard deviation with n - 1; missing for a single value."""
    count = np.isfinite(values).sum(axis=axis)
    deviation = np.full(count.shape, np.nan)
    several = count > 1
    deviation[several] = np.nanstd(values[several], axis=axis, ddof=1)
    return deviation
