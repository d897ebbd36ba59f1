"""Stations, points and other features: positions along one dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..catalog import BBox
from ..errors import HarmonisationError
from .coordinates import Axes
from .grid import LAT_ATTRS, LON_ATTRS, Grid, plain
from .journal import Journal
from .stored import unpacked


def station_grid(
    raw: xr.Dataset, axes: Axes, bbox: BBox | None, origin: str, journal: Journal
) -> Grid:
    """Return the layout of a file whose positions lie along one feature dimension.

    Parameters
    ----------
    raw : Dataset
        Undecoded.
    axes : Axes
        With 1-D `lat` and `lon` along one dimension.
    bbox : BBox or None
        Only stations within it are kept.
    origin : str
        Name of the file.
    journal : Journal
        Takes note.

    Returns
    -------
    Grid
        With dimension ``station``; there is no cell area.

    Raises
    ------
    HarmonisationError
        If a position is missing, or no station lies in `bbox`.
    """
    assert axes.lat is not None and axes.lon is not None
    dim = str(raw[axes.lat].dims[0])
    lat, lon = (plain(unpacked(raw[name].variable)) for name in (axes.lat, axes.lon))
    lon = lon - 360.0 * np.floor((lon + 180) / 360)
    if not np.isfinite(lat + lon).all() or np.abs(lat).max(initial=0) > 90:
        raise HarmonisationError(f"{origin}: a station has no position; the file needs a fix")
    keep = np.ones(lat.size, dtype=bool)
    if bbox is not None:
        width = bbox.east - bbox.west
        width = 360.0 if width >= 360 else width % 360
        keep = (lat >= bbox.south) & (lat <= bbox.north) & ((lon - bbox.west) % 360 <= width)
        if not keep.any():
            raise HarmonisationError(f"{origin}: no station lies within {bbox!r}")
    take = np.flatnonzero(keep)
    names = _names(raw, dim)
    if dim != "station":
        journal.add("station", f"dimension {dim!r}", "dimension 'station'", "one name for features")
    return Grid(
        ("station",),
        (dim,),
        (take,),
        {
            "station": xr.Variable("station", names[take], {"cf_role": "timeseries_id"}),
            "lat": xr.Variable("station", lat[take], LAT_ATTRS),
            "lon": xr.Variable("station", lon[take], LON_ATTRS),
        },
    )


def _names(raw: xr.Dataset, dim: str) -> NDArray[Any]:
    """Return the names of the stations: a `cf_role` variable, the dimension's own, or numbers."""
    for var in raw.variables.values():
        if var.attrs.get("cf_role") == "timeseries_id" and var.dims[:1] == (dim,):
            return _text(var)
    if dim in raw.variables:
        return _text(raw.variables[dim])
    return np.arange(raw.sizes[dim]).astype(str).astype(object)


def _text(variable: xr.Variable) -> NDArray[Any]:
    """Return text, also where it stands as single characters or bytes."""
    values = np.asarray(variable.values)
    if values.ndim == 2:  # characters
        rows = [b"".join(np.asarray(row, dtype="S1").tolist()) for row in values]
        values = np.array(rows, dtype=object)
    flat = [
        value.decode("utf-8", "replace").strip() if isinstance(value, bytes) else str(value)
        for value in values.ravel()
    ]
    return np.array(flat, dtype=object)
