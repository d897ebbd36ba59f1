"""Indicators of any variable: climatology, anomalies, mean and variability."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..catalog import Period
from .cells import over_cells
from .indicator import indicator
from .normals import (
    WMO_1203,
    by_month,
    departures,
    from_normal,
    in_deviations,
    mean_of,
    month_deviation,
    month_mean,
    monthly_normal,
    over_time,
    time_lengths,
)
from .years import MONTHS


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
    return monthly_normal(field, baseline, min_fraction)


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
    return by_month(field, baseline, min_fraction, [month_mean], from_normal)


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
    return by_month(field, baseline, min_fraction, [month_mean, month_deviation], in_deviations)


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
    lengths = np.asarray(time_lengths(field).values, dtype=float)

    def mean(series: np.ndarray) -> np.ndarray:
        return mean_of(series, lengths, min_fraction)[:, 0]

    return over_cells(mean, field, result={})


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
    lengths = np.asarray(time_lengths(field).values, dtype=float)
    return departures(field, lengths, min_fraction)


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

    return over_time(spread, field)
