"""HDF5 that is no NetCDF: variables may lie in groups, dimensions may have no names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from .netcdf import read_group
from .reader import reader

if TYPE_CHECKING:
    from ...catalog import DatasetEntry


@reader("hdf5")
def read_hdf5(path: Path, entry: DatasetEntry | None) -> xr.Dataset:
    """Open every group of an HDF5 file: a variable is called by its path, ``group/name``.

    Dimensions without names are taken for the same where they have the same size.
    """
    variables: dict[str, xr.Variable] = {}
    attrs: dict[str, object] = {}
    for group in _groups(path):
        ds = read_group(path, group)
        attrs = {**{str(key): value for key, value in ds.attrs.items()}, **attrs}
        for name, variable in ds.variables.items():
            key = str(name) if group == "/" else f"{group.strip('/')}/{name}"
            variables[key] = _with_dims_by_size(variable)
    lines = {name: variable for name, variable in variables.items() if variable.dims == (name,)}
    data = {name: variable for name, variable in variables.items() if name not in lines}
    return xr.Dataset(data, xr.Coordinates(lines, indexes={}), attrs)


def _groups(path: Path) -> list[str]:
    """Return the groups that hold variables, the root first."""
    import h5py

    found = {"/": None}
    with h5py.File(path, "r") as file:
        file.visititems(
            lambda name, item: (
                found.setdefault("/" + name.rpartition("/")[0])
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return list(found)


def _with_dims_by_size(variable: xr.Variable) -> xr.Variable:
    """Return a variable whose nameless dimensions are called by their size."""
    dims: list[str] = []
    for dim, size in zip(variable.dims, variable.shape, strict=True):
        name = f"size_{size}" if str(dim).startswith("phony_dim") else str(dim)
        while name in dims:
            name += "_"
        dims.append(name)
    return xr.Variable(dims, variable._data, variable.attrs, variable.encoding)
