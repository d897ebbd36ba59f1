"""A picture of one or several maps with one legend, as large as the shape of the region lets it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..catalog import MapRequest
from .cells import cells_of, extent_of, spatial_dims
from .page import GREY, INK, Frame, Sheet, begin, columns_for, text_style
from .panel import HATCH, HATCHING, MISSING, Domain, domain_of, draw_panel, ground_of, shown
from .projection import Extent, View, choose_view
from .scales import scale_of, units_of
from .text import number, width_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDEST, TALLEST, NARROWEST = 9.0, 6.2, 6.0
_TALLEST_SET = 9.5
_THINNEST, _THINNEST_PANEL = 0.17, 0.09  # height over width; below it, north-south is stretched
_SIDE, _BELOW, _RIM = 0.42, 0.22, 0.22  # room for labels, inches
_CAPTION, _GAP = 0.22, 0.08
_LEGEND = 0.62
_BAR = 0.14
_SMALL = 7.5


@dataclass(frozen=True)
class Picture:
    """Words of a picture."""

    title: str
    subtitle: str
    credits: str
    period: str


@dataclass(frozen=True)
class Grid:
    """Places of the panels: columns, rows, and the size of one map in inches."""

    columns: int
    rows: int
    width: float
    height: float
    stretch: float


def draw(
    picture: Picture,
    whole: xr.DataArray,
    fields: list[tuple[str, xr.DataArray]],
    request: MapRequest,
    outlines: list[Any],
) -> Figure:
    """Draw maps of one variable.

    Parameters
    ----------
    picture : Picture
        Title, subtitle, credits and period.
    whole : DataArray (..., lat, lon) or (..., y, x)
        All periods, from which extent and colours are chosen.
    fields : list of (caption, DataArray)
        What is drawn, one map each.
    request : MapRequest
        For extent and projection.
    outlines : list of shapely geometries
        Regions to outline.

    Returns
    -------
    Figure
        On an Agg canvas.
    """
    several = len(fields) > 1
    if request.extent:
        extent = Extent.of_box(request.extent)
    else:
        extent = shown(extent_of(whole), several=several)
    view = choose_view(extent, request.projection)
    scale = scale_of(whole)
    grid = _grid(view, len(fields))
    stretched = grid.stretch >= 1.5
    note = f" North to south is drawn {grid.stretch:.0f} times larger." if stretched else ""
    above = _RIM if view.frame == "circle" and not several else 0.0
    height = grid.rows * (grid.height + (_CAPTION + _GAP if several else _BELOW + above))
    across = max(NARROWEST, grid.columns * (grid.width + _GAP) + (0 if several else _SIDE))
    sheet = Sheet(picture.title, picture.subtitle, picture.credits + note, across, height, _LEGEND)
    frame = begin(sheet)
    ground = ground_of(view, outlines)
    domain, gaps = _domain(whole, fields)
    mesh = None
    for i, (caption, field) in enumerate(fields):
        axes = _axes(frame, grid, i, several, caption)
        mesh = draw_panel(axes, ground, cells_of(field, view), scale, domain, labels=not several)
    _legend(frame, mesh, whole, picture.period, gaps)
    return frame.figure


def _grid(view: View, count: int) -> Grid:
    """Return rows and columns of maps, and how far thin belts are stretched."""
    if count == 1:
        aspect = max(view.aspect, _THINNEST)
        width = min(WIDEST - _SIDE, TALLEST / aspect)
        return Grid(1, 1, width, width * aspect, aspect / view.aspect)
    aspect = max(view.aspect, _THINNEST_PANEL)
    extra = _CAPTION + _GAP
    columns = columns_for(count, aspect + extra / 3, WIDEST, _TALLEST_SET)
    rows = math.ceil(count / columns)
    width = min(WIDEST / columns - _GAP, (_TALLEST_SET / rows - extra) / aspect)
    return Grid(columns, rows, width, width * aspect, aspect / view.aspect)


def _axes(frame: Frame, grid: Grid, i: int, several: bool, caption: str) -> Any:
    left, bottom, width, height = frame.panels
    row, column = divmod(i, grid.columns)
    if not several:
        room = width - grid.width
        start = left + max(room / 2, min(_SIDE, room))
        return frame.axes(start, bottom + _BELOW, grid.width, grid.height)
    step = grid.width + _GAP
    start = left + (width - grid.columns * step + _GAP) / 2 + column * step
    top = bottom + height - row * (grid.height + _CAPTION + _GAP) - _CAPTION
    frame.write(start, top + 0.05, caption, 8.5, color=INK)
    return frame.axes(start, top - grid.height, grid.width, grid.height)


def _domain(whole: xr.DataArray, fields: list[tuple[str, xr.DataArray]]) -> tuple[Domain, bool]:
    dims = spatial_dims(whole)
    assert dims is not None
    valid = np.logical_or.reduce([f.notnull().transpose(*dims).values for _, f in fields])
    always = np.logical_and.reduce([f.notnull().transpose(*dims).values for _, f in fields])
    lon, lat = whole["lon"].values.astype(float), whole["lat"].values.astype(float)
    if lon.ndim == 1:
        lon, lat = np.meshgrid(lon, lat)
    domain, _ = domain_of(lon, lat, valid)
    return domain, domain_of(lon, lat, always)[1]


def _legend(frame: Frame, mesh: Any, whole: xr.DataArray, period: str, gaps: bool) -> None:
    """Draw the colour bar with units and period, and the mark of missing values."""
    left, bottom, width, height = frame.legend
    patch = 0.95 if gaps else 0.0
    length = min(5.6, width - patch - 0.4)
    start = left + (width - length - patch) / 2
    axes = frame.axes(start, bottom + height - _BAR - 0.08, length, _BAR)
    bar = frame.figure.colorbar(mesh, cax=axes, orientation="horizontal", extendfrac=0.035)
    scale: Any = mesh.norm
    levels = [float(level) for level in scale.boundaries]
    texts = [number(level, levels) for level in levels]
    every = _every(texts, length)
    middle = next((i for i, level in enumerate(levels) if level == 0), 0)
    kept = [i for i in range(len(levels)) if (i - middle) % every == 0]
    bar.set_ticks([levels[i] for i in kept], labels=[texts[i] for i in kept])
    bar.ax.minorticks_off()
    bar.ax.tick_params(length=2, width=0.5, pad=1.5, color=INK, labelcolor=INK)
    for label in bar.ax.get_xticklabels():
        label.set(**text_style(_SMALL))
    bar.outline.set_linewidth(0.5)
    words = ", ".join(part for part in (units_of(whole), period) if part)
    frame.write(start + length / 2, bottom + 0.08, words, 8.0, ha="center", color=INK)
    if gaps:
        _missing_mark(frame, start + length + 0.3, bottom + height - _BAR - 0.08)


def _missing_mark(frame: Frame, left: float, bottom: float) -> None:
    axes = frame.axes(left, bottom, 0.24, _BAR)
    axes.set(xticks=[], yticks=[], facecolor=MISSING)
    axes.patch.set(hatch=HATCHING, edgecolor=HATCH, linewidth=0)
    for spine in axes.spines.values():
        spine.set(linewidth=0.5, color=GREY)
    frame.write(left + 0.3, bottom + 0.03, "no data", _SMALL)


def _every(texts: list[str], length: float) -> int:
    """Return which labels fit side by side: each one, every second, ..."""
    widest = max(width_of(text, _SMALL) for text in texts) + 0.09
    fitting = max(1, int(length / widest))
    return math.ceil(len(texts) / fitting)
