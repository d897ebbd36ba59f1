"""Sea ice: extent and area, their anomaly, and the season of ice."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from ..catalog import Period
from ..errors import IndicatorError, unknown
from .indicator import indicator
from .season_years import seasons_of
from .statistics import anomaly
from .years import MONTHS

ECV = "Sea ice"
NSIDC = (
    "Cavalieri and Parkinson (2012), doi:10.5194/tc-6-881-2012; "
    "Fetterer et al. (2017), Sea Ice Index, doi:10.7265/N5K072F8"
)
SEASON = "Stammerjohn et al. (2008), doi:10.1029/2007JC004269"
MILLION_KM2 = 1e12

Hemisphere = Literal["both", "north", "south"]
PoleHole = Literal["missing", "ice"]


@indicator(
    formula="sum of area where C >= threshold",
    units="1e6 km2",
    long_name="Sea ice extent",
    standard_name="sea_ice_extent",
    cell_methods="time: mean area: sum",
    ecv=ECV,
    references=NSIDC,
)
def sea_ice_extent(
    siconc: xr.DataArray,
    *,
    threshold: float = 15.0,
    hemisphere: Hemisphere = "both",
    pole_hole: PoleHole = "missing",
    pole_hole_latitude: float = 84.0,
    missing_share: float = 0.05,
) -> xr.DataArray:
    """Area of all cells whose ice concentration reaches the threshold.

    Parameters
    ----------
    siconc : DataArray (time, ...), %
        Sea ice concentration at any frequency, with the coordinates `cell_area` and ``lat``.
    threshold : float
        In %.
    hemisphere : {"both", "north", "south"}
        Cells that are summed.
    pole_hole : {"missing", "ice"}
        Cells north of `pole_hole_latitude` without a value: left out, or taken as covered, as the
        Sea Ice Index does for the extent.
    pole_hole_latitude : float
        Degrees north.
    missing_share : float
        Largest share of the sea (cells that ever have a value) that may be missing at a time.

    Returns
    -------
    DataArray (time,), 1e6 km2
        Missing where more of the sea is missing.

    Raises
    ------
    IndicatorError
        If there are no cell areas or latitudes, or an option is unknown.
    """
    ice, area, enough = _prepared(siconc, hemisphere, pole_hole, pole_hole_latitude, missing_share)
    covered = (ice >= threshold) * area
    return _total(covered, siconc).where(enough).assign_coords(threshold=threshold)


@indicator(
    formula="sum of area C / 100 where C >= threshold",
    units="1e6 km2",
    long_name="Sea ice area",
    standard_name="sea_ice_area",
    cell_methods="time: mean area: sum",
    ecv=ECV,
    references=NSIDC,
)
def sea_ice_area(
    siconc: xr.DataArray,
    *,
    threshold: float = 15.0,
    hemisphere: Hemisphere = "both",
    missing_share: float = 0.05,
) -> xr.DataArray:
    """Concentration times area of all cells whose concentration reaches the threshold.

    A hole at the pole is left out, since its concentration is not known.

    Parameters
    ----------
    siconc : DataArray (time, ...), %
        Sea ice concentration at any frequency, with the coordinates `cell_area` and ``lat``.
    threshold, hemisphere, missing_share
        As for `sea_ice_extent`.

    Returns
    -------
    DataArray (time,), 1e6 km2

    Raises
    ------
    IndicatorError
        If there are no cell areas or latitudes, or an option is unknown.
    """
    ice, area, enough = _prepared(siconc, hemisphere, "missing", 90.0, missing_share)
    covered = (ice / 100.0).where(ice >= threshold, 0.0) * area
    return _total(covered, siconc).where(enough).assign_coords(threshold=threshold)


@indicator(
    formula="extent - mean of the extent of its month over base",
    units="1e6 km2",
    long_name="Anomaly of the sea ice extent of a month",
    cell_methods="time: mean area: sum",
    frequency="month",
    ecv=ECV,
    references=NSIDC,
)
def sea_ice_extent_anomaly(
    siconc: xr.DataArray,
    *,
    baseline: Period,
    month: int = 9,
    threshold: float = 15.0,
    hemisphere: Hemisphere = "both",
    pole_hole: PoleHole = "missing",
    pole_hole_latitude: float = 84.0,
) -> xr.DataArray:
    """Departure of the extent of one calendar month from its mean over the base period.

    Parameters
    ----------
    siconc : DataArray (time, ...), %
        Monthly sea ice concentration, with the coordinates `cell_area` and ``lat``.
    baseline : Period
        Base period within the data.
    month : int
        9 for the minimum of the Arctic and the maximum of the Antarctic, 3 for the reverse.
    threshold, hemisphere, pole_hole, pole_hole_latitude
        As for `sea_ice_extent`.

    Returns
    -------
    DataArray (time,), 1e6 km2
        One value a year.

    Raises
    ------
    IndicatorError
        As for `sea_ice_extent`, or if the base period is not within the data.
    """
    if not 1 <= month <= MONTHS:
        raise IndicatorError(f"option 'month' is {month}; expected 1 to 12")
    extent = sea_ice_extent(
        siconc,
        threshold=threshold,
        hemisphere=hemisphere,
        pole_hole=pole_hole,
        pole_hole_latitude=pole_hole_latitude,
    ).rename("sea_ice_extent")
    departure = anomaly(extent, baseline=baseline)
    return departure.isel(time=np.flatnonzero(np.asarray(siconc["time"].dt.month) == month))


@indicator(
    formula="days with C >= threshold; last - first of runs of min_run such days",
    units="d",
    long_name="Season of sea ice",
    frequency="day",
    ecv=ECV,
    references=SEASON,
)
def sea_ice_season(
    siconc: xr.DataArray,
    *,
    threshold: float = 15.0,
    min_run: int = 5,
    missing_share: float = 0.1,
) -> xr.Dataset:
    """Days with ice, first and last day of ice, and the length of the season between them.

    The ice year runs from 1 September in the north, from 15 February in the south.

    Parameters
    ----------
    siconc : DataArray (time, ...), %
        Daily sea ice concentration, with the coordinate ``lat``.
    threshold : float
        In %; a day has ice where the concentration reaches it.
    min_run : int
        Days with ice in a row that begin or end the season.
    missing_share : float
        Largest share of missing days of an ice year.

    Returns
    -------
    Dataset (time, ...), d
        ``days``, ``start``, ``end``, ``length``; start and end count from the start of the ice
        year and are missing where there is no season. Stamped with the year it starts in.

    Raises
    ------
    IndicatorError
        If the data are not daily or have no latitude.
    """
    return seasons_of(
        siconc, lambda ice: ice >= threshold, (9, 1), (2, 15), min_run, missing_share, "sea ice"
    )


def _prepared(
    siconc: xr.DataArray, hemisphere: str, pole_hole: str, pole_latitude: float, share: float
) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Return concentration, cell areas, and the times at which enough of the sea is known."""
    for coordinate in ("cell_area", "lat"):
        if coordinate not in siconc.coords:
            raise IndicatorError(
                f"{siconc.name!r} has no coordinate {coordinate!r}; harmonise the data first"
            )
    if hemisphere not in ("both", "north", "south"):
        raise IndicatorError(unknown("hemisphere", hemisphere, ("both", "north", "south")))
    if pole_hole not in ("missing", "ice"):
        raise IndicatorError(unknown("pole hole rule", pole_hole, ("missing", "ice")))
    latitude = siconc["lat"].reset_coords(drop=True)
    area = siconc["cell_area"].reset_coords(drop=True)
    if hemisphere != "both":
        area = area.where(latitude >= 0 if hemisphere == "north" else latitude < 0, 0.0)
    ice = siconc
    if pole_hole == "ice":
        hole = (latitude >= pole_latitude) & siconc.isnull()
        ice = siconc.where(~hole, 100.0)
    space = [dim for dim in siconc.dims if dim != "time"]
    sea = ice.notnull().any("time") * area
    known = (ice.notnull() * area).sum(space)
    total = sea.sum(space)
    return ice, area, (known >= (1.0 - share) * total) & (total > 0)


def _total(covered: xr.DataArray, siconc: xr.DataArray) -> xr.DataArray:
    """Sum over space, in millions of km2."""
    space = [dim for dim in siconc.dims if dim != "time"]
    return covered.sum(space) / MILLION_KM2
