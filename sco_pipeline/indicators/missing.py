"""Missing-day rules: when a period with gaps has a value.

``"etccdi"``
    A month is missing with more than 3 missing days, a season with more than 6, a year with more
    than 15; a season or year also when one of its months is. The limits are options.
``"wmo"``
    A month is missing with 11 or more missing days, or 5 or more in a row (WMO-No. 1203); a season
    or year when one of its months is.
``"percent:P"``
    A period is missing when more than P percent of its days are.
``"at-least:N"``
    A period needs N days with values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import IndicatorError
from .kernels.counts import count_present, longest_absence, sum_months
from .periods import PeriodName, Periods

ETCCDI_LIMITS: Mapping[str, int] = {"year": 15, "season": 6, "month": 3}
WMO_DAYS, WMO_IN_A_ROW = 11, 5


@dataclass(frozen=True)
class MissingRule:
    """A missing-day rule.

    Attributes
    ----------
    kind : {"etccdi", "wmo", "percent", "at-least"}
        Which rule.
    number : float
        Percent, or days.
    limits : mapping of str to int
        Most missing days of a ``year``, ``season`` and ``month``, for ``"etccdi"``.
    """

    kind: str = "etccdi"
    number: float = 0.0
    limits: Mapping[str, int] = field(default_factory=lambda: dict(ETCCDI_LIMITS))

    @property
    def text(self) -> str:
        """Return the rule as a product states it."""
        if self.kind == "etccdi":
            days = ", ".join(f"{self.limits[name]} a {name}" for name in ETCCDI_LIMITS)
            return f"etccdi: at most {days}"
        if self.kind == "wmo":
            return f"wmo: fewer than {WMO_DAYS} a month and fewer than {WMO_IN_A_ROW} in a row"
        if self.kind == "percent":
            return f"percent: at most {self.number:g} percent of the days"
        return f"at-least: {self.number:g} days with values"

    def allowed(self, name: PeriodName, lengths: np.ndarray) -> np.ndarray:
        """Return the most missing days of periods of given lengths."""
        if self.kind == "etccdi":
            return np.full(lengths.shape, self.limits[name], dtype=np.int64)
        if self.kind == "percent":
            return np.floor(self.number / 100.0 * lengths + 1e-9).astype(np.int64)
        if self.kind == "at-least":
            return (lengths - int(self.number)).astype(np.int64)
        return lengths.astype(np.int64) - 1

    def holds(
        self,
        values: np.ndarray,
        bounds: np.ndarray,
        periods: Periods,
        limit: PeriodName | None = None,
        present: np.ndarray | None = None,
    ) -> np.ndarray:
        """Tell which periods of which cells have enough values.

        Parameters
        ----------
        values : ndarray (day, cell)
            Missing is NaN.
        bounds : ndarray of int (month + 1,)
            Day of `values` on which each month starts.
        periods : Periods
            In months of `bounds`.
        limit : str, optional
            Use this period's limit for the months too.
        present : ndarray of int (month, cell), optional
            Days with values, if they were counted before.

        Returns
        -------
        ndarray of bool (period, cell)
        """
        if values.shape[0] < bounds[-1]:
            # compiled loops would read outside the array
            raise ValueError(f"values have {values.shape[0]} days, expected at least {bounds[-1]}")
        if present is None:
            present = count_present(values, bounds[:-1], bounds[1:])
        absent = np.diff(bounds).astype(np.int32)[:, None] - present
        lengths = bounds[periods.last_month] - bounds[periods.first_month]
        missing = sum_months(absent, periods.first_month, periods.last_month)
        enough = missing <= self.allowed(limit or periods.name, lengths)[:, None]
        if self.kind in ("etccdi", "wmo"):
            bad = self._bad(values, bounds, absent, limit).astype(np.int32)
            enough &= sum_months(bad, periods.first_month, periods.last_month) == 0
        if self.kind != "etccdi":
            enough &= missing < lengths[:, None]
        return np.asarray(enough & periods.complete[:, None])

    def _bad(
        self, values: np.ndarray, bounds: np.ndarray, absent: np.ndarray, limit: PeriodName | None
    ) -> np.ndarray:
        """Tell which months fail on their own."""
        if self.kind == "etccdi":
            return np.asarray(absent > self.limits[limit or "month"])
        in_a_row = longest_absence(values, bounds[:-1], bounds[1:])
        return np.asarray((absent >= WMO_DAYS) | (in_a_row >= WMO_IN_A_ROW))


def missing_rule(text: str, limits: Mapping[str, Any] | None) -> MissingRule:
    """Read a rule from the options ``missing`` and ``max_missing_days``.

    Raises
    ------
    IndicatorError
        For an unknown rule or limit.
    """
    kind, _, number = text.partition(":")
    if kind == "etccdi" and not number:
        return MissingRule(limits={**ETCCDI_LIMITS, **_checked(limits or {})})
    if limits is not None:
        raise IndicatorError(f"'max_missing_days' belongs to the rule 'etccdi', not to {text!r}")
    if kind == "wmo" and not number:
        return MissingRule("wmo")
    if kind in ("percent", "at-least"):
        try:
            return MissingRule(kind, float(number))
        except ValueError:
            pass
    raise IndicatorError(
        f"missing-day rule {text!r} is unknown; use 'etccdi', 'wmo', 'percent:10' or 'at-least:300'"
    )


def _checked(limits: Mapping[str, Any]) -> dict[str, int]:
    for name, days in limits.items():
        if name not in ETCCDI_LIMITS or not isinstance(days, int) or days < 0:
            raise IndicatorError(
                f"max_missing_days has {name!r}: {days!r}; expected days of 'year', "
                "'season' or 'month'"
            )
    return dict(limits)
