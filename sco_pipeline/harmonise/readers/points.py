"""Observations at points as a text table: latitude, longitude and time in each row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from .csv import read_table
from .reader import reader

if TYPE_CHECKING:
    from ...catalog import DatasetEntry


@reader("points")
def read_points(path: Path, entry: DatasetEntry | None) -> xr.Dataset:
    """Open a text table of points; one without rows is a day on which nothing was seen."""
    from ..tables import as_dataset

    return as_dataset(read_table(path, least=0), entry, path.name)
