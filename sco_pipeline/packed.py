"""Values that are still packed, and sources that can be read piece by piece without dask.

A daily record of a grid takes two bytes a value in its file and four or eight once it is unpacked.
What has to hold much of it at once therefore keeps the stored integers, with a table that gives
the value of every integer, and unpacks a few cells at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import dask.array as da


@dataclass(frozen=True)
class Packed:
    """Values of some steps, perhaps as integers.

    Attributes
    ----------
    values : ndarray (time, ...)
        Floats, or unsigned integers of one or two bytes.
    table : ndarray of float or None
        Value of every integer, missing is NaN; None if `values` are the values.
    """

    values: NDArray[Any]
    table: NDArray[Any] | None = None

    def steps(self, begin: int, end: int) -> Packed:
        """Return some of the steps."""
        return Packed(self.values[begin:end], self.table)

    def cells(self) -> Packed:
        """Return the values as (time, cell)."""
        return Packed(self.values.reshape(len(self.values), -1), self.table)

    def on(self, space: tuple[int, ...]) -> Packed:
        """Return the values as (time, *space)."""
        return Packed(self.values.reshape(len(self.values), *space), self.table)

    def unpacked(self) -> NDArray[Any]:
        """Return the values as floats."""
        return self.values if self.table is None else self.table[self.values]


class PackedSource(Protocol):
    """A variable that can be read piece by piece, by any thread of any process."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Time first."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the unpacked values."""

    @property
    def step_bytes(self) -> int:
        """Bytes of one step, packed."""

    @property
    def rows(self) -> int:
        """Rows of the first dimension of space that are stored together."""

    @property
    def boundaries(self) -> NDArray[np.int64]:
        """Steps at which a piece may start so that nothing is decoded twice, and the end."""

    @property
    def files(self) -> NDArray[np.int64]:
        """Steps at which files end; no piece may reach over one."""

    def packed(self, key: tuple[slice, ...]) -> Packed:
        """Return a piece of one file.

        Parameters
        ----------
        key : tuple of slice
            Half-open, one for each dimension, with step 1.

        Returns
        -------
        Packed
        """


class Counter(Protocol):
    """What is counted of all values of a variable while something else reads them."""

    @property
    def name(self) -> str:
        """Of the result."""

    @property
    def dim(self) -> str:
        """Of the result, which has one dimension."""

    @property
    def size(self) -> int:
        """Of that dimension."""

    def passed(self, known: Any, piece: Packed) -> Any:
        """Count a piece.

        Parameters
        ----------
        known : object
            What this returned for the piece before, None at first.
        piece : Packed (time, ...)
            The next steps of the same cells.

        Returns
        -------
        object
            What is known now; can be pickled.
        """

    def total(self, known: Sequence[Any], cells: int) -> NDArray[np.int64]:
        """Return the result, of what is known of each part of the grid and the number of cells."""


def source_key(array: da.Array) -> str | None:
    """Return the key of the source in the graph of an array that was made of one alone.

    Parameters
    ----------
    array : dask array

    Returns
    -------
    str or None
        None if the array is computed in any other way.
    """
    key = f"original-{array.name}"  # as `dask.array.from_array` calls it
    layer = array.dask.layers.get(key)
    if layer is None or not hasattr(type(_content(layer[key])), "packed"):
        return None
    return key


def source_of(array: da.Array) -> PackedSource | None:
    """Return the source that an array was made of, or None; see `source_key`."""
    key = source_key(array)
    return None if key is None else _content(array.dask.layers[key][key])


def _content(node: Any) -> Any:
    """Return what a node of a graph holds; dask wraps data."""
    return getattr(node, "value", node)


class Unpacked:
    """Values in memory, as a `PackedSource`.

    Parameters
    ----------
    values : ndarray (time, ...)
        Floats or integers of any size.
    """

    def __init__(self, values: NDArray[Any]) -> None:
        self._values = values
        self.shape = values.shape
        self.dtype = floating(values.dtype)
        self.step_bytes = int(np.prod(values.shape[1:])) * self.dtype.itemsize
        self.rows = 1
        self.boundaries = np.arange(values.shape[0] + 1)
        self.files = np.array([values.shape[0]])

    def packed(self, key: tuple[slice, ...]) -> Packed:
        """Return a part, without a copy where it lies as kernels want it."""
        return Packed(np.ascontiguousarray(self._values[key], dtype=self.dtype))


def floating(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in which values are computed with: float32 as it is, others as float64."""
    return np.dtype(np.float32 if dtype == np.float32 else np.float64)
