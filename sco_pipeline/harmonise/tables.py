"""Tables of text files as Datasets: one series, stations, or observations at points.

Which of them it is shows in the columns: without latitude and longitude a table is one series.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from ..errors import HarmonisationError

if TYPE_CHECKING:
    from ..catalog import DatasetEntry

_DATES = ("date", "time", "datetime", "day", "yyyymmdd", "timestamp", "acq_date", "data_hora_gmt")
_PARTS = (("year", "yr"), ("month", "mon", "mo"), ("day", "dy"))
_LAT, _LON = ("lat", "latitude", "y"), ("lon", "longitude", "long", "lng", "x")
_STATIONS = ("station", "station_id", "site", "stid", "id", "name")
_TIME = {"units": "seconds since 1970-01-01", "standard_name": "time"}
_LAT_ATTRS = {"units": "degrees_north", "standard_name": "latitude"}
_LON_ATTRS = {"units": "degrees_east", "standard_name": "longitude"}


def as_dataset(table: pd.DataFrame, entry: DatasetEntry | None, origin: str) -> xr.Dataset:
    """Return a table as an undecoded Dataset.

    Parameters
    ----------
    table : DataFrame
        A row for each value, with a column of dates, or columns of year, month and day.
    entry : DatasetEntry or None
        Its layout may name the columns of time and position, and says whether rows are
        observations.
    origin : str
        Name of the file.

    Returns
    -------
    Dataset (time), (station, time) or (point)
        Numbers along time; along stations and time where rows have positions; along points where
        the entry says that rows are observations.

    Raises
    ------
    HarmonisationError
        If there is no date, or a station has two values at one time.
    """
    layout = entry.layout if entry is not None else None
    lat = _column(table, layout.lat if layout else None, _LAT)
    lon = _column(table, layout.lon if layout else None, _LON)
    stated = layout.time if layout else None
    seconds = _seconds(table, stated, layout.date_format if layout else None, origin)
    numbers = _numbers(table, {str(lat), str(lon), *_date_columns(stated)})
    if entry is not None and entry.layout.observations:
        if lat is None or lon is None:
            raise HarmonisationError(
                f"{origin} has no columns of position; found {list(table.columns)}; name them with "
                "'lat:' and 'lon:' under 'layout:' of the dataset's entry"
            )
        return _points(table, lat, lon, (stated or "time", seconds), numbers, entry)
    if seconds is None:
        raise HarmonisationError(
            f"{origin} has no column of dates; found {list(table.columns)}; name it with "
            "'time:' under 'layout:' of the dataset's entry"
        )
    if lat is None or lon is None:
        data = {name: ("time", values) for name, values in numbers.items()}
        return xr.Dataset(data, coords={stated or "time": ("time", seconds, _TIME)})
    return _stations(table, lat, lon, (stated or "time", seconds), numbers, origin)


def _points(
    table: pd.DataFrame,
    lat: str,
    lon: str,
    time: tuple[str, Any],
    numbers: dict[str, Any],
    entry: DatasetEntry,
) -> xr.Dataset:
    """Return rows as points; what the entry counts is one at each of them."""
    ones = np.ones(len(table), np.float32)
    data: dict[str, Any] = {name: ("point", values) for name, values in numbers.items()}
    for source in entry.variables.values():
        if entry.layout.observations == "count" and source.name not in data:
            data[source.name] = ("point", ones, {"units": "1"})
    coords = {
        lat: ("point", table[lat].to_numpy(np.float64), _LAT_ATTRS),
        lon: ("point", table[lon].to_numpy(np.float64), _LON_ATTRS),
    }
    if time[1] is not None:
        coords[time[0]] = ("point", time[1], _TIME)
    return xr.Dataset(data, coords=coords)


def _stations(
    table: pd.DataFrame, lat: str, lon: str, time: tuple[str, Any], numbers: dict[str, Any],
    origin: str,
) -> xr.Dataset:  # fmt: skip
    """Return rows of stations as (station, time), NaN where a station has no row."""
    named = _column(table, None, _STATIONS)
    keys = [lat, lon] if named is None else [named, lat, lon]
    station, places = pd.factorize(pd.MultiIndex.from_frame(table[keys]), sort=False)
    seconds, step = np.unique(time[1], return_inverse=True)
    cells = station * seconds.size + step
    if np.unique(cells).size < cells.size:
        at = int(pd.Series(cells).duplicated().to_numpy().argmax())
        raise HarmonisationError(
            f"{origin}: {', '.join(map(str, table[keys].iloc[at]))} has two values at one time "
            f"(row {at + 1}); name the column of stations 'station', or say 'observations: mean' "
            "under 'layout:' of the dataset's entry if rows are observations at points"
        )
    data = {}
    for name, values in numbers.items():
        field = np.full(len(places) * seconds.size, np.nan)
        field[cells] = values
        data[name] = (("station", "time"), field.reshape(len(places), seconds.size))
    first = pd.Series(station).drop_duplicates().index
    coords = {
        time[0]: ("time", seconds, _TIME),
        lat: ("station", table[lat].to_numpy(np.float64)[first], _LAT_ATTRS),
        lon: ("station", table[lon].to_numpy(np.float64)[first], _LON_ATTRS),
    }
    if named is not None:
        names = table[named].astype(str).to_numpy(object)[first]
        coords["station_name"] = ("station", names, {"cf_role": "timeseries_id"})
    return xr.Dataset(data, coords=coords)


def _column(table: pd.DataFrame, stated: str | None, names: tuple[str, ...]) -> str | None:
    """Return the column of a role: the stated one, else the first of the known names."""
    by_name = {str(name).lower(): str(name) for name in table.columns}
    if stated is not None:
        return by_name.get(stated.lower())
    return next((by_name[name] for name in names if name in by_name), None)


def _numbers(table: pd.DataFrame, others: set[str]) -> dict[str, Any]:
    """Return the columns of numbers that are neither date nor position."""
    low = {name.lower() for name in others}
    return {
        str(name): table[name].to_numpy(dtype=np.float64)
        for name in table.columns
        if table[name].dtype.kind in "iuf" and str(name).lower() not in low
    }


def _seconds(table: pd.DataFrame, stated: str | None, form: str | None, origin: str) -> Any:
    """Return seconds since 1970 of the rows, or None if no column holds dates."""
    stamps = _dates(table, stated, form, origin)
    if stamps is None:
        return None
    if stamps.isna().any():
        raise HarmonisationError(f"{origin}: {int(stamps.isna().sum())} rows have no date; fix it")
    return stamps.to_numpy().astype("datetime64[s]").astype(np.int64)


def _dates(table: pd.DataFrame, stated: str | None, form: str | None, origin: str) -> Any:
    """Return the dates of the rows from one column, or from columns of year, month and day."""
    parts = [_column(table, None, group) for group in _PARTS]
    if stated is None and parts[0] is not None and parts[1] is not None:
        day = table[parts[2]] if parts[2] is not None else 1
        frame = pd.DataFrame({"year": table[parts[0]], "month": table[parts[1]], "day": day})
        return pd.to_datetime(frame)
    name = _column(table, stated, _DATES)
    if name is None:
        return None
    column = table[name]
    texts = column.astype(str)
    compact = column.dtype.kind in "iu" and texts.map(lambda t: bool(_DIGITS.match(t))).all()
    try:
        stamps = pd.to_datetime(texts, format=form or ("%Y%m%d" if compact else None), utc=True)
    except (ValueError, TypeError) as error:
        raise HarmonisationError(
            f"{origin}: column {name!r} holds {str(column.iloc[0])!r}, which is no date by "
            f"{form or 'ISO 8601'}; give 'date_format:' under 'layout:' of the dataset's entry"
        ) from error
    return stamps.dt.tz_localize(None)


_DIGITS = re.compile(r"\d{8}$")


def _date_columns(stated: str | None) -> set[str]:
    return {*_DATES, *(word for group in _PARTS for word in group), *([stated] if stated else [])}
