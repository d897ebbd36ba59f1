"""Headers of plain NetCDF-4 files, read with h5py alone.

Opening a file by h5netcdf and xarray takes longer than inflating a day of a global grid, and a
record has thousands of files. A plain file has variables of numbers with named dimensions of one
size each; its header is read here in one go. Anything else is left to h5netcdf, which knows all of
NetCDF-4; both give the same Dataset.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from xarray.core import indexing

from ...chunks import ChunkedArray, chunk_map

if TYPE_CHECKING:
    import h5py

SMALL = 2**20
"""Bytes up to which a line of numbers, such as a coordinate, is read with the header."""

_HIDDEN = frozenset(
    "REFERENCE_LIST CLASS DIMENSION_LIST NAME _Netcdf4Dimid _Netcdf4Coordinates _nc3_strict "
    "_NCProperties".split()
)
_NO_VARIABLE = b"This is a netCDF dimension but not a netCDF variable"


class _NotPlain(Exception):
    """The file holds something that h5netcdf must read."""


def read_plain(path: Path) -> xr.Dataset | None:
    """Open a NetCDF-4 file that is plain, undecoded and lazy.

    Parameters
    ----------
    path : Path
        A NetCDF-4 file.

    Returns
    -------
    Dataset or None
        As ``xarray.open_dataset(path, engine="h5netcdf", decode_cf=False)`` gives it, without
        indexes; None if the file holds strings, types of its own, dimensions without names or of
        several sizes, or storage that `chunk_map` does not know.
    """
    import h5py

    with h5py.File(path, "r") as file:
        try:
            return _dataset(file, path)
        except _NotPlain:
            return None


def _dataset(file: h5py.File, path: Path) -> xr.Dataset:
    import h5py

    stored = {}
    for name in file:
        kind = file.get(name, getclass=True)
        if kind is h5py.Dataset:
            stored[name] = file[name]
        elif kind is not h5py.Group:
            raise _NotPlain
    dims = {name: _dims(one, name) for name, one in stored.items()}
    sizes: dict[str, int] = {}
    for name, one in stored.items():
        for dim, size in zip(dims[name], one.shape, strict=True):
            if sizes.setdefault(dim, size) != size:  # a record that was not written to its end
                raise _NotPlain
    variables = {
        name: _variable(one, dims[name], path)
        for name, one in stored.items()
        if not _is_bare_dimension(one)
    }
    lines = {name: one for name, one in variables.items() if one.dims == (name,)}
    data = {name: one for name, one in variables.items() if name not in lines}
    attrs = _attributes(file.attrs)
    ds = xr.Dataset(data, xr.Coordinates(lines, indexes={}), attrs)
    ds.encoding["source"] = str(path)
    return ds


def _dims(stored: h5py.Dataset, name: str) -> tuple[str, ...]:
    """Return the names of the dimensions: the variable's own, or those of its scales."""
    if stored.shape is None or name.startswith("_nc4_non_coord_"):
        raise _NotPlain
    if stored.attrs.get("CLASS") == b"DIMENSION_SCALE":
        if stored.ndim != 1:
            raise _NotPlain
        return (name,)
    if not stored.ndim:
        return ()
    scales = stored.attrs.get("DIMENSION_LIST", ())
    if len(scales) != stored.ndim or not all(len(each) for each in scales):
        raise _NotPlain
    names = [stored.file[each[-1]].name for each in scales]
    if any(found is None or found.count("/") != 1 for found in names):
        raise _NotPlain
    return tuple(found[1:] for found in names)


def _is_bare_dimension(stored: h5py.Dataset) -> bool:
    """Tell whether a dataset stands for a dimension without values."""
    return bool(stored.attrs.get("NAME", b"")[: len(_NO_VARIABLE)] == _NO_VARIABLE)


def _variable(stored: h5py.Dataset, dims: tuple[str, ...], path: Path) -> xr.Variable:
    if stored.dtype.kind not in "iuf" or stored.dtype.metadata:  # strings, enumerations
        raise _NotPlain
    attrs = _attributes(stored.attrs)
    encoding: dict[str, Any] = {"source": str(path)}
    if stored.chunks:
        encoding["preferred_chunks"] = dict(zip(dims, stored.chunks, strict=True))
    if stored.ndim < 2:
        if stored.nbytes > SMALL:
            raise _NotPlain
        return xr.Variable(dims, stored[()], attrs, encoding)
    chunks = chunk_map(stored, path)
    if chunks is None:
        raise _NotPlain
    lazy = indexing.LazilyIndexedArray(ChunkedArray(chunks))
    return xr.Variable(dims, lazy, attrs, encoding)


def _attributes(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes as xarray gives them: text as str, one number as a scalar."""
    attrs: dict[str, Any] = {}
    for name in stored:
        if name not in _HIDDEN:
            attrs[name] = _attribute(stored[name], name)
    return attrs


def _attribute(value: Any, name: str) -> Any:
    if isinstance(value, bytes):
        if name in ("_FillValue", "missing_value"):
            raise _NotPlain
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise _NotPlain from None
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "S" or value.ndim != 1 or not value.size:
            raise _NotPlain
        found = value.tolist() if value.dtype.kind == "O" else value
        return found[0] if len(found) == 1 else found
    if isinstance(value, str | np.number):
        return value
    raise _NotPlain
