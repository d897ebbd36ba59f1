"""Values of one variable of one file: packed numbers to canonical units, in one pass.

Everything linear (packing, the entry's scale and offset, units) is one multiplication and one
addition in double precision; the result is stored as float32 where the file holds at most 32 bits
of floating point or 16 bits of integers, else as float64.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import HarmonisationError
from ..packed import Packed
from .missing import mask_out_of_range

log = logging.getLogger(__name__)

SLACK = 1e-6
"""Part of the width of a valid range that rounding may step over."""


@dataclass(frozen=True)
class Decoding:
    """How the stored numbers of one variable become canonical values.

    Attributes
    ----------
    label : str
        ``dataset/variable of file``, for messages.
    units : str
        Canonical units.
    dtype : str
        Of the result: float32 or float64.
    stored : str
        Integer type to reinterpret the stored numbers as (unsigned packing), or empty.
    missing : tuple of float
        Stored numbers that mean missing.
    stored_range : tuple of float or None
        Least and greatest stored number that is valid.
    factor, offset : float
        ``canonical = factor * stored + offset``.
    per_second : int
        -1: divide by the length of the step in seconds; +1: multiply by it.
    valid_range : tuple of float or None
        In canonical units.
    out_of_range : {"error", "mask"}
        What becomes of values outside of `valid_range`.
    """

    label: str
    units: str
    dtype: str
    stored: str = ""
    missing: tuple[float, ...] = ()
    stored_range: tuple[float, float] | None = None
    factor: float = 1.0
    offset: float = 0.0
    per_second: int = 0
    valid_range: tuple[float, float] | None = None
    out_of_range: Literal["error", "mask"] = "error"

    def __call__(self, stored: NDArray[Any], seconds: NDArray[np.float64]) -> NDArray[Any]:
        """Return canonical values.

        Parameters
        ----------
        stored : array (time, ...)
            As they stand in the file.
        seconds : array (time,)
            Length of each step, s.

        Returns
        -------
        array (time, ...)
            Canonical units, missing is NaN.

        Raises
        ------
        HarmonisationError
            If values lie outside of the valid range and the entry does not say ``mask``.
        """
        stored = self.reinterpreted(stored)
        if self.has_table(stored.dtype):
            return self._unpacked(np.ascontiguousarray(stored))
        absent = self._absent(stored)
        values = self._scaled(stored, seconds)
        if absent is not None:
            values[absent] = np.nan
        self._check(values)
        return values

    def reinterpreted(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Return stored numbers in the type they are meant in."""
        return stored.view(self.stored) if self.stored else stored

    def has_table(self, stored: np.dtype[Any]) -> bool:
        """Tell whether a table can hold the value of every number of a type."""
        return stored.kind in "iu" and stored.itemsize <= 2 and not self.per_second

    def packed(self, stored: NDArray[Any], dtype: np.dtype[Any]) -> Packed | None:
        """Return numbers of one or two bytes with the table of their canonical values.

        Parameters
        ----------
        stored : array of int (time, ...)
            As they stand in the file; `has_table` holds for their type.
        dtype : dtype
            Of the values in the table.

        Returns
        -------
        Packed or None
            None where values lie outside of the valid range, which a call refuses or masks.
        """
        from ..compiled import ends

        stored = np.ascontiguousarray(self.reinterpreted(stored))
        found = ends(stored.reshape(-1), *self._bounds(stored.dtype))
        if not self._within_range(found):
            return None
        table = _table(replace(self, label="", valid_range=None), stored.dtype, dtype)
        return Packed(stored.view(f"u{stored.dtype.itemsize}"), table)

    def _unpacked(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Return canonical values of integers, in one compiled pass."""
        from ..compiled import ends, unpack

        flat, bounds = stored.reshape(-1), self._bounds(stored.dtype)
        values = np.empty(stored.shape, self.dtype)
        unpack(flat, self.factor, self.offset, *bounds, values.reshape(-1))
        if not self._within_range(ends(flat, *bounds)):
            self._check(values)
        return values

    def _bounds(self, dtype: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the stored numbers that mean missing, and the least and greatest valid one."""
        info = np.iinfo(dtype)
        low, high = self.stored_range or (info.min, info.max)
        fits = [number for number in self.missing if info.min <= number <= info.max]
        missing = np.array([int(n) for n in fits if n == int(n)], dtype=dtype)
        valid = max(math.ceil(low), info.min), min(math.floor(high), info.max)
        return missing, np.array(valid, dtype=dtype)

    def _within_range(self, ends: tuple[int, int]) -> bool:
        """Tell whether least and greatest stored number, if any, stand for valid values."""
        if self.valid_range is None or ends[0] > ends[1]:
            return True
        found = sorted(self.factor * end + self.offset for end in ends)
        slack = SLACK * (self.valid_range[1] - self.valid_range[0])
        return self.valid_range[0] - slack <= found[0] and found[1] <= self.valid_range[1] + slack

    def _absent(self, stored: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Return where the stored numbers mean missing, or None if nowhere."""
        absent: NDArray[np.bool_] | None = None
        for number in self.missing:
            if np.isnan(number):
                continue  # NaN stays NaN
            found = stored == np.asarray(number, dtype=stored.dtype)
            absent = found if absent is None else absent | found
        if self.stored_range is not None:
            low, high = self.stored_range
            with np.errstate(invalid="ignore"):
                outside = (stored < low) | (stored > high)
            absent = outside if absent is None else absent | outside
        return absent

    def _scaled(self, stored: NDArray[Any], seconds: NDArray[np.float64]) -> NDArray[Any]:
        if (self.factor, self.offset, self.per_second) == (1.0, 0.0, 0):
            return stored.astype(self.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.multiply(stored, self.factor, dtype=np.float64)
            values += self.offset
            if self.per_second:
                by_step = seconds.reshape((-1,) + (1,) * (values.ndim - 1))
                values = values * by_step if self.per_second > 0 else values / by_step
            return np.asarray(values.astype(self.dtype, copy=False))

    def _check(self, values: NDArray[Any]) -> None:
        """Find values that cannot be measurements."""
        if self.valid_range is None or not values.size:
            return
        low, high = self.valid_range
        slack = SLACK * (high - low)
        with np.errstate(invalid="ignore"):
            if not (np.fmin.reduce(values, axis=None) < low - slack) and not (
                np.fmax.reduce(values, axis=None) > high + slack
            ):
                return
            outside = (values < low - slack) | (values > high + slack)
        count, worst = int(outside.sum()), values[outside]
        worst = worst[np.argmax(np.abs(worst - (low + high) / 2))]
        found = (
            f"{self.label}: {count} of {values.size} values lie outside of {low:g} to {high:g} "
            f"{self.units}, such as {worst:g}"
        )
        if self.out_of_range == "error":
            raise HarmonisationError(
                f"{found}; correct units or 'missing:' of the dataset's entry, or say "
                "'out_of_range: mask'"
            )
        log.warning("%s; they are masked", found)
        mask_out_of_range(values, outside)


@lru_cache(maxsize=16)
def _table(decode: Decoding, stored: np.dtype[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the value of every number of one or two bytes, in the order of their bits."""
    every = np.arange(2 ** (8 * stored.itemsize), dtype=f"u{stored.itemsize}").view(stored)
    table = decode(every.reshape(-1, 1), np.ones(every.size)).reshape(-1)
    return table.astype(dtype, copy=False)
