"""Which kind of horizontal layout a file has, and its harmonised grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from ..errors import HarmonisationError
from .coordinates import Axes
from .grid import LAT_ATTRS, LON_ATTRS, Grid, plain
from .known_grids import KNOWN_GRIDS, add_coordinates
from .opened_dataset import Opening
from .projected import curvilinear_grid, projected_grid
from .regular import regular_grid
from .stations import station_grid
from .stored import unpacked


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
    ndims = (lat.ndim, lon.ndim) if lat is not None and lon is not None else None
    if entry.layout.grid is not None:
        rows = [str(dim) for dim in variable.dims if dim != _time(raw, axes)][-2:]
        located, crs = add_coordinates(raw, (rows[0], rows[-1]), entry.layout.grid, origin)
        journal.add("grid", "no coordinates", f"grid {entry.layout.grid}", "catalog entry")
        return projected_grid(located, Axes(y="__y", x="__x"), crs, bbox, origin, journal)
    if ndims == (1, 1) and lat is not None and lon is not None:
        if lat.dims != lon.dims:
            if lat.size == lon.size == 1 and lat.attrs.get("bounds") not in raw.variables:
                journal.add("position", "one cell without bounds", "one series", "size unknown")
                return _series(lat, lon, None)
            return regular_grid(raw, axes, entry, bbox, origin, journal)
        return station_grid(raw, axes, bbox, origin, journal)
    crs = _crs(raw, variable, entry.layout.crs, origin)
    if axes.y and axes.x and crs is not None and raw[axes.y].ndim == raw[axes.x].ndim == 1:
        return projected_grid(raw, axes, crs, bbox, origin, journal)
    if ndims == (2, 2):
        return curvilinear_grid(raw, axes, bbox, origin, journal)
    spread = [dim for dim in variable.dims if variable.sizes[dim] > 1 and dim != _time(raw, axes)]
    if not spread and (lat is None or lat.size == 1):
        return _series(lat, lon, entry.layout.position)
    raise HarmonisationError(
        f"{origin}: nothing tells where the values along {spread} lie; name the coordinates, a "
        f"'crs:' or a known 'grid:' under 'layout:' of dataset {entry.id!r} "
        f"(known grids are {', '.join(KNOWN_GRIDS)})"
    )


def _crs(raw: xr.Dataset, variable: xr.Variable, stated: str | None, origin: str) -> Any:
    """Return the projection that the entry or the grid mapping states, if any."""
    import pyproj

    name = str(variable.attrs.get("grid_mapping", "")).split(":")[0].strip()
    attrs = dict(raw.variables[name].attrs) if name in raw.variables else {}
    if stated is None and not attrs:
        return None
    try:
        crs = pyproj.CRS.from_user_input(stated) if stated else pyproj.CRS.from_cf(attrs)
    except (pyproj.exceptions.CRSError, KeyError, ValueError) as error:
        raise HarmonisationError(
            f"{origin}: the projection cannot be read from {stated or name!r} "
            f"({str(error)[:120]}); give 'crs:' under 'layout:' of the dataset's entry"
        ) from error
    return None if crs.is_geographic and not crs.is_derived else crs


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
