"""Greenhouse gases, aerosol and air quality."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import IndicatorError
from .cells import over_cells
from .exceedance import days_above
from .harmonics import design, fit_harmonics, season_of
from .indicator import indicator
from .monthly import months_axis
from .years import MONTHS, year_stamps

THONING = (
    "Thoning et al. (1989), doi:10.1029/JD094iD06p08549; "
    "Dlugokencky and Tans, NOAA/GML (gml.noaa.gov/ccgg/trends/gr.html)"
)
HARMONICS = 4
DEGREE = 2


@indicator(
    formula="y(end of year) - y(start of year), y: x without four harmonics",
    units="{units} year-1",
    long_name="Annual growth rate of {long_name}",
    cell_methods="time: mean",
    references=THONING,
)
def growth_rate(field: xr.DataArray, *, months: int = 2) -> xr.DataArray:
    """Rise within each calendar year of the values without their seasonal cycle.

    The season is four harmonics beside a quadratic; the level at a turn of the year is the mean
    of the deseasonalised months around it, half of them before, half after.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Monthly or daily mole fraction.
    months : int
        Months around each turn of the year: 2 (December and January) or 4.

    Returns
    -------
    DataArray (time, ...), units of `field` a year
        One value a calendar year; missing where one of the months is.

    Raises
    ------
    IndicatorError
        If `months` is odd or above 12, or the record is shorter than two years.
    """
    if months % 2 or not 2 <= months <= MONTHS:
        raise IndicatorError(f"option 'months' is {months}; expected 2, 4, ... 12")
    axis = months_axis(field["time"], field.name)
    if axis.years < 2:
        raise IndicatorError(
            f"the growth rate of {field.name!r} needs two years or more; found {axis.years}"
        )
    columns = design(decimal_years_of(axis.first_year, axis.count), DEGREE, HARMONICS)
    half = months // 2

    def grow(series: np.ndarray) -> np.ndarray:
        level = axis.means(series)
        level = level - season_of(fit_harmonics(level, columns), columns, HARMONICS)
        around = np.pad(level, ((0, 0), (half, half)), constant_values=np.nan)
        turns = [around[:, MONTHS * y : MONTHS * y + months] for y in range(axis.years + 1)]
        levels = np.stack([turn.mean(axis=1) for turn in turns], axis=1)
        growth: np.ndarray = np.diff(levels, axis=1)
        return growth

    stamps = year_stamps(axis.first_year + np.arange(axis.years), field["time"])
    return over_cells(grow, field, result={"time": stamps})


@indicator(
    formula="running mean over window months of x without four harmonics",
    units="{units}",
    long_name="Deseasonalised trend of {long_name}",
    cell_methods="time: mean",
    references=THONING,
)
def gas_trend(field: xr.DataArray, *, window: int = 12) -> xr.DataArray:
    """Long-term level: values without their season, averaged over a running window of months.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Monthly mole fraction without jumps in time.
    window : int
        Months of the running mean; an even window takes half of its two end months.

    Returns
    -------
    DataArray (time, ...), units of `field`
        Missing within half a window of the record's ends and of gaps.

    Raises
    ------
    IndicatorError
        If the data are not monthly.
    """
    axis = months_axis(field["time"], field.name)
    columns = design(decimal_years_of(axis.first_year, axis.count), DEGREE, HARMONICS)
    weights = np.ones(window) if window % 2 else np.r_[0.5, np.ones(window - 1), 0.5]
    weights = weights / weights.sum()
    half = len(weights) // 2

    def smooth(series: np.ndarray) -> np.ndarray:
        level = axis.means(series)
        level = level - season_of(fit_harmonics(level, columns), columns, HARMONICS)
        padded = np.pad(level, ((0, 0), (half, half)), constant_values=np.nan)
        found = np.zeros_like(level)
        for step, weight in enumerate(weights):
            found += weight * padded[:, step : step + axis.count]
        chosen: np.ndarray = found[:, axis.output]
        return chosen

    return over_cells(smooth, field, result={"time": axis.stamps})


def decimal_years_of(first_year: int, count: int) -> np.ndarray:
    """Return the middles of months as decimal years."""
    years: np.ndarray = first_year + (np.arange(count) + 0.5) / MONTHS
    return years


@indicator(
    formula="number of days with AOD > threshold",
    units="d",
    long_name="Days with an aerosol optical depth above the threshold",
    frequency="day",
    cell_methods="time: mean within days time: sum over days",
    ecv="Aerosols",
    references="Gkikas et al. (2013), doi:10.5194/acp-13-12135-2013",
)
def aod_exceedance_days(
    od550aer: xr.DataArray,
    *,
    frequency: str,
    threshold: float = 0.5,
    missing: str = "percent:50",
) -> xr.DataArray:
    """Days of the period with an aerosol optical depth at 550 nm above a threshold.

    Parameters
    ----------
    od550aer : DataArray (time, ...), 1
        Daily.
    frequency : {"year", "season", "month"}
        Of the result.
    threshold : float
        In the units of the data.
    missing : str
        Missing-day rule; satellites see cloud-free days only.

    Returns
    -------
    DataArray (time, ...), d

    Raises
    ------
    IndicatorError
        If the data are not daily.
    """
    return days_above(od550aer, threshold, frequency, missing)


@indicator(
    formula="number of days with PM2.5 > threshold",
    units="d",
    long_name="Days with fine particulate matter above the guideline",
    frequency="day",
    cell_methods="time: mean within days time: sum over days",
    ecv="Aerosols",
    references="WHO (2021), WHO global air quality guidelines, ISBN 978-92-4-003422-8",
)
def pm25_exceedance_days(
    pm25: xr.DataArray,
    *,
    frequency: str,
    threshold: float = 15.0,
    missing: str = "percent:25",
) -> xr.DataArray:
    """Days of the period with PM2.5 above the WHO guideline of 15 ug m-3 in 24 hours.

    Parameters
    ----------
    pm25 : DataArray (time, ...), ug m-3
        Daily means.
    frequency : {"year", "season", "month"}
        Of the result.
    threshold : float
        In the units of the data.
    missing : str
        Missing-day rule.

    Returns
    -------
    DataArray (time, ...), d

    Raises
    ------
    IndicatorError
        If the data are not daily.
    """
    return days_above(pm25, threshold, frequency, missing)


@indicator(
    formula="number of days with x > threshold",
    units="d",
    long_name="Days with {long_name} above the threshold",
    frequency="day",
    cell_methods="time: mean within days time: sum over days",
    references="Zhang et al. (2011), doi:10.1002/wcc.147",
)
def exceedance_days(
    field: xr.DataArray,
    *,
    frequency: str,
    threshold: float | None = None,
    missing: str = "percent:50",
) -> xr.DataArray:
    """Days of the period above a threshold, of any variable.

    Parameters
    ----------
    field : DataArray (time, ...), any units
        Daily.
    frequency : {"year", "season", "month"}
        Of the result.
    threshold : float
        In the units of the data; it must be given.
    missing : str
        Missing-day rule.

    Returns
    -------
    DataArray (time, ...), d

    Raises
    ------
    IndicatorError
        If there is no threshold, or the data are not daily.
    """
    if threshold is None:
        raise IndicatorError(
            f"'exceedance_days' of {field.name!r} needs the option 'threshold', in the units of "
            "the data"
        )
    return days_above(field, threshold, frequency, missing)
