"""Degree days: heating, cooling and growing (ET-SCI)."""

from __future__ import annotations

import numpy as np

from .daily_index import daily_index
from .days import Days
from .kernels.heat import degree_sums
from .temperature import ECV

ET_SCI = "Alexander and Herold (2016), ClimPACT2: indices and software, WMO ET-SCI"
_SUM = "time: mean within days time: sum over days"


@daily_index(
    formula="sum of max(0, base_temperature - TM), TM = (TX + TN) / 2",
    units="degC d",
    long_name="Heating degree days",
    standard_name="integral_wrt_time_of_air_temperature_deficit",
    cell_methods=_SUM,
    references=ET_SCI,
    ecv=ECV,
)
def hddheat(tas: Days, *, base_temperature: float = 18.0) -> np.ndarray:
    """Sum of degrees that daily mean temperature lies below a base (ET-SCI HDDheat)."""
    return degree_sums(tas.values, tas.frame.starts, tas.frame.stops, float(base_temperature), -1.0)


@daily_index(
    formula="sum of max(0, TM - base_temperature), TM = (TX + TN) / 2",
    units="degC d",
    long_name="Cooling degree days",
    standard_name="integral_wrt_time_of_air_temperature_excess",
    cell_methods=_SUM,
    references=ET_SCI,
    ecv=ECV,
)
def cddcold(tas: Days, *, base_temperature: float = 18.0) -> np.ndarray:
    """Sum of degrees that daily mean temperature lies above a base (ET-SCI CDDcold)."""
    return degree_sums(tas.values, tas.frame.starts, tas.frame.stops, float(base_temperature), 1.0)


@daily_index(
    formula="sum of max(0, TM - base_temperature), TM = (TX + TN) / 2",
    units="degC d",
    long_name="Growing degree days",
    standard_name="integral_wrt_time_of_air_temperature_excess",
    cell_methods=_SUM,
    references=ET_SCI,
    ecv=ECV,
)
def gddgrow(tas: Days, *, base_temperature: float = 10.0) -> np.ndarray:
    """Sum of degrees that daily mean temperature lies above what plants need (ET-SCI GDDgrow)."""
    return degree_sums(tas.values, tas.frame.starts, tas.frame.stops, float(base_temperature), 1.0)
