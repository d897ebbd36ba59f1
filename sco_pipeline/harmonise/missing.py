"""Missing values, and which of them are missing because they were out of range.

Missing is NaN. A value that was masked because it cannot be a measurement is a NaN of its own bit
pattern, which every copy keeps, so that it can be counted where the data pass anyway.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# a quiet NaN with the payload 1; floating-point hardware keeps it when float32 becomes float64
_BITS = {4: (np.uint32, 0x7FC00001), 8: (np.uint64, 0x7FF8000020000000)}


def mask_out_of_range(values: NDArray[Any], outside: NDArray[np.bool_]) -> None:
    """Make values missing, in place, so that they are known as out of range.

    Parameters
    ----------
    values : array of float
        Contiguous or not.
    outside : array of bool
        Which to mask.
    """
    kind, bits = _BITS[values.dtype.itemsize]
    values.view(kind)[outside] = bits


def as_bits(values: NDArray[Any]) -> tuple[NDArray[Any], Any]:
    """Return values as integers, and the integer that `mask_out_of_range` leaves."""
    kind, bits = _BITS[values.dtype.itemsize]
    return values.view(kind), kind(bits)
