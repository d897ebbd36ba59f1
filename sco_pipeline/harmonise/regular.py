"""Regular grids of latitude and longitude.

Latitude rises; longitude rises within [-180, 180); a meridian that stands twice is dropped; bounds
are read, else derived half-way between neighbours, up to the poles and once around the globe.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..catalog import BBox, DatasetEntry
from ..errors import HarmonisationError
from .area import cell_area
from .coordinates import Axes
from .grid import AREA_ATTRS, LAT_ATTRS, LON_ATTRS, Grid, plain
from .journal import Journal

Floats = NDArray[np.float64]
_LAZY_CELLS = 2_000_000


def regular_grid(
    raw: xr.Dataset,
    axes: Axes,
    entry: DatasetEntry,
    bbox: BBox | None,
    origin: str,
    journal: Journal,
) -> Grid:
    """Return the harmonised grid of a file with 1-D latitude and longitude.

    Parameters
    ----------
    raw : Dataset
        Undecoded.
    axes : Axes
        With `lat` and `lon`.
    entry : DatasetEntry
        Of the file.
    bbox : BBox or None
        Only cells that touch it are kept.
    origin : str
        Name of the file.
    journal : Journal
        Takes note.

    Returns
    -------
    Grid
        With dimensions ``lat, lon``.

    Raises
    ------
    HarmonisationError
        If a coordinate is missing, out of range or not monotonic, or nothing lies in `bbox`.
    """
    assert axes.lat is not None and axes.lon is not None
    lat, lat_take = _latitude(raw[axes.lat].variable, origin, journal)
    lon, lon_take, shift = _longitude(raw[axes.lon].variable, origin, journal)
    lat_bnds = _file_bounds(raw, axes.lat, lat, lat_take, entry, origin)
    lon_bnds = _file_bounds(raw, axes.lon, lon, lon_take, entry, origin, shift)
    if lat_bnds is None:
        lat_bnds = latitude_bounds(lat, _spacing(lon))
        journal.add("latitude", "no bounds", "half-way between neighbours", "derived")
    if lon_bnds is None:
        lon_bnds = longitude_bounds(lon, _spacing(lat))
        journal.add("longitude", "no bounds", "half-way between neighbours", "derived")
    _note_gaps(lat_bnds, lon_bnds, journal)
    if bbox is not None:
        rows = rows_in(lat_bnds, bbox)
        columns = columns_in(lon_bnds, bbox)
        if not (rows.any() and columns.any()):
            raise HarmonisationError(
                f"{origin}: no cell of dataset {entry.id!r} lies within {bbox!r}; it covers "
                f"latitude {lat_bnds.min():g} to {lat_bnds.max():g}, longitude "
                f"{lon_bnds.min():g} to {lon_bnds.max():g}"
            )
        lat, lat_take, lat_bnds = lat[rows], lat_take[rows], lat_bnds[rows]
        lon, lon_take, lon_bnds = lon[columns], lon_take[columns], lon_bnds[columns]
    return Grid(
        ("lat", "lon"),
        (str(raw[axes.lat].dims[0]), str(raw[axes.lon].dims[0])),
        (lat_take, lon_take),
        regular_coords(lat, lon, lat_bnds, lon_bnds),
    )


def regular_coords(
    lat: Floats, lon: Floats, lat_bnds: Floats, lon_bnds: Floats
) -> dict[str, xr.Variable]:
    """Return the coordinates of a regular grid, with bounds and cell area."""
    return {
        "lat": xr.Variable("lat", lat, {**LAT_ATTRS, "axis": "Y", "bounds": "lat_bnds"}),
        "lon": xr.Variable("lon", lon, {**LON_ATTRS, "axis": "X", "bounds": "lon_bnds"}),
        "lat_bnds": xr.Variable(("lat", "nv"), lat_bnds),
        "lon_bnds": xr.Variable(("lon", "nv"), lon_bnds),
        "cell_area": xr.Variable(("lat", "lon"), _area(lat_bnds, lon_bnds), AREA_ATTRS),
    }


def latitude_bounds(lat: Floats, other_spacing: float | None = None) -> Floats:
    """Derive bounds half-way between rising latitudes, closed at a pole that is near.

    Parameters
    ----------
    lat : array (lat,), degrees
    other_spacing : float, optional
        Height of the cell of a single row, degrees.

    Returns
    -------
    array (lat, 2), degrees
    """
    edges = _edges(lat, other_spacing)
    first, last = (edges[1] - edges[0]), (edges[-1] - edges[-2])
    # nearer than nine tenths of a row: the last row of an even or Gaussian grid, or the pole itself
    if lat[0] + 90 < 0.9 * first:
        edges[0] = -90.0
    if 90 - lat[-1] < 0.9 * last:
        edges[-1] = 90.0
    return _pairs(np.clip(edges, -90, 90))


def longitude_bounds(lon: Floats, other_spacing: float | None = None) -> Floats:
    """Derive bounds half-way between rising longitudes, closed around a global grid.

    Parameters
    ----------
    lon : array (lon,), degrees
        Rising in [-180, 180); a gap in the middle, where data cross the antimeridian, is no cell.
    other_spacing : float, optional
        Width of the cell of a single column, degrees.

    Returns
    -------
    array (lon, 2), degrees
    """
    if lon.size == 1:
        return _pairs(_edges(lon, other_spacing))
    gaps = np.diff(np.append(lon, lon[0] + 360))
    widest = int(np.argmax(gaps))
    usual = float(np.median(gaps))
    # begin behind the widest gap, so that only the outer edges are extrapolated
    order = (np.arange(lon.size) + widest + 1) % lon.size
    line = lon[order].copy()
    line[order <= widest] += 360
    if gaps[widest] < 1.5 * usual:  # around the globe
        middle = (line[1:] + line[:-1]) / 2
        wrap = (line[0] - 360 + line[-1]) / 2
        bounds = _pairs(np.concatenate([[wrap], middle, [wrap + 360]]))
    else:
        bounds = _pairs(_edges(line, None))
    result = np.empty_like(bounds)
    result[order] = bounds
    result[order[order <= widest]] -= 360
    return result


def _edges(centres: Floats, other_spacing: float | None) -> Floats:
    """Return edges half-way between centres, the outer ones as far out as the inner ones are."""
    if centres.size == 1:
        half = (other_spacing or 0.0) / 2
        return np.array([centres[0] - half, centres[0] + half])
    middle = (centres[1:] + centres[:-1]) / 2
    first = centres[0] - (middle[0] - centres[0])
    last = centres[-1] + (centres[-1] - middle[-1])
    return np.concatenate([[first], middle, [last]])


def _pairs(edges: Floats) -> Floats:
    return np.stack([edges[:-1], edges[1:]], axis=1)


def _spacing(centres: Floats) -> float | None:
    return float(np.median(np.diff(centres))) if centres.size > 1 else None


def _latitude(
    variable: xr.Variable, origin: str, journal: Journal
) -> tuple[Floats, NDArray[np.intp]]:
    """Return rising latitudes and their positions in the file."""
    lat = _values(variable, "latitude", origin)
    if np.abs(lat).max() > 90.001:
        raise HarmonisationError(
            f"{origin}: latitude reaches {lat[np.argmax(np.abs(lat))]:g} degrees, expected -90 to "
            "90; name the right coordinate under 'layout:' of the dataset's entry"
        )
    lat = np.clip(lat, -90, 90)
    take = np.arange(lat.size)
    steps = np.diff(lat)
    if (steps < 0).all() and lat.size > 1:
        journal.add("latitude", "falling", "rising", "one order for all datasets")
        return lat[::-1].copy(), take[::-1].copy()
    if not (steps > 0).all():
        raise HarmonisationError(
            f"{origin}: latitude neither rises nor falls throughout; the file is damaged or needs "
            "a fix named in the dataset's entry"
        )
    return lat, take


def _longitude(
    variable: xr.Variable, origin: str, journal: Journal
) -> tuple[Floats, NDArray[np.intp], Floats]:
    """Return rising longitudes in [-180, 180), their positions and the turns taken off."""
    lon = _values(variable, "longitude", origin)
    turns = 360.0 * np.floor((lon + 180) / 360)
    wrapped = lon - turns
    wrapped[wrapped >= 180] = -180.0
    take = np.argsort(wrapped, kind="stable")
    steps = np.diff(wrapped[take])
    usual = float(np.median(np.diff(np.sort(lon)))) if lon.size > 1 else 1.0
    twice = np.flatnonzero(np.append(False, steps < 1e-3 * abs(usual)))
    if twice.size > 1 or np.ptp(lon) > 720:
        raise HarmonisationError(
            f"{origin}: {twice.size} longitudes stand twice; the file is damaged or needs a fix "
            "named in the dataset's entry"
        )
    if twice.size:
        keep = take[twice[0] - 1 : twice[0] + 1].min()
        drop = take[twice[0] - 1 : twice[0] + 1].max()
        take = take[take != drop]
        journal.add(
            "longitude", f"{lon[keep]:g} and {lon[drop]:g}", f"{lon[keep]:g}", "the same meridian"
        )
    if (turns != 0).any():
        found = f"{lon.min():g} to {lon.max():g}"
        journal.add("longitude", found, "[-180, 180)", "one range for all datasets")
    elif (np.diff(take) != 1).any():
        journal.add("longitude", "not rising", "rising", "one order for all datasets")
    return wrapped[take], take, turns + (lon - turns - wrapped)


def _values(variable: xr.Variable, what: str, origin: str) -> Floats:
    """Return the values of a coordinate, unpacked, none of them missing."""
    from .stored import unpacked

    values = plain(unpacked(variable))
    if not np.isfinite(values).all() or not values.size:
        raise HarmonisationError(
            f"{origin}: {int((~np.isfinite(values)).sum())} of {values.size} values of {what} are "
            "missing; the file is damaged, fetch it again"
        )
    return values


def _file_bounds(
    raw: xr.Dataset,
    name: str,
    centres: Floats,
    take: NDArray[np.intp],
    entry: DatasetEntry,
    origin: str,
    shift: Floats | None = None,
) -> Floats | None:
    """Return the bounds that the file gives, each pair rising around its centre."""
    bounds_name = raw[name].attrs.get("bounds")
    if bounds_name not in raw.variables or entry.layout.cell_bounds == "ignore":
        return None
    variable = raw.variables[bounds_name]
    if variable.shape != (raw[name].size, 2):
        return None
    bounds = plain(variable.values)[take]
    if shift is not None:
        bounds = bounds - shift[take][:, None]
        # an edge beyond 0 or 360 may be written on the other side of the globe
        bounds -= 360 * np.round((bounds - centres[:, None]) / 360)
    else:
        bounds = np.clip(bounds, -90, 90)
    bounds = np.sort(bounds, axis=1)
    outside = (centres < bounds[:, 0] - 1e-4) | (centres > bounds[:, 1] + 1e-4)
    flat = bounds[:, 1] <= bounds[:, 0]
    if outside.any() or flat.any():
        at = int(np.argmax(outside | flat))
        raise HarmonisationError(
            f"{origin}: {name} {centres[at]:g} does not lie between its bounds {bounds[at, 0]:g} "
            f"and {bounds[at, 1]:g}; set 'cell_bounds: ignore' under 'layout:' of {entry.id!r}"
        )
    if (bounds[1:, 0] < bounds[:-1, 1] - 1e-3 * (bounds[1:, 1] - bounds[1:, 0])).any():
        raise HarmonisationError(
            f"{origin}: the bounds of {name} overlap; set 'cell_bounds: ignore' under 'layout:' of "
            f"dataset {entry.id!r}"
        )
    return bounds


def _note_gaps(lat_bnds: Floats, lon_bnds: Floats, journal: Journal) -> None:
    """Note cells that do not touch, as in a thinned grid; their bounds are kept."""
    for what, bounds in (("latitude", lat_bnds), ("longitude", lon_bnds)):
        gaps = bounds[1:, 0] - bounds[:-1, 1]
        width = bounds[:, 1] - bounds[:, 0]
        if gaps.size and (gaps > 0.01 * np.median(width)).sum() > 1:
            journal.add(
                what,
                f"cells {np.median(width):g} wide, {np.median(np.diff(bounds[:, 0])):g} apart",
                "bounds as in the file",
                "a thinned grid; say 'cell_bounds: ignore' to let the cells touch",
            )


def rows_in(lat_bnds: Floats, bbox: BBox) -> NDArray[np.bool_]:
    """Tell which rows touch the box."""
    return np.asarray((lat_bnds[:, 1] > bbox.south) & (lat_bnds[:, 0] < bbox.north))


def columns_in(lon_bnds: Floats, bbox: BBox) -> NDArray[np.bool_]:
    """Tell which columns touch the box, which may cross the antimeridian or be stated 0..360."""
    width = bbox.east - bbox.west
    if width >= 360:
        return np.ones(len(lon_bnds), dtype=bool)
    width = width % 360
    west, east = lon_bnds[:, 0], lon_bnds[:, 1]
    begins_inside = (west - bbox.west) % 360 < width
    holds_west = (bbox.west - west) % 360 < east - west
    return np.asarray(begins_inside | holds_west)


def _area(lat_bnds: Floats, lon_bnds: Floats) -> Any:
    """Return the areas, lazily where they would be large."""
    if len(lat_bnds) * len(lon_bnds) <= _LAZY_CELLS:
        return cell_area(lat_bnds, lon_bnds)
    import dask.array as da

    column = cell_area(lat_bnds, np.array([[0.0, 1.0]]))
    rows = max(_LAZY_CELLS // len(lon_bnds), 1)
    lazy = da.from_array(column, chunks=(rows, 1))
    return lazy * (lon_bnds[:, 1] - lon_bnds[:, 0])[None, :]
