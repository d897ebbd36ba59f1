"""Compiled loops over the cells of each region; imported on use, since numba is slow to import.

Every kernel takes values (row, cell) with NaN for missing, the sparse weights (starts, cells,
areas) and fills out (row, region, ...). The first number of each result is the area with valid
values; a kernel is independent of the number of rows and releases the interpreter.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MEAN, MOMENTS, EXTREMES, ABOVE, UNCERTAINTY = 2, 4, 3, 2, 3
"""Numbers that each kernel writes for a row and region."""
ROWS = 8
"""Rows that one look at the weights serves; more would not stay in cache."""


@numba.njit(cache=True, nogil=True)
def mean_sums(
    values: NDArray[Any],
    starts: Integers,
    cells: Integers,
    lengths: Integers,
    areas: Floats,
    out: Floats,
) -> None:
    """Write area, and area times value; the weights come as runs of cells."""
    out[:] = 0.0
    for group in range(0, values.shape[0], ROWS):
        rows = range(group, min(group + ROWS, values.shape[0]))
        for region in range(len(starts) - 1):
            for k in range(starts[region], starts[region + 1]):
                for row in rows:
                    total = 0.0
                    count = 0
                    for cell in range(cells[k], cells[k] + lengths[k]):
                        value = values[row, cell]
                        if value == value:
                            total += value
                            count += 1
                    out[row, region, 0] += areas[k] * count
                    out[row, region, 1] += areas[k] * total


@numba.njit(cache=True, nogil=True)
def moments(
    values: NDArray[Any],
    starts: Integers,
    cells: Integers,
    areas: Floats,
    least: Floats,
    out: Floats,
) -> None:
    """Write area, mean, area times squared deviation from it, and the number of counted cells."""
    for row in range(values.shape[0]):
        line = values[row]
        for region in range(len(starts) - 1):
            weight = 0.0
            mean = 0.0
            square = 0.0
            count = 0.0
            for k in range(starts[region], starts[region + 1]):
                value = line[cells[k]]
                if value == value:
                    weight += areas[k]
                    step = value - mean
                    mean += step * (areas[k] / weight)
                    square += areas[k] * step * (value - mean)
                    if areas[k] >= least[region]:
                        count += 1.0
            out[row, region, 0] = weight
            out[row, region, 1] = mean
            out[row, region, 2] = square
            out[row, region, 3] = count


@numba.njit(cache=True, nogil=True)
def extremes(
    values: NDArray[Any],
    starts: Integers,
    cells: Integers,
    areas: Floats,
    least: Floats,
    sign: float,
    out: Floats,
) -> None:
    """Write area, the largest `sign` times value of the counted cells, and the cell it is in."""
    for row in range(values.shape[0]):
        line = values[row]
        for region in range(len(starts) - 1):
            weight = 0.0
            best = -np.inf
            place = -1
            for k in range(starts[region], starts[region + 1]):
                value = line[cells[k]]
                if value == value:
                    weight += areas[k]
                    here = sign * value
                    better = here > best or (here == best and cells[k] < place)
                    if better and areas[k] >= least[region]:
                        best = here
                        place = cells[k]
            out[row, region, 0] = weight
            out[row, region, 1] = best
            out[row, region, 2] = place


@numba.njit(cache=True, nogil=True)
def beyond(
    values: NDArray[Any],
    starts: Integers,
    cells: Integers,
    areas: Floats,
    sign: float,
    limit: float,
    out: Floats,
) -> None:
    """Write area, and the area where `sign` times value is greater than `sign` times limit."""
    for row in range(values.shape[0]):
        line = values[row]
        for region in range(len(starts) - 1):
            weight = 0.0
            part = 0.0
            for k in range(starts[region], starts[region + 1]):
                value = line[cells[k]]
                if value == value:
                    weight += areas[k]
                    if sign * value > sign * limit:
                        part += areas[k]
            out[row, region, 0] = weight
            out[row, region, 1] = part


@numba.njit(cache=True, nogil=True)
def uncertainty_sums(
    values: NDArray[Any], starts: Integers, cells: Integers, areas: Floats, out: Floats
) -> None:
    """Write area, area times value, and the sum of squares of area times value."""
    for row in range(values.shape[0]):
        line = values[row]
        for region in range(len(starts) - 1):
            weight = 0.0
            total = 0.0
            square = 0.0
            for k in range(starts[region], starts[region + 1]):
                value = line[cells[k]]
                if value == value:
                    part = areas[k] * value
                    weight += areas[k]
                    total += part
                    square += part * part
            out[row, region, 0] = weight
            out[row, region, 1] = total
            out[row, region, 2] = square


@numba.njit(cache=True, nogil=True)
def quantiles(
    values: NDArray[Any],
    starts: Integers,
    cells: Integers,
    areas: Floats,
    levels: Floats,
    out: Floats,
) -> None:
    """Write area, then for each level the least value below or at which that share of it lies."""
    for region in range(len(starts) - 1):
        first, last = starts[region], starts[region + 1]
        found = np.empty(last - first)
        weights = np.empty(last - first)
        for row in range(values.shape[0]):
            n = 0
            total = 0.0
            for k in range(first, last):
                value = values[row, cells[k]]
                if value == value:
                    found[n] = value
                    weights[n] = areas[k]
                    total += areas[k]
                    n += 1
            order = np.argsort(found[:n])
            out[row, region, 0] = total
            for level in range(len(levels)):
                wanted = levels[level] * total * (1 - 1e-12)
                below = 0.0
                answer = np.nan
                for i in range(n):
                    below += weights[order[i]]
                    answer = found[order[i]]
                    if below >= wanted:
                        break
                out[row, region, 1 + level] = answer
