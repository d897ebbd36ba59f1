"""Small CF datasets with known answers, for the tests of every room.

Nothing here uses the package under test but the catalog models, so that a test may trust it.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from sco_pipeline.catalog import DatasetEntry, Period, Request, Variable

SHARED = Path(os.environ.get("SCO_SHARED", Path(__file__).parents[2] / "shared")) / "data"
"""Folder of the 25 reference files; tests that need it skip where it is absent."""


def shared_file(name: str) -> Path:
    """Return a reference file, or skip the test where the folder is absent."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} is not there; set SCO_SHARED to the folder of reference data")
    return path


VARIABLES: dict[str, Variable] = {
    name: Variable(
        id=name,
        long_name=long_name,
        standard_name=standard_name,
        units=units,
        valid_range=valid_range,
        difference_units=units == "degC",
    )
    for name, long_name, standard_name, units, valid_range in [
        ("tos", "Sea surface temperature", "sea_surface_temperature", "degC", (-5, 50)),
        ("tas", "Near-surface air temperature", "air_temperature", "degC", (-100, 65)),
        ("tasmax", "Maximum temperature", "air_temperature", "degC", (-100, 65)),
        ("pr", "Precipitation", "lwe_precipitation_rate", "mm d-1", (0, 3000)),
        ("zos", "Sea level", "sea_surface_height_above_geoid", "m", (-5, 5)),
        ("soi", "Southern Oscillation index", None, "1", None),
        ("siconc", "Sea ice concentration", "sea_ice_area_fraction", "%", (0, 100)),
        ("psl", "Pressure", "air_pressure_at_mean_sea_level", "hPa", (850, 1100)),
        ("hurs", "Relative humidity", "relative_humidity", "%", (0, 110)),
        ("sfcwind", "Wind speed", "wind_speed", "m s-1", (0, 150)),
        ("uas", "Eastward wind", "eastward_wind", "m s-1", (-120, 120)),
        ("ndvi", "NDVI", "normalized_difference_vegetation_index", "1", (-1, 1)),
        ("mrsos", "Soil moisture", "volume_fraction_of_condensed_water_in_soil", "1", (0, 1)),
    ]
}
"""Canonical quantities as the tests use them; the catalog's own are not needed."""


def entry(
    variables: Mapping[str, str | Mapping[str, Any]],
    frequency: str = "day",
    fmt: str = "netcdf",
    **changes: Any,
) -> DatasetEntry:
    """Return a catalog entry for tests.

    Parameters
    ----------
    variables : mapping
        Catalog id -> name in the file, or the fields of a `Source`.
    frequency, fmt : str
        Of the dataset.
    **changes
        Further fields: ``layout={...}``, ``fixes=(...)``, ``id=...``.
    """
    sources = {
        key: {"name": value} if isinstance(value, str) else dict(value)
        for key, value in variables.items()
    }
    fields: dict[str, Any] = {
        "id": "demo",
        "agency": "demo",
        "role": "producer",
        "title": "Demo",
        "license": "CC0",
        "citation": "Demo",
        "coverage": {"start": dt.date(1850, 1, 1)},
        "frequency": frequency,
        "format": fmt,
        "access": {"method": "local", "url": "demo"},
        "variables": sources,
    }
    return DatasetEntry.model_validate({**fields, **changes})


def request(*variables: str, start: str | None = None, end: str | None = None, bbox: Any = None):
    """Return a request for tests; dates as ISO text."""
    period = Period(
        start=dt.date.fromisoformat(start) if start else None,
        end=dt.date.fromisoformat(end) if end else None,
    )
    return Request(variables=variables, period=period, bbox=bbox)


def field_values(shape: Sequence[int], seed: int = 0, missing: float = 0.1) -> np.ndarray:
    """Return float64 values between -10 and 40 in steps of 0.01, some of them NaN.

    Steps of 0.01 survive packing with scale_factor 0.01 exactly.
    """
    rng = np.random.default_rng(seed)
    values = rng.integers(-1000, 4000, size=tuple(shape)) / 100.0
    values[rng.random(values.shape) < missing] = np.nan
    return values


def grid_dataset(
    *,
    days: int = 5,
    lat: Sequence[float] = (-60.0, -20.0, 20.0, 60.0),
    lon: Sequence[float] = (-150.0, -90.0, -30.0, 30.0, 90.0, 150.0),
    start: str = "2001-01-01",
    name: str = "tas",
    units: str = "degC",
    seed: int = 0,
) -> xr.Dataset:
    """Return a daily CF dataset on a regular grid (time, lat, lon) with `field_values`."""
    time = np.datetime64(start, "ns") + np.arange(days) * np.timedelta64(1, "D")
    values = field_values((days, len(lat), len(lon)), seed)
    return xr.Dataset(
        {name: (("time", "lat", "lon"), values, {"units": units})},
        coords={
            "time": ("time", time, {"standard_name": "time"}),
            "lat": ("lat", np.array(lat, float), {"units": "degrees_north"}),
            "lon": ("lon", np.array(lon, float), {"units": "degrees_east"}),
        },
    )


def write(
    ds: xr.Dataset, path: Path, *, classic: bool = False, encoding: Mapping[str, Any] | None = None
) -> Path:
    """Write a Dataset as NetCDF-4 (h5netcdf) or NetCDF-3 (scipy) and return its path."""
    ds.to_netcdf(path, engine="scipy" if classic else "h5netcdf", encoding=dict(encoding or {}))
    return path
