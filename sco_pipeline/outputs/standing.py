"""How each value of a series stands among those of the same part of other years.

A June's value is compared with other Junes, a day's with the same day of other years, a year's
with all years: rank, normal and band of the base period, anomaly, and the year to date beside the
same part of other years.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from .scales import is_count
from .series_table import Series
from .time_axes import holds_dates, iso_day

BAND = (0.1, 0.9)
ROUNDING = 1e-13
_MOST_SLOTS, _MONTHS = 366, 12
_LEAP_DAY = 229

Floats = np.ndarray


@dataclass(frozen=True)
class Standing:
    """What is said of each value of a series; all arrays have the shape (row, column).

    Attributes
    ----------
    rank_highest, rank_lowest : array
        1 is the highest (lowest); equal values share the better rank.
    ranked, tied : array
        Values that took part, and how many of them equal this one beside itself.
    normal, low, high, least, greatest : array
        Mean, 10 and 90 % quantile (linear between values) and extremes of the base period.
    anomaly : array
        Value minus normal.
    to_date, to_date_anomaly, to_date_rank_highest, to_date_ranked : array
        Mean (of amounts: sum) from the beginning of the year to the end of the step, missing
        where a step is, and for steps longer than a month; beside its normal, and among the same
        parts of other years.
    """

    rank_highest: Floats
    rank_lowest: Floats
    ranked: Floats
    tied: Floats
    normal: Floats
    low: Floats
    high: Floats
    least: Floats
    greatest: Floats
    anomaly: Floats
    to_date: Floats
    to_date_anomaly: Floats
    to_date_rank_highest: Floats
    to_date_ranked: Floats


def standing_of(series: Series, baseline: str = "") -> Standing | None:
    """Compare the values of a series with those of the same part of other years.

    Parameters
    ----------
    series : Series
        Along time.
    baseline : str
        Base period such as ``1991-01-01 to 2020-12-31``; without one, all values are the base.

    Returns
    -------
    Standing or None
        None without dates, or for steps shorter than a day.
    """
    if series.axis is None or not holds_dates(series.da[series.axis]):
        return None
    stamps = series.da[series.axis]
    keys = np.asarray(stamps.dt.month * 100 + stamps.dt.day)
    years, year = np.unique(np.asarray(stamps.dt.year), return_inverse=True)
    slots, slot = np.unique(keys, return_inverse=True)
    if len(slots) > _MOST_SLOTS or len(set(zip(year, slot, strict=True))) < len(keys):
        return None
    cube = np.full((len(years), len(slots), series.values.shape[1]), np.nan)
    cube[year, slot] = series.values
    absent = np.zeros(cube.shape[:2], dtype=bool)
    if _LEAP_DAY in slots and len(slots) == _MOST_SLOTS:
        has_leap_day = np.isin(np.arange(len(years)), year[keys == _LEAP_DAY])
        absent[:, list(slots).index(_LEAP_DAY)] = ~has_leap_day
    base = np.zeros(cube.shape[:2], dtype=bool)
    base[year, slot] = _in_base(stamps, baseline)
    found = _compare(cube, base[..., None], absent[..., None], _adds_up(series.da))
    return Standing(*(array[year, slot] for array in found))


def _adds_up(da: xr.DataArray) -> bool:
    """Tell whether values of several steps can be summed: amounts of a time, not of an area."""
    methods = str(da.attrs.get("cell_methods", ""))
    return is_count(da) and ("time: sum" in methods or "area: sum" not in methods)


def _compare(cube: Floats, base: Floats, absent: Floats, adds: bool) -> list[Floats]:
    """Return what `Standing` holds, each (year, slot, column)."""
    normals = _normals(np.where(base, cube, np.nan))
    to_date = _to_date(cube, absent, adds)
    usual = _normals(np.where(base, to_date, np.nan))[0]
    rank_highest, rank_lowest, ranked, tied = _ranks(cube)
    date_rank, _, date_ranked, _ = _ranks(to_date)
    return [
        rank_highest,
        rank_lowest,
        ranked,
        tied,
        *(np.broadcast_to(normal, cube.shape) for normal in normals),
        cube - normals[0],
        to_date,
        to_date - usual,
        date_rank,
        date_ranked,
    ]


def _in_base(stamps: xr.DataArray, baseline: str) -> np.ndarray:
    """Tell which stamps lie in the base period."""
    first, _, last = baseline.partition(" to ")
    days = np.array([iso_day(stamp) for stamp in stamps.values])
    within = (days >= first) & (days <= (last or "9999"))
    return within if within.any() else np.ones(len(days), dtype=bool)


def _ranks(cube: Floats) -> list[Floats]:
    """Return rank from the highest, from the lowest, number of values and of equal others."""
    shape = cube.shape
    found = [np.full(shape, np.nan) for _ in range(4)]
    for slot in range(shape[1]):
        values = cube[:, slot]
        known = np.isfinite(values)
        above = (values[None] > values[:, None]).sum(axis=1)
        below = (values[None] < values[:, None]).sum(axis=1)
        equal = (values[None] == values[:, None]).sum(axis=1)
        count = np.broadcast_to(known.sum(axis=0), values.shape)
        for array, number in zip(found, (above + 1, below + 1, count, equal - 1), strict=True):
            array[:, slot] = np.where(known, number, np.nan)
    return found


def _normals(cube: Floats) -> list[Floats]:
    """Return mean, low and high quantile, least and greatest over the years (1, slot, column)."""
    ordered = np.sort(cube, axis=0)  # missing values go last
    count = np.isfinite(ordered).sum(axis=0, keepdims=True)
    mean = np.nansum(cube, axis=0, keepdims=True) / np.where(count > 0, count, np.nan)
    size = np.nansum(np.abs(cube), axis=0, keepdims=True)
    mean[np.abs(mean) <= ROUNDING * size] = 0.0  # anomalies add up to zero but for rounding

    def at(share: float) -> Floats:
        place = share * np.maximum(count - 1, 0)
        lower = np.floor(place).astype(int)
        upper = np.minimum(lower + 1, np.maximum(count - 1, 0))
        low, high = (np.take_along_axis(ordered, index, axis=0) for index in (lower, upper))
        part: Floats = low + (place - lower) * (high - low)
        return part

    return [mean, at(BAND[0]), at(BAND[1]), at(0.0), at(1.0)]


def _to_date(cube: Floats, absent: Floats, adds: bool) -> Floats:
    """Return mean or sum from the first slot of each year on; missing after a missing step."""
    if cube.shape[1] < _MONTHS:
        return np.full(cube.shape, np.nan)
    total = np.cumsum(np.where(absent, 0.0, cube), axis=1)
    if adds:
        return total
    count = np.cumsum(np.broadcast_to(~absent, cube.shape), axis=1)
    mean: Floats = total / np.maximum(count, 1)
    return mean
