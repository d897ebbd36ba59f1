"""Means over boxes straight from files: netCDF4, ecCodes, rasterio or zarr, and closed forms.

A cell weighs its share of the box times its area: the difference of the sines of its latitudes by
that of its longitudes, each cut at the box. Missing cells weigh nothing.
"""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np

BALL = "+proj=longlat +R=6371007.181"
Box = tuple[float, float, float, float]  # west, south, east, north


def edges(centres: np.ndarray) -> np.ndarray:
    """Lower and upper edges (cell, 2) of an axis, half way between its points."""
    centres = np.asarray(centres, float)
    middles = (centres[1:] + centres[:-1]) / 2
    all_edges = np.concatenate(
        [2 * centres[:1] - middles[:1], middles, 2 * centres[-1:] - middles[-1:]]
    )
    return np.sort(np.stack([all_edges[:-1], all_edges[1:]], axis=1), axis=1)


def box_mean(values: np.ndarray, lat: np.ndarray, lon: np.ndarray, box: Box) -> float:
    """Mean of (lat, lon) over a box; `lat` and `lon` are edges (cell, 2)."""
    west, south, east, north = box
    sines = np.sin(np.deg2rad(np.clip(lat, south, north)))
    lon = lon + 360 * np.round((west + east - lon.sum(axis=1)) / 720)[:, None]
    widths = np.diff(np.clip(lon, west, east), axis=1)
    weights = np.diff(sines, axis=1) * widths.T
    weights = np.where(np.isfinite(values), weights, 0)
    return float((np.nan_to_num(values) * weights).sum() / weights.sum())


def unpacked(path: Path, *names: str) -> list[np.ndarray]:
    """Return variables as doubles, their fill values missing; packing undone here."""
    found = []
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        for name in names:
            about = file[name]
            raw = np.asarray(about[:])
            values = raw.astype(float)
            scale, offset = (
                getattr(about, n, d) for n, d in (("scale_factor", 1), ("add_offset", 0))
            )
            values = values * float(scale) + float(offset)
            for fill in ("_FillValue", "missing_value"):
                values[raw == getattr(about, fill, np.nan)] = np.nan
            found.append(values)
    return found


def netcdf_mean(
    path: Path, name: str, box: Box, *, lat: str = "lat", lon: str = "lon", weights: str = ""
) -> float:
    """Mean over a box and over time, of a regular NetCDF file; each time weighs its bounds."""
    values, lats, lons = unpacked(path, name, lat, lon)
    values = values.reshape(-1, lats.size, lons.size)
    lengths = np.ones(len(values))
    if weights:
        (bounds,) = unpacked(path, weights)
        lengths = np.diff(bounds, axis=1)[:, 0]
    mean = np.tensordot(lengths, values, 1) / lengths.sum()
    with netCDF4.Dataset(path) as file:
        bounded = "lat_bnds" in file.variables
    south_north, west_east = (
        unpacked(path, "lat_bnds", "lon_bnds") if bounded else (edges(lats), edges(lons))
    )
    return box_mean(mean, south_north, west_east, box)


def mean_of_corners(values: np.ndarray, lon: np.ndarray, lat: np.ndarray, box: Box) -> float:
    """Mean of cells of any shape over the part of each in a box, cut in a plane that keeps areas.

    So near to the plane's centre great circles, the sides of cells, are straight. `lon` and `lat`
    are those of the corners, one row and one column more than `values` has.
    """
    import shapely
    from pyproj import Transformer

    west, south, east, north = box
    plane = f"+proj=laea +R=6371007.181 +lon_0={(west + east) / 2} +lat_0={(south + north) / 2}"
    flat = Transformer.from_crs(BALL, plane, always_xy=True).transform
    corner = np.stack(flat(lon, lat), axis=-1)
    rings = np.stack([corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]], axis=2)
    along = np.linspace(west, east, 2000)
    ring = [(x, south) for x in along] + [(x, north) for x in along[::-1]]
    area = shapely.Polygon(np.stack(flat(*np.transpose(ring)), axis=1))
    weights = shapely.area(shapely.intersection(shapely.polygons(rings), area))
    weights = np.where(np.isfinite(values), weights, 0)
    return float((np.nan_to_num(values) * weights).sum() / weights.sum())
