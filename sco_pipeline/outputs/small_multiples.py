"""Small panels on one sheet, one for each region, all on the same axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .page import Frame, Sheet, begin
from .text import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 24
WIDTH, FOOT = 9.0, 0.3
_LEFT, _ROW_GAP, _COLUMN_GAP = 0.5, 0.34, 0.12


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes
    ----------
    axes : Axes
        To draw on.
    is_lowest : bool
        Whether nothing stands below it, so that it names the marks across.
    is_alone : bool
        Whether it is the only one, and large.
    """

    axes: Axes
    is_lowest: bool
    is_alone: bool


def panels_of(
    titles: Sequence[str], title: str, subtitle: str, credit: str, *, key: float = 0.0
) -> tuple[Frame, list[Panel]]:
    """Lay out a sheet.

    Parameters
    ----------
    titles : sequence of str
        One for each panel, at most `MOST`.
    title, subtitle, credit : str
        Of the sheet.
    key : float, inches
        Room above the panels for what the lines mean.

    Returns
    -------
    Frame, list of Panel
    """
    count = len(titles)
    columns = 1 if count == 1 else 2 if count <= 8 else 3
    rows = math.ceil(count / columns)
    height = 2.9 if count == 1 else 1.25 if rows <= 4 else 0.95
    frame = begin(Sheet(title, subtitle, credit, WIDTH, rows * (height + _ROW_GAP) + FOOT + key))
    left, bottom, width, _ = frame.panels
    across = (width - columns * _LEFT - (columns - 1) * _COLUMN_GAP) / columns
    panels = []
    for i, name in enumerate(titles):
        row, column = divmod(i, columns)
        start = left + _LEFT + column * (across + _LEFT + _COLUMN_GAP)
        up = bottom + FOOT + (rows - 1 - row) * (height + _ROW_GAP) + 0.05
        axes = frame.axes(start, up, across, height)
        panels.append(Panel(axes, i + columns >= count, count == 1))
        if name:
            label = wrap(name, across, 8.5, lines=1, bold=True)
            frame.write(start, up + height + 0.06, " ".join(label), 8.5, fontweight="bold")
    return frame, panels
