"""Plots of series: one small panel for each region, bars around zero, gaps in grey."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .maps import credits_of
from .page import GREY, INK, RULE, Frame, Sheet, begin, text_style
from .periods import coverage_text, days_text
from .scales import is_count, is_diverging, scale_of, sides_of, units_of
from .series_axes import SMALL, date_axis, label_axis, limits_of, positions, style, with_absent
from .series_table import Series
from .small_multiples import FOOT, MOST, WIDTH, Panel, panels_of
from .text import clean, width_of, wrap
from .time_axes import CLIMATOLOGICAL_DIMS, holds_dates
from .trend import Trend, is_trend, trend_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


LINE = "#1f4e79"
GAP, SMOOTH, TREND = "#e4e4e4", "#1a1a1a", "#7b3294"
_MOST_ROWS = 100
_SMOOTH_YEARS = 10.0
_LABELS = (2.1, 3.6)  # least and most room for names, inches


def draw_series(series: Series, product: xr.Dataset) -> tuple[Figure, list[tuple[str, str]]]:
    """Draw one variable: panels by region, a heat map for many, bars for single values.

    Parameters
    ----------
    series : Series
        What is drawn.
    product : Dataset
        For period, base period and credits.

    Returns
    -------
    Figure, list of (keyword, text)
        The figure, and what its PNG says about itself.
    """
    da = series.da
    title = clean(da.attrs.get("long_name", series.name))
    baseline = days_text(str(product.attrs.get("baseline", "")))
    words = [units_of(da), coverage_text(product)]
    if baseline and is_diverging(da) and not is_trend(da):
        words.append(f"relative to {baseline}")
    elif baseline and series.axis in CLIMATOLOGICAL_DIMS:
        words[-1] = f"mean of {baseline}"
    subtitle = " · ".join(word for word in words if word)
    credit = credits_of(product)
    if series.axis is None:
        figure = _draw_values(series, product, title, subtitle, credit)
    elif len(series.regions) > MOST:
        figure = _draw_heat_map(series, title, subtitle, credit)
    else:
        figure = _draw_panels(series, product, title, subtitle, credit)
    source = str(product.attrs.get("acknowledgement", ""))
    about = [("Title", title), ("Description", f"{title}. {subtitle}"), ("Copyright", source)]
    return figure, about


def _draw_panels(
    series: Series, product: xr.Dataset, title: str, subtitle: str, credit: str
) -> Figure:
    values = series.values
    frame, panels = panels_of(series.titles or [""], title, subtitle, credit)
    x = positions(series.da[series.axis])
    limits = limits_of(values, zero=is_diverging(series.da) or is_count(series.da))
    if is_count(series.da) and not np.nan_to_num(values).any():
        limits = (0.0, 1.0)
    trend = trend_of(series, product) if len(panels) == 1 else None
    for panel, column in zip(panels, values.T, strict=True):
        _draw_one(panel, series, x, column, limits, trend)
    return frame.figure


def _draw_one(
    panel: Panel,
    series: Series,
    x: np.ndarray,
    y: np.ndarray,
    limits: tuple[float, float],
    trend: Trend | None,
) -> None:
    """Draw one region: bars above and below zero, or a line; what is missing in grey."""
    axes, dates = panel.axes, panel.is_lowest
    step = float(np.median(np.diff(x))) if x.size > 1 else 1.0
    if holds_dates(series.da[series.axis]):
        x, y = with_absent(x, y, step)
    _mark_gaps(axes, x, y, step)
    if is_diverging(series.da):
        _fill_around_zero(axes, x, y, step, sides_of(series.da))
        axes.axhline(0, color=INK, linewidth=0.6, zorder=3)
    elif is_count(series.da) and holds_dates(series.da[series.axis]):
        edges, heights = np.append(x, x[-1] + step), np.append(np.nan_to_num(y), 0.0)
        axes.fill_between(edges, heights, 0, step="post", color=LINE, linewidth=0.3, zorder=2)
    else:
        middle = x + step / 2 if holds_dates(series.da[series.axis]) else x
        mark = "o" if x.size <= 40 else None
        axes.plot(middle, y, color=LINE, linewidth=1.3, marker=mark, markersize=2.6, zorder=2)
    if holds_dates(series.da[series.axis]):
        _draw_smooth(axes, x, y, step)
        if trend:
            _draw_trend(axes, x, y, trend)
        if panel.is_alone:
            _draw_key(axes)
        date_axis(axes, x, step, labels=dates)
    else:
        label_axis(axes, series, x, labels=dates)
    axes.set_ylim(*limits)
    style(axes, limits)


def _fill_around_zero(
    axes: Axes, x: np.ndarray, y: np.ndarray, step: float, sides: tuple[str, str]
) -> None:
    """Draw what is below and above zero in the colours of its maps, each as wide as its step."""
    edges = np.append(x, x[-1] + step)
    values = np.append(np.nan_to_num(y), 0.0)
    for part, colour in zip((np.minimum(values, 0), np.maximum(values, 0)), sides, strict=True):
        axes.fill_between(edges, part, 0, step="post", color=colour, linewidth=0, zorder=2)


def _mark_gaps(axes: Axes, x: np.ndarray, y: np.ndarray, step: float) -> None:
    missing = np.concatenate([[False], ~np.isfinite(y), [False]])
    changes = np.flatnonzero(missing[1:] != missing[:-1])
    for start, end in zip(changes[::2], changes[1::2], strict=True):
        axes.axvspan(x[start], x[end - 1] + step, color=GAP, linewidth=0, zorder=1)


def _draw_smooth(axes: Axes, x: np.ndarray, y: np.ndarray, step: float) -> None:
    """Draw ten-year means of a long series."""
    reach = round(_SMOOTH_YEARS / step)
    if x[-1] - x[0] < 2 * _SMOOTH_YEARS or not 1 < reach < x.size:
        return
    window = np.ones(reach)
    total = np.convolve(np.nan_to_num(y), window, mode="valid")
    count = np.convolve(np.isfinite(y).astype(float), window, mode="valid")
    mean = np.where(count >= 0.8 * reach, total / np.maximum(count, 1), np.nan)
    middle = x[: mean.size] + _SMOOTH_YEARS / 2
    axes.plot(middle, mean, color=SMOOTH, linewidth=1.4, zorder=4, label="10-year mean")


def _draw_trend(axes: Axes, x: np.ndarray, y: np.ndarray, trend: Trend) -> None:
    """Draw the trend that the product gives, through the middle of the series."""
    keep = np.isfinite(y)
    at = np.array([x[0], x[-1]])
    slope = trend.per_decade / 10.0
    line = np.median(y[keep] - slope * x[keep]) + slope * at
    axes.plot(at, line, color=TREND, linewidth=1.2, linestyle=(0, (5, 2)), label=trend.text)


def _draw_key(axes: Axes) -> None:
    """Name the lines above the plot."""
    if not axes.get_legend_handles_labels()[0]:
        return
    key = axes.legend(
        loc="lower right",  # the name of the region is on the left
        bbox_to_anchor=(1.0, 0.97),
        borderaxespad=0.2,
        frameon=False,
        ncols=2,
        handlelength=1.8,
    )
    for entry in key.get_texts():
        entry.set(**text_style(SMALL))


def _labels(names: Sequence[str]) -> tuple[float, list[str]]:
    """Return the room beside bars or rows in inches, and names that fit into it."""
    widest = max((width_of(name, SMALL) for name in names), default=0.0)
    room = min(max(_LABELS[0], widest + 0.15), _LABELS[1])
    return room, [" ".join(wrap(name, room - 0.1, SMALL, lines=1)) for name in names]


def _draw_heat_map(series: Series, title: str, subtitle: str, credit: str) -> Figure:
    """Draw many regions as rows of coloured cells."""
    values = series.values[:, :_MOST_ROWS].T
    if len(series.regions) > _MOST_ROWS:
        credit += f" The first {_MOST_ROWS} of {len(series.regions)} regions are shown."
    row = 0.15
    frame = begin(Sheet(title, subtitle, credit, WIDTH, len(values) * row + FOOT, 0.45))
    left, bottom, width, height = frame.panels
    room, names = _labels(series.titles[:_MOST_ROWS])
    axes = frame.axes(left + room, bottom + FOOT, width - room, height - FOOT)
    x = positions(series.da[series.axis])
    step = float(np.median(np.diff(x))) if x.size > 1 else 1.0
    dates = holds_dates(series.da[series.axis])
    edges = np.append(x, x[-1] + step) if dates else np.arange(x.size + 1) + 0.5
    norm, colours = scale_of(series.da).norm_and_map()
    axes.set_facecolor(GAP)
    cells = np.ma.masked_invalid(values)
    mesh = axes.pcolormesh(edges, np.arange(len(values) + 1), cells, norm=norm, cmap=colours)
    axes.invert_yaxis()
    if dates:
        date_axis(axes, x, step, labels=True)
    else:
        label_axis(axes, series, x, labels=True)
    axes.set_yticks(np.arange(len(values)) + 0.5, names)
    axes.tick_params(length=0, pad=3)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(**text_style(6.5))
    _colour_bar(frame, mesh)
    return frame.figure


def _colour_bar(frame: Frame, mesh: Any) -> None:
    left, bottom, width, height = frame.legend
    axes = frame.axes(left + 2.2, bottom + height - 0.2, width - 2.7, 0.12)
    bar = frame.figure.colorbar(mesh, cax=axes, orientation="horizontal", extendfrac=0.03)
    bar.outline.set_linewidth(0.5)
    bar.ax.minorticks_off()
    bar.ax.tick_params(length=2, width=0.5)
    for label in bar.ax.get_xticklabels():
        label.set(**text_style(SMALL))


def _draw_values(
    series: Series, product: xr.Dataset, title: str, subtitle: str, credit: str
) -> Figure:
    """Draw one value for each region as a bar, with its confidence limits if there are any."""
    beside = series.beside(product)
    ends = [beside[k].values[0][:_MOST_ROWS] for k in ("lower", "upper") if k in beside]
    values = series.values[0][:_MOST_ROWS]
    if len(series.regions) > _MOST_ROWS:
        credit += f" The first {_MOST_ROWS} of {len(series.regions)} regions are shown."
    row = 0.26 if len(values) <= 30 else 0.16
    frame = begin(Sheet(title, subtitle, credit, WIDTH, max(1.0, len(values) * row) + FOOT))
    left, bottom, width, height = frame.panels
    room, labels = _labels(series.titles[: len(values)])
    axes = frame.axes(left + room, bottom + FOOT, width - room - 0.5, height - FOOT)
    places = np.arange(len(values))
    low, high = limits_of(np.concatenate([values, *ends]), zero=is_diverging(series.da))
    if is_diverging(series.da):
        below, above = sides_of(series.da)
        colours = np.where(values >= 0, above, below)
        axes.barh(places, np.nan_to_num(values), height=0.66, color=colours, zorder=2)
        axes.axvline(0, color=INK, linewidth=0.6, zorder=3)
    else:
        axes.hlines(places[np.isfinite(values)], low, high, color=RULE, linewidth=0.6, zorder=1)
        axes.plot(values, places, "o", color=LINE, markersize=6, zorder=2)
    if len(ends) == 2:
        axes.hlines(places, *ends, color=INK, linewidth=1.0, zorder=3)
    for place in places[~np.isfinite(values)]:
        axes.annotate("no data", (low, place), va="center", color=GREY, **text_style(SMALL))
    axes.set_xlim(low, high)
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.set_yticks(places, labels)
    axes.grid(axis="x", color=RULE, linewidth=0.4, zorder=0)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, pad=3)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(**text_style(SMALL))
    return frame.figure
