"""Kernels of one cell's whole series, applied tile by tile.

A tile holds the whole series of some cells and not more than `TILE_BYTES`, so that memory depends
on neither the length of the record nor the size of the grid. Tiles are dask blocks: threads, a
local cluster and a remote scheduler compute the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from ..errors import IndicatorError
from ..memory import resident
from .limits import limits_held

TILE_BYTES = 32 * 2**20
SMALL_BYTES = 4 * 2**20
Kernel = Callable[..., np.ndarray]


def over_cells(
    kernel: Kernel,
    *fields: xr.DataArray,
    result: Mapping[str, Sequence[Any] | np.ndarray | xr.DataArray],
    per_cell: Sequence[xr.DataArray] = (),
    inner: str = "time",
) -> xr.DataArray:
    """Apply a kernel to the series of each cell.

    Parameters
    ----------
    kernel : callable
        Takes one float64 array (cell, time) for each field, then one (cell,) for each of
        `per_cell`; returns (cell, ...) with one dimension for each of `result`.
    *fields : DataArray (time, ...)
        On the same cells and times; dask or not.
    result : mapping of str to labels
        Dimensions of the result and their labels.
    per_cell : sequence of DataArray (...)
        Values without time, such as latitude.
    inner : str
        Name of the dimension that the kernel takes.

    Returns
    -------
    DataArray
        Dimensions of `result`, then the cells' own; lazy if the fields are or are large.
    """
    made = _streamed(kernel, fields, per_cell, result) if inner == "time" else None
    out = _tiled(kernel, fields, per_cell, result, inner) if made is None else made
    labelled: xr.DataArray = out.assign_coords(
        {dim: (dim, list_of(v)) for dim, v in result.items()}
    )
    for name in set(labelled.coords) & set(fields[0].coords):  # kept without their attributes
        labelled[name].attrs = dict(fields[0][name].attrs)
    return labelled.transpose(*result, ...)


def _tiled(
    kernel: Kernel,
    fields: Sequence[xr.DataArray],
    per_cell: Sequence[xr.DataArray],
    result: Mapping[str, Any],
    inner: str,
) -> xr.DataArray:
    """Apply a kernel to dask blocks, or to arrays in memory."""
    tiled = [in_tiles(field, inner) for field in fields]
    first = tiled[0]
    cells = [dim for dim in first.dims if dim != inner]
    beside = [_like_cells(values, first, cells) for values in per_cell]
    sizes = {dim: len(labels) for dim, labels in result.items()}
    out: xr.DataArray = xr.apply_ufunc(
        _Block(kernel, len(fields), tuple(sizes.values())),
        *tiled,
        *beside,
        input_core_dims=[[inner]] * len(fields) + [[]] * len(beside),
        output_core_dims=[list(result)],
        exclude_dims={inner} & set(result),
        dask="parallelized",
        output_dtypes=[float],
        dask_gufunc_kwargs={"output_sizes": sizes},
        keep_attrs=False,
    )
    return out


@dataclass(frozen=True)
class _Block:
    """A kernel of series as a function of blocks; it knows nothing of the graph that it is in."""

    kernel: Kernel
    fields: int
    sizes: tuple[int, ...]

    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        """Return the results of the cells of a block: (..., *sizes)."""
        shape = arrays[0].shape[:-1]
        series, alone = arrays[: self.fields], arrays[self.fields :]
        rows = [np.array(one, dtype=float).reshape(-1, one.shape[-1]) for one in series]
        values = self.kernel(*rows, *(np.array(one, dtype=float).reshape(-1) for one in alone))
        return values.reshape((*shape, *self.sizes))

    @cached_property
    def _token(self) -> str:
        from dask.base import tokenize

        return str(tokenize(self.kernel, self.fields, self.sizes))

    def __dask_tokenize__(self) -> str:
        """Return what stands for the kernel; dask asks several times, and pickles to know it."""
        return self._token


def _streamed(
    kernel: Kernel,
    fields: Sequence[xr.DataArray],
    per_cell: Sequence[xr.DataArray],
    result: Mapping[str, Any],
) -> xr.DataArray | None:
    """Apply a kernel under the limit of memory, where the fields are files beyond it."""
    limits = limits_held()
    alike = all(field.chunks and field.dims == fields[0].dims for field in fields)
    if limits is None or not alike or fields[0].dims[0] != "time":
        return None
    # dask holds what it reads and the tiles that it makes of that
    if resident() + 2 * sum(field.nbytes for field in fields) <= limits.memory:
        return None
    from .series_lane import compute_streamed

    template = fields[0].isel(time=0, drop=True)
    beside = [_like_cells(one, fields[0], template.dims).values.reshape(-1) for one in per_cell]
    sizes = [len(labels) for labels in result.values()]
    data = compute_streamed(kernel, fields, beside, sizes, limits)
    if data is None:
        return None
    return xr.DataArray(data, dims=(*template.dims, *result), coords=template.coords)


def in_tiles(field: xr.DataArray, inner: str = "time") -> xr.DataArray:
    """Chunk a field so that each chunk holds whole series and at most `TILE_BYTES` as float64.

    A field in memory is cut smaller, into tiles for all threads, unless it is small anyway.
    """
    if inner not in field.dims:
        raise IndicatorError(
            f"{field.name!r} has no dimension {inner!r}; found {list(map(str, field.dims))}"
        )
    cells = [dim for dim in field.dims if dim != inner]
    length = max(1, field.sizes[inner])
    if not field.chunks and field.size * 8 <= SMALL_BYTES:
        return field
    size = TILE_BYTES if field.chunks else min(TILE_BYTES, max(SMALL_BYTES, field.size))
    room = max(1, size // (8 * length))
    chunks: dict[Any, int] = {inner: -1}
    for dim in reversed(cells):
        chunks[dim] = max(1, min(field.sizes[dim], room))
        room = max(1, room // chunks[dim])
    return field.chunk(chunks)


def list_of(labels: Sequence[Any] | np.ndarray | xr.DataArray) -> Any:
    """Return labels as an array that xarray takes as a coordinate."""
    return labels.values if isinstance(labels, xr.DataArray) else np.asarray(labels)


def _like_cells(values: xr.DataArray, first: xr.DataArray, cells: Sequence[Any]) -> xr.DataArray:
    """Give values without time the cells and the chunks of a field."""
    template = first.isel({dim: 0 for dim in first.dims if dim not in cells}, drop=True)
    spread = values.broadcast_like(template).transpose(*cells)
    chunks = {dim: first.chunksizes[dim] for dim in cells} if first.chunks else {}
    return spread.chunk(chunks) if chunks else spread


def need_years(field: xr.DataArray, years: float, what: str) -> None:
    """Refuse a record that is shorter than `years`."""
    time = field["time"]
    found = (int(time.dt.year.max()) - int(time.dt.year.min()) + 1) if time.size else 0
    if found < years:
        raise IndicatorError(
            f"{what} of {field.name!r} needs {math.ceil(years)} years or more; the data span "
            f"{found}; widen 'period:'"
        )
