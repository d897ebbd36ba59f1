"""Means and extremes of the daily values of any variable over months, seasons and years.

One visit to the data gives them all, in units that indicators of earlier results go on from: the
anomaly of monthly means, the trend of yearly maxima.
"""

from __future__ import annotations

import numpy as np

from .daily_index import daily_index
from .days import Days
from .normals import WMO_1203


@daily_index(
    formula="mean of x",
    units="{units}",
    long_name="Mean of {long_name}",
    standard_name="{standard_name}",
    cell_methods="time: {daily} within days time: mean over days",
    references=WMO_1203,
)
def mean(field: Days) -> np.ndarray:
    """Mean of the daily values of each period."""
    return field.mean()


@daily_index(
    formula="max of x",
    units="{units}",
    long_name="Highest {long_name}",
    standard_name="{standard_name}",
    cell_methods="time: {daily} within days time: maximum over days",
    references=WMO_1203,
)
def maximum(field: Days) -> np.ndarray:
    """Largest daily value of each period."""
    return field.extreme(largest=True)


@daily_index(
    formula="min of x",
    units="{units}",
    long_name="Lowest {long_name}",
    standard_name="{standard_name}",
    cell_methods="time: {daily} within days time: minimum over days",
    references=WMO_1203,
)
def minimum(field: Days) -> np.ndarray:
    """Smallest daily value of each period."""
    return field.extreme(largest=False)
