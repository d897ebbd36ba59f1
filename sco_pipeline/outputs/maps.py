"""Maps of a product as PNG: the ones a recipe asks for, else one of each gridded variable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..catalog import MapRequest, Recipe
from ..errors import OutputError, unknown
from .atomic import write_bytes
from .cells import spatial_dims, with_edges
from .outlines import outlines_of
from .page import to_png
from .periods import MONTHS, cell_text, coverage_text, days_text
from .series_table import counts_observations, is_beside
from .text import clean, sentences
from .time_axes import CLIMATOLOGICAL_DIMS, is_time_axis
from .writer import writer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIRECTORY = "maps"
_MAP_CREDIT = "Coasts and borders: Natural Earth"


@writer("maps")
def write_maps(product: xr.Dataset, recipe: Recipe, directory: Path) -> list[Path]:
    """Write the maps of a product as ``maps/<variable>[-<period>].png``.

    Parameters
    ----------
    product : Dataset
        Described product.
    recipe : Recipe
        Its ``maps``, or by default one map of each gridded variable that is no limit, p-value or
        number of observations of another.
    directory : Path
        Of the product.

    Returns
    -------
    list of Path
        None for a product without a grid.

    Raises
    ------
    OutputError
        If a map is asked for that the product cannot give, or a file cannot be written.
    """
    requests = recipe.maps or tuple(
        MapRequest(variable=str(name))
        for name, da in product.data_vars.items()
        if _fits(da) and not is_beside(str(name), product) and not counts_observations(da)
    )
    paths: list[Path] = []
    for request in requests:
        figure, about = _draw(product, request, outlines_of(product, request))
        path = directory / DIRECTORY / f"{_file_name(request, paths)}.png"
        write_bytes(path, to_png(figure, about))
        paths.append(path)
    return paths


def draw_map(
    product: xr.Dataset,
    variable: str,
    *,
    select: Mapping[str, Any] | None = None,
    title: str | None = None,
    outlines: list[Any] | None = None,
    **options: Any,
) -> Figure:
    """Return a map of one variable as a figure, for notebooks and reports.

    Parameters
    ----------
    product : Dataset
        Described product.
    variable : str
        Gridded variable. Along ``month`` it gives twelve maps, along time the latest period.
    select : mapping, optional
        Dimension to label, such as ``{"time": "2007-12"}``.
    title : str, optional
        By default the long name.
    outlines : list of shapely geometries, optional
        Regions, in longitude and latitude.
    **options
        ``extent`` (a `BBox`) and ``projection``, as in a recipe.

    Returns
    -------
    Figure
        Drawn on an Agg canvas; ``figure.savefig(path)`` writes it.

    Raises
    ------
    OutputError
        If the variable is unknown or not on a grid, or the selection does not name one period.
    """
    request = MapRequest(variable=variable, select=dict(select or {}), title=title, **options)
    return _draw(product, request, outlines)[0]


def _draw(
    product: xr.Dataset, request: MapRequest, outlines: list[Any] | None = None
) -> tuple[Figure, list[tuple[str, str]]]:
    """Return a figure and what its PNG says about itself."""
    from .map_figure import Picture, draw

    whole = _gridded(product, request.variable)
    fields, period = _selected(product, whole, request)
    long_name = clean(whole.attrs.get("long_name", request.variable))
    subtitle = " · ".join(
        part
        for part in (
            long_name if request.title else "",
            period,
            _relative_to(product, whole),
        )
        if part
    )
    title = request.title or long_name
    picture = Picture(title, subtitle, credits_of(product, _MAP_CREDIT), period)
    figure = draw(picture, whole, fields, request, outlines or [])
    source = str(product.attrs.get("acknowledgement", ""))
    about = [("Title", title), ("Description", f"{title}. {subtitle}"), ("Copyright", source)]
    return figure, about


def credits_of(product: xr.Dataset, more: str = "") -> str:
    """Return the small print of a picture: credit, licence, preliminary data, caveats."""
    attributes = product.attrs
    license_text = attributes.get("license")
    return sentences(
        [
            f"Data: {attributes['acknowledgement']}" if attributes.get("acknowledgement") else "",
            f"Licence: {license_text}" if license_text else "",
            "Contains preliminary data" if attributes.get("preliminary_inputs") else "",
            str(attributes.get("comment", "")),
            more,
        ]
    )


def _fits(da: xr.DataArray) -> bool:
    """Tell whether a variable gives one map, or no more than twelve, without a selection."""
    left = [
        d for d in da.dims if d not in (spatial_dims(da) or ()) and not is_time_axis(da, str(d))
    ]
    return (
        spatial_dims(da) is not None
        and all(da.sizes[d] <= len(MONTHS) for d in left[:1])
        and (len(left) <= 1)
    )


def _gridded(product: xr.Dataset, variable: str) -> xr.DataArray:
    """Return a gridded variable with the bounds of its grid as coordinates."""
    gridded = [str(name) for name, da in product.data_vars.items() if spatial_dims(da)]
    if variable not in gridded:
        raise OutputError(
            f"cannot draw {variable!r}: {unknown('gridded variable', variable, gridded)}"
        )
    return with_edges(product[variable], product)


def _selected(
    product: xr.Dataset, da: xr.DataArray, request: MapRequest
) -> tuple[list[tuple[str, xr.DataArray]], str]:
    """Return the fields to draw, each with its caption, and the period of all of them."""
    dims = spatial_dims(da)
    for dim, label in request.select.items():
        if dim not in da.dims:
            raise OutputError(
                f"map of {request.variable!r} selects {dim!r}, but the variable has dimensions "
                f"{da.dims}; correct 'select:' in the recipe"
            )
        da = _one(product, da, dim, label)
    caption, period = "", coverage_text(product)
    for dim in [str(d) for d in da.dims if d not in (dims or ())]:
        if is_time_axis(da, dim):
            caption = cell_text(product, dim, _latest(da, dim))
            da = da.isel({dim: _latest(da, dim)})
    caption = _caption_of(product, da) or caption
    panels = [str(d) for d in da.dims if d not in (dims or ())]
    if not panels:
        climatological = next((d for d in CLIMATOLOGICAL_DIMS if d in da.coords), None)
        if climatological:
            label = _label(climatological, da[climatological].values.item())
            return [("", da)], f"{label}, {_baseline(product) or period}"
        return [("", da)], caption or period
    if len(panels) > 1 or da.sizes[panels[0]] > len(MONTHS):
        raise OutputError(
            f"map of {request.variable!r} has dimensions {tuple(panels)} left over; name one "
            "period with 'select:' in the recipe"
        )
    dim = panels[0]
    labels = da[dim].values.tolist() if dim in da.coords else list(range(da.sizes[dim]))
    fields = [(_label(dim, label), da.isel({dim: i})) for i, label in enumerate(labels)]
    return fields, _baseline(product) or period


def _one(product: xr.Dataset, da: xr.DataArray, dim: str, label: Any) -> xr.DataArray:
    """Return the one place along a dimension that a label names."""
    try:
        found = da.sel({dim: str(label) if is_time_axis(da, dim) else label})
    except (KeyError, ValueError, TypeError) as error:
        have = da[dim].values
        raise OutputError(
            f"map of {da.name!r}: there is no {dim} {label!r}; there are {have[0]} to {have[-1]}"
        ) from error
    if dim in found.dims:
        if found.sizes[dim] != 1:
            raise OutputError(
                f"map of {da.name!r}: {dim} {label!r} names {found.sizes[dim]} periods; name one"
            )
        found = found.isel({dim: 0})
    return found


def _latest(da: xr.DataArray, dim: str) -> int:
    """Return the position of the latest period with values."""
    other = [d for d in da.dims if d != dim]
    present = np.flatnonzero(da.notnull().any(other).values)
    return int(present[-1]) if present.size else da.sizes[dim] - 1


def _caption_of(product: xr.Dataset, da: xr.DataArray) -> str:
    """Return the period of a field that was selected along time."""
    for name in map(str, da.coords):
        if name in product.dims and da[name].ndim == 0 and is_time_axis(product, name):
            index = int(np.flatnonzero(product[name].values == da[name].values)[0])
            return cell_text(product, name, index)
    return ""


def _label(dim: str, label: Any) -> str:
    if dim == "month":
        return MONTHS[int(label) - 1]
    return f"day {label}" if dim == "dayofyear" else clean(label)


def _baseline(product: xr.Dataset) -> str:
    return days_text(str(product.attrs.get("baseline", "")))


def _relative_to(product: xr.Dataset, da: xr.DataArray) -> str:
    about = f"{da.name} {da.attrs.get('indicator', '')}"
    baseline = _baseline(product)
    return f"relative to {baseline}" if "anomaly" in about and baseline else ""


def _file_name(request: MapRequest, paths: list[Path]) -> str:
    """Return a name that says what is on the map and that no other map has."""
    labels = "-".join(str(label) for label in request.select.values())
    name = re.sub(r"[^A-Za-z0-9_-]+", "", f"{request.variable}-{labels}".rstrip("-"))
    taken = {path.stem for path in paths}
    return name if name not in taken else f"{name}-{len(taken) + 1}"
