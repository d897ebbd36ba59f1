"""How a percentile of a base period is taken: each rule that differs between tools, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import IndicatorError
from .definition import one_of

METHODS: Mapping[str, tuple[float, float]] = {
    "median_unbiased": (1.0 / 3.0, 1.0 / 3.0),
    "linear": (1.0, 1.0),
    "weibull": (0.0, 0.0),
    "hazen": (0.5, 0.5),
    "normal_unbiased": (0.375, 0.375),
    "interpolated_inverted_cdf": (0.0, 1.0),
}
"""Plotting positions (Hyndman and Fan 1996) by NumPy's names: types 8, 7, 6, 5, 9 and 4."""

WINDOWS: Mapping[str, str] = {
    "calendar": "around a calendar day, 29 February left out, wrapped within the year (ETCCDI)",
    "rolling": "around each day of the record, by ordinal day of the year, 365 days stretched over "
    "366 (xclim)",
}


@dataclass(frozen=True)
class Percentile:
    """A percentile of each day of the year in the base period.

    Attributes
    ----------
    quantile : float
        Between 0 and 1.
    window : int
        Days that are pooled around each day.
    min_base_fraction : float
        Least share of the window's values of the base that must be present.
    method : str
        One of `METHODS`.
    windows : {"calendar", "rolling"}
        See `WINDOWS`.
    """

    quantile: float
    window: int = 5
    min_base_fraction: float = 0.1
    method: str = "median_unbiased"
    windows: str = "calendar"

    @property
    def upper(self) -> bool:
        """Whether values beyond it are the larger ones."""
        return self.quantile >= 0.5

    @property
    def numbers(self) -> tuple[float, float, float]:
        """Probability and plotting positions, as kernels take them."""
        return numbers(self.quantile, self.method)


def numbers(quantile: float, method: str) -> tuple[float, float, float]:
    """Return probability and plotting positions of a quantile."""
    alpha, beta = METHODS[method]
    return float(quantile), alpha, beta


def check_percentile(options: Mapping[str, Any]) -> None:
    """Refuse options of a percentile that do not exist or do not go together.

    Raises
    ------
    IndicatorError
        If one is unknown, or a bootstrap is asked of rolling windows.
    """
    one_of("quantile_method", options.get("quantile_method", "median_unbiased"), METHODS)
    one_of("windows", options.get("windows", "calendar"), WINDOWS)
    if options.get("windows") == "rolling" and options.get("bootstrap"):
        raise IndicatorError(
            "the bootstrap resamples windows of calendar days; with windows='rolling' give "
            "bootstrap=False"
        )
