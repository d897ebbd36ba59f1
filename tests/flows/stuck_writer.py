"""Run the flow of one recipe with a writer that gets stuck half through its file."""

import sys
import time
from pathlib import Path

import xarray as xr

from flows.indicators import indicator
from sco_pipeline import outputs
from sco_pipeline.catalog import Recipe


def stuck(product: xr.Dataset, recipe: Recipe, directory: Path) -> list[Path]:
    (directory / "half.nc").write_bytes(b"half a file")
    time.sleep(300)
    return []


outputs.writers._load()
outputs.writers._entries["netcdf"] = stuck
indicator(sys.argv[1], force=True)
