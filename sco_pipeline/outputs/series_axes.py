"""Axes of plots of series: years, months or labels across, round numbers up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .page import GREY, INK, RULE, text_style
from .periods import MONTHS
from .scales import nice_step
from .series_table import Series
from .text import number
from .time_axes import holds_dates

if TYPE_CHECKING:
    from matplotlib.axes import Axes


SMALL = 7.5
_MOST_ABSENT = 100_000
_FEW_YEARS, _NEARLY_A_YEAR = 2.5, 0.9
_MONTH_LABEL = 0.56  # inches from one to the next
_MONTH_STEPS = (1, 2, 3, 4, 6, 12, 24)


def positions(coordinate: xr.DataArray) -> np.ndarray:
    """Return the places of a time or climatological coordinate on an axis: years, or 1, 2, ..."""
    if not holds_dates(coordinate):
        return np.arange(1, coordinate.size + 1, dtype=float)
    year = coordinate.dt.year.values.astype(float)
    return year + (coordinate.dt.dayofyear.values - 1) / 365.25


def date_axis(axes: Axes, x: np.ndarray, step: float, *, labels: bool) -> None:
    """Mark round years across, or months where the series is short and finer than years."""
    low, high = float(x[0]), float(x[-1] + step)
    axes.set_xlim(low, high)
    if high - low > _FEW_YEARS or step > _NEARLY_A_YEAR:
        every = max(1.0, nice_step(high - low, 7))
        every = float(round(every)) if every != 2.5 else 5.0
        ticks = np.arange(math.ceil(low / every) * every, high, every)
        names = [f"{tick:.0f}" for tick in ticks]
    else:
        months = np.arange(math.floor(low * 12 + 1e-6), math.ceil(high * 12 - 1e-6) + 1)
        figure = axes.get_figure(root=True)  # the axes may stand in a part of it
        assert figure is not None
        room = axes.get_position().width * figure.get_figwidth()
        fitting = min(7, max(2, int(room / _MONTH_LABEL)))
        months = months[:: next(n for n in _MONTH_STEPS if n * fitting >= months.size)]
        ticks = months / 12
        names = [f"{MONTHS[int(m) % 12][:3]} {int(m) // 12}" for m in months]
        keep = (ticks >= low - 1e-3) & (ticks <= high + 1e-3)
        ticks, names = ticks[keep], [n for n, k in zip(names, keep, strict=True) if k]
    axes.set_xticks(ticks, names if labels else [""] * len(names))


def label_axis(axes: Axes, series: Series, x: np.ndarray, *, labels: bool) -> None:
    """Mark months by their initial, other labels as they are."""
    places = series.da[series.axis].values.tolist()
    names = [MONTHS[int(p) - 1][0] if series.axis == "month" else str(p) for p in places]
    every = max(1, math.ceil(x.size / 12))
    axes.set_xlim(x[0] - 0.5, x[-1] + 0.5)
    axes.set_xticks(x[::every], names[::every] if labels else [""] * len(names[::every]))


def limits_of(values: np.ndarray, *, zero: bool) -> tuple[float, float]:
    """Return the limits of an axis for values, with a margin; with zero inside on request."""
    present = values[np.isfinite(values)]
    if present.size == 0:
        return -1.0, 1.0
    low, high = float(present.min()), float(present.max())
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    margin = 0.08 * (high - low) or max(abs(high) * 0.05, 0.5)
    return (low if zero and low == 0 else low - margin), high + margin


def style(axes: Axes, limits: tuple[float, float]) -> None:
    """Mark round numbers up and take away what is not needed."""
    step = nice_step(limits[1] - limits[0], 5)
    ticks = np.arange(math.ceil(limits[0] / step), math.floor(limits[1] / step) + 1) * step
    axes.set_yticks(ticks, [number(tick + 0.0, (0.0, step)) for tick in ticks])
    axes.grid(axis="y", color=RULE, linewidth=0.4, zorder=0)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set(linewidth=0.6, color=GREY)
    axes.tick_params(length=2, width=0.5, color=GREY, labelcolor=INK, pad=2)
    axes.tick_params(axis="y", length=0)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(**text_style(SMALL))


def with_absent(x: np.ndarray, y: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Add the steps that a record lacks, as missing: else the one before would fill them.

    Parameters
    ----------
    x, y : ndarray (time,)
        Rising positions, and values.
    step : float
        Usual distance of two positions.

    Returns
    -------
    ndarray, ndarray
        As given where the record has no even step.
    """
    lacking = np.round(np.diff(x) / step).astype(int) - 1
    if lacking[lacking > 0].sum() > _MOST_ABSENT:
        return x, y
    absent = [x[i] + step * np.arange(1, lacking[i] + 1) for i in np.flatnonzero(lacking > 0)]
    every = np.concatenate([x, *absent])
    order = np.argsort(every, kind="stable")
    return every[order], np.append(y, np.full(every.size - x.size, np.nan))[order]
