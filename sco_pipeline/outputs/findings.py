"""What a series says in one sentence: its latest value, its rank and the length of the record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from .periods import MONTHS, cell_text
from .scales import is_diverging, units_of
from .series_table import Series
from .standing import standing_of
from .text import number
from .time_axes import holds_dates

FEWEST = 5
"""Values of the same part of the year that a rank takes."""
_ORDINALS = {1: "", 2: "second ", 3: "third ", 4: "fourth ", 5: "fifth "}


def finding(series: Series, product: xr.Dataset, column: int) -> str | None:
    """Return a sentence on the latest value of one region or station.

    Parameters
    ----------
    series : Series
        Along time.
    product : Dataset
        For the periods.
    column : int
        Which region.

    Returns
    -------
    str or None
        With rank (ties share the better one) among the values of the same part of the year, or
        among all where there are fewer than five; None for fewer than five in all.
    """
    if series.axis is None or not holds_dates(series.da[series.axis]):
        return None
    values = series.values[:, column]
    present = np.flatnonzero(np.isfinite(values))
    if present.size < FEWEST:
        return None
    row = int(present[-1])
    latest = values[row]
    when = cell_text(product, series.axis, row)
    where = f"{series.titles[column]}: " if series.titles else ""
    units = units_of(series.da)
    units = "" if units in ("no unit", "count") else f" {units}"
    sign = "+" if is_diverging(series.da) and latest > 0 else ""
    shown = number(float(latest), (0.0, step_of(series.values)))
    compared, words = _compared(values, series.da[series.axis], row)
    return f"{where}{sign}{shown}{units} in {when}, {_rank(compared, latest, words)}."


def year_to_date(series: Series, product: xr.Dataset, column: int) -> str | None:
    """Return a sentence on the year up to the latest value of one region or station.

    Parameters
    ----------
    series : Series
        Along time.
    product : Dataset
        For the periods and the base period.
    column : int
        Which region.

    Returns
    -------
    str or None
        With difference from normal and rank among the same parts of other years; None within the
        first step of a year, after a gap in it, and for fewer than five years.
    """
    one = series.da.isel(region=[column]) if series.regions else series.da
    standing = standing_of(replace(series, da=one), str(product.attrs.get("baseline", "")))
    present = np.flatnonzero(np.isfinite(series.values[:, column]))
    if standing is None or present.size == 0:
        return None
    row = int(present[-1])
    stamps = series.da[series.axis]
    begin, month, year = (
        int(n) for n in (stamps.dt.month.min(), stamps.dt.month[row], stamps.dt.year[row])
    )
    value, ranked = standing.to_date[row, 0], standing.to_date_ranked[row, 0]
    if not np.isfinite(value) or ranked < FEWEST or month == begin:
        return None
    alike = np.asarray(_same_part(stamps, row)) & np.isfinite(standing.to_date[:, 0])
    where = f"{series.titles[column]}: " if series.titles else ""
    steps = (0.0, step_of(series.values))
    units = units_of(series.da)
    units = "" if units in ("no unit", "count") else f" {units}"
    apart = standing.to_date_anomaly[row, 0]
    sign = "+" if apart > 0 else ""
    span = f"{MONTHS[begin - 1]} to {MONTHS[month - 1]} {year}"
    return (
        f"{where}{number(float(value), steps)}{units} from {span}, "
        f"{sign}{number(float(apart), steps)}{units} from normal, "
        f"{_rank(standing.to_date[alike, 0], value, 'years')}."
    )


def _same_part(stamps: xr.DataArray, row: int) -> xr.DataArray:
    """Tell which stamps begin at the same day of their year."""
    month, day = stamps.dt.month, stamps.dt.day
    return (month == month[row]) & (day == day[row])


def _compared(values: np.ndarray, stamps: xr.DataArray, row: int) -> tuple[np.ndarray, str]:
    """Return the values that one is ranked among, and what they are called: ``June values``."""
    month, day = np.asarray(stamps.dt.month), np.asarray(stamps.dt.day)
    present = np.isfinite(values)
    alike = present & np.asarray(_same_part(stamps, row))
    if alike.sum() < FEWEST or alike.sum() == present.sum():
        return values[present], "values"
    monthly = len(set(month)) == len(MONTHS) and len(set(day)) == 1
    name = f"{MONTHS[month[row] - 1]} values" if monthly else "values of the same part of the year"
    return values[alike], name


def _rank(values: np.ndarray, latest: float, words: str) -> str:
    above, below = int((values > latest).sum()), int((values < latest).sum())
    side, place = ("highest", above + 1) if above <= below else ("lowest", below + 1)
    tied = " (tied)" if int((values == latest).sum()) > 1 else ""
    if place in _ORDINALS:
        return f"the {_ORDINALS[place]}{side} of {values.size} {words}{tied}"
    return f"rank {place} from the {side} of {values.size} {words}{tied}"


def step_of(values: np.ndarray) -> float:
    """Return the decimal place that tells values apart: a hundredth of the spread of all."""
    spread = float(np.nanmax(values) - np.nanmin(values))
    return float(10 ** np.floor(np.log10(spread / 100))) if spread > 0 else 1.0
