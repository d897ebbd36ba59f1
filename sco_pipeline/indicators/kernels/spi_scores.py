"""Standardised scores of running totals."""

from __future__ import annotations

import numpy as np

from .spi_fit import DISTRIBUTIONS, Fit

MONTHS = 12


def running_totals(series: np.ndarray, scale: int) -> np.ndarray:
    """Sum `scale` months ending in each month; missing if one of them is; (cell, month)."""
    total = np.full_like(series, np.nan)
    if scale > series.shape[1]:
        return total
    last = series.shape[1] - scale + 1
    total[:, scale - 1 :] = sum(series[:, step : step + last] for step in range(scale))
    return total


def scores(
    totals: np.ndarray,
    base: slice,
    distribution: str,
    zeros: str,
    limit: float,
    fewest: int,
) -> tuple[np.ndarray, Fit]:
    """Return the standard normal quantile of each total in its calendar month.

    Parameters
    ----------
    totals : ndarray (cell, month)
        Whole years from January.
    base : slice
        Years of the calibration period.
    distribution : str
        One of `DISTRIBUTIONS`.
    zeros : {"top", "centre", "mean"}
        Where a zero stands in the mass of zeros: at its top, at its centre, or at its mean score.
    limit : float
        Largest score; beyond it scores are cut.
    fewest : int
        Values of a calendar month that the calibration period must hold.

    Returns
    -------
    ndarray (cell, month), Fit
        Missing where the fit failed.
    """
    from scipy.special import ndtri

    cells = totals.shape[0]
    record = totals.reshape(cells, -1, MONTHS)
    fitter, probability = DISTRIBUTIONS[distribution]
    sample = record[:, base]
    fit = fitter(sample)
    held = np.isfinite(sample).sum(axis=1) >= fewest
    fit = Fit(fit.parameters, fit.zeros, fit.holds & held)
    score = ndtri(np.clip(probability(record, fit), 0.0, 1.0))
    if zeros != "top":
        score = _with_placed_zeros(score, record, fit.zeros[:, None, :], zeros)
    score = np.clip(score, -limit, limit)
    score = np.where(fit.holds[:, None, :] & np.isfinite(record), score, np.nan)
    return score.reshape(cells, -1), fit


def _with_placed_zeros(
    score: np.ndarray, record: np.ndarray, share: np.ndarray, zeros: str
) -> np.ndarray:
    """Move the scores of zeros to the centre or to the mean of their mass."""
    from scipy.special import ndtri

    with np.errstate(invalid="ignore", divide="ignore"):
        if zeros == "centre":
            place = ndtri(share / 2.0)
        else:
            place = -np.exp(-0.5 * ndtri(share) ** 2) / np.sqrt(2.0 * np.pi) / share
    movable = (record == 0) & (share > 0) & (share < 1)
    return np.where(movable, place, score)
