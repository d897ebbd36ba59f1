"""One variable of one file: where its numbers stand, and how they become values.

Nothing is read until a block is asked for; then one contiguous slab is read, put in order and
decoded, in the thread that asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from .decoding import Decoding

Key = tuple[slice, ...]


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
    """

    variable: xr.Variable
    order: tuple[str | None, ...]
    takes: tuple[NDArray[np.intp], ...]
    seconds: NDArray[np.float64]
    decode: Decoding

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
        slabs: dict[str, slice] = {}
        locals_: list[NDArray[np.intp] | slice] = []
        for dim, take, part in zip(self.order, self.takes, key, strict=True):
            wanted = take[part]
            if dim is None:
                continue
            low = int(wanted.min()) if wanted.size else 0
            high = int(wanted.max()) + 1 if wanted.size else 0
            slabs[dim] = slice(low, high)
            locals_.append(_as_slice(wanted - low))
        stored = np.asarray(self.variable.isel(slabs).values)
        named = [dim for dim in self.order if dim is not None]
        stored = stored.transpose([self.variable.dims.index(dim) for dim in named])
        for axis, local in enumerate(locals_):
            if isinstance(local, slice):
                stored = stored[(slice(None),) * axis + (local,)]
            else:
                stored = np.take(stored, local, axis=axis)
        missing_axes = tuple(i for i, dim in enumerate(self.order) if dim is None)
        stored = np.expand_dims(stored, missing_axes) if missing_axes else stored
        return self.decode(np.ascontiguousarray(stored), self.seconds[key[0]])


def _as_slice(positions: NDArray[np.intp]) -> NDArray[np.intp] | slice:
    """Return positions as a slice where they are a run up or down."""
    count = positions.size
    if count and positions[0] == 0 and (np.diff(positions) == 1).all():
        return slice(None)
    if count and positions[-1] == 0 and (np.diff(positions) == -1).all():
        return slice(None, None, -1)
    return positions
