"""ETCCDI indices of daily precipitation."""

from __future__ import annotations

import numpy as np

from .daily_index import daily_index
from .days import Days
from .definition import Joined
from .kernels.counts import ABOVE, AT_LEAST, BELOW
from .temperature import ETCCDI

ECV = "Precipitation"
ECAD = (
    "Klein Tank and Koennen (2003), https://doi.org/10.1175/1520-0442(2003)016<3665:TIIDTA>2.0.CO;2"
)
_AMOUNT = "lwe_thickness_of_precipitation_amount"
# CF has no name for days at or above a threshold: `..._above_threshold` excludes it
_SUM_DAYS = "time: sum within days time: sum over days"
_HALF, _WHOLE = 2, 4


@daily_index(
    formula="max of P",
    units="mm",
    long_name="Wettest day",
    standard_name=_AMOUNT,
    cell_methods="time: sum within days time: maximum over days",
    references=ETCCDI,
    ecv=ECV,
)
def rx1day(pr: Days) -> np.ndarray:
    """Largest daily precipitation (ETCCDI RX1day)."""
    return pr.extreme(largest=True)


@daily_index(
    formula="max of P summed over 5 days",
    units="mm",
    long_name="Wettest five days",
    standard_name=_AMOUNT,
    cell_methods="time: sum within days time: maximum over days (comment: sums of 5 days)",
    references=ETCCDI,
    ecv=ECV,
)
def rx5day(pr: Days, *, center_on_last_day: bool = False) -> np.ndarray:
    """Largest precipitation of five days, dated on their middle or last day (ETCCDI RX5day)."""
    before, after = (_WHOLE, 0) if center_on_last_day else (_HALF, _HALF)
    return pr.largest_running_sum(before, after)


@daily_index(
    formula="sum of P with P >= wet_day / number of days with P >= wet_day",
    units="mm d-1",
    long_name="Simple daily intensity",
    standard_name="lwe_precipitation_rate",
    cell_methods="time: sum within days time: mean over days (comment: wet days)",
    references=ETCCDI,
    ecv=ECV,
)
def sdii(pr: Days, *, wet_day: float = 1.0) -> np.ndarray:
    """Mean precipitation of wet days, 0 when there is none (ETCCDI SDII)."""
    total, days = pr.sum_where(AT_LEAST, wet_day), pr.count(AT_LEAST, wet_day)
    mean: np.ndarray = np.divide(total, days, out=np.zeros_like(total), where=days > 0)
    return mean


@daily_index(
    formula="number of days with P >= 10 mm",
    units="d",
    long_name="Heavy precipitation days",
    cell_methods=_SUM_DAYS,
    references=ETCCDI,
    ecv=ECV,
)
def r10mm(pr: Days) -> np.ndarray:
    """Days with at least 10 mm of precipitation (ETCCDI R10mm)."""
    return pr.count(AT_LEAST, 10.0)


@daily_index(
    formula="number of days with P >= 20 mm",
    units="d",
    long_name="Very heavy precipitation days",
    cell_methods=_SUM_DAYS,
    references=ETCCDI,
    ecv=ECV,
)
def r20mm(pr: Days) -> np.ndarray:
    """Days with at least 20 mm of precipitation (ETCCDI R20mm)."""
    return pr.count(AT_LEAST, 20.0)


@daily_index(
    formula="number of days with P >= threshold",
    units="d",
    long_name="Days with precipitation at or above a threshold",
    cell_methods=_SUM_DAYS,
    references=ETCCDI,
    ecv=ECV,
)
def rnnmm(pr: Days, *, threshold: float = 1.0) -> np.ndarray:
    """Days with at least a given precipitation in mm (ETCCDI Rnnmm)."""
    return pr.count(AT_LEAST, threshold)


@daily_index(
    formula="longest run of days with P < wet_day",
    units="d",
    long_name="Consecutive dry days",
    standard_name=f"spell_length_of_days_with_{_AMOUNT}_below_threshold",
    cell_methods="time: sum within days time: maximum over days",
    references=ETCCDI,
    ecv=ECV,
)
def cdd(pr: Days, *, wet_day: float = 1.0, spells_can_span_years: bool = True) -> Joined:
    """Longest spell of days with less than 1 mm (ETCCDI CDD)."""
    return Joined(*pr.longest_spell(BELOW, wet_day, span=spells_can_span_years))


@daily_index(
    formula="longest run of days with P >= wet_day",
    units="d",
    long_name="Consecutive wet days",
    cell_methods="time: sum within days time: maximum over days",
    references=ETCCDI,
    ecv=ECV,
)
def cwd(pr: Days, *, wet_day: float = 1.0, spells_can_span_years: bool = True) -> Joined:
    """Longest spell of days with at least 1 mm (ETCCDI CWD)."""
    return Joined(*pr.longest_spell(AT_LEAST, wet_day, span=spells_can_span_years))


@daily_index(
    formula="sum of P with P >= wet_day",
    units="mm",
    long_name="Precipitation on wet days",
    standard_name=_AMOUNT,
    cell_methods=f"{_SUM_DAYS} (comment: wet days)",
    references=ETCCDI,
    ecv=ECV,
)
def prcptot(pr: Days, *, wet_day: float = 1.0) -> np.ndarray:
    """Total precipitation of wet days (ETCCDI PRCPTOT)."""
    return pr.sum_where(AT_LEAST, wet_day)


@daily_index(
    formula="sum of P with P > 95th percentile of wet days in base",
    units="mm",
    long_name="Precipitation on very wet days",
    standard_name=_AMOUNT,
    cell_methods=f"{_SUM_DAYS} (comment: very wet days)",
    references=ETCCDI,
    ecv=ECV,
    needs_baseline=True,
)
def r95ptot(
    pr: Days,
    *,
    quantile: float = 0.95,
    wet_day: float = 1.0,
    quantile_method: str = "median_unbiased",
) -> np.ndarray:
    """Total precipitation of days above the 95th percentile of wet days (ETCCDI R95p)."""
    return pr.sum_where(ABOVE, pr.wet_threshold(quantile, wet_day, quantile_method))


@daily_index(
    formula="sum of P with P > 99th percentile of wet days in base",
    units="mm",
    long_name="Precipitation on extremely wet days",
    standard_name=_AMOUNT,
    cell_methods=f"{_SUM_DAYS} (comment: extremely wet days)",
    references=ETCCDI,
    ecv=ECV,
    needs_baseline=True,
)
def r99ptot(
    pr: Days,
    *,
    quantile: float = 0.99,
    wet_day: float = 1.0,
    quantile_method: str = "median_unbiased",
) -> np.ndarray:
    """Total precipitation of days above the 99th percentile of wet days (ETCCDI R99p)."""
    return pr.sum_where(ABOVE, pr.wet_threshold(quantile, wet_day, quantile_method))


@daily_index(
    formula="100 x r95ptot / prcptot",
    units="%",
    long_name="Contribution of very wet days",
    cell_methods=f"{_SUM_DAYS} (comment: very wet days, as a share of wet days)",
    references=ECAD,
    ecv=ECV,
    needs_baseline=True,
)
def r95pfrac(
    pr: Days,
    *,
    quantile: float = 0.95,
    wet_day: float = 1.0,
    quantile_method: str = "median_unbiased",
) -> np.ndarray:
    """Share of precipitation that falls on days above the 95th percentile (ECA&D R95pFRAC).

    Missing where no day is wet.
    """
    return _share_beyond(pr, quantile, wet_day, quantile_method)


@daily_index(
    formula="100 x r99ptot / prcptot",
    units="%",
    long_name="Contribution of extremely wet days",
    cell_methods=f"{_SUM_DAYS} (comment: extremely wet days, as a share of wet days)",
    references=ECAD,
    ecv=ECV,
    needs_baseline=True,
)
def r99pfrac(
    pr: Days,
    *,
    quantile: float = 0.99,
    wet_day: float = 1.0,
    quantile_method: str = "median_unbiased",
) -> np.ndarray:
    """Share of precipitation that falls on days above the 99th percentile (ECA&D R99pFRAC).

    Missing where no day is wet.
    """
    return _share_beyond(pr, quantile, wet_day, quantile_method)


def _share_beyond(pr: Days, quantile: float, wet_day: float, method: str) -> np.ndarray:
    """Return per cent of the precipitation of wet days that falls on days above a quantile."""
    part = pr.sum_where(ABOVE, pr.wet_threshold(quantile, wet_day, method))
    whole, nothing = pr.sum_where(AT_LEAST, wet_day), np.full_like(part, np.nan)
    share: np.ndarray = np.divide(100.0 * part, whole, out=nothing, where=whole > 0)
    return share
