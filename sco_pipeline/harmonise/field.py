"""One variable of one file: where its numbers stand, and how they become values.

Nothing is read until a block is asked for; then one contiguous slab is read, put in order and
decoded, in the thread that asks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..packed import Packed
from .decoding import Decoding

Key = tuple[slice, ...]


@dataclass(frozen=True)
class Mask:
    """Flags of a file that mask values.

    Attributes
    ----------
    variable : Variable
        The flag variable, undecoded and lazy, on dimensions of the data variable.
    keep : tuple of int
        Flag values that are kept, or empty.
    bits : int
        Bits that reject, or 0.
    """

    variable: xr.Variable
    keep: tuple[int, ...]
    bits: int

    def rejects(self, flags: NDArray[Any]) -> NDArray[np.bool_]:
        """Return where the flags reject a value."""
        if self.keep:
            return np.asarray(~np.isin(flags, self.keep))
        return np.asarray((flags.astype(np.int64) & self.bits) != 0)


@dataclass(frozen=True)
class Field:
    """A variable of one file, still packed.

    Attributes
    ----------
    variable : Variable
        Undecoded and lazy.
    order : tuple of str or None
        Dimensions of the file in harmonised order; None where the file lacks one (no time axis).
    takes : tuple of array of int
        Positions in the file along each of `order`, in harmonised order.
    seconds : array (time,)
        Length of each step, s.
    decode : Decoding
        Packed numbers to canonical values.
    mask : Mask or None
        Flags that mask values.
    """

    variable: xr.Variable
    order: tuple[str | None, ...]
    takes: tuple[NDArray[np.intp], ...]
    seconds: NDArray[np.float64]
    decode: Decoding
    mask: Mask | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Harmonised shape."""
        return tuple(len(take) for take in self.takes)

    def read(self, key: Key) -> NDArray[Any]:
        """Return the canonical values of a block.

        Parameters
        ----------
        key : tuple of slice
            Half-open ranges of harmonised positions, one for each dimension.

        Returns
        -------
        array
            float32 or float64, missing is NaN.
        """
        stored = self._stored(self.variable, key)
        values = self.decode(stored, self.seconds[key[0]])
        if self.mask is not None:
            flags = self._stored(self.mask.variable, key)
            values[np.broadcast_to(self.mask.rejects(flags), values.shape)] = np.nan
        return values

    def packed(self, key: Key, dtype: np.dtype[Any]) -> Packed:
        """Return the values of a block, as integers with a table where that takes less memory.

        Parameters
        ----------
        key : tuple of slice
            As for `read`.
        dtype : dtype
            Of the values.

        Returns
        -------
        Packed
        """
        if self.mask is None and self.decode.has_table(np.dtype(self._stored_type)):
            found = self.decode.packed(self._stored(self.variable, key), dtype)
            if found is not None:
                return found
        return Packed(self.read(key).astype(dtype, copy=False))

    @property
    def step_bytes(self) -> int:
        """Bytes of one step as `packed` gives it."""
        small = self.mask is None and self.decode.has_table(np.dtype(self._stored_type))
        dtype = np.dtype(self._stored_type if small else self.decode.dtype)
        return math.prod(self.shape[1:]) * dtype.itemsize

    @property
    def chunk_shape(self) -> tuple[int, ...]:
        """Steps and cells that are stored together, in harmonised order."""
        sizes = self.variable.encoding.get("preferred_chunks") or {}
        return tuple(
            max(1, min(sizes.get(dim, 1), size))
            for dim, size in zip(self.order, self.shape, strict=True)
        )

    @property
    def _stored_type(self) -> Any:
        """Return the type that the stored numbers are meant in."""
        return self.decode.stored or self.variable.dtype

    def _stored(self, variable: xr.Variable, key: Key) -> NDArray[Any]:
        """Return stored numbers of a block in harmonised order."""
        slabs: dict[str, slice] = {}
        within: list[NDArray[np.intp] | slice] = []
        absent = []
        for axis, (dim, take, part) in enumerate(zip(self.order, self.takes, key, strict=True)):
            if dim is None or dim not in variable.dims:
                absent.append(axis)
                continue
            wanted = take[part]
            low = int(wanted.min()) if wanted.size else 0
            high = int(wanted.max()) + 1 if wanted.size else 0
            slabs[dim] = slice(low, high)
            within.append(_as_slice(wanted - low))
        stored = np.asarray(variable.isel(slabs).values)
        stored = stored.transpose([variable.dims.index(dim) for dim in slabs])
        for axis, local in enumerate(within):
            if isinstance(local, slice):
                stored = stored[(slice(None),) * axis + (local,)]
            else:
                stored = np.take(stored, local, axis=axis)
        return np.ascontiguousarray(np.expand_dims(stored, absent) if absent else stored)


def _as_slice(positions: NDArray[np.intp]) -> NDArray[np.intp] | slice:
    """Return positions as a slice where they are a run up or down."""
    count = positions.size
    if count and positions[0] == 0 and (np.diff(positions) == 1).all():
        return slice(None)
    if count and positions[-1] == 0 and (np.diff(positions) == -1).all():
        return slice(None, None, -1)
    return positions
