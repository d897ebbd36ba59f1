"""The sheet a picture is printed on: title, panels, legend and credits, laid out in inches."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .text import FONT, clean, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 150
INK, GREY, RULE = "#1a1a1a", "#595959", "#c8c8c8"
MARGIN = 0.35
_TOP, _BOTTOM = 0.2, 0.18
_TITLE, _SUBTITLE, _CREDIT = 13.0, 9.5, 6.5
_LEADING = 1.35
_POINTS = 72.0
_CREDIT_LINES = 5


@dataclass(frozen=True)
class Sheet:
    """What stands around the panels.

    Attributes
    ----------
    title, subtitle : str
        Above the panels; any text, it is cleaned and wrapped.
    credits : str
        Below: credit, licence, caveats.
    width, height : float, inches
        Of the box that holds the panels.
    legend : float, inches
        Height of the strip between panels and credits.
    """

    title: str
    subtitle: str
    credits: str
    width: float
    height: float
    legend: float = 0.0


@dataclass(frozen=True)
class Frame:
    """A figure with the boxes left for panels and legend: left, bottom, width, height in inches."""

    figure: Figure
    panels: tuple[float, float, float, float]
    legend: tuple[float, float, float, float]

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Return axes at a place in inches."""
        across, up = self.figure.get_size_inches()
        box = (left / across, bottom / up, width / across, height / up)
        axes: Axes = self.figure.add_axes(box)
        return axes

    def write(self, left: float, bottom: float, text: str, size: float, **how: Any) -> None:
        """Write one line at a place in inches; `$` is a dollar sign."""
        across, up = self.figure.get_size_inches()
        how = {"color": INK, "va": "baseline", **how}
        self.figure.text(left / across, bottom / up, text, **text_style(size), **how)


def text_style(size: float) -> dict[str, Any]:
    """Return what every text on a picture has in common; TeX is never interpreted."""
    return {"fontsize": size, "fontfamily": FONT, "parse_math": False, "usetex": False}


def begin(sheet: Sheet) -> Frame:
    """Return a figure with title and credits drawn and room for panels and legend."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    inner = sheet.width
    title = wrap(sheet.title, inner, _TITLE, lines=2, bold=True)
    subtitle = wrap(sheet.subtitle, inner, _SUBTITLE, lines=2)
    small = wrap(sheet.credits, inner, _CREDIT, lines=_CREDIT_LINES)
    head = _height(len(title), _TITLE) + _height(len(subtitle), _SUBTITLE) + 0.12
    foot = _height(len(small), _CREDIT) + 0.14
    height = _TOP + head + sheet.height + sheet.legend + foot + _BOTTOM
    width = inner + 2 * MARGIN
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    bottom = _BOTTOM + foot
    frame = Frame(
        figure,
        (MARGIN, bottom + sheet.legend, inner, sheet.height),
        (MARGIN, bottom, inner, sheet.legend),
    )
    top = height - _TOP
    for lines, size, how in (
        (title, _TITLE, {"fontweight": "bold"}),
        (subtitle, _SUBTITLE, {"color": GREY}),
    ):
        for line in lines:
            frame.write(MARGIN, top - size / _POINTS, line, size, **how)
            top -= _height(1, size)
    across = [MARGIN / width, 1 - MARGIN / width]
    up = [(bottom - 0.06) / height] * 2
    figure.add_artist(Line2D(across, up, color=RULE, linewidth=0.6))
    for i, line in enumerate(small):
        place = bottom - 0.14 - (i + 0.8) * _height(1, _CREDIT)
        frame.write(MARGIN, place, line, _CREDIT, color=GREY)
    return frame


def to_png(figure: Figure, about: Sequence[tuple[str, str]], dpi: int = DPI) -> bytes:
    """Return a figure as PNG bytes, the same for the same figure: no time, no version inside.

    Parameters
    ----------
    figure : Figure
        Drawn on an Agg canvas.
    about : sequence of (keyword, text)
        PNG text entries such as ("Title", ...).
    dpi : int
        Dots per inch.
    """
    metadata: dict[str, str | None] = {key: clean(text) for key, text in about if text}
    metadata["Software"] = None
    buffer = io.BytesIO()
    figure.set_dpi(dpi)
    figure.canvas.print_png(buffer, metadata=metadata)  # type: ignore[attr-defined]
    return buffer.getvalue()


def columns_for(count: int, aspect: float, width: float, height: float) -> int:
    """Return how many columns make the largest panels of an aspect (height over width)."""

    def panel_width(columns: int) -> float:
        rows = math.ceil(count / columns)
        waste = rows * columns - count
        return min(width / columns, height / rows / aspect) * (1 - 0.05 * waste)

    return max(range(1, count + 1), key=lambda n: (round(panel_width(n), 6), -n))


def _height(lines: int, size: float) -> float:
    return lines * size * _LEADING / _POINTS
