"""Zarr of format 2 and 3, as a directory or zipped, also some levels deep in the zip."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from ...errors import HarmonisationError
from .netcdf import read_netcdf
from .reader import needs, reader

if TYPE_CHECKING:
    from ...catalog import DatasetEntry

_MARKS = {".zgroup": 2, "zarr.json": 3}
_UNSAFE = ("pickle", "json2", "vlen-array")


@reader("zarr")
def read_zarr(path: Path, entry: DatasetEntry | None) -> xr.Dataset:
    """Open a Zarr group, zipped or not, undecoded and lazy."""
    if path.is_file() and _starts_as_hdf5(path):
        # The fetched part of a remote store is kept as NetCDF.
        return read_netcdf(path, entry)
    zarr = needs("zarr", "zarr")
    names = _names(path)
    roots = [name for name in names if name.rsplit("/", 1)[-1] in _MARKS]
    if not roots:
        raise HarmonisationError(f"{path.name} holds no Zarr group; it is not Zarr")
    root = min(roots, key=lambda name: (name.count("/"), name))
    group, _, mark = root.rpartition("/")
    _refuse_unsafe(path, names)
    store = zarr.storage.ZipStore(path, mode="r") if path.is_file() else path
    return xr.open_dataset(
        store,
        engine="zarr",
        group=group or None,
        zarr_format=_MARKS[mark],
        consolidated=False,
        decode_cf=False,
        cache=False,
        chunks=None,
        create_default_indexes=False,
    )


def _starts_as_hdf5(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


def _names(path: Path) -> list[str]:
    if path.is_file():
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    return [str(item.relative_to(path).as_posix()) for item in path.rglob("*") if item.is_file()]


def _refuse_unsafe(path: Path, names: list[str]) -> None:
    """Refuse arrays whose reading would run code: object types and pickle filters."""
    for name in names:
        if name.rsplit("/", 1)[-1] not in (".zarray", "zarr.json"):
            continue
        described = json.loads(_text(path, name))
        filters = [*(described.get("filters") or []), *(described.get("codecs") or [])]
        kinds = {str(item.get("id") or item.get("name")) for item in filters}
        if kinds & set(_UNSAFE) or str(described.get("dtype", "")) == "|O":
            raise HarmonisationError(
                f"{path.name}: array {name.rpartition('/')[0]!r} holds objects ({sorted(kinds)}), "
                "which are not read; ask for a file of plain numbers"
            )


def _text(path: Path, name: str) -> Any:
    if path.is_file():
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    return (path / name).read_bytes()
