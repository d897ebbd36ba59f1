"""Meridians and parallels of a map, labelled where they leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .page import GREY, text_style
from .projection import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GRID = "#9a9a9a"
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60)
_LABEL = 7.0
_LEFT_CENTRE_RIGHT = {-1: "right", 0: "center", 1: "left"}


def draw_graticule(axes: Axes, view: View, *, labels: bool) -> None:
    """Draw meridians and parallels and label them where they leave the map."""
    from matplotlib.collections import LineCollection

    extent, box = view.extent, view.clip
    meridians = _ticks(extent.middle + box.west, extent.middle + box.east, extent.width)
    if view.frame == "circle":
        meridians = np.arange(-180.0, 180.0, 45.0)
    relative = meridians - view.middle if view.frame != "circle" else meridians
    parallels = _ticks(box.south, box.north, extent.height)
    lat = np.linspace(box.south, box.north, 181)
    lon = np.linspace(box.west, box.east, 361)
    up = [view.project(np.full_like(lat, at), lat) for at in relative]
    across = [view.project(lon, np.full_like(lon, at)) for at in parallels]
    lines = LineCollection(up + across, colors=_GRID, linewidths=0.35, linestyles=(0, (4, 4)))
    lines.set(zorder=5.5, alpha=0.7)
    axes.add_collection(lines, autolim=False)
    if not labels:
        return
    if view.frame == "circle":
        _label_rim(axes, view, relative)
    elif view.frame == "outline":
        _label_outline(axes, view, parallels)
    else:
        _label_sides(axes, view, list(zip(meridians, up, strict=True)), parallels, across)


def _ticks(low: float, high: float, span: float) -> np.ndarray:
    """Return multiples of a step that gives four to seven lines over a span."""
    step = next((s for s in _STEPS if span / s <= 7), 90)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return np.arange(first, last + 1) * float(step)


def _label_rim(axes: Axes, view: View, meridians: np.ndarray) -> None:
    """Label meridians outside the rim of a round map."""
    reach = float(np.abs(view.outline).max())
    limit = view.extent.south if view.kind == "north-polar" else view.extent.north
    for at, (x, y) in zip(
        meridians, view.project(meridians, np.full_like(meridians, limit)), strict=True
    ):
        side = int(np.sign(round(x / reach, 3)))
        place = (x + 0.035 * reach * side, y + 0.04 * y)
        _write(axes, *place, _longitude(at), ha=_LEFT_CENTRE_RIGHT[side], va="center")


def _label_outline(axes: Axes, view: View, parallels: np.ndarray) -> None:
    left, _, right, _ = view.bounds
    for at in parallels[np.abs(parallels) < 80]:
        ((x, y),) = view.project(np.array([view.clip.west]), np.array([at]))
        _write(axes, x - 0.008 * (right - left), y, _latitude(at), ha="right", va="center")


def _label_sides(
    axes: Axes,
    view: View,
    meridians: list[tuple[float, np.ndarray]],
    parallels: np.ndarray,
    across: list[np.ndarray],
) -> None:
    """Label meridians along the lower and parallels along the left side."""
    left, bottom, right, top = view.bounds
    for at, line in meridians:
        x = _crossing(line[:, 1], line[:, 0], bottom, left, right)
        if x is not None:
            _write(axes, x, bottom, _longitude(at), ha="center", va="top", shift=(0, -3))
    for at, line in zip(parallels, across, strict=True):
        y = _crossing(line[:, 0], line[:, 1], left, bottom, top)
        if y is not None:
            _write(axes, left, y, _latitude(at), ha="right", va="center", shift=(-3, 0))


def _crossing(
    along: np.ndarray, other: np.ndarray, level: float, low: float, high: float
) -> float | None:
    """Return where a line meets one side of the frame, between the side's ends."""
    tolerance = 1e-6 * abs(high - low)
    signs = np.sign(along - level - tolerance)
    for i in np.flatnonzero(signs[1:] != signs[:-1]):
        share = (level - along[i]) / (along[i + 1] - along[i])
        at = float(other[i] + np.clip(share, 0.0, 1.0) * (other[i + 1] - other[i]))
        if low - tolerance <= at <= high + tolerance:
            return at
    return None


def _write(
    axes: Axes, x: float, y: float, text: str, *, shift: tuple[float, float] = (0, 0), **how: Any
) -> None:
    axes.annotate(
        text,
        (x, y),
        xytext=shift,
        textcoords="offset points",
        annotation_clip=False,
        color=GREY,
        zorder=10,
        **text_style(_LABEL),
        **how,
    )


def _longitude(at: float) -> str:
    at = (at + 180.0) % 360.0 - 180.0
    if at in (0.0, -180.0):
        return f"{abs(at):.0f}°"
    return f"{abs(at):g}°{'E' if at > 0 else 'W'}"


def _latitude(at: float) -> str:
    return "0°" if at == 0 else f"{abs(at):g}°{'N' if at > 0 else 'S'}"
