"""Terrestrial water storage: anomaly, mass and rate of change."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError
from .indicator import indicator
from .normals import departures, in_base_period
from .sea_level import labelled, millimetres
from .seasonal_cycle import SANTER, rate_of

ECV = "Terrestrial water storage"
GRACE = (
    "Tapley et al. (2019), doi:10.1038/s41558-019-0456-2; "
    "Landerer and Swenson (2012), doi:10.1029/2011WR011453"
)
KG_PER_GT = 1e12


@indicator(
    formula="x(t) - mean of x(s) over s in base",
    units="mm",
    long_name="Terrestrial water storage anomaly",
    cell_methods="time: mean",
    ecv=ECV,
    references=GRACE,
)
def water_storage_anomaly(
    lwe: xr.DataArray, *, baseline: Period, min_fraction: float = 0.5
) -> xr.DataArray:
    """Departure of the water storage from its mean over the base period; the season is kept.

    Parameters
    ----------
    lwe : DataArray (time, ...), mm
        Liquid water equivalent thickness, in mm or cm.
    baseline : Period
        Base period within the data, 2004 to 2009 for GRACE by convention.
    min_fraction : float
        Share of the base period's values that must be present.

    Returns
    -------
    DataArray (time, ...), mm

    Raises
    ------
    IndicatorError
        If the units are no length, or the base period is not within the data.
    """
    factor = millimetres(lwe)
    base = in_base_period(lwe, baseline)["time"].values
    based = np.isin(lwe["time"].values, base).astype(float)
    return departures(lwe, based, min_fraction) * factor


@indicator(
    formula="sum over cells of area (x(t) - mean of x over base) / 10^12",
    units="Gt",
    long_name="Terrestrial water storage anomaly of the area",
    cell_methods="time: mean area: sum",
    ecv=ECV,
    references=GRACE,
)
def water_storage_mass(
    lwe: xr.DataArray, *, baseline: Period, min_fraction: float = 0.5
) -> xr.DataArray:
    """Mass of the water storage anomaly, summed over all cells of the data.

    1 mm of water on 1 m2 weighs 1 kg; 1 Gt is 10^12 kg.

    Parameters
    ----------
    lwe : DataArray (time, ...), mm
        Liquid water equivalent thickness, in mm or cm, with the coordinate `cell_area`.
    baseline : Period
        Base period within the data.
    min_fraction : float
        Share of the base period's values that must be present in a cell.

    Returns
    -------
    DataArray (time,), Gt
        Cells that have no normal are left out; a time at which another cell is missing has no
        value.

    Raises
    ------
    IndicatorError
        If there are no cell areas, the units are no length, or the base period is not within the
        data.
    """
    if "cell_area" not in lwe.coords:
        raise IndicatorError(
            f"{lwe.name!r} has no coordinate 'cell_area' in m2; harmonise the data first"
        )
    departure = water_storage_anomaly(lwe, baseline=baseline, min_fraction=min_fraction)
    area = lwe["cell_area"].reset_coords(drop=True)
    space = [dim for dim in lwe.dims if dim != "time"]
    used = departure.notnull().any("time")
    total = (departure * area).where(used, 0.0).sum(space, skipna=False) / KG_PER_GT
    return total.where(used.any())


@indicator(
    formula="b of x = a + b t + harmonics of the year",
    units="mm year-1",
    long_name="Rate of change of terrestrial water storage",
    ecv=ECV,
    references=f"{GRACE}; {SANTER}",
)
def water_storage_trend(
    lwe: xr.DataArray,
    *,
    harmonics: int = 2,
    confidence: float = 0.95,
    correction: str = "effective-size",
    min_fraction: float = 0.5,
) -> xr.Dataset:
    """Linear change of the water storage beside its seasonal cycle.

    Parameters
    ----------
    lwe : DataArray (time, ...), mm
        Liquid water equivalent thickness, in mm or cm.
    harmonics, confidence, correction, min_fraction
        As for `rate`.

    Returns
    -------
    Dataset (...)
        ``water_storage_trend``, its standard ``error``, ``lower``, ``upper`` (mm a year) and
        ``pvalue``.

    Raises
    ------
    IndicatorError
        If the units are no length, or there are too few times for the terms.
    """
    factor = millimetres(lwe)
    found = rate_of(lwe, 1, harmonics, confidence, correction, min_fraction, factor)
    what = "the rate of change of terrestrial water storage"
    return labelled(found, "water_storage_trend", what, "mm year-1")
