"""NetCDF-3 and NetCDF-4 (HDF5), with the engine that the content asks for.

Plain NetCDF-4 is read by ourselves, any other goes through h5netcdf, and NetCDF-3 through scipy,
large files by a memory map; all are safe in threads.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from ...chunks import with_fast_chunks
from .plain_netcdf4 import read_plain
from .reader import reader

if TYPE_CHECKING:
    from ...catalog import DatasetEntry

# a map cannot be closed while its values are in use, as when more files are open than xarray keeps
_MAPPED = 4 * 2**20


@reader("netcdf")
def read_netcdf(path: Path, entry: DatasetEntry | None) -> xr.Dataset:
    """Open a NetCDF file of any version, undecoded and lazy."""
    with path.open("rb") as file:
        classic = file.read(3) == b"CDF"
    if classic:
        return _open(path, engine="scipy", mmap=path.stat().st_size > _MAPPED)
    plain = read_plain(path)
    return with_fast_chunks(read_group(path), path) if plain is None else plain


def read_group(path: Path, group: str = "/") -> xr.Dataset:
    """Open one group of an HDF5 file."""
    return _open(path, engine="h5netcdf", phony_dims="access", group=group)


def _open(path: Path, **how: Any) -> xr.Dataset:
    # no index: nothing is aligned, and a thousand files would wait for theirs
    return xr.open_dataset(
        path, decode_cf=False, cache=False, chunks=None, create_default_indexes=False, **how
    )
