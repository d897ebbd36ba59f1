"""Twins of the headline datasets: files as their entries describe them, at their real addresses.

Values have the course of the year, places that differ, weather, a trend, and nothing where the
quantity has no values (land or sea). They are made anew from place and day alone, so that a test
knows what each cell holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import xarray as xr

from sco_pipeline.access.granules import Granule, granules_of
from sco_pipeline.catalog import Catalog, DatasetEntry, Period, Recipe, Request, Variable
from sco_pipeline.harmonise.units import conversion
from sco_pipeline.outputs.basemap import is_land
from tests import archives
from tests.servers import FaultServer

STEPS = {"day": "D", "month": "MS"}
LAST_DAY = dt.date(2022, 12, 31)
"""End of the twins of datasets that still grow."""
ERROR = 0.1
"""Standard uncertainty in the files, in their units."""


@dataclass(frozen=True)
class Climate:
    """How a quantity behaves, in canonical units.

    Attributes
    ----------
    mean, swing : float
        Mean, and half of what a year spans; highest at the end of July in the north.
    per_degree : float
        Change with each degree of latitude away from the equator.
    places, weather, per_year : float
        Sizes of what differs from place to place, of day-to-day changes and of the trend.
    where : {"land", "sea", ""}
        Where there are values.
    least, most : float
        Values are cut here.
    factors : bool
        Whether all of it is of the logarithm.
    """

    mean: float
    swing: float
    per_degree: float = 0.0
    places: float = 0.0
    weather: float = 0.0
    per_year: float = 0.0
    where: str = ""
    least: float = -np.inf
    most: float = np.inf
    factors: bool = False


CLIMATES = {
    "tos": Climate(31, 5, -0.28, 0.6, 1.2, 0.03, "sea", least=-1.8),
    "tasmax": Climate(33, 4, -0.35, 2.0, 3.0, 0.03, "land"),
    "tasmin": Climate(22, 4, -0.35, 2.0, 3.0, 0.03, "land"),
    "pr": Climate(-4, 5, 0.0, 3.0, 14.0, 0.0, "", least=0),
    "sm": Climate(0.28, -0.06, -0.001, 0.05, 0.04, 0.0, "land", least=0.02, most=0.6),
    "sla": Climate(0.0, 0.05, 0.0, 0.03, 0.04, 0.003, "sea"),
    "ndvi": Climate(0.62, 0.18, -0.003, 0.1, 0.03, 0.0, "land", least=-0.05, most=0.92),
    "snc": Climate(40, -40, 0.0, 30.0, 60.0, 0.0, "land", least=0, most=100),
    "siconc": Climate(-330, -35, 5.4, 6.0, 4.0, -0.4, "sea", least=0, most=100),
    "xco2": Climate(374, -2.5, 0.01, 0.5, 0.4, 2.1, "land"),
    "ts": Climate(44, 12, -0.3, 3.0, 1.0, 0.04, "land"),
    "aod": Climate(0.24, 0.05, -0.001, 0.12, 0.1, 0.0, "", least=0.01),
    "burned_area": Climate(0.5, 1.0, -0.03, 1.4, 0.4, -0.01, "land", factors=True),
    "chl": Climate(-1.6, -0.5, 0.0, 1.0, 0.3, 0.0, "sea", factors=True),
    "zos": Climate(0.0, 0.05, 0.0, 0.2, 0.04, 0.003, "sea"),
    "lwe": Climate(0.0, -80, 0.0, 40.0, 25.0, -2.0, "land"),
}


def values_of(name: str, lat: np.ndarray, lon: np.ndarray, times: pd.DatetimeIndex) -> np.ndarray:
    """Return the values (time, ...) of a quantity at places, in canonical units."""
    climate = CLIMATES[name]
    day = np.asarray(times.day_of_year, float)[:, None]
    age = np.asarray((times - pd.Timestamp("2000-01-01")).days, float)[:, None]
    y, x = lat.ravel(), lon.ravel()
    season = np.cos(2 * np.pi * (day - 212) / 365.25) * np.where(y < 0, -1, 1)
    places = np.sin(x / 4.1 + 1) * np.cos(y / 3.3) + 0.5 * np.sin(x / 17 - y / 9)
    noise = np.convolve(np.random.default_rng(7).normal(size=60_000), np.full(9, 1 / 3), "same")
    shift = (37 * np.floor(x / 8) + 53 * np.floor(y / 8)).astype(int) % 20_000
    weather = noise[age.astype(int) + 15_000 + shift]  # that of a day lasts for some
    weather = 0.8 * weather + 0.2 * np.sin(x / 1.7 + y / 2.3 + day)
    made = (
        climate.mean + climate.swing * season + climate.per_degree * abs(y)
        + climate.places * places + climate.weather * weather / 1.7
        + climate.per_year * age / 365.25
    )  # fmt: skip
    made = np.clip(np.exp(made) if climate.factors else made, climate.least, climate.most)
    if climate.where:
        made[:, is_land(x, y, "50m") != (climate.where == "land")] = np.nan
    return made.reshape(times.size, *lat.shape)


def seen_of(
    entry: DatasetEntry, name: str, lat: np.ndarray, lon: np.ndarray, times: pd.DatetimeIndex
) -> np.ndarray:
    """Return the values as the files give them: snow is there or not."""
    made = values_of(name, lat, lon, times)
    return np.where(np.isnan(made), np.nan, 100.0 * (made > 50)) if entry.fixes else made


def error_of(entry: DatasetEntry, name: str, catalog: Catalog) -> float:
    """Return the standard uncertainty of every value, in canonical units."""
    source, variable = entry.variables[name], catalog.variables[name]
    change = conversion(source.units or source.file_units or variable.units, variable.units)
    return ERROR * source.scale * change.factor


def span(entry: DatasetEntry, recipe: Recipe) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of the twin of a dataset."""
    start = max(recipe.period.start or entry.coverage.start, entry.coverage.start)
    end = min(recipe.period.end or LAST_DAY, entry.coverage.end or recipe.period.end or LAST_DAY)
    return start, end


