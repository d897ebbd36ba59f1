"""Seasons in which a condition holds: days, first and last day."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def seasons(
    state: np.ndarray, starts: np.ndarray, kind: np.ndarray, shortest: int, share: float
) -> np.ndarray:
    """Return days, first day, last day and length of the season of each year.

    Parameters
    ----------
    state : ndarray of int8 (cell, day)
        1 where the condition holds, 0 where not, -1 where it is not known.
    starts : ndarray of int (kind, year + 1)
        Day on which each season-year starts, for each kind of cell; the last is the end.
    kind : ndarray of int (cell,)
        Kind of each cell.
    shortest : int
        Days in a row that make a season begin or end; unknown days do not break them.
    share : float
        Largest share of unknown days.

    Returns
    -------
    ndarray (cell, year, 4)
        Days on which the condition holds; days from the start of the season-year to the first day
        of the first run and to the last day of the last run; days from the one to the other, both
        included. Missing with too many unknown days; first and last day also without a run, where
        the length is 0.
    """
    years = starts.shape[1] - 1
    out = np.full((state.shape[0], years, 4), np.nan)
    for cell in range(state.shape[0]):
        for year in range(years):
            begin, end = starts[kind[cell], year], starts[kind[cell], year + 1]
            known = held = run = 0
            first = last = -1
            opened = 0
            for day in range(max(begin, 0), min(end, state.shape[1])):
                if state[cell, day] < 0:
                    continue
                known += 1
                if state[cell, day] == 0:
                    run = 0
                    continue
                held += 1
                if run == 0:
                    opened = day
                run += 1
                if run >= shortest:
                    if first < 0:
                        first = opened
                    last = day
            if known < (1.0 - share) * (end - begin):
                continue
            out[cell, year, 0] = held
            out[cell, year, 3] = 0.0
            if first >= 0:
                out[cell, year, 1] = first - begin
                out[cell, year, 2] = last - begin
                out[cell, year, 3] = last - first + 1
    return out
