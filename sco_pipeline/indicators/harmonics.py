"""Polynomial and seasonal harmonics fitted to series with gaps, and the errors of their rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .slopes import limits_of


@dataclass(frozen=True)
class HarmonicFit:
    """Least-squares fits of all cells.

    Attributes
    ----------
    coefficients : ndarray (cell, term)
        Of the columns of the design; missing where the values do not determine them.
    deviation : ndarray (cell, term)
        Standard errors, of independent residuals.
    residuals : ndarray (cell, time)
        Missing where the value is.
    count : ndarray (cell,)
        Values that entered.
    """

    coefficients: np.ndarray
    deviation: np.ndarray
    residuals: np.ndarray
    count: np.ndarray

    def error(self, term: int, effective: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the standard error of a coefficient and its degrees of freedom.

        With `effective` the sample size is reduced to ``n (1 - r) / (1 + r)`` by the lag-1
        autocorrelation r of the residuals, where that is positive (Santer et al. 2008).
        """
        terms = self.coefficients.shape[1]
        freedom = (self.count - terms).astype(float)
        if not effective:
            return self.deviation[:, term], freedom
        r = np.clip(lag_one(self.residuals), 0.0, 1.0)
        reduced = self.count * (1.0 - r) / (1.0 + r) - terms
        with np.errstate(invalid="ignore", divide="ignore"):
            factor = np.where(reduced > 0, np.sqrt(freedom / reduced), np.nan)
        return self.deviation[:, term] * factor, np.where(reduced > 0, reduced, np.nan)

    def limits(self, term: int, effective: bool, confidence: float) -> np.ndarray:
        """Return a coefficient, its error, limits and p-value; (cell, 5)."""
        error, freedom = self.error(term, effective)
        rate, low, high, p = limits_of(self.coefficients[:, term], error, freedom, confidence)
        return np.stack([rate, error, low, high, p], axis=1)


def design(years: np.ndarray, degree: int, harmonics: int) -> np.ndarray:
    """Return the columns 1, t, t^2 / 2, ... and the cosines and sines of the year; (time, term).

    Parameters
    ----------
    years : ndarray (time,)
        Decimal years; t is counted from their middle.
    degree : int
        Of the polynomial.
    harmonics : int
        Number of harmonics of the year.

    Returns
    -------
    ndarray (time, degree + 1 + 2 harmonics)
    """
    t = years - 0.5 * (years[0] + years[-1])
    columns = [np.ones_like(t)]
    for power in range(1, degree + 1):
        columns.append(columns[-1] * t / power)
    for order in range(1, harmonics + 1):
        angle = 2.0 * np.pi * order * (years % 1.0)
        columns += [np.cos(angle), np.sin(angle)]
    return np.stack(columns, axis=1)


def fit_harmonics(series: np.ndarray, columns: np.ndarray, fewest: int = 0) -> HarmonicFit:
    """Fit the columns of a design to each cell by least squares.

    Parameters
    ----------
    series : ndarray (cell, time)
        Missing is NaN and left out.
    columns : ndarray (time, term)
        From `design`.
    fewest : int
        A cell with fewer values has no fit.

    Returns
    -------
    HarmonicFit
    """
    from .kernels.trend_harmonics import fit_columns

    return HarmonicFit(*fit_columns(series, columns, fewest))


def lag_one(residuals: np.ndarray) -> np.ndarray:
    """Return the lag-1 autocorrelation of residuals, of neighbours that are both present."""
    held = np.isfinite(residuals)
    values = np.where(held, residuals, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (values[:, 1:] * values[:, :-1]).sum(axis=1) / (values**2).sum(axis=1)
    return np.where(np.isfinite(ratio), ratio, 0.0)


def season_of(fit: HarmonicFit, columns: np.ndarray, harmonics: int) -> np.ndarray:
    """Return the fitted seasonal cycle at the times of a design; (cell, time)."""
    first = columns.shape[1] - 2 * harmonics
    season = np.zeros((fit.coefficients.shape[0], columns.shape[0]))
    for term in range(first, columns.shape[1]):  # term by term: the same for any tile of cells
        season += fit.coefficients[:, term, None] * columns[None, :, term]
    return season


RATE: Sequence[str] = ("rate", "error", "lower", "upper", "pvalue")
