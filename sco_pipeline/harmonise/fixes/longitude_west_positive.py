"""Longitudes counted positive towards the west."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from ...catalog import DatasetEntry
from .fix import fix


@fix("longitude-west-positive")
def longitude_west_positive(
    raw: xr.Dataset, entry: DatasetEntry, path: Path
) -> tuple[xr.Dataset, str] | None:
    """Turn longitudes with units degrees_west to degrees_east."""
    for name, variable in raw.variables.items():
        units = str(variable.attrs.get("units", "")).lower()
        if units in ("degrees_west", "degree_west", "degreew", "degrees_w"):
            attrs = {**variable.attrs, "units": "degrees_east"}
            turned = xr.Variable(variable.dims, -variable.values, attrs)
            return raw.assign_coords({name: turned}), f"{name} counts towards the west"
    return None
