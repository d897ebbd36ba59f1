"""Make daily tasmin, tasmax and pr in yearly int16 NetCDF files, for the benchmarks.

``python -m benchmarks.etccdi_data DIRECTORY [--years 30] [--lats 90] [--lons 120]``: one file for
each variable and year, packed int16 with zlib and byte shuffle, one chunk a day, 40 % of the cells
missing throughout (sea).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

FIRST_YEAR = 1981
PACKING = {"tasmax": (0.01, 0.0), "tasmin": (0.01, 0.0), "pr": (0.1, 0.0)}
UNITS = {"tasmax": "degC", "tasmin": "degC", "pr": "mm d-1"}
FILL = -32768


def main() -> None:
    """Write the files that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--years", type=int, default=30)
    parser.add_argument("--lats", type=int, default=90)
    parser.add_argument("--lons", type=int, default=120)
    arguments = parser.parse_args()
    make(arguments.directory, arguments.years, arguments.lats, arguments.lons)


def make(directory: Path, years: int, lats: int, lons: int) -> list[Path]:
    """Write one file for each variable and year; return their paths.

    Parameters
    ----------
    directory : Path
        Made if it is not there; files that are there are kept.
    years, lats, lons : int
        Size of the grid and length of the record.

    Returns
    -------
    list of Path
    """
    directory.mkdir(parents=True, exist_ok=True)
    lat, lon = np.linspace(-22.5, 67.5, lats), np.linspace(-10, 50, lons)
    land = np.random.default_rng(0).random((lats, lons)) < 0.6
    paths = []
    for year in range(FIRST_YEAR, FIRST_YEAR + years):
        for name in PACKING:
            path = directory / f"{name}_{year}.nc"
            paths.append(path)
            if not path.exists():
                _write(path, name, year, lat, lon, land)
    return paths


def _write(
    path: Path, name: str, year: int, lat: np.ndarray, lon: np.ndarray, land: np.ndarray
) -> None:
    """Write one year of one variable."""
    import netCDF4

    start, end = np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01")
    days = np.arange(start, end)
    scale, _ = PACKING[name]
    values = _values(name, year, len(days), lat, lon.size)
    packed = np.where(land, np.round(values / scale), FILL).astype(np.int16)
    unfinished = path.with_suffix(".part")
    with netCDF4.Dataset(unfinished, "w") as file:
        for dim, size in (("time", len(days)), ("lat", lat.size), ("lon", lon.size)):
            file.createDimension(dim, size)
        time = file.createVariable("time", "f8", ("time",))
        time.units, time.calendar = "days since 1850-01-01", "standard"
        time.standard_name = "time"
        time[:] = (days - np.datetime64("1850-01-01")).astype(float)
        for dim, at, units in (("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
            coordinate = file.createVariable(dim, "f8", (dim,))
            coordinate.units = units
            coordinate.standard_name = {"lat": "latitude", "lon": "longitude"}[dim]
            coordinate[:] = at
        variable = file.createVariable(
            name, "i2", ("time", "lat", "lon"), zlib=True, complevel=4, shuffle=True,
            chunksizes=(1, lat.size, lon.size), fill_value=FILL,
        )  # fmt: skip
        variable.set_auto_maskandscale(False)
        variable.units, variable.scale_factor = UNITS[name], scale
        variable[:] = packed
    unfinished.rename(path)


def _values(name: str, year: int, days: int, lat: np.ndarray, lons: int) -> np.ndarray:
    """Return smooth weather with a season, smaller noise, and dry days."""
    rng = np.random.default_rng([year, sorted(PACKING).index(name)])
    shared = np.random.default_rng([year, 99])
    rough = shared.normal(0, 4, (days + 4, lat.size // 6 + 2, lons // 6 + 2))
    smooth = (rough[:-4] + rough[1:-3] + rough[2:-2] + rough[3:-1] + rough[4:]) / 2
    weather = smooth.repeat(6, axis=1).repeat(6, axis=2)[:, : lat.size, :lons]
    noise = rng.normal(0, 1, (days, lat.size, lons))
    if name == "pr":
        wet = weather + noise > 1.5
        return np.where(wet, np.exp((weather + noise) / 3.5), 0.0)
    season = -np.cos(2 * np.pi * (np.arange(days) - 15) / 365.25)[:, None, None]
    mean = (28 - 0.45 * np.abs(lat))[:, None] + season * (0.25 * lat)[:, None]
    shift = 5.0 if name == "tasmax" else -5.0
    return mean + weather + noise + shift


if __name__ == "__main__":
    main()
