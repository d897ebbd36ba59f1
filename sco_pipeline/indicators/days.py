"""Daily series of a tile of cells, as the definitions of daily indices see them.

A definition asks a `Days` for counts, extremes or spells of its periods and gets an array
``(period, cell)``. What several definitions ask for is computed once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import IndicatorError
from .baseline import Base
from .kernels import counts, percentiles, rolling, spells
from .kernels.gather import as_series
from .missing import MissingRule
from .percentile import Percentile, numbers
from .periods import MONTHS, DayAxis, PeriodName, Periods

CONTEXT = 12
"""Days before and after the years of a block that running sums and interruptions may look at."""

HALF_YEAR = 6
BOOTSTRAP_DAYS = 720
"""Shorter records get no bootstrap."""


@dataclass(frozen=True)
class Frame:
    """Where a block of whole years lies on the padded day axis of a record.

    Attributes
    ----------
    axis : DayAxis
        Of the whole record.
    frequency : {"year", "season", "month"}
        Of the results.
    first, last : int
        Years of the block, from the first year of the record; `last` is not part of it.
    base : Base or None
        Base period; a block with one is the whole record.
    rule : MissingRule
        When a period has a value.
    ahead : int
        Months after the block that its periods reach into.
    """

    axis: DayAxis
    frequency: PeriodName
    first: int
    last: int
    base: Base | None
    rule: MissingRule
    ahead: int = HALF_YEAR

    @property
    def origin(self) -> int:
        """Padded day of the first day of the block's series."""
        return int(self.axis.year_starts[self.first]) - CONTEXT

    @property
    def length(self) -> int:
        """Count the days of the block's series, context included."""
        after = min(MONTHS * self.last + self.ahead, MONTHS * self.axis.years)
        return int(self.axis.month_starts[after]) + CONTEXT - self.origin

    def times(self, position: np.ndarray) -> tuple[int, int]:
        """Return first time of the block's series in the record, and one past its last."""
        low, high = np.searchsorted(position, [self.origin, self.origin + self.length])
        return int(low), int(high)

    @cached_property
    def month_bounds(self) -> np.ndarray:
        """Day of the series on which each month starts, those ahead of the block included."""
        after = min(MONTHS * self.last + self.ahead, MONTHS * self.axis.years)
        return self.axis.month_starts[MONTHS * self.first : after + 1] - self.origin

    @cached_property
    def record(self) -> tuple[int, int]:
        """First day of the padded record on the series, and one past its last."""
        return -self.origin, self.axis.days - self.origin

    @cached_property
    def own(self) -> slice:
        """Which of the record's periods the block gives."""
        if self.frequency != "season":
            step = MONTHS if self.frequency == "month" else 1
            return slice(step * self.first, step * self.last)
        return slice(4 * self.first + (self.first > 0), 4 * self.last + 1)

    @cached_property
    def periods(self) -> Periods:
        """The block's periods, in months of `month_bounds`."""
        every = self.axis.periods(self.frequency)
        before = MONTHS * self.first
        return Periods(
            self.frequency,
            every.first_month[self.own] - before,
            every.last_month[self.own] - before,
            every.complete[self.own],
        )

    @property
    def starts(self) -> np.ndarray:
        """First day of each period."""
        return np.ascontiguousarray(self.month_bounds[self.periods.first_month])

    @property
    def stops(self) -> np.ndarray:
        """One past the last day of each period."""
        return np.ascontiguousarray(self.month_bounds[self.periods.last_month])

    @cached_property
    def day_of_year(self) -> np.ndarray:
        """Calendar day of each day of the series; of the nearest day of the record in context."""
        return np.asarray(self.axis.day_of_year[self._nearest])

    @cached_property
    def ordinal_day(self) -> np.ndarray:
        """Day of the year, 29 February counted, of each day of the series."""
        return np.asarray(self.axis.ordinal_day[self._nearest])

    @property
    def _nearest(self) -> np.ndarray:
        """Return the day of the record that is nearest to each day of the series."""
        return np.clip(np.arange(self.length) + self.origin, 0, self.axis.days - 1)


