"""Meteorological drought: SPI and SPEI, and the share of an area that they find in drought."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError, unknown
from .cells import over_cells
from .indicator import indicator
from .kernels.spi_fit import DISTRIBUTIONS
from .kernels.spi_scores import running_totals, scores
from .monthly import Months, months_axis

SPI_SOURCES = (
    "McKee et al. (1993), 8th Conference on Applied Climatology, 179-184; "
    "WMO (2012), Standardized Precipitation Index User Guide, WMO-No. 1090; "
    "Thom (1958), doi:10.1175/1520-0493(1958)086<0117:ANOTGD>2.0.CO;2"
)
SPEI_SOURCES = (
    "Vicente-Serrano et al. (2010), doi:10.1175/2009JCLI2909.1; "
    "Begueria et al. (2014), doi:10.1002/joc.3887"
)
LONGEST_SCALE = 48
SHIFT = 1000.0
"""Added to a water balance so that a gamma distribution can be fitted, mm."""

SpiDistribution = Literal["gamma", "gamma-l-moments", "pearson3"]
SpeiDistribution = Literal["log-logistic", "gamma", "pearson3"]
Zeros = Literal["top", "centre", "mean"]


@indicator(
    formula="Phi^-1(H(y)), y: P summed over scale months, H: fitted, with the share of zeros",
    units="1",
    long_name="Standardised precipitation index",
    ecv="Precipitation",
    references=SPI_SOURCES,
)
def spi(
    pr: xr.DataArray,
    *,
    baseline: Period,
    scale: int = 3,
    distribution: SpiDistribution = "gamma",
    zeros: Zeros = "top",
    limit: float = 3.09,
    min_values: int = 10,
) -> xr.Dataset:
    """Precipitation of the last months as a standard normal score of its calendar month.

    Parameters
    ----------
    pr : DataArray (time, ...), mm d-1
        Monthly or daily precipitation rate.
    baseline : Period
        Calibration period of whole years within the data.
    scale : int
        Months that are summed, 1 to 48.
    distribution : {"gamma", "gamma-l-moments", "pearson3"}
        Gamma of the positive totals, by Thom's approximation or by L-moments; Pearson III by
        L-moments.
    zeros : {"top", "centre", "mean"}
        Score of a total of zero: of the top of the mass of zeros (a month that is dry in 90 % of
        the years scores +1.28 when dry), of its centre, or its mean.
    limit : float
        Scores are cut at plus and minus this.
    min_values : int
        Totals of a calendar month that the calibration period must hold.

    Returns
    -------
    Dataset (time, ...)
        ``spi``, and ``failed_fits``, the number of calendar months that cannot be fitted: too few
        values, or none positive, or all alike. They are missing.

    Raises
    ------
    IndicatorError
        For a scale or distribution that does not exist, a calibration period outside the data, or
        data that are neither monthly nor daily.
    """
    _check_scale(scale, distribution, ("gamma", "gamma-l-moments", "pearson3"), zeros)
    months = months_axis(pr["time"], pr.name)
    base = months.base(baseline, pr.name)

    def score(series: np.ndarray) -> np.ndarray:
        totals = running_totals(months.totals(series), scale)
        found, fit = scores(totals, base, distribution, zeros, limit, min_values)
        return _packed(found, fit.holds, np.isfinite(totals).any(axis=1), months)

    return _unpacked(score, [pr], months, "spi", "precipitation")


@indicator(
    formula="Phi^-1(F(y)), y: P - PET summed over scale months, F: fitted distribution",
    units="1",
    long_name="Standardised precipitation evapotranspiration index",
    ecv="Precipitation",
    references=SPEI_SOURCES,
)
def spei(
    pr: xr.DataArray,
    evspsblpot: xr.DataArray,
    *,
    baseline: Period,
    scale: int = 3,
    distribution: SpeiDistribution = "log-logistic",
    limit: float = 3.09,
    min_values: int = 10,
) -> xr.Dataset:
    """Precipitation less potential evapotranspiration of the last months, as a normal score.

    Parameters
    ----------
    pr : DataArray (time, ...), mm d-1
        Monthly or daily precipitation rate.
    evspsblpot : DataArray (time, ...), kg m-2 d-1
        Potential evapotranspiration at the same times; 1 kg m-2 is 1 mm.
    baseline : Period
        Calibration period of whole years within the data.
    scale : int
        Months that are summed, 1 to 48.
    distribution : {"log-logistic", "gamma", "pearson3"}
        Log-logistic by unbiased probability-weighted moments, as in R's SPEI; gamma or Pearson III
        of the balance plus 1000 mm, as in climate_indices.
    limit : float
        Scores are cut at plus and minus this.
    min_values : int
        Totals of a calendar month that the calibration period must hold.

    Returns
    -------
    Dataset (time, ...)
        ``spei``, and ``failed_fits``, the number of calendar months that cannot be fitted.

    Raises
    ------
    IndicatorError
        As for `spi`, or if the two variables differ in time.
    """
    _check_scale(scale, distribution, ("log-logistic", "gamma", "pearson3"), "top")
    _check_same_times(pr, evspsblpot)
    months = months_axis(pr["time"], pr.name)
    base = months.base(baseline, pr.name)
    shift = 0.0 if distribution == "log-logistic" else SHIFT

    def score(rain: np.ndarray, loss: np.ndarray) -> np.ndarray:
        totals = running_totals(months.totals(rain) - months.totals(loss) + shift, scale)
        found, fit = scores(totals, base, distribution, "top", limit, min_values)
        return _packed(found, fit.holds, np.isfinite(totals).any(axis=1), months)

    return _unpacked(score, [pr, evspsblpot], months, "spei", "the water balance")


@indicator(
    formula="100 if SPI <= threshold, else 0",
    units="%",
    long_name="Area in meteorological drought",
    ecv="Precipitation",
    references=SPI_SOURCES,
)
def drought_area(
    pr: xr.DataArray,
    *,
    baseline: Period,
    scale: int = 3,
    threshold: float = -1.0,
    distribution: SpiDistribution = "gamma",
    zeros: Zeros = "top",
    min_values: int = 10,
) -> xr.DataArray:
    """100 where the SPI is at or below a threshold, else 0: a regional mean is the area's share.

    Parameters
    ----------
    pr : DataArray (time, ...), mm d-1
        Monthly or daily precipitation rate.
    baseline, scale, distribution, zeros, min_values
        As for `spi`.
    threshold : float
        -1 for moderate drought or worse, -1.5 for severe, -2 for extreme.

    Returns
    -------
    DataArray (time, ...), %
        Missing where the SPI is.

    Raises
    ------
    IndicatorError
        As for `spi`.
    """
    index = spi(
        pr,
        baseline=baseline,
        scale=scale,
        distribution=distribution,
        zeros=zeros,
        min_values=min_values,
    )["spi"]
    share = (100.0 * (index <= threshold)).where(index.notnull())
    about = {"long_name": "threshold of the standardised precipitation index", "units": "1"}
    return share.assign_coords(threshold=((), threshold, about))


def _check_scale(scale: int, distribution: str, known: tuple[str, ...], zeros: str) -> None:
    """Refuse options that do not exist."""
    if not 1 <= scale <= LONGEST_SCALE or scale != int(scale):
        raise IndicatorError(
            f"option 'scale' is {scale}; expected 1 to {LONGEST_SCALE} whole months"
        )
    if distribution not in known or distribution not in DISTRIBUTIONS:
        raise IndicatorError(unknown("distribution", distribution, known))
    if zeros not in ("top", "centre", "mean"):
        raise IndicatorError(unknown("zero rule", zeros, ("top", "centre", "mean")))


def _check_same_times(one: xr.DataArray, two: xr.DataArray) -> None:
    """Refuse variables on different time axes."""
    if not one.indexes["time"].equals(two.indexes["time"]):
        raise IndicatorError(
            f"{one.name!r} and {two.name!r} have different times ({one.sizes['time']} and "
            f"{two.sizes['time']}); bring them to the same months first"
        )


def _packed(found: np.ndarray, holds: np.ndarray, held: np.ndarray, months: Months) -> np.ndarray:
    """Return scores, and the number of failed fits as a last column; none for empty cells."""
    failed = np.where(held, (~holds).sum(axis=1).astype(float), np.nan)
    return np.concatenate([found[:, months.output], failed[:, None]], axis=1)


def _unpacked(
    score: Callable[..., np.ndarray],
    fields: list[xr.DataArray],
    months: Months,
    name: str,
    what: str,
) -> xr.Dataset:
    """Apply a function to all cells; return the index and the number of failed fits."""
    packed = over_cells(score, *fields, result={"step": np.arange(len(months.stamps) + 1)})
    index = packed.isel(step=slice(0, -1)).rename(step="time").assign_coords(time=months.stamps)
    failed = packed.isel(step=-1, drop=True)
    failed.attrs.update(long_name=f"Calendar months to which {what} cannot be fitted", units="1")
    return xr.Dataset({name: index, "failed_fits": failed})