def steps(entry: DatasetEntry, recipe: Recipe) -> pd.DatetimeIndex:
    """Return the times of the twin of a dataset."""
    start, end = span(entry, recipe)
    if entry.frequency == "dekad":
        days = pd.date_range(start, end, freq="D")
        return days[np.isin(days.day, (1, 11, 21))]
    return pd.date_range(start, end, freq=STEPS[entry.frequency])


def grid(
    entry: DatasetEntry, recipe: Recipe, rows: int = 8, columns: int = 8
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres of a coarse grid over the box of the recipe or of the dataset."""
    box = recipe.bbox or entry.coverage.bbox
    assert box is not None
    east = np.linspace(box.west, box.east, columns + 1)
    north = np.linspace(box.south, box.north, rows + 1)
    return (north[:-1] + north[1:]) / 2, (east[:-1] + east[1:]) / 2


def stored(entry: DatasetEntry, name: str, variable: Variable, values: np.ndarray) -> np.ndarray:
    """Turn canonical values into those of the file."""
    source = entry.variables[name]
    units = source.units or source.file_units or variable.units
    change = conversion(units, variable.units)
    return np.asarray(((values - change.offset) / change.factor - source.offset) / source.scale)


def twin_of(
    entry: DatasetEntry, recipe: Recipe, catalog: Catalog, rows: int, columns: int
) -> xr.Dataset:
    """Return the whole record of a dataset as its files hold it."""
    times = steps(entry, recipe)
    if "EASE2" in entry.grid:
        ds, places = _polar(rows), ("yc", "xc")
    else:
        lat, lon = grid(entry, recipe, rows, columns)
        ds = xr.Dataset(
            coords={
                "lat": ("lat", lat, {"units": "degrees_north", "standard_name": "latitude"}),
                "lon": ("lon", lon, {"units": "degrees_east", "standard_name": "longitude"}),
            }
        )
        places = ("lat", "lon")
    lat_2d, lon_2d = xr.broadcast(ds["lat"], ds["lon"])
    ds["time"] = ("time", times)
    for name in recipe.inputs:
        source = entry.variables[name]
        made = values_of(name, lat_2d.values, lon_2d.values, times)
        data = stored(entry, name, catalog.variables[name], made)
        attrs = {"units": source.file_units or source.units}
        if places == ("yc", "xc"):
            attrs |= {"grid_mapping": "Lambert_Azimuthal_Grid", "coordinates": "lat lon"}
        ds[source.name] = (("time", *places), data, attrs)
        if source.uncertainty:
            error = np.where(np.isnan(data), np.nan, ERROR)
            ds[source.uncertainty] = (("time", *places), error, attrs)
    return ds


def _polar(count: int) -> xr.Dataset:
    """Return the northern EASE grid, version 2, in kilometres, as the archive has it."""
    crs = pyproj.CRS.from_epsg(6931)
    edge = 5400
    line = np.linspace(-edge, edge, count + 1)
    line = (line[1:] + line[:-1]) / 2
    x, y = np.meshgrid(line * 1000, -line * 1000)
    lon, lat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    km = {"units": "km"}
    return xr.Dataset(
        {"Lambert_Azimuthal_Grid": ((), 0, {**crs.to_cf(), "crs_wkt": crs.to_wkt()})},
        {
            "yc": ("yc", -line, {"standard_name": "projection_y_coordinate", **km}),
            "xc": ("xc", line, {"standard_name": "projection_x_coordinate", **km}),
            "lat": (("yc", "xc"), lat, {"units": "degrees_north", "standard_name": "latitude"}),
            "lon": (("yc", "xc"), lon, {"units": "degrees_east", "standard_name": "longitude"}),
        },
    )


def serve(
    server: FaultServer, entry: DatasetEntry, recipe: Recipe, catalog: Catalog, folder: Path,
    size: tuple[int, int] = (8, 12),
) -> list[str]:  # fmt: skip
    """Put the twin of a dataset at its real addresses; return the paths that must be asked for."""
    whole = twin_of(entry, recipe, catalog, *size)
    if entry.access.method == "zarr":
        path = folder / "twin.zarr"
        whole.to_zarr(path, zarr_format=2, consolidated=True)
        return [archives.zarr_store(server, entry, path) + "/.zattrs"]
    start, end = span(entry, recipe)
    names = list(recipe.inputs)
    groups = [[name] for name in names] if "{variable" in entry.access.url else [names]
    paths = []
    for group in groups:
        request = Request(variables=tuple(group), period=Period(start=start, end=end))
        granules = list(granules_of(entry, request))
        for granule, body in zip(
            granules, _bodies(entry, whole, granules, group, folder), strict=True
        ):
            paths.append(archives.path_of(granule.url))
            server.put(paths[-1], body)
    return paths


def _bodies(
    entry: DatasetEntry, whole: xr.Dataset, granules: list[Granule], names: list[str], folder: Path
) -> Iterator[bytes]:
    """Yield the file of each granule."""
    write = {"geotiff": _geotiff, "grib": _grib, "netcdf": _netcdf}[entry.format]
    source = [entry.variables[name] for name in names]
    kept = [name for s in source for name in (s.name, s.uncertainty) if name]
    stamps = whole["time"].values.astype("datetime64[D]").astype(dt.date)
    path = folder / "part"
    for granule in granules:
        span = granule.period
        inside = [span is None or span.start <= stamp <= span.end for stamp in stamps]
        write(path, whole[kept].isel(time=np.flatnonzero(inside)), kept[0], entry)
        yield path.read_bytes()


def _netcdf(path: Path, part: xr.Dataset, name: str, entry: DatasetEntry) -> None:
    part.to_netcdf(path, engine="scipy")


def _geotiff(path: Path, part: xr.Dataset, name: str, entry: DatasetEntry) -> None:
    """Write one day; snow as bits of a byte."""
    import rasterio

    values = part[name].values[0][::-1]
    lat, lon = part["lat"].values, part["lon"].values
    step, rise = lon[1] - lon[0], lat[1] - lat[0]
    if entry.fixes:
        values = np.where(np.isnan(values), 0, np.where(values > 50, 64, 1)).astype("uint8")
    else:
        values = np.where(np.isnan(values), 9.969209968386869e36, values).astype("float32")
    with rasterio.open(
        path, "w", driver="GTiff", height=lat.size, width=lon.size, count=1, dtype=values.dtype,
        crs="EPSG:4326",
        transform=rasterio.Affine(step, 0, lon[0] - step / 2, 0, -rise, lat[-1] + rise / 2),
    ) as file:  # fmt: skip
        file.write(values, 1)


def _grib(path: Path, part: xr.Dataset, name: str, entry: DatasetEntry) -> None:
    """Write one day of rain as GRIB 2, north first."""
    import eccodes  # after pyproj, which it would spoil

    lat, lon = part["lat"].values[::-1], part["lon"].values % 360
    day = pd.Timestamp(part["time"].values[0])
    handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
    facts = {
        "Ni": lon.size, "Nj": lat.size, "latitudeOfFirstGridPointInDegrees": lat[0],
        "longitudeOfFirstGridPointInDegrees": lon[0], "latitudeOfLastGridPointInDegrees": lat[-1],
        "longitudeOfLastGridPointInDegrees": lon[-1],
        "jDirectionIncrementInDegrees": lat[0] - lat[1],
        "iDirectionIncrementInDegrees": lon[1] - lon[0], "dataDate": int(f"{day:%Y%m%d}"),
        "dataTime": 1200, "discipline": 0, "parameterCategory": 15, "parameterNumber": 5,
        "bitsPerValue": 24,
    }  # fmt: skip
    for key, value in facts.items():
        eccodes.codes_set(handle, key, value)
    eccodes.codes_set_values(handle, part[name].values[0][::-1].ravel())
    with path.open("wb") as stream:
        eccodes.codes_write(handle, stream)
    eccodes.codes_release(handle)
