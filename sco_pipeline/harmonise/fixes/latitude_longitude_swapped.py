"""Latitude and longitude whose units were swapped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from ...catalog import DatasetEntry
from .fix import fix


@fix("latitude-longitude-swapped")
def latitude_longitude_swapped(
    raw: xr.Dataset, entry: DatasetEntry, path: Path
) -> tuple[xr.Dataset, str] | None:
    """Swap the attributes of two coordinates where the "latitude" leaves -90 to 90."""
    names: dict[str, str] = {}
    for name, variable in raw.variables.items():
        units = str(variable.attrs.get("units", "")).lower()
        for mark, role in (("north", "lat"), ("east", "lon")):
            if units.endswith(mark):
                names[role] = str(name)
    if len(names) < 2 or float(np.abs(raw[names["lat"]].values).max()) <= 90.001:
        return None
    lat, lon = raw.variables[names["lat"]], raw.variables[names["lon"]]
    swapped = raw.assign_coords(
        {
            names["lat"]: xr.Variable(lat.dims, lat.values, lon.attrs),
            names["lon"]: xr.Variable(lon.dims, lon.values, lat.attrs),
        }
    )
    return swapped, f"{names['lat']!r} leaves -90 to 90"
