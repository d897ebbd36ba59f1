"""Files written with one quirk each, and how they are opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sco_pipeline import harmonise
from sco_pipeline.catalog import Variable
from tests import synthetic as syn

VARIABLES = {
    **syn.VARIABLES,
    "co2": Variable(id="co2", long_name="co2", units="ppm"),
    "xco2": Variable(id="xco2", long_name="column", units="kg m-2"),
}


LAT, LON = [-30.0, 0.0, 30.0], [0.0, 90.0, 180.0, 270.0]


SPHERE = 4 * np.pi * 6371007.181**2


def opened(path: Path, variables: dict[str, Any], frequency: str, fmt: str = "netcdf", **changes):
    entry = syn.entry(variables, frequency, fmt, **changes)
    return harmonise.open_dataset(entry, VARIABLES, [path], syn.request(*variables))


def numbers(*shape: int, scale: float = 1.0) -> np.ndarray:
    """Return 0, 1, 2 ... in the shape, times `scale`."""
    return np.arange(np.prod(shape), dtype=float).reshape(shape) * scale


def plain(
    path: Path, values: np.ndarray, time: np.ndarray, time_attrs: dict[str, Any],
    name: str = "v", attrs: dict[str, Any] | None = None, lat: Any = LAT, lon: Any = LON,
    classic: bool = True, extra: dict[str, Any] | None = None, dims: Any = ("time", "lat", "lon"),
    global_attrs: dict[str, Any] | None = None,
) -> Path:  # fmt: skip
    """Write a file whose packing and times are as stated, nothing encoded by xarray."""
    ds = xr.Dataset(
        {name: (dims, values, attrs or {"units": "degC"})},
        coords={
            "time": ("time", np.atleast_1d(time), time_attrs),
            "lat": ("lat", np.asarray(lat), {"units": "degrees_north"}),
            "lon": ("lon", np.asarray(lon), {"units": "degrees_east"}),
        },
        attrs=global_attrs,
    )
    ds = ds.assign(extra or {})
    for var in ds.variables.values():
        var.encoding["_FillValue"] = None if "_FillValue" not in var.attrs else var.attrs.pop(
            "_FillValue")  # fmt: skip
    ds.to_netcdf(path, engine="scipy" if classic else "h5netcdf")
    return path


def dates(ds: xr.Dataset) -> list[str]:
    return [str(stamp)[:10] for stamp in ds.time.values]
