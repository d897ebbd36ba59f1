"""Stored numbers of NetCDF-4 variables, read in threads without the HDF5 library.

The HDF5 library works under one lock, so that threads wait for each other while they decompress.
Where a variable lies in plain chunks (zlib, with or without byte shuffle) or in one piece, a map of
the chunks is taken once, and the chunks are then read, inflated and put in place by the thread that
asks. Any other layout stays with h5netcdf.
"""

from __future__ import annotations

import itertools
import math
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends.common import BackendArray
from xarray.core import indexing

SHUFFLE, DEFLATE = 2, 1
"""Numbers of the filters in HDF5."""


class Chunk(NamedTuple):
    """Where one chunk stands in a file: first byte, bytes, filters that were left out."""

    offset: int
    size: int
    skipped: int


@dataclass(frozen=True)
class ChunkMap:
    """Where the numbers of one variable stand in a file.

    Attributes
    ----------
    path : str
        File.
    shape, chunk_shape : tuple of int
        Of the variable and of a chunk.
    dtype : str
        Of the stored numbers.
    shuffled, deflated : bool
        Filters, in the order in which they are undone: deflate, then shuffle.
    fill : number
        Stands where no chunk was written.
    places : array of int (*grid of chunks, 3)
        The fields of each `Chunk`; its size is 0 where no chunk was written.
    identity : tuple of int
        Size and time of change of the file when the map was taken.
    """

    path: str
    shape: tuple[int, ...]
    chunk_shape: tuple[int, ...]
    dtype: str
    shuffled: bool
    deflated: bool
    fill: Any
    places: NDArray[np.int64]
    identity: tuple[int, int]

    @cached_property
    def chunk_bytes(self) -> int:
        """Bytes of an inflated chunk."""
        return math.prod(self.chunk_shape) * np.dtype(self.dtype).itemsize

    def read(self, key: tuple[slice, ...]) -> NDArray[Any]:
        """Return the stored numbers of a block of contiguous ranges.

        Parameters
        ----------
        key : tuple of slice
            Half-open, one for each dimension, with step 1.

        Returns
        -------
        array

        Raises
        ------
        OSError
            If the file has changed or a chunk does not hold what it should.
        """
        out = np.empty([part.stop - part.start for part in key], self.dtype)
        if not out.size:
            return out
        ranges = [
            range(part.start // size, -(-part.stop // size))
            for part, size in zip(key, self.chunk_shape, strict=True)
        ]
        handle = os.open(self.path, os.O_RDONLY)
        try:
            if _identity(os.fstat(handle)) != self.identity:
                raise OSError(f"{self.path} has changed since it was opened; open it again")
            for where in itertools.product(*ranges):
                chunk = Chunk(*self.places[where].tolist())
                inner, outer = self._overlap(key, where)
                if chunk.size:
                    self._place(out[outer], inner, self._bytes(handle, chunk), chunk)
                else:  # never written
                    out[outer] = self.fill
        finally:
            os.close(handle)
        return out

    def _bytes(self, handle: int, chunk: Chunk) -> bytes | bytearray:
        """Read and inflate one chunk."""
        data = os.pread(handle, chunk.size, chunk.offset)
        if len(data) != chunk.size:
            raise OSError(f"{self.path} ends inside a chunk; fetch it again")
        if not self.deflated or chunk.skipped & self._mask(DEFLATE):
            return data
        import deflate

        try:
            return deflate.zlib_decompress(data, self.chunk_bytes)
        except deflate.DeflateError as error:
            raise OSError(f"{self.path} holds a chunk that cannot be inflated ({error})") from error

    def _mask(self, which: int) -> int:
        """Return the bit that says a chunk left a filter out; filters count from the first."""
        return 1 if which == SHUFFLE or not self.shuffled else 2

    def _overlap(
        self, key: tuple[slice, ...], where: tuple[int, ...]
    ) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """Return which part of a chunk is wanted, and where in the block it goes."""
        inner, outer = [], []
        for part, size, at in zip(key, self.chunk_shape, where, strict=True):
            low, high = max(part.start, at * size), min(part.stop, (at + 1) * size)
            inner.append(slice(low - at * size, high - at * size))
            outer.append(slice(low - part.start, high - part.start))
        return tuple(inner), tuple(outer)

    def _place(
        self,
        target: NDArray[Any],
        inner: tuple[slice, ...],
        data: bytes | bytearray,
        chunk: Chunk,
    ) -> None:
        """Undo the byte shuffle of a chunk and copy what is wanted of it."""
        dtype = np.dtype(self.dtype)
        if len(data) != self.chunk_bytes:
            raise OSError(f"{self.path} holds a chunk of {len(data)} bytes; fetch it again")
        shuffled = self.shuffled and not chunk.skipped & self._mask(SHUFFLE)
        if not shuffled:
            target[...] = np.frombuffer(data, dtype).reshape(self.chunk_shape)[inner]
        elif target.shape == self.chunk_shape and target.flags.c_contiguous:
            _unshuffle(data, target.reshape(-1))
        else:
            whole = np.empty(self.chunk_shape, dtype)
            _unshuffle(data, whole.reshape(-1))
            target[...] = whole[inner]


def _unshuffle(data: bytes | bytearray, out: NDArray[Any]) -> None:
    """Undo the byte shuffle of a chunk into contiguous numbers."""
    from .compiled import unshuffle_bytes, unshuffle_pairs

    planes = np.frombuffer(data, np.uint8)
    if out.dtype.itemsize == 2:
        unshuffle_pairs(planes, out.view(np.uint16))
    else:
        unshuffle_bytes(planes, out.dtype.itemsize, out.view(np.uint8))


class ChunkedArray(BackendArray):
    """A variable that xarray reads through a chunk map.

    Parameters
    ----------
    chunks : ChunkMap
    """

    def __init__(self, chunks: ChunkMap) -> None:
        self.chunks = chunks
        self.shape = chunks.shape
        self.dtype = np.dtype(chunks.dtype)

    def __getitem__(self, key: Any) -> Any:  # noqa: D105 - as every array has it
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.BASIC, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> Any:
        """Return a basic selection: the range around it is read."""
        slabs: list[slice] = []
        inner: list[Any] = []
        for part, size in zip(key, self.shape, strict=True):
            if isinstance(part, slice):
                start, stop, step = part.indices(size)
                taken = range(start, stop, step)
                low = min(taken, default=0)
                high = max(taken, default=-1) + 1
                slabs.append(slice(low, high))
                inner.append(slice(None) if step == 1 else np.asarray(taken) - low)
            else:
                at = int(part) % size
                slabs.append(slice(at, at + 1))
                inner.append(0)
        values = self.chunks.read(tuple(slabs))
        for axis in reversed(range(values.ndim)):
            values = values[(slice(None),) * axis + (inner[axis],)]
        return values


def with_fast_chunks(ds: xr.Dataset, path: Path) -> xr.Dataset:
    """Let the variables of an undecoded NetCDF-4 Dataset be read without the HDF5 library.

    Parameters
    ----------
    ds : Dataset
        As ``open_dataset(path, engine="h5netcdf", decode_cf=False, cache=False)`` gives it.
    path : Path
        Its file.

    Returns
    -------
    Dataset
        With the same variables; those in plain chunks are read in the thread that asks.
    """
    import h5py

    taken = {}
    with h5py.File(path, "r") as file:
        for name, variable in ds.variables.items():
            stored = file.get(str(name))
            if variable.ndim < 2 or not isinstance(stored, h5py.Dataset):
                continue
            chunks = chunk_map(stored, path)
            if chunks is not None and chunks.shape == variable.shape:
                lazy = indexing.LazilyIndexedArray(ChunkedArray(chunks))
                taken[name] = (variable.dims, lazy, variable.attrs, variable.encoding)
    return ds.assign(taken) if taken else ds


def chunk_map(stored: Any, path: Path) -> ChunkMap | None:
    """Return where an HDF5 dataset's chunks stand, or None if its layout is not a plain one.

    Parameters
    ----------
    stored : h5py.Dataset
        Open.
    path : Path
        Its file.

    Returns
    -------
    ChunkMap or None
        None for other filters than shuffle and deflate, numbers within the header, foreign byte
        order, strings, external or virtual storage.
    """
    import h5py

    if stored.is_virtual or stored.external:
        return None
    if stored.dtype.kind not in "iuf" or stored.dtype.newbyteorder("=") != stored.dtype:
        return None
    if stored.file.userblock_size or not isinstance(stored.id.get_type(), h5py.h5t.TypeID):
        return None
    pipeline = stored.id.get_create_plist()
    filters = [pipeline.get_filter(at)[0] for at in range(pipeline.get_nfilters())]
    if filters not in ([], [DEFLATE], [SHUFFLE], [SHUFFLE, DEFLATE]):
        return None
    laid_out = _pieces(stored) if stored.chunks is None else _chunks(stored)
    if laid_out is None:
        return None
    chunk_shape, places = laid_out
    return ChunkMap(
        path=str(path),
        shape=stored.shape,
        chunk_shape=chunk_shape,
        dtype=stored.dtype.str,
        shuffled=SHUFFLE in filters,
        deflated=DEFLATE in filters,
        fill=stored.fillvalue,
        places=places,
        identity=_identity(path.stat()),
    )


def _chunks(stored: Any) -> tuple[tuple[int, ...], NDArray[np.int64]]:
    """Return the shape of the chunks of an HDF5 dataset, and where each stands."""
    shape: tuple[int, ...] = stored.chunks
    grid = [-(-size // part) for size, part in zip(stored.shape, shape, strict=True)]
    places = np.zeros((*grid, len(Chunk._fields)), dtype=np.int64)

    def note(info: Any) -> None:
        where = tuple(at // size for at, size in zip(info.chunk_offset, shape, strict=True))
        places[where] = info.byte_offset, info.size, info.filter_mask

    stored.id.chunk_iter(note)
    return shape, places


def _pieces(stored: Any) -> tuple[tuple[int, ...], NDArray[np.int64]] | None:
    """Take numbers that lie in one piece for chunks of one step of the first dimension."""
    begin = stored.id.get_offset()
    if begin is None or not stored.ndim or not stored.size:
        return None
    shape = (1, *stored.shape[1:])
    size = math.prod(shape) * stored.dtype.itemsize
    places = np.zeros((stored.shape[0], *(1,) * (stored.ndim - 1), 3), dtype=np.int64)
    places[..., 0] = begin + size * np.arange(stored.shape[0]).reshape(
        -1, *(1,) * (stored.ndim - 1)
    )
    places[..., 1] = size
    return shape, places


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns
