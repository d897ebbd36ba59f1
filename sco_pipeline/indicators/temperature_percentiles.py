"""ETCCDI indices of daily temperature against the percentiles of a base period."""

from __future__ import annotations

import numpy as np

from .daily_index import daily_index
from .days import BOOTSTRAP_DAYS, Days
from .definition import YEAR
from .percentile import Percentile
from .temperature import ECV, ETCCDI


@daily_index(
    formula="100 x share of days with TX > 90th percentile of its 5-day window in base",
    units="%",
    long_name="Warm days",
    cell_methods="time: maximum within days time: mean over days",
    references=ETCCDI,
    ecv=ECV,
    needs_baseline=True,
)
def tx90p(
    tasmax: Days,
    *,
    quantile: float = 0.9,
    window: int = 5,
    min_base_fraction: float = 0.1,
    quantile_method: str = "median_unbiased",
    windows: str = "calendar",
    bootstrap: bool = True,
) -> np.ndarray:
    """Share of days with maximum temperature above the 90th percentile (ETCCDI TX90p)."""
    percentile = Percentile(quantile, window, min_base_fraction, quantile_method, windows)
    return _share(tasmax, percentile, bootstrap)


@daily_index(
    formula="100 x share of days with TX < 10th percentile of its 5-day window in base",
    units="%",
    long_name="Cool days",
    cell_methods="time: maximum within days time: mean over days",
    references=ETCCDI,
    ecv=ECV,
    needs_baseline=True,
)
def tx10p(
    tasmax: Days,
    *,
    quantile: float = 0.1,
    window: int = 5,
    min_base_fraction: float = 0.1,
    quantile_method: str = "median_unbiased",
    windows: str = "calendar",
    bootstrap: bool = True,
) -> np.ndarray:
    """Share of days with maximum temperature below the 10th percentile (ETCCDI TX10p)."""
    percentile = Percentile(quantile, window, min_base_fraction, quantile_method, windows)
    return _share(tasmax, percentile, bootstrap)


@daily_index(
    formula="100 x share of days with TN > 90th percentile of its 5-day window in base",
    units="%",
    long_name="Warm nights",
    cell_methods="time: minimum within days time: mean over days",
    references=ETCCDI,
    ecv=ECV,
    needs_baseline=True,
)
def tn90p(
    tasmin: Days,
    *,
    quantile: float = 0.9,
    window: int = 5,
    min_base_fraction: float = 0.1,
    quantile_method: str = "median_unbiased",
    windows: str = "calendar",
    bootstrap: bool = True,
) -> np.ndarray:
    """Share of days with minimum temperature above the 90th percentile (ETCCDI TN90p)."""
    percentile = Percentile(quantile, window, min_base_fraction, quantile_method, windows)
    return _share(tasmin, percentile, bootstrap)


@daily_index(
    formula="100 x share of days with TN < 10th percentile of its 5-day window in base",
    units="%",
    long_name="Cool nights",
    cell_methods="time: minimum within days time: mean over days",
    references=ETCCDI,
    ecv=ECV,
    needs_baseline=True,
)
def tn10p(
    tasmin: Days,
    *,
    quantile: float = 0.1,
    window: int = 5,
    min_base_fraction: float = 0.1,
    quantile_method: str = "median_unbiased",
    windows: str = "calendar",
    bootstrap: bool = True,
) -> np.ndarray:
    """Share of days with minimum temperature below the 10th percentile (ETCCDI TN10p)."""
    percentile = Percentile(quantile, window, min_base_fraction, quantile_method, windows)
    return _share(tasmin, percentile, bootstrap)


@daily_index(
    formula="number of days in runs of >= 6 days with TX > 90th percentile in base",
    units="d",
    long_name="Warm spell duration",
    cell_methods="time: maximum within days time: sum over days",
    references=ETCCDI,
    ecv=ECV,
    frequencies=YEAR,
    needs_baseline=True,
)
def wsdi(
    tasmax: Days,
    *,
    quantile: float = 0.9,
    window: int = 5,
    min_base_fraction: float = 0.1,
    quantile_method: str = "median_unbiased",
    windows: str = "calendar",
    min_days: int = 6,
    spells_can_span_years: bool = False,
) -> np.ndarray:
    """Days in spells of six or more days above the 90th percentile (ETCCDI WSDI)."""
    percentile = Percentile(quantile, window, min_base_fraction, quantile_method, windows)
    hits = tasmax.beyond(percentile)
    return tasmax.days_in_spells(hits, min_days, span=spells_can_span_years)


@daily_index(
    formula="number of days in runs of >= 6 days with TN < 10th percentile in base",
    units="d",
    long_name="Cold spell duration",
    cell_methods="time: minimum within days time: sum over days",
    references=ETCCDI,
    ecv=ECV,
    frequencies=YEAR,
    needs_baseline=True,
)
def csdi(
    tasmin: Days,
    *,
    quantile: float = 0.1,
    window: int = 5,
    min_base_fraction: float = 0.1,
    quantile_method: str = "median_unbiased",
    windows: str = "calendar",
    min_days: int = 6,
    spells_can_span_years: bool = False,
) -> np.ndarray:
    """Days in spells of six or more days below the 10th percentile (ETCCDI CSDI)."""
    percentile = Percentile(quantile, window, min_base_fraction, quantile_method, windows)
    hits = tasmin.beyond(percentile)
    return tasmin.days_in_spells(hits, min_days, span=spells_can_span_years)


def _share(days: Days, percentile: Percentile, bootstrap: bool) -> np.ndarray:
    """Return the share of days beyond their threshold, inside the base by the bootstrap."""
    hits = days.beyond(percentile)
    if bootstrap and days.frame.axis.days >= BOOTSTRAP_DAYS:
        days.put_bootstrap(hits, percentile)
    return days.shares(hits)
