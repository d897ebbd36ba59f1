"""One map: sea and land, missing values, the field, coasts, borders, graticule, frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .basemap import boundary_lines, is_land, land_path, shapes_path
from .cells import Cells
from .graticule import draw_graticule
from .page import INK
from .projection import Extent, View
from .scales import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Domain = Literal["land", "sea", "both"]

SEA, LAND = "#eef2f5", "#d6d6d2"
MISSING, HATCH, HATCHING = "#f4f4f4", "#b0b0b0", "//////"
_COAST, _BORDER = "#3c3c3c", "#707070"
_SAMPLE = 150
_LITTLE = 0.4  # coarse cells of the sea reach far over the coast


@dataclass(frozen=True)
class Ground:
    """What is the same on all panels of a picture: paths in map coordinates."""

    view: View
    land: Any
    coasts: list[np.ndarray]
    borders: list[np.ndarray]
    regions: Any = None


def ground_of(view: View, regions: list[Any] | None = None) -> Ground:
    """Return the base map of a view, with outlines of regions if they are given."""
    coasts, borders = boundary_lines(view)
    outlines = shapes_path(regions, view) if regions else None
    return Ground(view, land_path(view), coasts, borders, outlines)


def domain_of(lon: np.ndarray, lat: np.ndarray, valid: np.ndarray) -> tuple[Domain, bool]:
    """Tell whether values lie on land, at sea or both, and whether some are missing there.

    Parameters
    ----------
    lon, lat : ndarray (rows, columns), degrees
        Centres of the cells.
    valid : ndarray (rows, columns) of bool
        Where there is a value.

    Returns
    -------
    domain : {"land", "sea", "both"}
        Where values may be expected.
    gaps : bool
        Whether more than the coast's cells lack a value inside that domain.
    """
    steps = [max(1, size // _SAMPLE) for size in valid.shape]
    pick = (slice(None, None, steps[0]), slice(None, None, steps[1]))
    lon, lat, valid = lon[pick], lat[pick], valid[pick]
    inside = np.isfinite(lon) & np.isfinite(lat)
    land = np.zeros(valid.shape, dtype=bool)
    land[inside] = is_land(lon[inside], lat[inside])
    on_land = float((valid & land).sum()) / max(1, int((land & inside).sum()))
    at_sea = float((valid & ~land & inside).sum()) / max(1, int((~land & inside).sum()))
    domain: Domain = "both"
    if valid.any() and (land & inside).any() and (~land & inside).any():
        if on_land < _LITTLE * at_sea:
            domain = "sea"
        elif at_sea < _LITTLE * on_land:
            domain = "land"
    expected = inside & {"sea": ~land, "land": land, "both": inside}[domain]
    missing = int((expected & ~valid).sum())
    return domain, missing > 0.01 * max(1, int(expected.sum()))


def draw_panel(
    axes: Axes, ground: Ground, cells: Cells, scale: Scale, domain: Domain, *, labels: bool = True
) -> Any:
    """Draw one map into axes and return the coloured mesh.

    Parameters
    ----------
    axes : Axes
        Of the shape of the view; they are emptied of ticks.
    ground : Ground
        Base map.
    cells : Cells
        The field.
    scale : Scale
        Levels and colours.
    domain : {"land", "sea", "both"}
        Where missing values are marked.
    labels : bool
        Whether meridians and parallels are labelled.
    """
    from matplotlib.collections import LineCollection

    left, bottom, right, top = ground.view.bounds
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor(SEA)
    for spine in axes.spines.values():
        spine.set(visible=ground.view.frame == "rectangle", linewidth=0.8, color=INK, zorder=9)
    _draw_land(axes, ground, cells, domain)
    norm, colours = scale.norm_and_map()
    x, y = np.moveaxis(cells.corners, -1, 0)
    mesh = axes.pcolormesh(
        x, y, cells.values, norm=norm, cmap=colours, zorder=2, antialiased=False, linewidth=0
    )
    size = 0.8 if labels else 0.5
    axes.add_collection(
        LineCollection(ground.borders, colors=_BORDER, linewidths=0.45 * size, zorder=4),
        autolim=False,
    )
    axes.add_collection(
        LineCollection(ground.coasts, colors=_COAST, linewidths=0.75 * size, zorder=5),
        autolim=False,
    )
    if ground.regions is not None:
        _add_path(axes, ground.regions, facecolor="none", edgecolor=INK, linewidth=1.0, zorder=6)
    draw_graticule(axes, ground.view, labels=labels)
    _draw_frame(axes, ground.view)
    return mesh


def _draw_land(axes: Axes, ground: Ground, cells: Cells, domain: Domain) -> None:
    """Draw land, and where values are missing a hatch that the field then covers."""
    from matplotlib.path import Path

    hatched = {"facecolor": MISSING, "edgecolor": HATCH, "hatch": HATCHING, "linewidth": 0.0}
    border = Path(cells.border)
    if ground.land is not None:
        _add_path(axes, ground.land, facecolor=LAND, edgecolor="none", zorder=0.5)
    if domain == "land" and ground.land is not None:
        patch = _add_path(axes, ground.land, **hatched, zorder=1)
        patch.set_clip_path(border, axes.transData)
        patch.set_clip_box(axes.bbox)
        return
    _add_path(axes, border, **hatched, zorder=1)
    if domain == "sea" and ground.land is not None:
        _add_path(axes, ground.land, facecolor=LAND, edgecolor="none", zorder=3)


def _add_path(axes: Axes, path: Any, **how: Any) -> Any:
    from matplotlib.patches import PathPatch

    patch = PathPatch(path, **how)
    axes.add_artist(patch)  # add_patch would search the path for data limits
    return patch


def _draw_frame(axes: Axes, view: View) -> None:
    """Draw the rim of a round map and hide what lies outside it."""
    from matplotlib.path import Path

    if view.frame == "rectangle":
        return
    left, bottom, right, top = view.bounds
    pad = 0.02 * (right - left)
    box = np.array(
        [
            [left - pad, bottom - pad],
            [left - pad, top + pad],
            [right + pad, top + pad],
            [right + pad, bottom - pad],
            [left - pad, bottom - pad],
        ]
    )
    rim = view.outline if _is_counterclockwise(view.outline) else view.outline[::-1]
    codes = np.full(len(box) + len(rim), Path.LINETO, dtype=Path.code_type)
    codes[[0, len(box)]] = Path.MOVETO
    outside = Path(np.concatenate([box, rim]), codes)
    _add_path(axes, outside, facecolor="white", edgecolor="none", zorder=7)
    rim_patch = _add_path(
        axes, Path(rim, closed=False), facecolor="none", edgecolor=INK, linewidth=0.8, zorder=8
    )
    rim_patch.set_clip_on(False)


def _is_counterclockwise(line: np.ndarray) -> bool:
    x, y = line[:, 0], line[:, 1]
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) > 0


def shown(extent: Extent, *, several: bool = False) -> Extent:
    """Return what is drawn for data of an extent: a thin belt is shown with what lies around it."""
    if extent.width < 300 or extent.height > 30:
        return extent
    middle = (extent.south + extent.north) / 2
    half = max(extent.height * 0.6, 6.0) if several else max(extent.height, 10.0)
    return Extent(extent.west, max(middle - half, -90), extent.east, min(middle + half, 90))
