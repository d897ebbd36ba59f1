"""GRIB 1 and 2 by ecCodes: one variable for each short name, values read message by message.

ecCodes is used directly and not through the cfgrib engine: cfgrib loads ecCodes in every
`xr.open_dataset` of the process, and pyproj imported after ecCodes ends the process with a memory
fault. Here pyproj comes first, and only where GRIB is read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from ...errors import HarmonisationError
from .reader import needs, reader

if TYPE_CHECKING:
    from ...catalog import DatasetEntry

_LOCK = threading.Lock()
"""ecCodes handles are used by one thread at a time."""

_UNITS = {"(0 - 1)": "1", "Numeric": "1", "~": "", "kg m**-2 s**-1": "kg m-2 s-1"}
_LINES = ("regular_ll", "regular_gg")
_PLANES = (
    "rotated_ll",
    "lambert",
    "polar_stereographic",
    "mercator",
    "lambert_azimuthal_equal_area",
)


@dataclass(frozen=True)
class Message:
    """Where a message stands in the file, and what it says of itself."""

    name: str
    level: tuple[str, int]
    member: int
    time: int
    bounds: tuple[int, int]
    offset: int
    size: int


@reader("grib")
def read_grib(path: Path, entry: DatasetEntry | None) -> xr.Dataset:
    """Open a GRIB file; messages of one short name become one variable along time."""
    eccodes = _eccodes()
    with _LOCK, path.open("rb") as file:
        messages, heads = _scan(eccodes, file, path)
    groups: dict[str, list[Message]] = {}
    for message in messages:
        groups.setdefault(message.name, []).append(message)
    wanted = {source.name for source in entry.variables.values()} if entry else set()
    parts = []
    for name, group in groups.items():
        if wanted and name not in wanted:
            continue
        parts.append(_variable(path, name, group, heads[name]))
    if not parts:
        raise HarmonisationError(
            f"{path.name} holds {sorted(groups)}, none of the wanted {sorted(wanted)}; correct "
            "'name:' in the dataset's entry"
        )
    first = parts[0]
    for part in parts[1:]:
        if any(not part[name].equals(first[name]) for name in ("time", "latitude", "longitude")):
            raise HarmonisationError(
                f"{path.name}: its variables do not share times and grid; ask for one at a time"
            )
        first = first.assign({name: part[name] for name in part.data_vars})
    return first


def _eccodes() -> Any:
    needs("pyproj", "grib")  # before ecCodes, see above
    return needs("eccodes", "grib")


def _scan(eccodes: Any, file: Any, path: Path) -> tuple[list[Message], dict[str, dict[str, Any]]]:
    """List the messages of a file and keep the head of the first one of each name."""
    messages: list[Message] = []
    heads: dict[str, dict[str, Any]] = {}
    while (handle := eccodes.codes_grib_new_from_file(file)) is not None:
        try:
            message = _message(eccodes, handle)
            grid = eccodes.codes_get(handle, "md5GridSection", str)
            if message.name not in heads:
                heads[message.name] = {**_head(eccodes, handle, path), "grid": grid}
        finally:
            eccodes.codes_release(handle)
        if heads[message.name]["grid"] != grid:
            raise HarmonisationError(
                f"{path.name}: messages of {message.name!r} lie on different grids; split the file"
            )
        messages.append(message)
    return messages, heads


def _message(eccodes: Any, handle: Any) -> Message:
    def get(key: str, kind: type | None = None) -> Any:
        return eccodes.codes_get(handle, key, kind)

    name = get("cfVarName", str)
    name = get("shortName", str) if name in ("unknown", "") else name
    reference = _seconds(get("dataDate", int), get("dataTime", int))
    valid = _seconds(get("validityDate", int), get("validityTime", int))
    start, end = get("startStep", int), get("endStep", int)
    length = (end - start) * 3600 if get("stepUnits", int) == 1 else 0
    member = get("number", int) if eccodes.codes_is_defined(handle, "number") else 0
    return Message(
        name,
        (get("typeOfLevel", str), get("level", int)),
        member or 0,
        valid if valid >= reference else reference,
        (valid - length, valid),
        get("offset", int),
        get("totalLength", int),
    )


def _head(eccodes: Any, handle: Any, path: Path) -> dict[str, Any]:
    """Return grid and attributes of a message."""
    kind = eccodes.codes_get(handle, "gridType", str)
    if kind not in (*_LINES, *_PLANES):
        raise HarmonisationError(
            f"{path.name}: GRIB grid {kind!r} has no rows and columns; convert it to a "
            "regular grid first (regular_ll)"
        )
    columns = eccodes.codes_get(handle, "Ni" if kind in (*_LINES, "rotated_ll") else "Nx", int)
    rows = eccodes.codes_get(handle, "Nj" if kind in (*_LINES, "rotated_ll") else "Ny", int)
    along = eccodes.codes_get(handle, "jPointsAreConsecutive", int)
    shape = (columns, rows) if along else (rows, columns)
    lat = eccodes.codes_get_array(handle, "latitudes").reshape(shape)
    lon = eccodes.codes_get_array(handle, "longitudes").reshape(shape)
    units = eccodes.codes_get(handle, "units", str)
    return {
        "shape": shape,
        "along": along,
        "lines": kind in _LINES,
        "lat": lat.T if along else lat,
        "lon": lon.T if along else lon,
        "units": _UNITS.get(units, units),
        "long_name": eccodes.codes_get(handle, "name", str),
        "accumulated": eccodes.codes_get(handle, "stepType", str) in ("accum", "avg", "max", "min"),
    }


def _variable(path: Path, name: str, group: list[Message], head: dict[str, Any]) -> xr.Dataset:
    """Return one variable along time, at one level and member."""
    kinds = {(message.level, message.member) for message in group}
    if len(kinds) > 1:
        raise HarmonisationError(
            f"{path.name}: {name!r} stands at {len(kinds)} levels or members, such as "
            f"{sorted(kinds)[:3]}; split the file by level"
        )
    group = sorted(group, key=lambda message: message.time)
    array = _Messages(path, [(m.offset, m.size) for m in group], head)
    data = indexing.LazilyIndexedArray(array)
    attrs = {"units": head["units"], "long_name": head["long_name"]}
    dims = ("time", "latitude", "longitude") if head["lines"] else ("time", "y", "x")
    time = {"units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian"}
    ds = xr.Dataset({name: (dims, data, attrs)})
    if head["accumulated"] and all(m.bounds[1] > m.bounds[0] for m in group):
        time["bounds"] = "time_bnds"
        ds["time_bnds"] = (("time", "nv"), np.array([m.bounds for m in group]))
    ds["time"] = ("time", np.array([m.time for m in group]), {**time, "standard_name": "time"})
    north, east = {"units": "degrees_north"}, {"units": "degrees_east"}
    if head["lines"]:
        ds["latitude"] = ("latitude", head["lat"][:, 0], north)
        ds["longitude"] = ("longitude", head["lon"][0, :], east)
    else:
        ds["latitude"] = (("y", "x"), head["lat"], north)
        ds["longitude"] = (("y", "x"), head["lon"], east)
    return ds


class _Messages(BackendArray):
    """The messages of one variable as a lazy array (time, rows, columns)."""

    def __init__(self, path: Path, places: list[tuple[int, int]], head: dict[str, Any]) -> None:
        self._path, self._places = path, places
        self._shape, self._along = head["shape"], bool(head["along"])
        rows, columns = self._shape[::-1] if self._along else self._shape
        self.shape = (len(places), rows, columns)
        self.dtype = np.dtype(np.float64)

    def __getitem__(self, key: Any) -> NDArray[np.float64]:
        return np.asarray(
            indexing.explicit_indexing_adapter(
                key, self.shape, indexing.IndexingSupport.BASIC, self._read
            )
        )

    def _read(self, key: tuple[Any, ...]) -> NDArray[np.float64]:
        wanted = self._places[key[0]]
        if isinstance(wanted, tuple):
            return np.asarray(next(self._fields([wanted]))[key[1:]])
        fields = [field[key[1:]] for field in self._fields(wanted)]
        if not fields:
            return np.empty((0, *np.empty(self.shape[1:])[key[1:]].shape))
        return np.stack(fields)

    def _fields(self, places: list[tuple[int, int]]) -> Iterator[NDArray[np.float64]]:
        """Yield the values of messages as rows and columns, missing as NaN."""
        eccodes = _eccodes()
        with _LOCK, self._path.open("rb") as file:
            for offset, size in places:
                file.seek(offset)
                handle = eccodes.codes_new_from_message(file.read(size))
                try:
                    eccodes.codes_set(handle, "missingValue", 1e34)
                    values = eccodes.codes_get_values(handle).reshape(self._shape)
                finally:
                    eccodes.codes_release(handle)
                values = np.where(values == 1e34, np.nan, values)
                yield values.T if self._along else values


def _seconds(date: int, time: int) -> int:
    """Return seconds since 1970 of a date yyyymmdd and a time hhmm."""
    day = np.datetime64(f"{date // 10000:04d}-{date // 100 % 100:02d}-{date % 100:02d}", "D")
    return int(day.astype(np.int64)) * 86400 + (time // 100) * 3600 + (time % 100) * 60
