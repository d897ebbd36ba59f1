"""Which kind of horizontal layout a file has, and its harmonised grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..errors import HarmonisationError
from .coordinates import Axes
from .grid import LAT_ATTRS, LON_ATTRS, Grid, plain
from .regular import regular_grid
from .stored import unpacked

if TYPE_CHECKING:
    from .granule import Opening


def horizontal_grid(
    raw: xr.Dataset, variable: xr.Variable, axes: Axes, opening: Opening, origin: str
) -> Grid:
    """Return the harmonised grid of one variable of a file.

    The same coordinates in a further file give the same object, so that a thousand files with one
    grid cost one.

    Parameters
    ----------
    raw : Dataset
        Undecoded.
    variable : Variable
        A data variable of it.
    axes : Axes
        Its coordinates.
    opening : Opening
        Entry, request and the grids met so far.
    origin : str
        Name of the file.

    Returns
    -------
    Grid

    Raises
    ------
    HarmonisationError
        If the file does not tell where its values lie, nor the entry.
    """
    key = _key(raw, variable, axes)
    if key not in opening.grids:
        opening.grids[key] = _grid(raw, variable, axes, opening, origin)
    return opening.grids[key]


def _grid(
    raw: xr.Dataset, variable: xr.Variable, axes: Axes, opening: Opening, origin: str
) -> Grid:
    entry, journal, bbox = opening.entry, opening.journal, opening.request.bbox
    lat = raw[axes.lat].variable if axes.lat else None
    lon = raw[axes.lon].variable if axes.lon else None
    if lat is not None and lon is not None and (lat.ndim, lon.ndim) == (1, 1):
        if lat.dims != lon.dims:
            return regular_grid(raw, axes, entry, bbox, origin, journal)
    spread = [dim for dim in variable.dims if variable.sizes[dim] > 1 and dim != _time(raw, axes)]
    if not spread and (lat is None or lat.size == 1):
        return _series(lat, lon, entry.layout.position)
    raise HarmonisationError(
        f"{origin}: nothing tells where the values along {spread} lie; name the coordinates or a "
        f"known 'grid:' under 'layout:' of dataset {entry.id!r}"
    )


def _time(raw: xr.Dataset, axes: Axes) -> Any:
    return raw[axes.time].dims[0] if axes.time and raw[axes.time].ndim else None


def _series(
    lat: xr.Variable | None, lon: xr.Variable | None, position: tuple[float, float] | None
) -> Grid:
    """Return the grid of a single series: a position at most."""
    coords: dict[str, xr.Variable] = {}
    if lat is not None and lon is not None:
        position = float(plain(unpacked(lat))[0]), float(plain(unpacked(lon))[0])
    if position is not None:
        coords["lat"] = xr.Variable((), position[0], LAT_ATTRS)
        coords["lon"] = xr.Variable((), (position[1] + 180) % 360 - 180, LON_ATTRS)
    return Grid((), (), (), coords)


def _key(raw: xr.Dataset, variable: xr.Variable, axes: Axes) -> Any:
    """Return what makes two files' grids the same: bytes of the coordinates and their bounds."""
    parts: list[Any] = [variable.dims, tuple(variable.sizes[dim] for dim in variable.dims[-2:])]
    for name in (axes.lat, axes.lon, axes.y, axes.x):
        if name is None:
            parts.append(None)
            continue
        coordinate = raw[name].variable
        bounds = coordinate.attrs.get("bounds")
        parts.append((name, coordinate.dims, np.asarray(coordinate.values).tobytes()))
        if bounds in raw.variables:
            parts.append(np.asarray(raw.variables[bounds].values).tobytes())
    parts.append(str(variable.attrs.get("grid_mapping", "")))
    return tuple(parts)
