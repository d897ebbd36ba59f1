"""Daily files with the layouts that archives use, small or as large as a test of memory needs."""

from __future__ import annotations

import datetime as dt
import zlib

import h5py
import numpy as np
import xarray as xr

from sco_pipeline import harmonise
from sco_pipeline.catalog import Request, load_catalog
from sco_pipeline.catalog.models import Access, Coverage, DatasetEntry, Source
from sco_pipeline.settings import default_catalog_dir

SCALES = {"tasmax": 0.01, "tasmin": 0.01, "pr": 0.1}
UNITS = {"tasmax": "degC", "tasmin": "degC", "pr": "mm d-1"}
FILL = -32768


def write(directory, years, shape, *, chunks, packed=True, filters=None):
    """Write one file for each variable and year from random weather; packed as int16 or float32."""
    rng = np.random.default_rng(5)
    for year in years:
        days = _days(year)
        season = -12 * np.cos(2 * np.pi * (np.arange(days.size) - 20) / 365.25)[:, None, None]
        warm = season + rng.normal(8, 5, (days.size, *shape)).round(1)
        wet = rng.gamma(0.5, 9, warm.shape).round(1)
        values = {"tasmax": warm + 6, "tasmin": warm - 6, "pr": np.where(wet > 3, wet, 0)}
        for name, array in values.items():
            array[rng.random(array.shape) < 0.002] = np.nan
            array[:, 0, 0] = np.nan
            with _file(directory / f"{name}_{year}.nc", days, shape) as file:
                _put(file, name, array, chunks, packed, filters or {})


def write_large(directory, years, shape):
    """Write files of one whole field a day, quickly: a few fields are packed once and repeated."""
    rng = np.random.default_rng(5)
    for name, scale in SCALES.items():
        fields = (rng.normal(10, 6, (7, *shape)).round(0).clip(0) / scale).astype("<i2")
        packed = [zlib.compress(_shuffled(field), 1) for field in fields]
        for year in years:
            days = _days(year)
            with _file(directory / f"{name}_{year}.nc", days, shape) as file:
                stored = _create(file, name, "i2", (1, *shape), {"compression": 1, "shuffle": True})
                stored.attrs["scale_factor"] = scale
                for day in range(days.size):
                    stored.id.write_direct_chunk((day, 0, 0), packed[day % len(packed)])


def read(directory):
    """Open the files of `write` as one harmonised Dataset."""
    variables = load_catalog(default_catalog_dir()).variables
    parts = []
    for name in SCALES:
        entry = DatasetEntry(
            id=f"daily-{name}", agency="none", role="none", title=name, license="CC0-1.0",
            citation="generated", coverage=Coverage(start=dt.date(1981, 1, 1)), frequency="day",
            format="netcdf", access=Access(method="local", url="none"),
            variables={name: Source(name=name)},
        )  # fmt: skip
        files = sorted(directory.glob(f"{name}_*.nc"))
        known = {name: variables[name]}
        parts.append(harmonise.open_dataset(entry, known, files, Request(variables=(name,))))
    return xr.merge(parts, join="exact", compat="equals", combine_attrs="drop_conflicts")


def _days(year):
    return np.arange(np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01"))


def _file(path, days, shape):
    """Open a file with its coordinates written."""
    file = h5py.File(path, "w")
    since = (days - np.datetime64("1970-01-01")).astype(float)
    lat, lon = np.linspace(-70, 70, shape[0]), np.linspace(-170, 170, shape[1])
    for dim, values, units, name in (
        ("time", since, "days since 1970-01-01", "time"),
        ("lat", lat, "degrees_north", "latitude"),
        ("lon", lon, "degrees_east", "longitude"),
    ):
        file[dim] = values
        file[dim].make_scale(dim)
        file[dim].attrs.update({"units": units, "standard_name": name})
    return file


def _create(file, name, dtype, chunks, filters):
    """Create the variable of a file."""
    shape = tuple(len(file[dim]) for dim in ("time", "lat", "lon"))
    fill = FILL if dtype == "i2" else np.nan
    stored = file.create_dataset(name, shape, dtype, chunks=chunks, fillvalue=fill, **filters)
    for axis, dim in enumerate(("time", "lat", "lon")):
        stored.dims[axis].attach_scale(file[dim])
    stored.attrs.update({"units": UNITS[name], "_FillValue": np.array(fill, dtype)})
    return stored


def _put(file, name, array, chunks, packed, filters):
    """Write values, packed or as they are."""
    if not packed:
        _create(file, name, "f4", chunks, filters)[:] = array
        return
    stored = _create(file, name, "i2", chunks, filters)
    stored.attrs["scale_factor"] = SCALES[name]
    whole = np.where(np.isnan(array), FILL, np.round(array / SCALES[name]))
    stored[:] = whole.astype(np.int16)


def _shuffled(field):
    """Return the bytes of numbers in the order of HDF5's shuffle filter."""
    return np.ascontiguousarray(field.reshape(-1, 1).view(np.uint8).T).tobytes()
