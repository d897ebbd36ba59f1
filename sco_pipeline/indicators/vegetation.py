"""Vegetation: condition index and the dates of the growing season."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError
from .cells import over_cells
from .indicator import indicator
from .normals import in_base_period
from .years import decimal_years, year_stamps

KOGAN = "Kogan (1995), doi:10.1016/0273-1177(95)00079-T"
WHITE = (
    "White et al. (1997), doi:10.1029/97GB00330; "
    "Jonsson and Eklundh (2004), doi:10.1016/j.cageo.2004.05.006"
)
PARTS = ("start", "peak", "end", "length", "amplitude")


@indicator(
    formula="100 (x - min) / (max - min), min and max of its time of the year in base",
    units="%",
    long_name="Vegetation condition index",
    cell_methods="time: mean",
    ecv="FAPAR",
    references=KOGAN,
)
def vci(ndvi: xr.DataArray, *, baseline: Period, min_years: int = 3) -> xr.DataArray:
    """Where the NDVI stands between the lowest and the highest of its time of the year.

    Parameters
    ----------
    ndvi : DataArray (time, ...), 1
        Monthly, or composites at the same dates of every year.
    baseline : Period
        Years whose lowest and highest values are taken; within the data.
    min_years : int
        Values of a time of the year that the base period must hold.

    Returns
    -------
    DataArray (time, ...), %
        0 to 100 within the base period. Missing where lowest and highest are the same.

    Raises
    ------
    IndicatorError
        If the base period is not within the data.
    """
    slot = _slots(ndvi["time"])
    held = np.isin(ndvi["time"].values, in_base_period(ndvi, baseline)["time"].values)

    def rank(series: np.ndarray) -> np.ndarray:
        out = np.full_like(series, np.nan)
        for each in np.unique(slot):
            sample = series[:, held & (slot == each)]
            enough = np.isfinite(sample).sum(axis=1) >= min_years
            low = np.where(np.isnan(sample), np.inf, sample).min(axis=1, initial=np.inf)
            high = np.where(np.isnan(sample), -np.inf, sample).max(axis=1, initial=-np.inf)
            spread = np.where(enough & (high > low), high - low, np.nan)
            own = slot == each
            out[:, own] = 100.0 * ((series[:, own] - low[:, None]) / spread[:, None])
        return out

    return over_cells(rank, ndvi, result={"time": ndvi["time"]})


@indicator(
    formula="stretch around the peak with x > low + fraction (peak - low), on either side",
    units="d",
    long_name="Growing season of {long_name}",
    references=WHITE,
)
def phenology(
    field: xr.DataArray, *, fraction: float = 0.5, max_gap_days: float = 40.0
) -> xr.Dataset:
    """Start, greenest day, end and length of the growing season of each year.

    The season is the stretch around the year's highest value in which the index stays above
    `fraction` of the way from the lowest value on that side to the highest. Values are joined by
    straight lines. Years run from January in the north, from July in the south.

    Parameters
    ----------
    field : DataArray (time, ...)
        A vegetation index (`ndvi`, `lai`, `fapar`), with the coordinate ``lat``; daily to monthly.
    fraction : float
        Of the amplitude.
    max_gap_days : float
        A year with a longer gap between values is missing.

    Returns
    -------
    Dataset (time, ...)
        ``phenology_start``, ``_peak``, ``_end`` in days from the start of the year, ``_length`` in
        days, and ``_amplitude`` of the season. Missing also where the amplitude is below 0.05.

    Raises
    ------
    IndicatorError
        If there is no latitude, or `fraction` is not between 0 and 1.
    """
    if "lat" not in field.coords:
        raise IndicatorError(
            f"{field.name!r} has no coordinate 'lat', which tells the hemisphere; add it"
        )
    if not 0.0 < fraction < 1.0:
        raise IndicatorError(f"option 'fraction' is {fraction}; expected between 0 and 1")
    times = decimal_years(field["time"])
    years = np.arange(int(times[0]), int(times[-1]) + 1)

    def find(series: np.ndarray, latitude: np.ndarray) -> np.ndarray:
        from .kernels.phenology import growing_seasons

        shift = np.where(latitude < 0, 0.5, 0.0)
        return growing_seasons(
            series, times, years.astype(float), shift, fraction, max_gap_days / 365.25
        )

    out = over_cells(
        find,
        field,
        result={"time": year_stamps(years, field["time"]), "part": list(PARTS)},
        per_cell=[field["lat"].reset_coords(drop=True)],
    )
    ds = xr.Dataset({name: out.sel(part=name, drop=True) for name in PARTS})
    labels = ("Start", "Greenest day", "End", "Length", "Amplitude")
    for name, label in zip(PARTS, labels, strict=True):
        ds[name].attrs["long_name"] = f"{label} of the growing season of {{long_name}}"
    ds["amplitude"].attrs["units"] = "{units}"
    return ds


def _slots(time: xr.DataArray) -> np.ndarray:
    """Return a number for each time of the year: the month, or the day for finer composites."""
    month = np.asarray(time.dt.month)
    stamp = np.asarray(time.dt.year) * 12 + month
    if len(np.unique(stamp)) == len(stamp):
        return month
    by_day = np.asarray(time.dt.dayofyear)
    by_date = month * 32 + np.asarray(time.dt.day)
    # composites start on the same days or on the same dates: the right one has fewer of them
    return by_day if len(np.unique(by_day)) <= len(np.unique(by_date)) else by_date
