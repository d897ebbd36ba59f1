"""Land: fire, surface temperature, heat of cities, soil moisture in drought."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError
from .cells import over_cells
from .exceedance import days_above
from .indicator import indicator
from .monthly import months_axis
from .years import MONTHS, calendar_years, group_sums, year_stamps

FIRE = "Chuvieco et al. (2018), doi:10.5194/essd-10-2015-2018"
DROUGHT_CLASSES = (30.0, 20.0, 10.0, 5.0, 2.0)
"""Percentiles below which the classes D0 to D4 of the US Drought Monitor begin."""


@indicator(
    formula="sum of x over year",
    units="km2",
    long_name="Burned area",
    cell_methods="time: sum",
    ecv="Fire",
    references=FIRE,
)
def burned_area_sum(burned_area: xr.DataArray, *, min_fraction: float = 1.0) -> xr.DataArray:
    """Burned area of each calendar year, summed over its values.

    Parameters
    ----------
    burned_area : DataArray (time, ...), km2
        Burned area of each month (or half month or day).
    min_fraction : float
        Share of the usual number of a year's values that must be present.

    Returns
    -------
    DataArray (time, ...), km2
    """
    return _yearly_sum(burned_area, min_fraction)


@indicator(
    formula="sum of x over year",
    units="1",
    long_name="Number of fires",
    cell_methods="time: sum",
    ecv="Fire",
    references="Giglio et al. (2016), doi:10.1016/j.rse.2016.02.054",
)
def fire_count(fires: xr.DataArray, *, min_fraction: float = 1.0) -> xr.DataArray:
    """Number of active fires of each calendar year, summed over its values.

    Parameters
    ----------
    fires : DataArray (time, ...), 1
        Fires of each month or day.
    min_fraction : float
        Share of the usual number of a year's values that must be present.

    Returns
    -------
    DataArray (time, ...), 1
    """
    return _yearly_sum(fires, min_fraction)


@indicator(
    formula="number of nights with TS > threshold",
    units="d",
    long_name="Hot nights of the land surface",
    frequency="day",
    cell_methods="time: minimum within days time: sum over days",
    ecv="Land surface temperature",
    references="Hulley et al. (2020), doi:10.1029/2020GL087882",
)
def hot_nights(
    ts: xr.DataArray, *, frequency: str, threshold: float = 20.0, missing: str = "percent:50"
) -> xr.DataArray:
    """Nights of the period with a land-surface temperature above a threshold.

    Parameters
    ----------
    ts : DataArray (time, ...), degC
        Land-surface temperature of the night overpass, one value a day.
    frequency : {"year", "season", "month"}
        Of the result.
    threshold : float
        In degC.
    missing : str
        Missing-day rule; satellites see cloud-free nights only.

    Returns
    -------
    DataArray (time, ...), d

    Raises
    ------
    IndicatorError
        If the data are not daily.
    """
    return days_above(ts, threshold, frequency, missing)


@indicator(
    formula="mean of TS where built_up >= urban - mean of TS where built_up <= rural",
    units="degC",
    long_name="Difference of surface temperature between town and country",
    difference=True,
    cell_methods="time: mean area: mean",
    ecv="Land surface temperature",
    references="Chakraborty and Lee (2019), doi:10.1016/j.jag.2018.09.015",
)
def urban_heat(
    ts: xr.DataArray,
    built_up: xr.DataArray,
    *,
    urban: float = 0.5,
    rural: float = 0.05,
    min_share: float = 0.5,
) -> xr.DataArray:
    """Mean surface temperature of built-up cells less that of cells that are hardly built up.

    Parameters
    ----------
    ts : DataArray (time, ...), degC
        Land-surface temperature at any frequency; weighted by `cell_area` where there is one.
    built_up : DataArray (...) or (time, ...), 1
        Built-up share of each cell; of the first time, if it has several.
    urban, rural : float
        Least share of an urban and largest share of a rural cell.
    min_share : float
        Share of either kind of cells that must have a value at a time.

    Returns
    -------
    DataArray (time,), degC

    Raises
    ------
    IndicatorError
        If there is no urban or no rural cell.
    """
    share = built_up.isel(time=0, drop=True) if "time" in built_up.dims else built_up
    weights = xr.ones_like(share, dtype=float)
    if "cell_area" in ts.coords:
        weights = ts["cell_area"].reset_coords(drop=True)
    levels = []
    for kind, cells in (("urban", share >= urban), ("rural", share <= rural)):
        if not bool(cells.any()):
            raise IndicatorError(
                f"there is no {kind} cell: 'built_up' runs from {float(share.min()):g} to "
                f"{float(share.max()):g}; change option {kind!r}"
            )
        levels.append(_mean_of(ts, weights.where(cells, 0.0), min_share))
    return levels[0] - levels[1]


@indicator(
    formula="number of limits 30, 20, 10, 5, 2 >= percentile of x in its month",
    units="1",
    long_name="Soil moisture drought class",
    cell_methods="time: mean",
    ecv="Soil moisture",
    references="Svoboda et al. (2002), doi:10.1175/1520-0477-83.8.1181; "
    "Sheffield et al. (2004), doi:10.1029/2004JD005182",
)
def soil_moisture_class(
    sm: xr.DataArray, *, baseline: Period, min_values: int = 10
) -> xr.DataArray:
    """Drought class of the soil moisture: its percentile of the calendar month.

    Parameters
    ----------
    sm : DataArray (time, ...), 1
        Monthly or daily volumetric soil moisture.
    baseline : Period
        Whole years within the data, from which percentiles are taken.
    min_values : int
        Values of a calendar month that the base period must hold.

    Returns
    -------
    DataArray (time, ...)
        One value a month: 0 for no drought, 1 to 5 for D0 to D4 (percentile at or below 30, 20,
        10, 5 and 2).

    Raises
    ------
    IndicatorError
        If the base period is not within the data.
    """
    found = _percentile(sm, baseline, min_values)
    classes = sum((found <= limit).astype(float) for limit in DROUGHT_CLASSES)
    result: xr.DataArray = classes.where(found.notnull())  # type: ignore[union-attr]
    return result


@indicator(
    formula="100 if percentile of x in its month <= percentile, else 0",
    units="%",
    long_name="Area in soil moisture drought",
    cell_methods="time: mean",
    ecv="Soil moisture",
    references="Sheffield et al. (2004), doi:10.1029/2004JD005182",
)
def soil_moisture_drought_area(
    sm: xr.DataArray, *, baseline: Period, percentile: float = 20.0, min_values: int = 10
) -> xr.DataArray:
    """100 where the soil moisture is at or below a percentile of its month, else 0.

    Parameters
    ----------
    sm : DataArray (time, ...), 1
        Monthly or daily volumetric soil moisture.
    baseline, min_values
        As for `soil_moisture_class`.
    percentile : float
        20 for moderate drought or worse.

    Returns
    -------
    DataArray (time, ...), %
        A regional mean of it is the share of the area in drought.

    Raises
    ------
    IndicatorError
        If the base period is not within the data.
    """
    found = _percentile(sm, baseline, min_values)
    return (100.0 * (found <= percentile)).where(found.notnull())


def _percentile(sm: xr.DataArray, baseline: Period, min_values: int) -> xr.DataArray:
    """Return the percentile of each month among the same months of the base period.

    ``(smaller + equal / 2 + 1/2) / (n + 1)``: never 0 or 100.
    """
    months = months_axis(sm["time"], sm.name)
    base = months.base(baseline, sm.name)

    def rank(series: np.ndarray) -> np.ndarray:
        record = months.means(series).reshape(series.shape[0], -1, MONTHS)
        sample = record[:, base]
        count = np.isfinite(sample).sum(axis=1)[:, None, :]
        below = np.zeros_like(record)
        for year in range(sample.shape[1]):
            one = sample[:, year : year + 1]
            below += (one < record) + 0.5 * (one == record)
        share = (below + 0.5) / (count + 1.0)
        share = np.where((count >= min_values) & np.isfinite(record), 100.0 * share, np.nan)
        return share.reshape(series.shape[0], -1)[:, months.output]

    return over_cells(rank, sm, result={"time": months.stamps})


def _yearly_sum(field: xr.DataArray, min_fraction: float) -> xr.DataArray:
    """Sum the values of each calendar year that has enough of them."""
    years, position = calendar_years(field["time"])
    usual = np.bincount(position).max()

    def add(series: np.ndarray) -> np.ndarray:
        total, held = group_sums(series, position, len(years))
        return np.where(held >= max(1.0, min_fraction * usual), total, np.nan)

    return over_cells(add, field, result={"time": year_stamps(years, field["time"])})


def _mean_of(ts: xr.DataArray, weights: xr.DataArray, min_share: float) -> xr.DataArray:
    """Return the weighted mean over space where enough of the weights have a value."""
    space = [dim for dim in ts.dims if dim != "time"]
    held = (ts.notnull() * weights).sum(space)
    mean = (ts * weights).sum(space) / held.where(held > 0)
    return mean.where(held >= min_share * weights.sum(space))
