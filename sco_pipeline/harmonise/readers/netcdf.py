"""NetCDF-3 and NetCDF-4 (HDF5), with the engine that the content asks for.

NetCDF-4 goes through h5netcdf and NetCDF-3 through scipy's memory map; both are safe in threads.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from ...chunks import with_fast_chunks
from .reader import reader

if TYPE_CHECKING:
    from ...catalog import DatasetEntry


@reader("netcdf")
def read_netcdf(path: Path, entry: DatasetEntry | None) -> xr.Dataset:
    """Open a NetCDF file of any version, undecoded and lazy."""
    with path.open("rb") as file:
        classic = file.read(3) == b"CDF"
    ds = xr.open_dataset(
        path,
        engine="scipy" if classic else "h5netcdf",
        decode_cf=False,
        cache=False,
        chunks=None,
        create_default_indexes=False,
        **({"mmap": True} if classic else {"phony_dims": "access"}),
    )
    return ds if classic else with_fast_chunks(ds, path)
