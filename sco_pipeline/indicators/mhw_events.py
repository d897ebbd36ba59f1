"""The single events of marine heatwaves and cold spells, of one series or a grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from ..catalog import Period
from .mhw_rules import DEFAULTS, rules_of

_UNITS = {"rate": "degC d-1", "duration": "d", "category": "1"}


def marine_heatwave_events(
    tos: xr.DataArray, *, baseline: Period, cold: bool = False, **options: Any
) -> xr.Dataset:
    """List the marine heatwaves, or cold spells, of a series or of every cell of a grid.

    Parameters
    ----------
    tos : DataArray (time, ...), degC
        Daily sea surface temperature; it is loaded.
    baseline : Period
        Whole years of the record.
    cold : bool
        Whether cold spells are listed.
    **options
        As of the indicator `marine_heatwaves`.

    Returns
    -------
    Dataset (event,)
        ``start``, ``peak``, ``end``, durations in days, intensities in degC relative to the mean,
        to the threshold (``_relThresh``) and absolute (``_abs``), rates in degC a day and the
        category, 1 to 4; with the coordinates of each event's cell.

    Raises
    ------
    IndicatorError
        If `tos` is not daily, the baseline is not within its years, or an option is unknown.
    """
    from ..errors import IndicatorError, unknown
    from .kernels.mhw_events import EVENT, events

    for option in options:
        if option not in DEFAULTS:
            raise IndicatorError(unknown("option", option, DEFAULTS))
    chosen = {**DEFAULTS, **options}
    rules = rules_of(tos["time"], baseline, chosen, cold=cold, name="marine_heatwave_events")
    space = [dim for dim in tos.dims if dim != "time"]
    values = tos.transpose(*space, "time").values
    padded = rules.padded(np.array(values, dtype=float).reshape(-1, values.shape[-1]))
    cells, found = events(
        padded,
        rules.normal(padded),
        rules.day_of_year,
        rules.record,
        int(chosen["min_duration"]),
        int(chosen["max_gap"]),
        rules.sign,
    )
    ds = xr.Dataset()
    origin = np.datetime64(f"{rules.axis.first_year}-01-01", "ns")
    for i, name in enumerate(EVENT):
        if name in ("start", "peak", "end"):
            day = found[:, i].astype(np.int64)
            ds[name] = ("event", _dates(origin, day, tos["time"], rules.axis.position))
            continue
        units = _UNITS.get(name.split("_")[0], "degC")
        units = "degC d" if "cumulative" in name else units
        ds[name] = ("event", found[:, i], {"units": units})
    where = np.unravel_index(cells, values.shape[:-1]) if space else ()
    for dim, index in zip(space, where, strict=True):
        labels = tos[dim].values if dim in tos.coords else np.arange(tos.sizes[dim])
        ds = ds.assign_coords({dim: ("event", labels[index])})
    return ds


def _dates(
    origin: np.datetime64, day: np.ndarray, time: xr.DataArray, position: np.ndarray
) -> np.ndarray:
    """Return padded days as dates; those of other calendars are taken from the record."""
    if time.dtype.kind == "M":
        dates: np.ndarray = origin + day.astype("timedelta64[D]")
        return dates
    index = np.clip(np.searchsorted(position, day), 0, position.size - 1)
    taken: np.ndarray = time.values[index]
    return taken
