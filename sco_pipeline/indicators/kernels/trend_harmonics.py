"""Least squares of several columns on the series of cells, in the order of time."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_SINGULAR = 1e-10


@njit(cache=True, nogil=True)
def invert(square: np.ndarray, out: np.ndarray) -> bool:
    """Invert a symmetric positive matrix by Gauss-Jordan; false where it is singular."""
    size = square.shape[0]
    scale = np.empty(size)
    for i in range(size):
        if square[i, i] <= 0.0:
            return False
        scale[i] = math.sqrt(square[i, i])
    work = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            work[i, j] = square[i, j] / (scale[i] * scale[j])
            out[i, j] = 1.0 if i == j else 0.0
    for k in range(size):
        pivot = work[k, k]
        if pivot < _SINGULAR:
            return False
        for j in range(size):
            work[k, j] /= pivot
            out[k, j] /= pivot
        for i in range(size):
            if i != k:
                factor = work[i, k]
                for j in range(size):
                    work[i, j] -= factor * work[k, j]
                    out[i, j] -= factor * out[k, j]
    for i in range(size):
        for j in range(size):
            out[i, j] /= scale[i] * scale[j]
    return True


@njit(cache=True, nogil=True)
def fit_columns(
    series: np.ndarray, columns: np.ndarray, fewest: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fit the columns of a design to each cell.

    Parameters
    ----------
    series : ndarray (cell, time)
        Missing is NaN and left out.
    columns : ndarray (time, term)
        The first column is constant.
    fewest : int
        A cell with fewer values, or not more than terms, has no fit.

    Returns
    -------
    coefficients, errors : ndarray (cell, term)
        Missing without a fit.
    residuals : ndarray (cell, time)
    count : ndarray of int (cell,)
    """
    cells, length = series.shape
    terms = columns.shape[1]
    found, errors = np.full((cells, terms), np.nan), np.full((cells, terms), np.nan)
    residuals = np.full((cells, length), np.nan)
    counts = np.zeros(cells, dtype=np.int64)
    square, inverse = np.empty((terms, terms)), np.empty((terms, terms))
    right = np.empty(terms)
    for cell in range(cells):
        one = series[cell]
        count = 0
        mean = 0.0
        for i in range(length):
            if not math.isnan(one[i]):
                count += 1
                mean += one[i]
        counts[cell] = count
        if count < fewest or count <= terms:
            continue
        mean /= count
        square[:] = 0.0
        right[:] = 0.0
        for i in range(length):
            if math.isnan(one[i]):
                continue
            for a in range(terms):
                right[a] += columns[i, a] * (one[i] - mean)
                for b in range(a + 1):
                    square[a, b] += columns[i, a] * columns[i, b]
        for a in range(terms):
            for b in range(a):
                square[b, a] = square[a, b]
        if not invert(square, inverse):
            continue
        for a in range(terms):
            total = 0.0
            for b in range(terms):
                total += inverse[a, b] * right[b]
            found[cell, a] = total
        rest = 0.0
        for i in range(length):
            if math.isnan(one[i]):
                continue
            value = one[i] - mean
            for a in range(terms):
                value -= found[cell, a] * columns[i, a]
            residuals[cell, i] = value
            rest += value * value
        found[cell, 0] += mean
        for a in range(terms):
            errors[cell, a] = math.sqrt(rest / (count - terms) * inverse[a, a])
    return found, errors, residuals, counts
