"""Grids that are not regular in latitude and longitude: projected, rotated and curvilinear.

They keep their own geometry: dimensions ``y, x``, a ``crs`` grid mapping and 2-D latitude and
longitude. Areas of projected cells come from the projection, those of curvilinear ones from their
corners on the sphere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..catalog import BBox
from ..errors import HarmonisationError
from .area import EARTH_RADIUS, cell_area
from .coordinates import Axes
from .grid import AREA_ATTRS, LAT_ATTRS, LON_ATTRS, Grid, plain
from .journal import Journal
from .stored import unpacked

if TYPE_CHECKING:
    import pyproj

Floats = NDArray[np.float64]
_KILOMETRES = ("km", "kilometer", "kilometers", "kilometre", "kilometres")


def projected_grid(
    raw: xr.Dataset, axes: Axes, crs: pyproj.CRS, bbox: BBox | None, origin: str, journal: Journal
) -> Grid:
    """Return the grid of a file with 1-D projection coordinates.

    Parameters
    ----------
    raw : Dataset
        Undecoded.
    axes : Axes
        With `y` and `x`, and `lat` and `lon` where the file has them.
    crs : pyproj.CRS
        The projection.
    bbox : BBox or None
        Only rows and columns that touch it are kept.
    origin : str
        Name of the file.
    journal : Journal
        Takes note.

    Returns
    -------
    Grid
        With dimensions ``y, x``.

    Raises
    ------
    HarmonisationError
        If a coordinate does not rise or fall throughout, or nothing lies in `bbox`.
    """
    assert axes.y is not None and axes.x is not None
    y, y_take = _line(raw[axes.y].variable, crs, "y", origin, journal)
    x, x_take = _line(raw[axes.x].variable, crs, "x", origin, journal)
    lat, lon = positions(crs, y, x)
    if axes.lat and axes.lon and raw[axes.lat].ndim == 2:
        dims = (raw[axes.y].dims[0], raw[axes.x].dims[0])
        own = [plain(unpacked(raw[n].variable.transpose(*dims))) for n in (axes.lat, axes.lon)]
        theirs = [values[np.ix_(y_take, x_take)] for values in own]
        _compare(lat, lon, theirs[0], theirs[1], y, x, crs, origin, journal)
        lat, lon = theirs[0], _wrapped(theirs[1])
    area = projected_area(crs, y, x, lat, lon)
    rows, columns = _touching(lat, lon, bbox, origin)
    y, x, y_take, x_take = y[rows], x[columns], y_take[rows], x_take[columns]
    window = np.ix_(rows, columns)
    return Grid(
        ("y", "x"),
        (str(raw[axes.y].dims[0]), str(raw[axes.x].dims[0])),
        (y_take, x_take),
        plane_coords(crs, y, x, lat[window], lon[window], area[window]),
    )


def curvilinear_grid(
    raw: xr.Dataset, axes: Axes, bbox: BBox | None, origin: str, journal: Journal
) -> Grid:
    """Return the grid of a file with 2-D latitude and longitude and no projection.

    Raises
    ------
    HarmonisationError
        If positions are missing, or nothing lies in `bbox`.
    """
    import pyproj

    lat_var, lon_var = raw[axes.lat].variable, raw[axes.lon].variable
    lat, lon = plain(unpacked(lat_var)), _wrapped(plain(unpacked(lon_var)))
    lost = int((~np.isfinite(lat + lon)).sum())
    if lost == lat.size:
        raise HarmonisationError(f"{origin}: no cell has a position; the geolocation is missing")
    if lost:
        journal.add("position", f"{lost} cells without", "kept, area unknown", "as in the file")
    journal.add("cell_area", "no projection", "from corners between centres", "derived")
    area = curvilinear_area(lat, lon)
    rows, columns = _touching(lat, lon, bbox, origin)
    window = np.ix_(rows, columns)
    crs = pyproj.CRS.from_user_input(f"+proj=longlat +R={EARTH_RADIUS} +no_defs")
    y, x = np.flatnonzero(rows).astype(float), np.flatnonzero(columns).astype(float)
    dims = (str(lat_var.dims[0]), str(lat_var.dims[1]))
    takes = (np.flatnonzero(rows), np.flatnonzero(columns))
    coords = plane_coords(crs, y, x, lat[window], lon[window], area[window])
    for name in ("y", "x"):
        coords[name].attrs = {"long_name": f"{name} index of the cell", "units": "1"}
    return Grid(("y", "x"), dims, takes, coords)


def positions(crs: pyproj.CRS, y: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return latitude and longitude (y, x) of the cells of a projected grid, NaN off the globe."""
    import pyproj

    # the base of a rotated pole is not its geodetic system, which is rotated as well
    base = crs.source_crs if _is_rotated(crs) else crs.geodetic_crs
    transform = pyproj.Transformer.from_crs(crs, base, always_xy=True)
    plane = np.meshgrid(x, y)
    lon, lat = transform.transform(*plane)
    off = ~(np.isfinite(lat) & np.isfinite(lon))
    return np.where(off, np.nan, lat), _wrapped(np.where(off, np.nan, lon))


