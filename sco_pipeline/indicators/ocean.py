"""The surface ocean: boxes of sea surface temperature, heat stress of corals, chlorophyll."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError, unknown
from .cells import over_cells
from .indicator import indicator
from .monthly import months_axis
from .periods import day_axis
from .statistics import anomaly
from .years import MONTHS

ECV = "Sea surface temperature"
CORALS = "Liu et al. (2014), doi:10.3390/rs61111579; Skirving et al. (2020), doi:10.3390/rs12233856"
WEEKS_DAYS, WINDOW_DAYS = 7.0, 84

Box = Literal["nino12", "nino3", "nino34", "nino4", "dmi-west", "dmi-east", "tna", "tsa"]
BOXES: dict[str, tuple[float, float, float, float]] = {
    # west, south, east, north in degrees
    "nino12": (-90.0, -10.0, -80.0, 0.0),
    "nino3": (-150.0, -5.0, -90.0, 5.0),
    "nino34": (-170.0, -5.0, -120.0, 5.0),
    "nino4": (160.0, -5.0, -150.0, 5.0),
    "dmi-west": (50.0, -10.0, 70.0, 10.0),
    "dmi-east": (90.0, -10.0, 110.0, 0.0),
    "tna": (-55.0, 5.0, -15.0, 25.0),
    "tsa": (-30.0, -20.0, 10.0, 0.0),
}


@indicator(
    formula="sum of area (x - normal of its month) / sum of area, over the box",
    units="degC",
    long_name="Sea surface temperature anomaly of a box",
    difference=True,
    cell_methods="time: mean area: mean",
    ecv=ECV,
    references="Trenberth (1997), doi:10.1175/1520-0477(1997)078<2771:TDOENO>2.0.CO;2; "
    "Saji et al. (1999), doi:10.1038/43854; Enfield et al. (1999), doi:10.1029/1999JC900109",
)
def sst_index(
    tos: xr.DataArray, *, baseline: Period, box: Box = "nino34", min_share: float = 0.5
) -> xr.DataArray:
    """Mean anomaly of the sea surface temperature over a box of the tropics.

    Parameters
    ----------
    tos : DataArray (time, lat, lon), degC
        Monthly or daily, on a grid of latitude and longitude.
    baseline : Period
        Base period of the anomaly, within the data.
    box : str
        ``nino12``, ``nino3``, ``nino34``, ``nino4`` (Pacific), ``dmi-west``, ``dmi-east`` (Indian
        Ocean), ``tna``, ``tsa`` (Atlantic).
    min_share : float
        Share of the box's area that must have a value.

    Returns
    -------
    DataArray (time,), degC
        Weighted by `cell_area`, or by the cosine of latitude.

    Raises
    ------
    IndicatorError
        If no cell of the data lies in the box, or the base period is not within the data.
    """
    if box not in BOXES:
        raise IndicatorError(unknown("box", box, get_args(Box)))
    west, south, east, north = BOXES[box]
    lon = (tos["lon"] + 180.0) % 360.0 - 180.0
    inside = (lon >= west) & (lon <= east) if west < east else (lon >= west) | (lon <= east)
    inside = inside & (tos["lat"] >= south) & (tos["lat"] <= north)
    if not bool(inside.any()):
        raise IndicatorError(
            f"no cell of {tos.name!r} lies in the box {box!r} ({west} to {east} degrees east, "
            f"{south} to {north} degrees north)"
        )
    area = tos["cell_area"] if "cell_area" in tos.coords else np.cos(np.deg2rad(tos["lat"]))
    weights = (inside * area).reset_coords(drop=True)
    space = [dim for dim in tos.dims if dim != "time"]
    rows = {dim: weights.any([d for d in weights.dims if d != dim]).values for dim in weights.dims}
    near = {dim: np.flatnonzero(keep) for dim, keep in rows.items() if dim in tos.dims}
    part, weights = tos.isel(near), weights.isel(near)
    departure = anomaly(part, baseline=baseline)
    held = (departure.notnull() * weights).sum(space)
    mean = (departure * weights).sum(space) / held.where(held > 0)
    return mean.where(held >= min_share * weights.sum(space))


@indicator(
    formula="sum over 84 days of HS / 7 where HS >= 1; HS = SST - warmest month",
    units="degC week",
    long_name="Degree heating weeks",
    cell_methods="time: sum",
    frequency="day",
    ecv=ECV,
    references=CORALS,
)
def degree_heating_weeks(
    tos: xr.DataArray, *, baseline: Period, least: float = 1.0, max_gap_days: int = 21
) -> xr.DataArray:
    """Heat stress of corals: hot spots of at least 1 degC, summed over the last twelve weeks.

    A hot spot is the temperature above the warmest of the twelve monthly means of the base period.

    Parameters
    ----------
    tos : DataArray (time, ...), degC
        Daily sea surface temperature.
    baseline : Period
        Whole years within the data; NOAA's climatology is centred on 1988.3, this one is of the
        years given.
    least : float
        Smallest hot spot that counts, degC.
    max_gap_days : int
        Missing days of the twelve weeks that are allowed; they count as without stress.

    Returns
    -------
    DataArray (time, ...), degC week
        Missing in the first twelve weeks. From 4 bleaching, from 8 death of corals is likely.

    Raises
    ------
    IndicatorError
        If the data are not daily, or the base period is not within the data.
    """
    axis = day_axis(tos["time"])
    months = months_axis(tos["time"], tos.name)
    base = months.base(baseline, tos.name)

    def heat(series: np.ndarray) -> np.ndarray:
        record = months.means(series).reshape(series.shape[0], -1, MONTHS)[:, base]
        held = np.isfinite(record).sum(axis=1)
        mean = np.where(np.isfinite(record), record, 0.0).sum(axis=1) / np.where(
            held > 0, held, np.nan
        )
        spots = np.full((series.shape[0], axis.days), np.nan)
        spots[:, axis.position] = series - mean.max(axis=1)[:, None]
        stress = np.where(spots >= least, spots, 0.0)
        gone = np.isnan(spots).astype(float)
        total, missing = _last_days(stress), _last_days(gone)
        weeks: np.ndarray = np.where(missing <= max_gap_days, total / WEEKS_DAYS, np.nan)
        weeks = weeks[:, axis.position]
        first = axis.position < axis.position[0] + WINDOW_DAYS - 1
        weeks[:, first] = np.nan
        weeks[np.isnan(mean.max(axis=1))] = np.nan
        return weeks

    return over_cells(heat, tos, result={"time": tos["time"]})


def _last_days(values: np.ndarray) -> np.ndarray:
    """Sum the last twelve weeks up to each day."""
    total = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=total[:, 1:])
    begin = np.maximum(np.arange(1, values.shape[1] + 1) - WINDOW_DAYS, 0)
    sums: np.ndarray = np.maximum(total[:, 1:] - total[:, begin], 0.0)
    return sums


@indicator(
    formula="100 (x / g - 1), g = exp(mean of ln x of its month in base)",
    units="%",
    long_name="Chlorophyll anomaly",
    cell_methods="time: mean",
    ecv="Ocean colour",
    references="Campbell (1995), doi:10.1029/95JC00458; "
    "Sathyendranath et al. (2019), doi:10.3390/s19194285",
)
def chlorophyll_anomaly(
    chl: xr.DataArray, *, baseline: Period, min_values: int = 3
) -> xr.DataArray:
    """Departure of the chlorophyll from the geometric mean of its calendar month, in per cent.

    Parameters
    ----------
    chl : DataArray (time, ...), mg m-3
        Monthly or daily; log-normal, hence the geometric mean.
    baseline : Period
        Whole years within the data.
    min_values : int
        Values of a calendar month that the base period must hold.

    Returns
    -------
    DataArray (time, ...), %
        One value a month; values that are not positive count as missing.

    Raises
    ------
    IndicatorError
        If the base period is not within the data.
    """
    months = months_axis(chl["time"], chl.name)
    base = months.base(baseline, chl.name)

    def depart(series: np.ndarray) -> np.ndarray:
        logs = np.log(series, out=np.full_like(series, np.nan), where=series > 0)
        record = months.means(logs).reshape(series.shape[0], -1, MONTHS)
        sample = record[:, base]
        held = np.isfinite(sample).sum(axis=1)
        total = np.where(np.isfinite(sample), sample, 0.0).sum(axis=1)
        normal = np.where(held >= min_values, total / np.maximum(held, 1), np.nan)
        share: np.ndarray = 100.0 * np.expm1(record - normal[:, None, :])
        found: np.ndarray = share.reshape(series.shape[0], -1)[:, months.output]
        return found

    return over_cells(depart, chl, result={"time": months.stamps})
