"""Heatwaves by the excess heat factor (ET-SCI).

The excess heat factor of a day is the mean temperature of it and the two days before, less the
90th percentile of its calendar day, times what that mean lies above the 30 days before them (at
least 1). A heatwave is three or more days with a positive factor inside the warm half of the year,
May to September in the north, November to March in the south, where the season is given under the
year it starts in.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .daily_index import daily_index
from .days import Days
from .definition import YEAR
from .kernels import counts, heat
from .percentile import Percentile
from .periods import MONTHS
from .temperature import ECV

EXCESS_HEAT = (
    "Nairn and Fawcett (2015), https://doi.org/10.3390/ijerph120100227; Perkins and Alexander "
    "(2013), https://doi.org/10.1175/JCLI-D-12-00383.1"
)
DAYS_BEFORE = 30
NORTH, SOUTH, SEASON_MONTHS = 4, 10, 5
"""First month, from 0, of the warm season in the north and the south, and its months."""

_COMMON: dict[str, Any] = {"references": EXCESS_HEAT, "ecv": ECV, "needs_baseline": True}
_WAVES: dict[str, Any] = {**_COMMON, "frequencies": YEAR, "by_hemisphere": True, "judged_by": ()}
_DAYS = "time: mean within days time: sum over days"
_MEAN = "time: mean within days time: mean over days"


@daily_index(
    formula="max of (T3 - T90) max(1, T3 - T30); T3: mean of 3 days, T30: of the 30 before them",
    units="degC2",
    long_name="Excess heat factor",
    cell_methods="time: mean within days time: maximum over days",
    **_COMMON,
)
def ehf(
    tas: Days, *, quantile: float = 0.9, window: int = 15, min_base_fraction: float = 0.1
) -> np.ndarray:
    """Largest excess heat factor of the days of a period (ET-SCI EHF)."""
    factor = np.ascontiguousarray(_factor(tas, quantile, window, min_base_fraction).T)
    return counts.extremes(factor, tas.frame.starts, tas.frame.stops, True)


@daily_index(
    formula="number of runs of >= min_days days with EHF > 0 in the warm season",
    units="1",
    long_name="Number of heatwaves",
    cell_methods=_DAYS,
    **_WAVES,
)
def hwn(
    tas: Days,
    *,
    quantile: float = 0.9,
    window: int = 15,
    min_base_fraction: float = 0.1,
    min_days: int = 3,
) -> np.ndarray:
    """Number of heatwaves of the warm season (ET-SCI HWN)."""
    return _waves(tas, quantile, window, min_base_fraction, min_days, heat.NUMBER)


@daily_index(
    formula="number of days in runs of >= min_days days with EHF > 0 in the warm season",
    units="d",
    long_name="Heatwave days",
    cell_methods=_DAYS,
    **_WAVES,
)
def hwf(
    tas: Days,
    *,
    quantile: float = 0.9,
    window: int = 15,
    min_base_fraction: float = 0.1,
    min_days: int = 3,
) -> np.ndarray:
    """Days of the warm season that belong to heatwaves (ET-SCI HWF)."""
    return _waves(tas, quantile, window, min_base_fraction, min_days, heat.DAYS)


@daily_index(
    formula="longest run of >= min_days days with EHF > 0 in the warm season",
    units="d",
    long_name="Longest heatwave",
    cell_methods=_DAYS,
    **_WAVES,
)
def hwd(
    tas: Days,
    *,
    quantile: float = 0.9,
    window: int = 15,
    min_base_fraction: float = 0.1,
    min_days: int = 3,
) -> np.ndarray:
    """Length of the longest heatwave of the warm season (ET-SCI HWD)."""
    return _waves(tas, quantile, window, min_base_fraction, min_days, heat.LONGEST)


@daily_index(
    formula="mean over heatwaves of the mean EHF of their days",
    units="degC2",
    long_name="Heatwave magnitude",
    cell_methods=_MEAN,
    **_WAVES,
)
def hwm(
    tas: Days,
    *,
    quantile: float = 0.9,
    window: int = 15,
    min_base_fraction: float = 0.1,
    min_days: int = 3,
) -> np.ndarray:
    """Mean over heatwaves of their mean excess heat factor, missing without any (ET-SCI HWM)."""
    return _waves(tas, quantile, window, min_base_fraction, min_days, heat.MAGNITUDE)


@daily_index(
    formula="max EHF of the heatwave whose mean EHF is largest",
    units="degC2",
    long_name="Heatwave amplitude",
    cell_methods="time: mean within days time: maximum over days",
    **_WAVES,
)
def hwa(
    tas: Days,
    *,
    quantile: float = 0.9,
    window: int = 15,
    min_base_fraction: float = 0.1,
    min_days: int = 3,
) -> np.ndarray:
    """Peak factor of the heatwave with the largest mean, missing without any (ET-SCI HWA)."""
    return _waves(tas, quantile, window, min_base_fraction, min_days, heat.AMPLITUDE)


def _factor(tas: Days, quantile: float, window: int, fraction: float) -> np.ndarray:
    """Return the excess heat factor of each day (cell, day)."""

    def compute() -> np.ndarray:
        limits = tas.thresholds(Percentile(quantile, window, fraction))
        return heat.excess_heat(tas.series(), limits, tas.frame.day_of_year, DAYS_BEFORE)

    return np.asarray(tas.shared(("excess heat", quantile, window, fraction), compute))


def _waves(
    tas: Days, quantile: float, window: int, fraction: float, min_days: int, what: int
) -> np.ndarray:
    """Return one aspect of the heatwaves of each year's warm season."""
    factor = _factor(tas, quantile, window, fraction)
    south = np.zeros(len(factor), dtype=bool) if tas.south is None else tas.south
    years = tas.frame.last - tas.frame.first
    bounds = tas.frame.month_bounds
    out = np.full((years, len(factor)), np.nan)
    for first_month, cells in ((NORTH, ~south), (SOUTH, south)):
        first = MONTHS * np.arange(years) + first_month
        inside = first + SEASON_MONTHS < len(bounds)
        first = first[inside]
        if not cells.any() or not len(first):
            continue
        found = heat.heatwaves(factor, bounds[first], bounds[first + SEASON_MONTHS], min_days, what)
        enough = tas.enough_months(first, first + SEASON_MONTHS)
        out[np.ix_(inside, cells)] = np.where(enough, found.T, np.nan)[:, cells]
    return out
