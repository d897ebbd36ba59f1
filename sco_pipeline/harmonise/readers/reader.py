"""What a reader is: a function from a path to an undecoded, lazy Dataset.

A reader changes nothing: packed integers stay packed, times stay numbers, attributes stay as they
are. It names its engine and leaves the values in the file until they are asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import xarray as xr

from ...errors import HarmonisationError, ScoError
from ...registry import Registry

if TYPE_CHECKING:
    from ...catalog import DatasetEntry

Read = Callable[[Path, "DatasetEntry | None"], xr.Dataset]

READERS: Registry[Read] = Registry("file format", HarmonisationError, __package__)

# content signature -> reader; a format without one is known by its ending alone
_SIGNATURES = (
    (0, b"CDF\x01", "netcdf"),
    (0, b"CDF\x02", "netcdf"),
    (0, b"CDF\x05", "netcdf"),
    (0, b"\x89HDF\r\n\x1a\n", "netcdf"),
    (512, b"\x89HDF\r\n\x1a\n", "netcdf"),
    (0, b"GRIB", "grib"),
    (0, b"II*\x00", "geotiff"),
    (0, b"MM\x00*", "geotiff"),
    (0, b"II+\x00", "geotiff"),
    (0, b"MM\x00+", "geotiff"),
    (0, b"PK\x03\x04", "zarr"),
)
# stores of which only the wanted part is fetched: it arrives as NetCDF
_FETCHED_IN_PART = ("zarr",)
_ENDINGS = {".csv": "csv", ".txt": "csv", ".dat": "csv", ".zarr": "zarr"}
# what an entry may call a file that looks like the format on the left
_ALSO = {
    "netcdf": ("hdf5",),
    "csv": ("points",),
    "json": ("geojson", "points"),
    "geojson": ("json",),
}


def reader(name: str) -> Callable[[Read], Read]:
    """Register a function as the reader of the format `name`."""

    def register(function: Read) -> Read:
        READERS.add(name, function)
        return function

    return register


def needs(module: str, extra: str) -> ModuleType:
    """Import what an optional reader needs, or say how to install it.

    Raises
    ------
    HarmonisationError
        If the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise HarmonisationError(
            f"reading this format needs {module!r}; install it with "
            f"pip install 'sco-pipeline[{extra}]'"
        ) from error


def detect(path: Path) -> str:
    """Return the name of the reader for a file, from its first bytes, else from its ending.

    Raises
    ------
    HarmonisationError
        If the file is missing, empty or of no known format.
    """
    if path.is_dir():
        if any((path / mark).exists() for mark in (".zgroup", ".zmetadata", "zarr.json")):
            return "zarr"
        raise HarmonisationError(f"{path} is a directory without Zarr metadata; give a file")
    if not path.exists():
        raise HarmonisationError(f"{path} does not exist; fetch it first")
    with path.open("rb") as file:
        head = file.read(520)
    if not head:
        raise HarmonisationError(f"{path.name} is empty (0 bytes); fetch it again")
    for offset, mark, name in _SIGNATURES:
        if head[offset : offset + len(mark)] == mark:
            return name
    if head.lstrip()[:1] == b"<":
        raise HarmonisationError(f"{path.name} holds HTML or XML, not data; fetch it again")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return "geojson" if b'"FeatureCollection"' in head else "json"
    if path.suffix.lower() in _ENDINGS:
        return _ENDINGS[path.suffix.lower()]
    raise HarmonisationError(
        f"{path.name} begins with {head[:8]!r}, which no reader knows; readers are {list(READERS)}"
    )


def read(path: Path, entry: DatasetEntry | None = None) -> xr.Dataset:
    """Open a file with the reader that the entry names, or that its content asks for.

    Returns
    -------
    Dataset
        Undecoded and lazy.

    Raises
    ------
    HarmonisationError
        If the file is damaged, or is not of the format that the entry promises.
    """
    name = detect(path)
    if entry is not None and entry.format in _ALSO.get(name, ()):
        name = entry.format
    in_part = entry is not None and name == "netcdf" and entry.format in _FETCHED_IN_PART
    if entry is not None and entry.format in READERS and entry.format != name and not in_part:
        raise HarmonisationError(
            f"dataset {entry.id!r}: {path.name} is {name}, not {entry.format}; correct 'format:' "
            "in its entry or fetch the file again"
        )
    try:
        return READERS[name](path, entry)
    except ScoError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, IndexError) as error:
        raise HarmonisationError(
            f"{path.name} cannot be read as {name}: {str(error)[:200]}; fetch it again"
        ) from error
