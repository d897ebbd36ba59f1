"""Sea level: anomaly, rate of rise with an error that allows for serial correlation."""

from __future__ import annotations

import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError
from .indicator import indicator
from .seasonal_cycle import SANTER, rate_of
from .statistics import anomaly

ECV = "Sea level"
LEVEL = (
    "Ablain et al. (2019), doi:10.5194/essd-11-1189-2019; "
    f"Nerem et al. (2018), doi:10.1073/pnas.1717312115; {SANTER}"
)
_MILLIMETRES = {"m": 1000.0, "cm": 10.0, "mm": 1.0}


@indicator(
    formula="1000 (x(t) - mean of x(s) over s in base with month(s) = month(t))",
    units="mm",
    long_name="Sea level anomaly",
    cell_methods="time: mean",
    ecv=ECV,
    references="WMO (2017), Guidelines on the Calculation of Climate Normals, WMO-No. 1203",
)
def sea_level_anomaly(
    field: xr.DataArray, *, baseline: Period, min_fraction: float = 0.8
) -> xr.DataArray:
    """Departure of the sea level from the mean of its calendar month over the base period.

    Parameters
    ----------
    field : DataArray (time, ...), m
        Sea surface height or its anomaly (`zos`, `sla`), monthly or daily.
    baseline : Period
        Base period within the data.
    min_fraction : float
        Share of a calendar month's values that must be present in the base period.

    Returns
    -------
    DataArray (time, ...), mm

    Raises
    ------
    IndicatorError
        If the units are no length, or the base period is not within the data.
    """
    factor = millimetres(field)
    return anomaly(field, baseline=baseline, min_fraction=min_fraction) * factor


@indicator(
    formula="1000 b of x = a + b t + harmonics of the year",
    units="mm year-1",
    long_name="Rate of sea level rise",
    ecv=ECV,
    references=LEVEL,
)
def sea_level_trend(
    field: xr.DataArray,
    *,
    harmonics: int = 2,
    confidence: float = 0.9,
    correction: str = "effective-size",
    min_fraction: float = 0.5,
) -> xr.Dataset:
    """Linear rise of the sea level beside its seasonal cycle.

    Parameters
    ----------
    field : DataArray (time, ...), m
        Sea surface height or its anomaly (`zos`, `sla`), at any frequency.
    harmonics : int
        Harmonics of the year that are fitted with the line.
    confidence : float
        Level of the limits; 0.9 is usual for sea level.
    correction : {"effective-size", "none"}
        Whether the lag-1 autocorrelation of the residuals reduces the sample size. It is the error
        of the sampled series; it holds nothing of the altimeters' own drifts.
    min_fraction : float
        Share of the values that must be present.

    Returns
    -------
    Dataset (...)
        ``sea_level_trend``, its standard ``error``, ``lower``, ``upper`` (mm a year), ``pvalue``.

    Raises
    ------
    IndicatorError
        If the units are no length, or there are too few times for the terms.
    """
    factor = millimetres(field)
    found = rate_of(field, 1, harmonics, confidence, correction, min_fraction, factor)
    return labelled(found, "sea_level_trend", "the rate of sea level rise", "mm year-1")


@indicator(
    formula="2000 c of x = a + b t + c t^2 + harmonics of the year",
    units="mm year-2",
    long_name="Acceleration of sea level rise",
    ecv=ECV,
    references=LEVEL,
)
def sea_level_acceleration(
    field: xr.DataArray,
    *,
    harmonics: int = 2,
    confidence: float = 0.9,
    correction: str = "effective-size",
    min_fraction: float = 0.5,
) -> xr.Dataset:
    """Acceleration of the sea level: twice the quadratic term beside line and season.

    Parameters
    ----------
    field : DataArray (time, ...), m
        Sea surface height or its anomaly (`zos`, `sla`), at any frequency.
    harmonics, confidence, correction, min_fraction
        As for `sea_level_trend`.

    Returns
    -------
    Dataset (...)
        ``sea_level_acceleration``, its standard ``error``, limits and ``pvalue``.

    Raises
    ------
    IndicatorError
        If the units are no length, or there are too few times for the terms.
    """
    factor = millimetres(field)
    found = rate_of(field, 2, harmonics, confidence, correction, min_fraction, factor)
    return labelled(found, "sea_level_acceleration", "the acceleration", "mm year-2")


def millimetres(field: xr.DataArray) -> float:
    """Return what brings a length to mm; refuse other quantities."""
    units = str(field.attrs.get("units", ""))
    if units not in _MILLIMETRES:
        raise IndicatorError(
            f"{field.name!r} has units {units!r}; expected a length in one of {list(_MILLIMETRES)}"
        )
    return _MILLIMETRES[units]


def labelled(found: xr.Dataset, name: str, what: str, units: str) -> xr.Dataset:
    """Name the parts of a rate."""
    for part, label in (("error", "Standard error"), ("lower", "Lower"), ("upper", "Upper")):
        limit = "" if part == "error" else " confidence limit"
        found[part].attrs.update(long_name=f"{label}{limit} of {what}", units=units)
    found["pvalue"].attrs["long_name"] = f"p-value of {what}"
    return found.rename(rate=name)
