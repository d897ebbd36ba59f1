"""The latest year of a series against its normal: band, extremes, and the year before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .maps import credits_of
from .page import RULE, text_style
from .periods import MONTHS, days_text
from .scales import is_diverging, units_of
from .series_axes import SMALL, limits_of, style
from .series_table import Series
from .small_multiples import MOST, Panel, panels_of
from .standing import Standing, standing_of
from .text import clean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BAND, _EXTREME, _NORMAL, _LATEST, _BEFORE = "#cfd8e3", "#8a99ab", "#3d4f63", "#b2182b", "#e08a7d"
_FEWEST_STEPS, _FEWEST_YEARS = 12, 3
_KEY = 0.22


def draw_year(series: Series, product: xr.Dataset) -> tuple[Figure, list[tuple[str, str]]] | None:
    """Draw the latest year of each region over the band of the base period.

    Parameters
    ----------
    series : Series
        With at least twelve steps a year and three years.
    product : Dataset
        For base period and credits.

    Returns
    -------
    (Figure, list of (keyword, text)) or None
        None for a series that has no course of the year, or more regions than panels fit.
    """
    baseline = str(product.attrs.get("baseline", ""))
    columns = series.values.shape[1]
    if series.axis is None or is_diverging(series.da) or columns > MOST:
        return None
    standing = standing_of(series, baseline)
    if standing is None:
        return None
    stamps = series.da[series.axis]
    year = np.asarray(stamps.dt.year)
    across = np.asarray(stamps.dt.month - 1 + (stamps.dt.day - 1) / 31.0)
    places, first = np.unique(across, return_index=True)
    if len(places) < _FEWEST_STEPS or len(set(year)) < _FEWEST_YEARS:
        return None
    title = clean(series.da.attrs.get("long_name", series.name))
    base = days_text(baseline) if baseline else f"{year[0]} to {year[-1]}"
    subtitle = f"{units_of(series.da)} · {year[-1]} against {base}: mean, 10–90 % and extremes"
    frame, panels = panels_of(series.titles or [""], title, subtitle, credits_of(product), key=_KEY)
    known = (standing.least[first], standing.greatest[first])
    limits = limits_of(
        np.concatenate([series.values.ravel(), *(k.ravel() for k in known)]), zero=False
    )
    for column, panel in enumerate(panels):
        _draw_band(panel, places, standing, first, column)
        for number, colour, width in ((year[-1] - 1, _BEFORE, 1.0), (year[-1], _LATEST, 1.8)):
            mine = year == number
            panel.axes.plot(
                across[mine] + 0.5 * (len(places) == _FEWEST_STEPS),
                series.values[mine, column],
                color=colour, linewidth=width, label=str(number), zorder=4,
            )  # fmt: skip
        _style(panel, limits)
    handles, labels = panels[0].axes.get_legend_handles_labels()
    left, bottom, _, height = frame.panels
    wide, high = frame.figure.get_size_inches()
    key = frame.figure.legend(
        handles, labels, loc="upper left", ncols=len(labels), frameon=False, borderaxespad=0.0,
        bbox_to_anchor=((left + 0.4) / wide, (bottom + height + 0.06) / high),
    )  # fmt: skip
    for entry in key.get_texts():
        entry.set(**text_style(SMALL))
    about = [("Title", title), ("Description", f"{title}. {subtitle}")]
    return frame.figure, about


def _draw_band(
    panel: Panel, places: np.ndarray, standing: Standing, first: np.ndarray, column: int
) -> None:
    """Draw mean, 10-90 % and extremes of the base period."""
    x = places + 0.5 * (len(places) == _FEWEST_STEPS)
    axes = panel.axes
    low, high = standing.low[first, column], standing.high[first, column]
    axes.fill_between(x, low, high, color=_BAND, linewidth=0, label="10–90 %", zorder=1)
    for name, ends in (("extremes", standing.least), ("", standing.greatest)):
        label = name or "_extremes"
        axes.plot(x, ends[first, column], color=_EXTREME, linewidth=0.7, label=label, zorder=2)
    normal = standing.normal[first, column]
    axes.plot(x, normal, color=_NORMAL, linewidth=1.1, linestyle="--", label="mean", zorder=3)


def _style(panel: Panel, limits: tuple[float, float]) -> None:
    """Mark the months across."""
    axes = panel.axes
    axes.set_xlim(0, len(MONTHS))
    axes.set_ylim(*limits)
    axes.set_xticks(np.arange(len(MONTHS) + 1), [""] * (len(MONTHS) + 1))
    axes.set_xticks(np.arange(len(MONTHS)) + 0.5, [name[0] for name in MONTHS], minor=True)
    axes.grid(axis="x", color=RULE, linewidth=0.3, zorder=0)
    style(axes, limits)
    axes.tick_params(axis="x", which="minor", length=0, labelbottom=panel.is_lowest, pad=4)
    for label in axes.get_xticklabels(minor=True):
        label.set(**text_style(SMALL))
