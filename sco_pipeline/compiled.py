"""Compiled loops over stored numbers: undo HDF5's byte shuffle, unpack integers."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def unshuffle_pairs(planes: np.ndarray, out: np.ndarray) -> None:
    """Join the low and the high bytes of 16-bit numbers.

    Parameters
    ----------
    planes : ndarray of uint8 (2 * count,)
        All low bytes, then all high bytes.
    out : ndarray of uint16 (count,)
        Filled in.
    """
    count = out.size
    for item in range(count):
        out[item] = np.uint16(planes[item]) | (np.uint16(planes[count + item]) << 8)


@njit(cache=True, nogil=True)
def unshuffle_bytes(planes: np.ndarray, itemsize: int, out: np.ndarray) -> None:
    """Join the bytes of numbers of any size; `out` are the bytes of the numbers."""
    count = out.size // itemsize
    for byte in range(itemsize):
        for item in range(count):
            out[item * itemsize + byte] = planes[byte * count + item]


@njit(cache=True, nogil=True)
def unpack(
    stored: np.ndarray,
    factor: float,
    offset: float,
    missing: np.ndarray,
    valid: np.ndarray,
    out: np.ndarray,
) -> None:
    """Unpack integers: ``factor * stored + offset`` in double precision, stored as `out` is.

    Parameters
    ----------
    stored : ndarray of integers (count,)
        Packed.
    factor, offset : float
        Of the packing.
    missing : ndarray of integers
        Stored numbers that mean missing, with the type of `stored`.
    valid : ndarray of integers (2,)
        Least and greatest stored number that is valid, with the type of `stored`.
    out : ndarray of float (count,)
        Filled in; missing is NaN.
    """
    low, high = valid
    absent = missing[0] if missing.size else low
    some = missing.size > 0
    for item in range(stored.size):
        number = stored[item]
        value = factor * number + offset
        there = number >= low and number <= high and not (some and number == absent)
        out[item] = value if there else np.nan
    for other in missing[1:]:
        for item in range(stored.size):
            if stored[item] == other:
                out[item] = np.nan


@njit(cache=True, nogil=True)
def ends(stored: np.ndarray, missing: np.ndarray, valid: np.ndarray) -> tuple[int, int]:
    """Return the least and the greatest number that is valid and not the first missing one.

    The first is larger if there is none. Written without branches and in the type of the numbers,
    so that a processor compares many at once.

    Parameters
    ----------
    stored : ndarray of integers (count,)
        Packed.
    missing, valid : ndarray of integers
        As for `unpack`.
    """
    low, high = valid
    least, greatest = high, low
    if missing.size == 0:
        for item in range(stored.size):
            number = stored[item]
            there = (number >= low) & (number <= high)
            up = number if there else high
            down = number if there else low
            least = up if up < least else least
            greatest = down if down > greatest else greatest
        return int(least), int(greatest)
    absent = missing[0]
    for item in range(stored.size):
        number = stored[item]
        there = (number >= low) & (number <= high) & (number != absent)
        up = number if there else high
        down = number if there else low
        least = up if up < least else least
        greatest = down if down > greatest else greatest
    return int(least), int(greatest)