def projected_area(crs: pyproj.CRS, y: Floats, x: Floats, lat: Floats, lon: Floats) -> Floats:
    """Return cell areas (y, x) in m2 from the projection's own areal scale.

    The ellipsoid of the projection is brought to the surface of the sphere of radius
    `EARTH_RADIUS`, so that areas of all grids compare. A rotated pole keeps its exact areas.
    """
    import pyproj

    if crs.is_geographic or _is_rotated(crs):
        return cell_area(_bounds(y), _bounds(x))
    scale = pyproj.Proj(crs).get_factors(lon, lat).areal_scale
    size = np.abs(np.outer(_widths(y), _widths(x)))
    return np.asarray(size / np.where(scale > 0, scale, np.nan) * _to_sphere(crs))


def curvilinear_area(lat: Floats, lon: Floats) -> Floats:
    """Return cell areas (y, x) in m2 from corners half-way between centres on the sphere."""
    phi, lam = np.deg2rad(lat), np.deg2rad(lon)
    centres = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    padded = np.stack([np.pad(part, 1, mode="reflect", reflect_type="odd") for part in centres])
    corners = (
        padded[:, :-1, :-1] + padded[:, 1:, :-1] + padded[:, :-1, 1:] + padded[:, 1:, 1:]
    ) / 4
    corners /= np.linalg.norm(corners, axis=0)
    a, b = corners[:, :-1, :-1], corners[:, :-1, 1:]
    c, d = corners[:, 1:, 1:], corners[:, 1:, :-1]
    return np.asarray((_triangle(a, b, c) + _triangle(a, c, d)) * EARTH_RADIUS**2)


def plane_coords(
    crs: pyproj.CRS, y: Floats, x: Floats, lat: Floats, lon: Floats, area: Floats
) -> dict[str, xr.Variable]:
    """Return the coordinates of a grid with dimensions ``y, x``."""
    kind = "angular_coordinate" if _is_rotated(crs) else "coordinate"
    units = "degrees" if _is_rotated(crs) else "m"
    names = {"y": f"projection_y_{kind}", "x": f"projection_x_{kind}"}
    if _is_rotated(crs):
        names = {"y": "grid_latitude", "x": "grid_longitude"}
    attrs = {n: {"standard_name": names[n], "units": units, "axis": n.upper()} for n in "yx"}
    return {
        "y": xr.Variable("y", y, attrs["y"]),
        "x": xr.Variable("x", x, attrs["x"]),
        "lat": xr.Variable(("y", "x"), lat, LAT_ATTRS),
        "lon": xr.Variable(("y", "x"), lon, LON_ATTRS),
        "cell_area": xr.Variable(("y", "x"), area, AREA_ATTRS),
        "crs": xr.Variable((), np.int32(0), crs.to_cf()),
    }


def _is_rotated(crs: pyproj.CRS) -> bool:
    return "rotated" in str(crs.to_cf().get("grid_mapping_name", ""))


def _to_sphere(crs: pyproj.CRS) -> float:
    """Return the surface of our sphere over that of the projection's ellipsoid."""
    if crs.ellipsoid is None:
        return 1.0
    a, b = crs.ellipsoid.semi_major_metre, crs.ellipsoid.semi_minor_metre
    e2 = 1 - (b / a) ** 2
    if e2 <= 0:
        return float((EARTH_RADIUS / a) ** 2)
    e = np.sqrt(e2)
    surface = 2 * np.pi * a**2 * (1 + (1 - e2) / e * np.arctanh(e))
    ratio = 4 * np.pi * EARTH_RADIUS**2 / surface
    return float(ratio)


