"""The wanted part of a remote dataset, as one local NetCDF file.

Used by the methods that reach single values of a store (Zarr, OPeNDAP). Values keep their packing;
the part is cut along time to whole days and along a regular grid to the wanted box.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..catalog.models import BBox, DatasetEntry, Period, Request
from ..errors import AccessError, CatalogError, unknown
from .granules import Granule, fields_of, granules_of, step_end, wanted_period
from .receive import Received, Receiver

_BLOCK_BYTES = 32 * 2**20
_STEPS = ("whole", "year", "month")
_FURTHER = ("coordinates", "bounds", "grid_mapping", "ancillary_variables")


@dataclass(frozen=True)
class RemoteArray:
    """What a store says about one array.

    Attributes
    ----------
    name : str
        Name in the store.
    dims : tuple of str
        Names of its dimensions.
    shape, chunks : tuple of int
        Lengths, and the lengths of pieces that are best read together.
    dtype : numpy.dtype
        As stored.
    attrs : mapping
        As stored.
    """

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    attrs: Mapping[str, Any]


class Store(Protocol):
    """A remote dataset."""

    attrs: Mapping[str, Any]

    def array(self, name: str) -> RemoteArray | None:
        """Describe an array; None if the store has none of that name."""
        ...

    def read(self, array: RemoteArray, part: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Return a part of an array."""
        ...

    def names(self) -> list[str]:
        """Return the names of arrays that the store tells, for messages."""
        ...


def subset_granules(entry: DatasetEntry, request: Request) -> list[Granule]:
    """Split the wanted period into the parts that are kept as one file each.

    ``access.options.by`` is ``year`` (default), ``month`` or ``whole``. Where the address has date
    fields, each of the files behind it is one part.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    request : Request
        Variables, period and box; all three are part of the identity of a file.

    Returns
    -------
    list of Granule
        Without a way to receive them.
    """
    names = source_names(entry, request)
    what = f"#{','.join(names)}"
    if request.bbox is not None:
        box = request.bbox
        what += f"/{box.west:g},{box.south:g},{box.east:g},{box.north:g}"
    if fields_of(entry.access.url, entry.id):
        return [replace(g, url=f"{g.url}{what}") for g in granules_of(entry, request)]
    by = entry.access.options.get("by", "year")
    if by not in _STEPS:
        raise CatalogError(f"dataset {entry.id!r}: {unknown('value of options.by', by, _STEPS)}")
    wanted = wanted_period(entry, request)
    if wanted is None:
        return []
    first, last = wanted
    found = []
    while first <= last:
        end = last if by == "whole" else min(last, step_end(first, by, 1))
        found.append(
            Granule(f"{entry.access.url}{what}/{first}..{end}", Period(start=first, end=end))
        )
        first = end + dt.timedelta(days=1)
    return found


def source_names(entry: DatasetEntry, request: Request) -> list[str]:
    """Return the names in the store of the wanted variables, their flags and uncertainties."""
    names = []
    for name in request.variables or tuple(entry.variables):
        if name not in entry.variables:
            raise CatalogError(unknown(f"variable of dataset {entry.id!r}", name, entry.variables))
        source = entry.variables[name]
        beside = (source.quality.variable if source.quality else None, source.uncertainty)
        names += [source.name, *filter(None, beside)]
    return list(dict.fromkeys(names))


def write_subset(
    store: Store, names: Sequence[str], granule: Granule, box: BBox | None,
    receiver: Receiver, path: Path,
) -> Received:  # fmt: skip
    """Write the wanted part of a store to a NetCDF-4 file.

    Parameters
    ----------
    store : Store
        The remote dataset.
    names : sequence of str
        Variables by their name in the store.
    granule : Granule
        Its period is cut out.
    box : BBox, optional
        Is cut out of regular grids, with one cell around it.
    receiver : Receiver
        Is told of bytes.
    path : Path
        Where to write.

    Returns
    -------
    Received
        Without validators.

    Raises
    ------
    AccessError
        If the store lacks a variable, or the part is larger than a granule may be.
    """
    import h5netcdf

    entry = receiver.entry
    arrays = _with_coordinates(store, names, entry)
    parts = {
        dim: _part(store, arrays.get(dim), granule.period, box, length)
        for array in arrays.values()
        for dim, length in zip(array.dims, array.shape, strict=True)
    }
    if any(part.stop <= part.start for part in parts.values()):
        empty = [dim for dim, part in parts.items() if part.stop <= part.start]
        raise AccessError(
            f"dataset {entry.id!r}: {granule.url} holds nothing of the period or box asked for "
            f"(along {empty[0]!r}); ask for a part of its coverage"
        )
    _check_size(arrays, parts, receiver)
    with h5netcdf.File(path, "w") as file:
        file.attrs.update(_attributes(store.attrs))
        for dim, part in parts.items():
            file.dimensions[dim] = part.stop - part.start
        for array in arrays.values():
            _copy(store, array, parts, file, receiver)
    return Received()


def _with_coordinates(
    store: Store, names: Sequence[str], entry: DatasetEntry
) -> dict[str, RemoteArray]:
    """Return the wanted arrays and those that give them a place and a meaning."""
    arrays: dict[str, RemoteArray] = {}
    for name in names:
        array = store.array(name)
        if array is None:
            found = store.names()
            raise AccessError(
                f"dataset {entry.id!r}: {entry.access.url} has no variable {name!r}"
                + (f"; found {found[:20]}" if found else "")
            )
        arrays[name] = array
    waiting = list(arrays.values())
    while waiting:
        array = waiting.pop()
        further = itertools.chain(
            array.dims, *(str(array.attrs.get(key, "")).split() for key in _FURTHER)
        )
        for name in further:
            if name not in arrays and (more := store.array(name)) is not None:
                arrays[name] = more
                waiting.append(more)
    return arrays


