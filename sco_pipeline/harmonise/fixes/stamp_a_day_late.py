"""Stamps of the start of the period after the one that the values stand for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from ...catalog import DatasetEntry
from .fix import fix


@fix("stamp-a-day-late")
def stamp_a_day_late(
    raw: xr.Dataset, entry: DatasetEntry, path: Path
) -> tuple[xr.Dataset, str] | None:
    """Move stamps in whole days back by one day where the file's attribute dates its start."""
    stated = str(raw.attrs.get("time_coverage_start", ""))[:10]
    for name, variable in raw.variables.items():
        units = str(variable.attrs.get("units", ""))
        if not units.startswith("days since ") or variable.ndim != 1 or not stated:
            continue
        reference = np.datetime64(units.split(" since ")[1][:10], "D")
        first = reference + np.int64(np.floor(variable.values[0]))
        if first - np.datetime64(stated, "D") == np.timedelta64(1, "D"):
            moved = xr.Variable(variable.dims, variable.values - 1, variable.attrs)
            return raw.assign_coords({name: moved}), f"stamps a day after {stated}"
    return None
