"""Means of daily temperature over months, seasons and years (ET-SCI)."""

from __future__ import annotations

import numpy as np

from .daily_index import daily_index
from .days import Days
from .degree_days import ET_SCI
from .temperature import ECV


@daily_index(
    formula="mean of TX",
    units="degC",
    long_name="Mean daily maximum temperature",
    standard_name="air_temperature",
    cell_methods="time: maximum within days time: mean over days",
    references=ET_SCI,
    ecv=ECV,
)
def txm(tasmax: Days) -> np.ndarray:
    """Mean of the daily maximum temperature (ET-SCI TXm)."""
    return tasmax.mean()


@daily_index(
    formula="mean of TN",
    units="degC",
    long_name="Mean daily minimum temperature",
    standard_name="air_temperature",
    cell_methods="time: minimum within days time: mean over days",
    references=ET_SCI,
    ecv=ECV,
)
def tnm(tasmin: Days) -> np.ndarray:
    """Mean of the daily minimum temperature (ET-SCI TNm)."""
    return tasmin.mean()


@daily_index(
    formula="mean of TM, TM = (TX + TN) / 2",
    units="degC",
    long_name="Mean temperature",
    standard_name="air_temperature",
    cell_methods="time: mean within days time: mean over days",
    references=ET_SCI,
    ecv=ECV,
)
def tmm(tas: Days) -> np.ndarray:
    """Mean of the daily mean temperature (ET-SCI TMm)."""
    return tas.mean()
