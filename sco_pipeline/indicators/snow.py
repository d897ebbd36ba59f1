"""Snow: covered area, days, season, and the largest snow water equivalent."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import IndicatorError
from .cells import over_cells
from .indicator import indicator
from .season_years import seasons_of
from .years import calendar_years, year_stamps

ECV = "Snow"
KM2 = 1e6


@indicator(
    formula="sum of area S / 100",
    units="km2",
    long_name="Snow-covered area",
    cell_methods="time: mean area: sum",
    ecv=ECV,
    references="Brown and Robinson (2011), doi:10.5194/tc-5-219-2011",
)
def snow_covered_area(snc: xr.DataArray, *, missing_share: float = 0.05) -> xr.DataArray:
    """Area of the land that snow covers: fraction times cell area, summed.

    Parameters
    ----------
    snc : DataArray (time, ...), %
        Snow area fraction at any frequency, with the coordinate `cell_area`.
    missing_share : float
        Largest share of the land (cells that ever have a value) that may be missing at a time.

    Returns
    -------
    DataArray (time,), km2

    Raises
    ------
    IndicatorError
        If there are no cell areas.
    """
    if "cell_area" not in snc.coords:
        raise IndicatorError(
            f"{snc.name!r} has no coordinate 'cell_area' in m2; harmonise the data first"
        )
    area = snc["cell_area"].reset_coords(drop=True)
    space = [dim for dim in snc.dims if dim != "time"]
    land = (snc.notnull().any("time") * area).sum(space)
    known = (snc.notnull() * area).sum(space)
    covered = (snc / 100.0 * area).sum(space) / KM2
    return covered.where((known >= (1.0 - missing_share) * land) & (land > 0))


@indicator(
    formula="days with S >= threshold; last - first of runs of min_run such days",
    units="d",
    long_name="Season of snow",
    frequency="day",
    ecv=ECV,
    references="Hammond et al. (2018), doi:10.1002/joc.5674; "
    "Dietz et al. (2012), doi:10.1016/j.rse.2012.07.011",
)
def snow_season(
    snc: xr.DataArray,
    *,
    threshold: float = 50.0,
    min_run: int = 5,
    missing_share: float = 0.1,
) -> xr.Dataset:
    """Days with snow, first and last day of lasting snow, and the length of the season.

    The snow year runs from 1 September in the north, from 1 March in the south.

    Parameters
    ----------
    snc : DataArray (time, ...), %
        Daily snow area fraction, with the coordinate ``lat``.
    threshold : float
        In %; a day has snow where the fraction reaches it.
    min_run : int
        Days with snow in a row that begin or end the season.
    missing_share : float
        Largest share of missing days of a snow year; fill clouds first.

    Returns
    -------
    Dataset (time, ...), d
        ``days``, ``start``, ``end``, ``length``; start and end count from the start of the snow
        year and are missing where there is no season. Stamped with the year it starts in.

    Raises
    ------
    IndicatorError
        If the data are not daily or have no latitude.
    """
    return seasons_of(
        snc, lambda snow: snow >= threshold, (9, 1), (3, 1), min_run, missing_share, "snow"
    )


@indicator(
    formula="max of SWE over year",
    units="{units}",
    long_name="Largest {long_name} of the year",
    standard_name="{standard_name}",
    cell_methods="time: maximum",
    ecv=ECV,
    references="Pulliainen et al. (2020), doi:10.1038/s41586-020-2258-0",
)
def max_swe(snw: xr.DataArray, *, min_fraction: float = 0.8) -> xr.DataArray:
    """Largest snow water equivalent of each calendar year.

    Parameters
    ----------
    snw : DataArray (time, ...), kg m-2
        Snow water equivalent at any frequency; 1 kg m-2 is 1 mm.
    min_fraction : float
        Share of a year's values that must be present.

    Returns
    -------
    DataArray (time, ...), units of `snw`
    """
    years, position = calendar_years(snw["time"])

    def largest(series: np.ndarray) -> np.ndarray:
        out = np.full((series.shape[0], len(years)), np.nan)
        usual = np.bincount(position).max()
        for year in range(len(years)):
            own = series[:, position == year]
            held = np.isfinite(own).sum(axis=1)
            enough = held >= max(1.0, min_fraction * usual)
            out[enough, year] = np.nanmax(own[enough], axis=1) if enough.any() else np.nan
        return out

    return over_cells(largest, snw, result={"time": year_stamps(years, snw["time"])})
