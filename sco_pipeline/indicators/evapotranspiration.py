"""Potential evapotranspiration from temperature: Thornthwaite and Hargreaves."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from ..errors import IndicatorError, unknown
from .cells import Kernel, over_cells
from .indicator import indicator
from .monthly import Months, months_axis
from .years import MONTHS

Convention = Literal["month-mean", "mid-month"]
_DEGREES = 57.2957795


@indicator(
    formula="16 (L / 12) (N / 30) (10 T / I)^a mm a month",
    units="mm d-1",
    long_name="Potential evapotranspiration (Thornthwaite)",
    cell_methods="time: mean",
    ecv="Evaporation from land",
    references="Thornthwaite (1948), doi:10.2307/210739",
)
def pet_thornthwaite(tas: xr.DataArray, *, day_length: Convention = "month-mean") -> xr.DataArray:
    """Potential evapotranspiration from the mean temperature of the month and the day length.

    ``16 (L / 12) (N / 30) (10 T / I)^a`` mm a month of N days with a mean day of L hours, where I
    is the sum of ``(T / 5)^1.514`` over the twelve mean months of the record.

    Parameters
    ----------
    tas : DataArray (time, ...), degC
        Monthly or daily mean temperature, with the coordinate ``lat``.
    day_length : {"month-mean", "mid-month"}
        Mean over the days of the month (as climate_indices; months below zero count as zero in the
        means), or of its middle (as R's SPEI; mean months below zero count as zero).

    Returns
    -------
    DataArray (time, ...), mm d-1
        One value a month.

    Raises
    ------
    IndicatorError
        If there is no latitude, or the data are neither monthly nor daily.
    """
    if day_length not in ("month-mean", "mid-month"):
        raise IndicatorError(unknown("day length", day_length, ("month-mean", "mid-month")))
    months = months_axis(tas["time"], tas.name)
    leap = months.lengths.reshape(-1, MONTHS)[:, 1] == 29.0

    def evaporate(series: np.ndarray, latitude: np.ndarray) -> np.ndarray:
        warm = months.means(series).reshape(series.shape[0], -1, MONTHS)
        held = np.isfinite(warm).sum(axis=1)
        if day_length == "month-mean":
            warm = np.maximum(warm, 0.0)
        mean = np.where(np.isfinite(warm), warm, 0.0).sum(axis=1) / np.where(held, held, np.nan)
        heat = ((np.maximum(mean, 0.0) / 5.0) ** 1.514).sum(axis=1)[:, None, None]
        power = 6.75e-07 * heat**3 - 7.71e-05 * heat**2 + 1.792e-02 * heat + 0.49239
        hours = day_hours(latitude, leap, day_length)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(heat > 0, 10.0 * np.maximum(warm, 0.0) / heat, 0.0 * warm)
            rate = 16.0 * (hours / 12.0) / 30.0 * ratio**power
        found: np.ndarray = rate.reshape(series.shape[0], -1)[:, months.output]
        return found

    return _monthly(evaporate, [tas], months)


@indicator(
    formula="0.0023 x 0.408 R (T + 17.8) sqrt(Tmax - Tmin)",
    units="mm d-1",
    long_name="Potential evapotranspiration (Hargreaves)",
    cell_methods="time: mean",
    ecv="Evaporation from land",
    references="Hargreaves and Samani (1985), doi:10.13031/2013.26773; "
    "Allen et al. (1998), FAO Irrigation and Drainage Paper 56",
)
def pet_hargreaves(tasmin: xr.DataArray, tasmax: xr.DataArray) -> xr.DataArray:
    """Potential evapotranspiration from the daily range of temperature and the sun's radiation.

    ``0.0023 x 0.408 R (T + 17.8) sqrt(Tmax - Tmin)`` with the radiation R in MJ m-2 d-1 that
    reaches the top of the atmosphere in the middle of the month.

    Parameters
    ----------
    tasmin, tasmax : DataArray (time, ...), degC
        Monthly or daily extremes of temperature, with the coordinate ``lat``.

    Returns
    -------
    DataArray (time, ...), mm d-1
        One value a month; not below zero.

    Raises
    ------
    IndicatorError
        If there is no latitude, or the data are neither monthly nor daily.
    """
    months = months_axis(tasmin["time"], tasmin.name)
    leap = months.lengths.reshape(-1, MONTHS)[:, 1] == 29.0

    def evaporate(low: np.ndarray, high: np.ndarray, latitude: np.ndarray) -> np.ndarray:
        coldest, warmest = (months.means(s)[:, months.output] for s in (low, high))
        range_ = np.maximum(warmest - coldest, 0.0)
        radiation = top_radiation(latitude, leap).reshape(range_.shape[0], -1)[:, months.output]
        rate = 0.0023 * 0.408 * radiation * ((coldest + warmest) / 2 + 17.8) * np.sqrt(range_)
        found: np.ndarray = np.maximum(rate, 0.0)
        return found

    return _monthly(evaporate, [tasmin, tasmax], months)


def day_hours(latitude: np.ndarray, leap: np.ndarray, convention: str) -> np.ndarray:
    """Return hours of daylight.

    Parameters
    ----------
    latitude : ndarray (cell,)
        Degrees north.
    leap : ndarray of bool (year,)
        Whether each year is a leap year.
    convention : {"month-mean", "mid-month"}
        Mean over the days of the month, with the declination of FAO-56, or of its middle day.

    Returns
    -------
    ndarray (cell, year, month), h
    """
    kinds = [_month_hours(latitude, is_leap, convention) for is_leap in (False, True)]
    return np.stack([kinds[int(is_leap)] for is_leap in leap], axis=1)


def _month_hours(latitude: np.ndarray, leap: bool, convention: str) -> np.ndarray:
    """Return hours of daylight of the months of one year; (cell, month)."""
    lengths, starts = _calendar(leap)
    if convention == "mid-month":
        day = _middle(lengths, starts)
        return _hours(np.tan(latitude / _DEGREES), 0.4093 * np.sin(2 * np.pi * day / 365 - 1.405))
    day = np.arange(1, starts[-1] + 1)
    hours = _hours(np.tan(np.deg2rad(latitude)), 0.409 * np.sin(2 * np.pi / 365 * day - 1.39))
    sums: np.ndarray = np.add.reduceat(hours, starts[:-1], axis=1) / lengths
    return sums


def _hours(tangent: np.ndarray, declination: np.ndarray) -> np.ndarray:
    """Return the length of days in hours; (cell, day)."""
    cosine = -tangent[:, None] * np.tan(declination)[None, :]
    hours: np.ndarray = 24.0 / np.pi * np.arccos(np.clip(cosine, -1.0, 1.0))
    return hours


def _calendar(leap: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the lengths of the months, and the days before each."""
    lengths = np.array([31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    return lengths, np.concatenate([[0], np.cumsum(lengths)])


def _middle(lengths: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the day of the year in the middle of each month."""
    middle: np.ndarray = starts[:-1] + 1 + np.round(lengths / 2 - 1)
    return middle


def top_radiation(latitude: np.ndarray, leap: np.ndarray) -> np.ndarray:
    """Return the radiation at the top of the atmosphere in mid-month (FAO-56).

    Parameters
    ----------
    latitude : ndarray (cell,)
        Degrees north.
    leap : ndarray of bool (year,)
        Whether each year is a leap year.

    Returns
    -------
    ndarray (cell, year, month), MJ m-2 d-1
    """
    kinds = [_radiation(latitude, _middle(*_calendar(is_leap))) for is_leap in (False, True)]
    return np.stack([kinds[int(is_leap)] for is_leap in leap], axis=1)


def _radiation(latitude: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Return the radiation at the top of the atmosphere on days of the year; (cell, day)."""
    declination = 0.409 * np.sin(0.0172 * day - 1.39)
    distance = 1.0 + 0.033 * np.cos(0.0172 * day)
    angle = (latitude / _DEGREES)[:, None]
    sunset = np.arccos(np.clip(-np.tan(angle) * np.tan(declination), -1.0, 1.0))
    high = sunset * np.sin(angle) * np.sin(declination)
    low = np.cos(angle) * np.cos(declination) * np.sin(sunset)
    radiation: np.ndarray = np.maximum(37.6 * distance * (high + low), 0.0)
    return radiation


def _monthly(evaporate: Kernel, fields: list[xr.DataArray], months: Months) -> xr.DataArray:
    """Apply a function of series and latitude to all cells."""
    if "lat" not in fields[0].coords:
        raise IndicatorError(
            f"{fields[0].name!r} has no coordinate 'lat', which the length of the day needs; add it"
        )
    return over_cells(
        evaporate,
        *fields,
        result={"time": months.stamps},
        per_cell=[fields[0]["lat"].reset_coords(drop=True)],
    )
