"""Season-years, which start at another date in each hemisphere, and seasons within them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from ..errors import IndicatorError
from .cells import over_cells
from .periods import DayAxis, day_axis
from .years import year_stamps

Start = tuple[int, int]


def seasons_of(
    field: xr.DataArray,
    holds: Callable[[np.ndarray], np.ndarray],
    north: Start,
    south: Start,
    shortest: int,
    missing_share: float,
    what: str,
) -> xr.Dataset:
    """Return days, start, end and length of the season in which a condition holds.

    Parameters
    ----------
    field : DataArray (time, ...)
        Daily, with the coordinate ``lat``.
    holds : callable
        Series (cell, day) to booleans.
    north, south : (month, day)
        Start of the season-year north and south of the equator.
    shortest : int
        Days in a row that begin or end the season.
    missing_share : float
        Largest share of missing days of a season-year.
    what : str
        What there is in the season, for labels: ``"ice"``.

    Returns
    -------
    Dataset (time, ...)
        ``days``, ``start``, ``end``, ``length``; stamped 1 January of the year in which the
        season-year starts.

    Raises
    ------
    IndicatorError
        If the data are not daily or have no latitude.
    """
    axis = day_axis(field["time"])
    if "lat" not in field.coords:
        raise IndicatorError(
            f"{field.name!r} has no coordinate 'lat', which tells the hemisphere; add it"
        )
    years = np.arange(axis.first_year, axis.last_year + 1)
    starts = np.stack([_starts(axis, north), _starts(axis, south)])

    def find(series: np.ndarray, latitude: np.ndarray) -> np.ndarray:
        from .kernels.snow_seasons import seasons

        state = np.full((series.shape[0], axis.days), -1, dtype=np.int8)
        state[:, axis.position] = np.where(np.isnan(series), -1, holds(series))
        kind = (latitude < 0).astype(np.int64)
        return seasons(state, starts, kind, shortest, missing_share)

    parts = ["days", "start", "end", "length"]
    out = over_cells(
        find,
        field,
        result={"time": year_stamps(years, field["time"]), "part": parts},
        per_cell=[field["lat"].reset_coords(drop=True)],
    )
    ds = xr.Dataset({name: out.sel(part=name, drop=True) for name in parts})
    since = f"{north[1]}/{north[0]} ({south[1]}/{south[0]} in the south)"
    labels = {
        "days": f"Days with {what}",
        "start": f"Days from {since} (day/month) to the first day of the season of {what}",
        "end": f"Days from {since} (day/month) to the last day of the season of {what}",
        "length": f"Length of the season of {what}",
    }
    for name, label in labels.items():
        ds[name].attrs.update(long_name=label, units="d")
    return ds


def _starts(axis: DayAxis, start: Start) -> np.ndarray:
    """Return the padded day on which each season-year starts, and the end of the last."""
    month, day = start
    months = axis.month_starts
    own = months[:-1].reshape(-1, 12)[:, month - 1] + day - 1
    end = own[-1] + axis.days_per_year
    return np.append(own, end).astype(np.int64)
