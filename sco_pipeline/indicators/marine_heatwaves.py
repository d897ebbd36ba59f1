"""Marine heatwaves and cold spells (Hobday et al. 2016, 2018), and heat stress of corals."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from ..catalog import Period
from .cells import over_cells
from .exceedance import enough_days
from .indicator import indicator
from .mhw_rules import DEFAULTS, Rules, rules_of
from .missing import missing_rule

HOBDAY = (
    "Hobday et al. (2016), doi:10.1016/j.pocean.2015.12.014; "
    "Hobday et al. (2018), doi:10.5670/oceanog.2018.205"
)
ECV = "Sea surface temperature"
_METRICS = {
    # name in the product: column of the kernel, units, long name
    "days": ("total_days", "d", "Days a year in {what}"),
    "count": ("count", "1", "{What} that start in a year"),
    "duration": ("duration", "d", "Mean duration of {what}"),
    "intensity_mean": ("intensity_mean", "degC", "Mean intensity of {what}"),
    "intensity_max": ("intensity_max_max", "degC", "Largest intensity of {what}"),
    "intensity_cumulative": ("total_icum", "degC d", "Cumulative intensity of {what}"),
    "rate_onset": ("rate_onset", "degC d-1", "Mean rate of onset of {what}"),
    "rate_decline": ("rate_decline", "degC d-1", "Mean rate of decline of {what}"),
    "moderate_days": ("moderate_days", "d", "Days a year in {what}, moderate"),
    "strong_days": ("strong_days", "d", "Days a year in {what}, strong"),
    "severe_days": ("severe_days", "d", "Days a year in {what}, severe"),
    "extreme_days": ("extreme_days", "d", "Days a year in {what}, extreme"),
    "category": ("category", "1", "Highest category of {what}"),
}


@indicator(
    formula="runs of >= 5 days with SST > 90th percentile of 11-day window in base",
    units="d",
    long_name="Marine heatwaves",
    frequency="day",
    ecv=ECV,
    references=HOBDAY,
)
def marine_heatwaves(
    tos: xr.DataArray,
    *,
    baseline: Period,
    percentile: float = 90.0,
    window_half_width: int = 5,
    smooth_width: int = 31,
    min_duration: int = 5,
    max_gap: int = 2,
    max_pad_length: int = 0,
    missing: str = "etccdi",
) -> xr.Dataset:
    """Yearly days, number, duration, intensity, rates and category of marine heatwaves.

    A heatwave is a run of at least `min_duration` days strictly above the seasonal threshold; runs
    with at most `max_gap` days between them are one. Its intensity is the departure from the
    seasonal mean; its category how many times the distance from mean to threshold it reaches.

    Parameters
    ----------
    tos : DataArray (time, ...), degC
        Daily sea surface temperature.
    baseline : Period
        Whole years of the record from which mean and threshold are taken; 30 are usual.
    percentile : float
        Of the threshold.
    window_half_width : int
        Days on each side of a day of the year whose values enter its threshold.
    smooth_width : int
        Days of the running mean over mean and threshold; 1 for none.
    min_duration, max_gap : int
        Days; a `max_gap` of -1 joins nothing.
    max_pad_length : int
        Gaps of at most so many days, with values on both sides, are interpolated; other missing
        days end an event.
    missing : str
        Missing-day rule: which years have a value.

    Returns
    -------
    Dataset (time, ...)
        One value a year. Number, means and cumulative intensity belong to the year in which an
        event starts; days to the year in which they lie. Missing: years without enough days, and
        means of years without events. Days whose threshold does not exceed the mean, as under ice,
        have no events.

    Raises
    ------
    IndicatorError
        If `tos` is not daily, or the baseline is not within its years.
    """
    options = _options(locals())
    return _yearly(tos, baseline, options, missing, cold=False)


@indicator(
    formula="runs of >= 5 days with SST < 10th percentile of 11-day window in base",
    units="d",
    long_name="Marine cold spells",
    frequency="day",
    ecv=ECV,
    references=f"{HOBDAY}; Schlegel et al. (2021), doi:10.1016/j.pocean.2021.102684",
)
def marine_cold_spells(
    tos: xr.DataArray,
    *,
    baseline: Period,
    percentile: float = 90.0,
    window_half_width: int = 5,
    smooth_width: int = 31,
    min_duration: int = 5,
    max_gap: int = 2,
    max_pad_length: int = 0,
    missing: str = "etccdi",
) -> xr.Dataset:
    """Yearly days, number, duration, intensity, rates and category of marine cold spells.

    As `marine_heatwaves`, of the temperature with its sign changed: a `percentile` of 90 is the
    10th percentile. Intensities are negative, rates positive.

    Parameters
    ----------
    tos : DataArray (time, ...), degC
        Daily sea surface temperature.
    baseline, percentile, window_half_width, smooth_width, min_duration, max_gap, \
