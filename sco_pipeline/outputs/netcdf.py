"""NetCDF-4 files that follow CF-1.11 and ACDD-1.3, identical bytes for identical products."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..catalog import Recipe
from ..errors import OutputError
from .atomic import replacing
from .encoding import encodable
from .outlines import without_outlines
from .writer import writer

_netcdf_c = threading.Lock()  # netCDF-C is not safe in threads


@writer("netcdf")
def write_netcdf(product: xr.Dataset, recipe: Recipe, directory: Path) -> list[Path]:
    """Write a product as ``<recipe id>.nc``.

    Parameters
    ----------
    product : Dataset
        Described product; it is loaded first.
    recipe : Recipe
        Names the file.
    directory : Path
        Where it is written.

    Returns
    -------
    list of Path
        The one file.

    Raises
    ------
    OutputError
        If it cannot be written whole, or does not read back equal; the file that was there before
        stays.
    """
    path = directory / f"{recipe.id}.nc"
    write_dataset(without_outlines(product), path)
    return [path]


def write_dataset(ds: xr.Dataset, path: Path) -> None:
    """Write a described Dataset and read it back; errors as those of `write_netcdf`."""
    plain, encoding = encodable(ds.load())
    with replacing(path, plain.nbytes) as temporary:
        with _netcdf_c:
            plain.to_netcdf(temporary, engine="netcdf4", format="NETCDF4", encoding=encoding)
        _check(temporary, plain, encoding, path)


def _check(
    written: Path, plain: xr.Dataset, encoding: dict[str, dict[str, Any]], path: Path
) -> None:
    """Read a file with another library and compare every value."""
    with xr.open_dataset(written, engine="h5netcdf", decode_coords=False) as found:
        for name in map(str, plain.variables):
            if name not in found.variables:
                raise OutputError(f"{path}: {name!r} is missing after writing; check the disk")
            expected = plain[name].values
            stored = encoding[name].get("dtype")
            if stored in ("float32", "float64"):
                expected = expected.astype(stored) if expected.dtype.kind == "f" else expected
            if not _equal(expected, found[name].values):
                raise OutputError(f"{path}: {name!r} reads back with other values; check the disk")


def _equal(expected: np.ndarray, found: np.ndarray) -> bool:
    if expected.shape != found.shape:
        return False
    if expected.dtype.kind == "f":
        return bool(np.array_equal(expected, found.astype(expected.dtype), equal_nan=True))
    if expected.dtype.kind in "OUS":
        return bool((expected.astype(str) == found.astype(str)).all())
    return bool(np.array_equal(expected, found))