def _part(
    store: Store, axis: RemoteArray | None, period: Period | None, box: BBox | None, length: int
) -> slice:
    """Return the part of a dimension that is wanted."""
    if axis is None or len(axis.dims) != 1 or axis.shape != (length,):
        return slice(0, length)
    units = str(axis.attrs.get("units", ""))
    if " since " in units and period is not None and period.start and period.end:
        values = store.read(axis, (slice(0, length),))
        return _hull(_in_period(values, axis.attrs, period), 0)
    if box is not None and axis.dtype.kind in "fi":
        name = str(axis.attrs.get("standard_name", axis.name)).lower()
        if name in ("latitude", "lat"):
            values = store.read(axis, (slice(0, length),))
            return _hull((values >= box.south) & (values <= box.north), 1, _nearest(values, box))
        if name in ("longitude", "lon"):
            values = store.read(axis, (slice(0, length),))
            width = (box.east - box.west) % 360 or 360.0
            return _hull((values - box.west) % 360 <= width, 1)
    return slice(0, length)


def _nearest(values: npt.NDArray[Any], box: BBox) -> int:
    return int(np.argmin(np.abs(values - (box.south + box.north) / 2)))


def _hull(inside: npt.NDArray[np.bool_], around: int, at_least: int | None = None) -> slice:
    """Return the shortest single part that holds all wanted cells and some around them."""
    places = np.flatnonzero(inside)
    if places.size == 0:
        if at_least is None:
            return slice(0, 0)
        places = np.array([at_least])
    return slice(max(0, int(places[0]) - around), min(inside.size, int(places[-1]) + 1 + around))


def _in_period(
    values: npt.NDArray[Any], attrs: Mapping[str, Any], period: Period
) -> npt.NDArray[np.bool_]:
    """Tell which times lie in the whole days of a period, in their own calendar."""
    import cftime

    units, calendar = str(attrs["units"]), str(attrs.get("calendar", "standard"))
    assert period.start is not None and period.end is not None
    dates = cftime.num2date(np.asarray(values, "f8"), units, calendar)
    first, last = period.start.timetuple()[:3], period.end.timetuple()[:3]
    inside = [first <= (date.year, date.month, date.day) <= last for date in np.atleast_1d(dates)]
    return np.array(inside, bool)


def _check_size(
    arrays: Mapping[str, RemoteArray], parts: Mapping[str, slice], receiver: Receiver
) -> None:
    total = sum(
        math.prod(parts[dim].stop - parts[dim].start for dim in array.dims) * array.dtype.itemsize
        for array in arrays.values()
    )
    limit = int(
        receiver.entry.access.options.get("granule_bytes", receiver.settings.limits.granule_bytes)
    )
    if total > limit:
        raise AccessError(
            f"dataset {receiver.entry.id!r}: the part asked for has {total} bytes, over the limit "
            f"of {limit}; ask for a smaller box or set access.options.by to 'month'"
        )


def _copy(
    store: Store, array: RemoteArray, parts: Mapping[str, slice], file: Any, receiver: Receiver
) -> None:
    """Copy the wanted part of one array, block by block."""
    starts = [parts[dim].start for dim in array.dims]
    lengths = [parts[dim].stop - parts[dim].start for dim in array.dims]
    chunks = tuple(min(c, n) for c, n in zip(array.chunks, lengths, strict=True))
    more: dict[str, Any] = {}
    if lengths and array.dtype.kind in "fiub":
        more = {"chunks": chunks, "compression": "gzip", "compression_opts": 1, "shuffle": True}
    attrs = _attributes(array.attrs)
    fill = attrs.pop("_FillValue", None)
    if fill is not None:
        more["fillvalue"] = np.asarray(fill, array.dtype)[()]
    target = file.create_variable(array.name, array.dims, array.dtype, **more)
    target.attrs.update(attrs)
    for block in _blocks(array, starts, lengths):
        values = store.read(array, block)
        place = tuple(
            slice(part.start - start, part.stop - start)
            for part, start in zip(block, starts, strict=True)
        )
        target[place if place else ...] = values
        receiver.arrived(values.nbytes)


def _blocks(
    array: RemoteArray, starts: Sequence[int], lengths: Sequence[int]
) -> Iterator[tuple[slice, ...]]:
    """Yield parts that follow the store's chunks and fit into memory."""
    if not starts:
        yield ()
        return
    row = math.prod(lengths[1:]) * array.dtype.itemsize
    chunk = max(1, array.chunks[0])
    step = max(1, _BLOCK_BYTES // max(1, row))
    step = max(chunk, step // chunk * chunk)
    rest = tuple(slice(s, s + n) for s, n in zip(starts[1:], lengths[1:], strict=True))
    at, end = starts[0], starts[0] + lengths[0]
    while at < end:
        stop = min(end, (at // step + 1) * step)
        yield (slice(at, stop), *rest)
        at = stop


def _attributes(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that NetCDF can hold."""
    kept: dict[str, Any] = {}
    for name, value in attrs.items():
        if name.startswith("_") and name not in ("_FillValue", "_Unsigned"):
            continue
        if isinstance(value, (str, int, float, np.ndarray, np.generic)):
            kept[name] = value
        elif isinstance(value, list) and value and all(isinstance(v, int | float) for v in value):
            kept[name] = np.asarray(value)
    return kept
