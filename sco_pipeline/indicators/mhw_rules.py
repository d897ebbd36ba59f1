"""What counts as a marine heatwave: the options, turned into what the kernels need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError
from .periods import MONTHS, DayAxis, day_axis

LEAP_DAY = 59
"""Position of 29 February in a year of 366 days."""

LONGEST_SMOOTHING = 365

DEFAULTS: Mapping[str, Any] = {
    "percentile": 90.0,
    "window_half_width": 5,
    "smooth_width": 31,
    "min_duration": 5,
    "max_gap": 2,
    "max_pad_length": 0,
}


@dataclass(frozen=True)
class Rules:
    """The definition of events on one record.

    Attributes
    ----------
    axis : DayAxis
        Days of the record, padded to whole years.
    day_of_year : ndarray of int (day,)
        Position in the climatology.
    base_days, base_starts : ndarray of int
        Days of the base period, ordered by day of the year, and where each day of the year starts.
    leap : int
        Position of 29 February in the climatology; -1 where the record has none.
    options : mapping
        `DEFAULTS`, or what was asked for.
    cold : bool
        Whether cold spells are looked for.
    """

    axis: DayAxis
    day_of_year: np.ndarray
    base_days: np.ndarray
    base_starts: np.ndarray
    leap: int
    options: Mapping[str, Any]
    cold: bool

    @property
    def sign(self) -> float:
        """-1 for cold spells."""
        return -1.0 if self.cold else 1.0

    @property
    def record(self) -> tuple[int, int]:
        """First and last padded day of the record."""
        return int(self.axis.position[0]), int(self.axis.position[-1])

    @property
    def year_of(self) -> np.ndarray:
        """Position of the calendar year of each padded day."""
        return np.repeat(np.arange(self.axis.years), np.diff(self.axis.year_starts))

    def padded(self, series: np.ndarray) -> np.ndarray:
        """Return (cell, time) as (cell, padded day), short gaps filled, sign turned for cold."""
        from .kernels.mhw_threshold import fill_short_gaps

        out = np.full((series.shape[0], self.axis.days), np.nan)
        out[:, self.axis.position] = self.sign * series
        if self.options["max_pad_length"] > 0:
            for one in out:
                fill_short_gaps(one, int(self.options["max_pad_length"]))
        return out

    def normal(self, padded: np.ndarray) -> np.ndarray:
        """Return mean and threshold (cell, 2, day of year) of padded series, in their sign."""
        from .kernels.mhw_threshold import climatology

        return climatology(
            padded,
            self.base_days,
            self.base_starts,
            self.leap,
            int(self.options["window_half_width"]),
            float(self.options["percentile"]) / 100.0,
            int(self.options["smooth_width"]),
        )


def rules_of(
    time: xr.DataArray, baseline: Period, options: Mapping[str, Any], *, cold: bool, name: str
) -> Rules:
    """Return the definition of events on a record.

    Parameters
    ----------
    time : DataArray (time,)
        Daily; days may be absent.
    baseline : Period
        Base period, whole years that the record touches.
    options : mapping
        See `DEFAULTS`.
    cold : bool
        Whether cold spells are looked for.
    name : str
        Of the indicator, for messages.

    Returns
    -------
    Rules

    Raises
    ------
    IndicatorError
        If the data are not daily, the calendar has no common year, the base period lies outside
        the data, or an option cannot be.
    """
    _check_options(options, name)
    axis = day_axis(time)
    if axis.calendar == "360_day":
        raise IndicatorError(
            f"{name!r} needs a calendar with years of 365 days; the data have '360_day'"
        )
    first, last = _base_years(axis, baseline, name)
    has_leap = bool(axis.is_leap_day.any())
    starts = np.repeat(axis.year_starts[:-1], np.diff(axis.year_starts))
    day_of_year = np.arange(axis.days) - starts
    if has_leap:
        common = np.repeat(np.diff(axis.year_starts) == 365, np.diff(axis.year_starts))
        day_of_year = day_of_year + (common & (day_of_year >= LEAP_DAY))
    length = 366 if has_leap else 365
    begin, end = axis.year_starts[[first - axis.first_year, last + 1 - axis.first_year]]
    base = np.arange(max(begin, axis.position[0]), min(end, axis.position[-1] + 1))
    of_base = day_of_year[base]
    ordered = base[np.argsort(of_base, kind="stable")]
    counts = np.bincount(of_base, minlength=length)
    return Rules(
        axis=axis,
        day_of_year=day_of_year.astype(np.int64),
        base_days=ordered.astype(np.int64),
        base_starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        leap=LEAP_DAY if has_leap else -1,
        options=dict(options),
        cold=cold,
    )


def _base_years(axis: DayAxis, baseline: Period, name: str) -> tuple[int, int]:
    """Return first and last year of the base period, which must be whole years of the record."""
    start, end = baseline.start, baseline.end
    if start is None or end is None:
        raise IndicatorError(f"baseline {baseline} is open; give its first and its last year")
    if (start.month, start.day, end.month, end.day) != (1, 1, MONTHS, 31):
        raise IndicatorError(
            f"{name!r} needs a baseline of whole years; found {baseline}; give first and last year"
        )
    if start.year < axis.first_year or end.year > axis.last_year:
        raise IndicatorError(
            f"baseline {start.year}..{end.year} is not within the data "
            f"({axis.first_year}..{axis.last_year}); choose a base period inside the data"
        )
    return start.year, end.year


def _check_options(options: Mapping[str, Any], name: str) -> None:
    """Refuse options that make no sense."""
    lowest = {"window_half_width": 0, "smooth_width": 1, "min_duration": 1, "max_gap": -1}
    for option, least in lowest.items():
        if options[option] < least:
            raise IndicatorError(
                f"{name!r}: option {option!r} is {options[option]}; expected {least} or more"
            )
    if not 0 < options["percentile"] < 100:
        raise IndicatorError(
            f"{name!r}: option 'percentile' is {options['percentile']}; expected 0 to 100"
        )
    if options["smooth_width"] % 2 == 0 or options["smooth_width"] > LONGEST_SMOOTHING:
        raise IndicatorError(
            f"{name!r}: option 'smooth_width' is {options['smooth_width']}; expected an odd number "
            f"up to {LONGEST_SMOOTHING}"
        )