def _line(
    variable: xr.Variable, crs: pyproj.CRS, what: str, origin: str, journal: Journal
) -> tuple[Floats, NDArray[np.intp]]:
    """Return rising projection coordinates in m (degrees for a rotated pole) and positions."""
    values = plain(unpacked(variable))
    if str(variable.attrs.get("units", "")).strip() in _KILOMETRES:
        values = values * 1000.0
        journal.add(what, "kilometres", "metres", "one unit for all projections")
    take = np.arange(values.size)
    steps = np.diff(values)
    if values.size > 1 and (steps < 0).all():
        values, take = values[::-1].copy(), take[::-1].copy()
        journal.add(what, "falling", "rising", "one order for all datasets")
    elif not (steps > 0).all():
        raise HarmonisationError(
            f"{origin}: projection coordinate {what} neither rises nor falls throughout"
        )
    return values, take


def _compare(
    lat: Floats, lon: Floats, their_lat: Floats, their_lon: Floats,
    y: Floats, x: Floats, crs: pyproj.CRS, origin: str, journal: Journal,
) -> None:  # fmt: skip
    """Check the positions of a file against its projection: they must agree within a cell."""
    off = np.hypot(
        lat - their_lat,
        ((lon - their_lon + 180) % 360 - 180) * np.cos(np.deg2rad(lat)),
    )
    worst = float(np.nanmax(off)) * (1.0 if _is_rotated(crs) else 111_195.0)
    cell = float(
        min(np.abs(np.diff(y)).min(initial=np.inf), np.abs(np.diff(x)).min(initial=np.inf))
    )
    if worst > cell:
        raise HarmonisationError(
            f"{origin}: latitude and longitude lie up to {worst:g} away from what the projection "
            f"gives, more than a cell ({cell:g}); correct 'crs:' under 'layout:' of its entry"
        )
    if worst > 0.05 * cell:
        journal.add(
            "position", f"up to {worst:.3g} off the projection", "as in the file", "within a cell"
        )


def _touching(
    lat: Floats, lon: Floats, bbox: BBox | None, origin: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the rows and columns that hold a cell of the box, and one more on each side."""
    if bbox is None:
        return np.ones(lat.shape[0], bool), np.ones(lat.shape[1], bool)
    width = bbox.east - bbox.west
    width = 360.0 if width >= 360 else width % 360
    with np.errstate(invalid="ignore"):
        inside = (lat >= bbox.south) & (lat <= bbox.north) & ((lon - bbox.west) % 360 <= width)
    if not inside.any():
        raise HarmonisationError(
            f"{origin}: no cell lies within {bbox!r}; it covers latitude {np.nanmin(lat):g} to "
            f"{np.nanmax(lat):g}, longitude {np.nanmin(lon):g} to {np.nanmax(lon):g}"
        )
    found = []
    for axis in (1, 0):
        hit = np.flatnonzero(inside.any(axis=axis))
        keep = np.zeros(lat.shape[1 - axis], bool)
        keep[max(hit[0] - 1, 0) : hit[-1] + 2] = True
        found.append(keep)
    return found[0], found[1]


def _wrapped(lon: Floats) -> Floats:
    wrapped = lon - 360.0 * np.floor((lon + 180) / 360)
    return np.where(wrapped >= 180, -180.0, wrapped)


def _bounds(centres: Floats) -> Floats:
    middle = (centres[1:] + centres[:-1]) / 2
    first, last = 2 * centres[0] - middle[0], 2 * centres[-1] - middle[-1]
    edges = np.concatenate([[first], middle, [last]])
    return np.stack([edges[:-1], edges[1:]], axis=1)


def _widths(centres: Floats) -> Floats:
    return np.asarray(np.diff(_bounds(centres), axis=1)[:, 0])


def _triangle(a: Any, b: Any, c: Any) -> Any:
    """Return the solid angles of spherical triangles of unit vectors (Van Oosterom, Strackee)."""
    volume = np.einsum("i...,i...->...", a, np.cross(b, c, axis=0))
    sides = (
        1
        + np.einsum("i...,i...->...", a, b)
        + np.einsum("i...,i...->...", b, c)
        + np.einsum("i...,i...->...", c, a)
    )
    return np.abs(2 * np.arctan2(volume, sides))
