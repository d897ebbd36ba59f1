"""Compiled checks of quality: series along time with a state, and fields in space.

The state of a series (its last value, its usual change, the length of its run) is handed from one
block of time to the next, so that how the data are cut into blocks changes nothing. Loops over all
values are free of branches; what they find suspect is looked at in a second loop.
"""

from __future__ import annotations

import numpy as np
from numba import njit

VALID, MISSING, OUT_OF_RANGE, JUMP, CONSTANT_RUN, SPIKE, LOW_COVERAGE = range(7)
"""What is counted, in the order of the counts; from the third on also the bits of the flags."""

WARM_UP = 20
"""Changes of a cell after which its usual change is known."""
_SLOWEST = np.float32(1.05)
_SAMPLE = 200
_TO_SIGMA = np.float32(1.4826)


@njit(cache=True, nogil=True, error_model="numpy")
def check_series(
    values: np.ndarray,
    bits: np.ndarray,
    masked: int,
    limits: np.ndarray,
    last: np.ndarray,
    usual: np.ndarray,
    known: np.ndarray,
    length: np.ndarray,
    flags: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Check the series of every cell over one block of time.

    Parameters
    ----------
    values : ndarray of float (time, cell)
        NaN is missing.
    bits : ndarray of int (time, cell)
        The same memory, as integers.
    masked : int
        Bits of a value that is missing because it was out of range.
    limits : ndarray of the type of `values` (6,)
        Least and greatest valid value, three values that may last, jump in robust standard
        deviations (infinite: unchecked).
    last : ndarray of the type of `values` (cell,)
        State, changed in place: the value before, NaN at first.
    usual, known : ndarray of float32 (cell,)
        State: a running median of the changes that are not zero, and their number; 0 at first.
    length : ndarray of int32 (cell + 1,)
        State: length of the run of one value; the last number is the least that is flagged.
    flags : ndarray of uint8 (time, cell), or without time
        Bits are added, if there is room for them.

    Returns
    -------
    ndarray of int (7,), ndarray of int (time,)
        Counts in the order of the constants of this module, and valid cells of each step.
    """
    steps, cells = values.shape
    counts = np.zeros(7, np.int64)
    valid = np.zeros(steps, np.int64)
    found = np.zeros(cells, np.uint8)
    for step in range(steps):
        valid[step], suspects = _advance(
            values[step], bits[step], masked, limits, last, usual, known, length, found
        )
        if suspects:
            _note(found, length, step, counts, flags)
    counts[VALID] = valid.sum()
    counts[MISSING] = steps * cells - counts[VALID]
    return counts, valid


@njit(cache=True, nogil=True, error_model="numpy")
def _advance(
    values: np.ndarray,
    bits: np.ndarray,
    masked: int,
    limits: np.ndarray,
    last: np.ndarray,
    usual: np.ndarray,
    known: np.ndarray,
    length: np.ndarray,
    found: np.ndarray,
) -> tuple[int, int]:
    """Take one step of all cells; return how many are valid, and how many suspect."""
    low, high, one, two, three, jump = limits
    least = length[-1]
    valid = 0
    suspects = 0
    for cell in range(values.size):
        value = values[cell]
        change = np.float32(abs(value - last[cell]))  # NaN after a gap: neither jump nor run
        moved = change > 0
        present = value == value
        outside = (bits[cell] == masked) | (value < low) | (value > high)
        jumped = moved & (known[cell] >= WARM_UP) & (change > jump * _TO_SIGMA * usual[cell])
        # large steps towards the median at first, small ones when it is known
        factor = max(np.float32(1) + np.float32(8) / (np.float32(8) + known[cell]), _SLOWEST)
        nearer = usual[cell] * factor if change > usual[cell] else usual[cell] / factor
        nearer = change if known[cell] == 0 else nearer
        usual[cell] = nearer if moved else usual[cell]
        known[cell] += np.float32(moved)
        run = length[cell] + 1 if change == 0 else 1
        lasts = (value == one) | (value == two) | (value == three)
        run = run if present & ~lasts else 0
        length[cell] = run
        last[cell] = value
        bad = np.uint8(outside) | (np.uint8(jumped) << 1) | (np.uint8(run >= least) << 2)
        found[cell] = bad
        suspects += bad != 0
        valid += present
    return valid, suspects


@njit(cache=True, nogil=True)
def _note(
    found: np.ndarray, length: np.ndarray, step: int, counts: np.ndarray, flags: np.ndarray
) -> None:
    """Count what one step has found, and add it to the flags."""
    least = length[-1]
    noted = flags.shape[0] > 0
    for cell in range(found.size):
        bad = found[cell]
        if bad == 0:
            continue
        counts[OUT_OF_RANGE] += bad & 1
        counts[JUMP] += (bad >> 1) & 1
        if bad & 4:
            counts[CONSTANT_RUN] += least if length[cell] == least else 1
        if noted:
            flags[step, cell] |= bad
            if bad & 4 and length[cell] == least:
                for before in range(max(0, step - least + 1), step):
                    flags[before, cell] |= 4


@njit(cache=True, nogil=True)
def check_fields(values: np.ndarray, limit: float, flags: np.ndarray) -> int:
    """Count the values that depart from their neighbours by far more than is usual in the field.

    Parameters
    ----------
    values : ndarray of float (time, row, column)
        NaN is missing.
    limit : float
        In robust standard deviations of the departures from the median of the eight neighbours;
        these are taken of at most some 200 cells a field.
    flags : ndarray of uint8 (time, row, column), or without time
        The bit is added, if there is room for it.

    Returns
    -------
    int
        How many are flagged.
    """
    steps, rows, columns = values.shape
    count = 0
    if rows < 3 or columns < 3:
        return 0
    near = np.empty(8)
    suspect = np.ones(columns, np.uint8)
    for step in range(steps):
        field = values[step]
        wide = field.dtype.type(limit * _TO_SIGMA * _usual_departure(field, near))
        if not wide > 0:
            continue
        for row in range(rows):
            suspects = columns
            if 0 < row < rows - 1:
                suspects = _suspect(field[row - 1], field[row], field[row + 1], wide, suspect)
            if suspects == 0:
                continue
            for column in range(columns):
                if 0 < row < rows - 1 and not suspect[column]:
                    continue
                departure = abs(field[row, column] - _middle(field, row, column, near))
                if departure > wide:
                    count += 1
                    if flags.shape[0] > 0:
                        flags[step, row, column] |= 8
    return count


@njit(cache=True, nogil=True)
def _suspect(
    above: np.ndarray, here: np.ndarray, below: np.ndarray, wide: float, suspect: np.ndarray
) -> int:
    """Mark the cells of which no majority of the valid neighbours is close.

    Where more than half of them are close, so is their median. Ends of the row are always marked.
    """
    suspects = 2
    for column in range(1, here.size - 1):
        value = here[column]
        close = np.uint8(0)
        valid = np.uint8(0)
        for side in range(-1, 2):
            up, down = above[column + side], below[column + side]
            close += np.uint8(abs(up - value) <= wide) + np.uint8(abs(down - value) <= wide)
            valid += np.uint8(up == up) + np.uint8(down == down)
        left, right = here[column - 1], here[column + 1]
        close += np.uint8(abs(left - value) <= wide) + np.uint8(abs(right - value) <= wide)
        valid += np.uint8(left == left) + np.uint8(right == right)
        suspect[column] = (2 * close <= valid) & (valid > 0) & (value == value)
        suspects += int(suspect[column])
    return suspects


@njit(cache=True, nogil=True)
def _usual_departure(field: np.ndarray, near: np.ndarray) -> float:
    """Return the median departure of some cells from their neighbours, NaN if they are few."""
    rows, columns = field.shape
    stride = max(1, rows * columns // _SAMPLE) | 1  # odd: it does not follow the columns
    sample = np.empty(rows * columns // stride + 1)
    taken = 0
    for at in range(0, rows * columns, stride):
        row, column = at // columns, at % columns
        departure = abs(field[row, column] - _middle(field, row, column, near))
        if departure == departure:
            sample[taken] = departure
            taken += 1
    return _median(sample, taken) if taken >= 20 else np.nan


@njit(cache=True, nogil=True)
def _middle(field: np.ndarray, row: int, column: int, near: np.ndarray) -> float:
    """Return the median of the valid neighbours, NaN if there is none."""
    count = 0
    for i in range(max(row - 1, 0), min(row + 2, field.shape[0])):
        for j in range(max(column - 1, 0), min(column + 2, field.shape[1])):
            if (i != row or j != column) and field[i, j] == field[i, j]:
                near[count] = field[i, j]
                count += 1
    return _median(near, count)


@njit(cache=True, nogil=True)
def _median(values: np.ndarray, count: int) -> float:
    """Return the median of the first `count` values, which are put in order; NaN of none."""
    if count == 0:
        return np.nan
    for place in range(1, count):
        value = values[place]
        before = place - 1
        while before >= 0 and values[before] > value:
            values[before + 1] = values[before]
            before -= 1
        values[before + 1] = value
    half = count // 2
    return float(values[half] if count % 2 else (values[half - 1] + values[half]) / 2)