@dataclass(frozen=True)
class Days:
    """Daily values of a tile of cells.

    Attributes
    ----------
    name : str
        Variable.
    values : ndarray (day, cell)
        Float32 or float64 with context, missing is NaN.
    frame : Frame
        Where they lie.
    south : ndarray of bool (cell,) or None
        Whether each cell lies in the southern hemisphere; None if that is not known.
    memo : dict
        Results that several definitions share.
    """

    name: str
    values: np.ndarray
    frame: Frame
    south: np.ndarray | None = None
    memo: dict[Any, Any] = field(default_factory=dict)

    def shared(self, key: tuple[Any, ...], compute: Callable[[], Any]) -> Any:
        """Return a result by its key, computed at the first request."""
        key = (self.name, *key)
        if key not in self.memo:
            self.memo[key] = compute()
        return self.memo[key]

    def enough(self) -> np.ndarray:
        """Tell which periods have enough values (period, cell)."""
        frame = self.frame
        holds = frame.rule.holds
        return np.asarray(
            self.shared(("enough",), lambda: holds(self.values, frame.month_bounds, frame.periods))
        )

    def enough_from(self, month: int) -> np.ndarray:
        """Tell which years that start `month` months later have enough values (year, cell).

        The limit of a year holds for its months too.
        """
        frame = self.frame
        first = MONTHS * np.arange(frame.last - frame.first) + month
        bounds = frame.month_bounds
        inside = first + MONTHS < len(bounds)
        last = np.minimum(first + MONTHS, len(bounds) - 1)
        years = Periods("year", np.minimum(first, last), last, inside)
        return frame.rule.holds(self.values, bounds, years, limit="year")

    def enough_months(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Tell which stretches of months have enough values, by the limits of a year."""
        months = Periods("year", first, last, np.ones(len(first), dtype=bool))
        return self.frame.rule.holds(self.values, self.frame.month_bounds, months)

    def days_in_spells(self, hits: np.ndarray, shortest: int, *, span: bool) -> np.ndarray:
        """Count the days of each period in spells of days that are hits (period, cell)."""
        starts, stops = self.frame.starts, self.frame.stops
        return np.asarray(spells.days_in_spells(hits, starts, stops, shortest, span).T)

    def present(self) -> np.ndarray:
        """Count the days of each period that have a value (period, cell)."""
        periods = self.frame.periods
        return counts.sum_months(self._by_month(), periods.first_month, periods.last_month)

    def _by_month(self) -> np.ndarray:
        """Count the days of each month that have a value (month, cell)."""
        bounds = self.frame.month_bounds
        return np.asarray(
            self.shared(
                ("present",), lambda: counts.count_present(self.values, bounds[:-1], bounds[1:])
            )
        )

    def limit(self, value: float) -> np.ndarray:
        """Return a limit once, with the precision of the values."""
        return np.array([value], dtype=self.values.dtype)

    def series(self) -> np.ndarray:
        """Return the values as series in double precision (cell, day)."""
        return np.asarray(self.shared(("series",), lambda: as_series(self.values)))

    def count(self, how: int, limit: float) -> np.ndarray:
        """Count the days of each period on which a comparison holds (period, cell)."""
        frame = self.frame
        return np.asarray(
            self.shared(
                ("count", how, limit),
                lambda: counts.count_days(
                    self.values, frame.starts, frame.stops, how, self.limit(limit)
                ),
            )
        )

    def extreme(self, *, largest: bool) -> np.ndarray:
        """Return the largest or smallest value of each period (period, cell)."""
        return counts.extremes(self.values, self.frame.starts, self.frame.stops, largest)

    def mean(self) -> np.ndarray:
        """Return the mean of each period (period, cell)."""
        return counts.means(self.values, self.frame.starts, self.frame.stops)

    def mean_above(self, other: Days) -> np.ndarray:
        """Return the mean difference to another variable in each period (period, cell)."""
        starts, stops = self.frame.starts, self.frame.stops
        return counts.mean_differences(self.values, other.values, starts, stops)

    def sum_where(self, how: int, limit: np.ndarray | float) -> np.ndarray:
        """Sum the days of each period on which a comparison holds (period, cell)."""
        limits = np.empty(self.values.shape[1], dtype=self.values.dtype)
        limits[:] = limit
        starts, stops = self.frame.starts, self.frame.stops

        def compute() -> np.ndarray:
            return counts.sums_where(self.values, limits, starts, stops, how)

        if isinstance(limit, np.ndarray):
            return compute()
        return np.asarray(self.shared(("sum", how, limit), compute))

    def largest_running_sum(self, before: int, after: int) -> np.ndarray:
        """Return the largest sum of a day and its neighbours in each period (period, cell)."""
        frame = self.frame
        return counts.largest_running_sums(
            self.values, frame.starts, frame.stops, *frame.record, before, after
        )

    def longest_spell(self, how: int, limit: float, *, span: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the longest spell of each period, and what joins it to the next block.

        The second result holds, for each cell, length and period of the spell that starts on the
        first day (-1 if it goes on), and length of the spell that goes on after the last.
        """
        frame, limits = self.frame, self.limit(limit)
        starts, stops = frame.starts, frame.stops
        found, trail = spells.longest_spells(self.values, starts, stops, how, limits, span)
        lead = spells.leading_spells(self.values, starts, stops, how, limits)
        return found, np.stack([*lead, trail])

    @property
    def base(self) -> Base:
        """The base period."""
        if self.frame.base is None:
            raise IndicatorError("percentiles need a baseline; give baseline=(first, last year)")
        return self.frame.base

    def thresholds(self, percentile: Percentile) -> np.ndarray:
        """Return the threshold of each day of the year from the base period (cell, day)."""
        take = self._rolling if percentile.windows == "rolling" else self._of_calendar_days
        return np.asarray(self.shared(("thresholds", percentile), lambda: take(percentile)))

    def _of_calendar_days(self, percentile: Percentile) -> np.ndarray:
        """Return thresholds of calendar days without 29 February (cell, calendar day)."""
        base = self.base
        return percentiles.thresholds(
            self.series(),
            base.days - self.frame.origin,
            base.row,
            base.column,
            base.shape,
            percentile.numbers,
            percentile.window,
            percentile.min_base_fraction,
        )

    def _rolling(self, percentile: Percentile) -> np.ndarray:
        """Return thresholds of ordinal days of the year (cell, day of the year)."""
        base, axis = self.base, self.frame.axis
        span = base.first_day - self.frame.origin, base.last_day - self.frame.origin
        limits = rolling.rolling_thresholds(
            self.series(),
            span,
            axis.ordinal_day[base.first_day : base.last_day],
            axis.days_per_year,
            percentile.numbers,
            percentile.window,
            percentile.min_base_fraction * percentile.window * base.years,
        )
        return rolling.stretched(limits, int(axis.ordinal_day.max()) + 1)

    def beyond(self, percentile: Percentile) -> np.ndarray:
        """Return 1, 0 or NaN for each day, judged by the thresholds of the base (cell, day)."""
        frame, limits = self.frame, self.thresholds(percentile)
        day = frame.ordinal_day if percentile.windows == "rolling" else frame.day_of_year
        return percentiles.beyond(self.series(), limits, day, percentile.upper)

    def put_bootstrap(self, hits: np.ndarray, percentile: Percentile) -> None:
        """Replace the base period's days in `hits` by their share of resamples, in place."""
        base, origin = self.base, self.frame.origin
        percentiles.put_bootstrap(
            hits,
            self.series(),
            base.days - origin,
            base.row,
            base.column,
            base.leap_days - origin,
            base.leap_column,
            base.shape,
            percentile.numbers,
            percentile.window,
            percentile.min_base_fraction,
        )

    def shares(self, hits: np.ndarray) -> np.ndarray:
        """Return the percentage of the days of each period that are hits (period, cell)."""
        starts, stops = self.frame.starts, self.frame.stops
        allowed = self.frame.rule.allowed(self.frame.frequency, stops - starts)
        return np.asarray(percentiles.shares(hits, starts, stops, allowed).T)

    def wet_threshold(self, quantile: float, wet_day: float, method: str) -> np.ndarray:
        """Return the quantile of the wet days of the base period (cell,)."""
        base, origin = self.base, self.frame.origin
        return np.asarray(
            self.shared(
                ("wet", quantile, wet_day, method),
                lambda: percentiles.wet_thresholds(
                    self.series(),
                    base.first_day - origin,
                    base.last_day - origin,
                    wet_day,
                    numbers(quantile, method),
                ),
            )
        )
