"""ETCCDI indices of daily temperature.

The definitions are those of the reference implementation of the Expert Team on Climate Change
Detection and Indices; where others choose differently there is an option, with the ETCCDI choice
as its default.
"""

from __future__ import annotations

import numpy as np

from .daily_index import daily_index
from .days import HALF_YEAR, Days
from .definition import YEAR, one_of
from .kernels import spells
from .kernels.counts import ABOVE, BELOW
from .periods import MONTHS

ETCCDI = "Zhang et al. (2011), https://doi.org/10.1002/wcc.147"
ECV = "Near-surface air temperature"
GROWING_MODES = {"gsl": -1, "first": 0, "max": 1, "sum": 2}
_ABOVE = "number_of_days_with_air_temperature_above_threshold"
_BELOW = "number_of_days_with_air_temperature_below_threshold"
_MAX_DAYS = "time: maximum within days time: sum over days"
_MIN_DAYS = "time: minimum within days time: sum over days"


@daily_index(
    formula="number of days with TX > threshold",
    units="d",
    long_name="Summer days",
    standard_name=_ABOVE,
    cell_methods=_MAX_DAYS,
    references=ETCCDI,
    ecv=ECV,
)
def su(tasmax: Days, *, threshold: float = 25.0) -> np.ndarray:
    """Days with maximum temperature above a threshold in degC (ETCCDI SU)."""
    return tasmax.count(ABOVE, threshold)


@daily_index(
    formula="number of days with TX < threshold",
    units="d",
    long_name="Icing days",
    standard_name=_BELOW,
    cell_methods=_MAX_DAYS,
    references=ETCCDI,
    ecv=ECV,
)
def id(tasmax: Days, *, threshold: float = 0.0) -> np.ndarray:
    """Days with maximum temperature below a threshold in degC (ETCCDI ID)."""
    return tasmax.count(BELOW, threshold)


@daily_index(
    formula="number of days with TN < threshold",
    units="d",
    long_name="Frost days",
    standard_name=_BELOW,
    cell_methods=_MIN_DAYS,
    references=ETCCDI,
    ecv=ECV,
)
def fd(tasmin: Days, *, threshold: float = 0.0) -> np.ndarray:
    """Days with minimum temperature below a threshold in degC (ETCCDI FD)."""
    return tasmin.count(BELOW, threshold)


@daily_index(
    formula="number of days with TN > threshold",
    units="d",
    long_name="Tropical nights",
    standard_name=_ABOVE,
    cell_methods=_MIN_DAYS,
    references=ETCCDI,
    ecv=ECV,
)
def tr(tasmin: Days, *, threshold: float = 20.0) -> np.ndarray:
    """Days with minimum temperature above a threshold in degC (ETCCDI TR)."""
    return tasmin.count(ABOVE, threshold)


@daily_index(
    formula="max of TX",
    units="degC",
    long_name="Hottest day",
    standard_name="air_temperature",
    cell_methods="time: maximum within days time: maximum over days",
    references=ETCCDI,
    ecv=ECV,
)
def txx(tasmax: Days) -> np.ndarray:
    """Largest daily maximum temperature (ETCCDI TXx)."""
    return tasmax.extreme(largest=True)


@daily_index(
    formula="min of TX",
    units="degC",
    long_name="Coldest day",
    standard_name="air_temperature",
    cell_methods="time: maximum within days time: minimum over days",
    references=ETCCDI,
    ecv=ECV,
)
def txn(tasmax: Days) -> np.ndarray:
    """Smallest daily maximum temperature (ETCCDI TXn)."""
    return tasmax.extreme(largest=False)


@daily_index(
    formula="max of TN",
    units="degC",
    long_name="Hottest night",
    standard_name="air_temperature",
    cell_methods="time: minimum within days time: maximum over days",
    references=ETCCDI,
    ecv=ECV,
)
def tnx(tasmin: Days) -> np.ndarray:
    """Largest daily minimum temperature (ETCCDI TNx)."""
    return tasmin.extreme(largest=True)


@daily_index(
    formula="min of TN",
    units="degC",
    long_name="Coldest night",
    standard_name="air_temperature",
    cell_methods="time: minimum within days time: minimum over days",
    references=ETCCDI,
    ecv=ECV,
)
def tnn(tasmin: Days) -> np.ndarray:
    """Smallest daily minimum temperature (ETCCDI TNn)."""
    return tasmin.extreme(largest=False)


@daily_index(
    formula="mean of TX - TN",
    units="degC",
    long_name="Daily temperature range",
    standard_name="air_temperature",
    cell_methods="time: range within days time: mean over days",
    references=ETCCDI,
    ecv=ECV,
    judged_by=("tas",),
    difference=True,
)
def dtr(tasmax: Days, tasmin: Days) -> np.ndarray:
    """Mean difference of daily maximum and minimum temperature (ETCCDI DTR)."""
    return tasmax.mean_above(tasmin)


@daily_index(
    formula="days from the first 6 days with TG > 5 to the first 6 days with TG < 5 after July",
    units="d",
    long_name="Growing season length",
    cell_methods="time: mean within days time: sum over days",
    references=ETCCDI,
    ecv=ECV,
    frequencies=YEAR,
    by_hemisphere=True,
    judged_by=(),
)
def gsl(
    tas: Days, *, threshold: float = 5.0, min_days: int = 6, gsl_mode: str = "gsl"
) -> np.ndarray:
    """Days between the first six warm days and the first six cold days of autumn (ETCCDI GSL).

    In the south the year runs from 1 July of the year given to 30 June of the next.
    """
    mode = one_of("gsl_mode", gsl_mode.lower().removeprefix("gsl_"), GROWING_MODES)
    north = south = np.full((len(tas.frame.periods), tas.values.shape[1]), np.nan)
    in_south = np.zeros(north.shape[1], dtype=bool) if tas.south is None else tas.south
    if not in_south.all():
        north = _growing_season(tas, mode, threshold, min_days, shift=0)
        north = np.where(tas.enough(), north, np.nan)
    if in_south.any():
        south = _growing_season(tas, mode, threshold, min_days, shift=HALF_YEAR)
    return np.where(in_south, south, north)


def _growing_season(
    tas: Days, mode: int, threshold: float, min_days: int, *, shift: int
) -> np.ndarray:
    """Return the growing season of years that start `shift` months after January."""
    years = tas.frame.last - tas.frame.first
    bounds = tas.frame.month_bounds
    first = MONTHS * np.arange(years) + shift
    inside = first + MONTHS < len(bounds)
    first = first[inside]
    starts, turns, stops = bounds[first], bounds[first + HALF_YEAR], bounds[first + MONTHS]
    if mode < 0:
        found = spells.growing_seasons(
            tas.values, starts, turns, stops, tas.limit(threshold), min_days
        )
    else:
        found = spells.growing_stretches(tas.values, starts, stops, threshold, min_days, mode)
    out = np.full((years, tas.values.shape[1]), np.nan)
    out[inside] = found
    return out if shift == 0 else np.where(tas.enough_from(shift), out, np.nan)