max_pad_length, missing
        As for `marine_heatwaves`.

    Returns
    -------
    Dataset (time, ...)
        As for `marine_heatwaves`.

    Raises
    ------
    IndicatorError
        If `tos` is not daily, or the baseline is not within its years.
    """
    options = _options(locals())
    return _yearly(tos, baseline, options, missing, cold=True)


@indicator(
    formula="percentile of SST in 11-day window in base, mean of 31 days",
    units="degC",
    long_name="Threshold of marine heatwaves",
    standard_name="sea_surface_temperature",
    frequency="day",
    ecv=ECV,
    references=HOBDAY,
)
def marine_heatwave_threshold(
    tos: xr.DataArray,
    *,
    baseline: Period,
    percentile: float = 90.0,
    window_half_width: int = 5,
    smooth_width: int = 31,
    max_pad_length: int = 0,
) -> xr.DataArray:
    """Temperature above which each day of the year may belong to a marine heatwave.

    Parameters
    ----------
    tos : DataArray (time, ...), degC
        Daily sea surface temperature.
    baseline, percentile, window_half_width, smooth_width, max_pad_length
        As for `marine_heatwaves`.

    Returns
    -------
    DataArray (dayofyear, ...), degC
        1 to 366, on which 1 March is always 61; 365 days where the record has no 29 February.

    Raises
    ------
    IndicatorError
        If `tos` is not daily, or the baseline is not within its years.
    """
    options = _options(locals())
    rules = rules_of(tos["time"], baseline, options, cold=False, name="marine_heatwave_threshold")
    days = np.arange(1, len(rules.base_starts))

    def threshold(series: np.ndarray) -> np.ndarray:
        return rules.normal(rules.padded(series))[:, 1]

    return over_cells(threshold, tos, result={"dayofyear": days})


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the definition among the arguments of an indicator."""
    return {name: given.get(name, default) for name, default in DEFAULTS.items()}


def _yearly(
    tos: xr.DataArray, baseline: Period, options: dict[str, Any], missing: str, *, cold: bool
) -> xr.Dataset:
    """Return the yearly metrics as variables with their attributes."""
    name = "marine_cold_spells" if cold else "marine_heatwaves"
    rules = rules_of(tos["time"], baseline, options, cold=cold, name=name)
    rule = missing_rule(missing, None)
    periods = rules.axis.periods("year")
    starts, _ = rules.axis.stamps(periods)

    def metrics(series: np.ndarray) -> np.ndarray:
        padded = rules.padded(series)
        found = metrics_of(padded, rules.normal(padded), rules)
        enough = enough_days(rule, padded, rules.axis.month_starts, periods)
        return np.where(enough[:, :, None], found, np.nan)

    out = over_cells(metrics, tos, result={"time": starts, "metric": list(_METRICS)})
    what = "marine cold spells" if cold else "marine heatwaves"
    ds = xr.Dataset()
    for metric, (_, units, long_name) in _METRICS.items():
        ds[metric] = out.sel(metric=metric, drop=True)
        ds[metric].attrs.update(
            long_name=long_name.format(what=what, What=what.capitalize()), units=units
        )
    ds["category"].attrs.update(
        flag_values=[0.0, 1.0, 2.0, 3.0, 4.0], flag_meanings="none moderate strong severe extreme"
    )
    return ds


def metrics_of(padded: np.ndarray, normal: np.ndarray, rules: Rules) -> np.ndarray:
    """Return the yearly metrics of padded series; (cell, year, metric)."""
    from .kernels.mhw_years import YEAR, yearly

    found = yearly(
        padded,
        normal,
        rules.day_of_year,
        rules.year_of,
        rules.record,
        int(rules.options["min_duration"]),
        int(rules.options["max_gap"]),
        rules.sign,
    )
    columns = [YEAR.index(column) for column, _, _ in _METRICS.values()]
    chosen: np.ndarray = found[:, :, columns]
    return chosen
