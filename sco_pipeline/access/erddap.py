"""ERDDAP griddap servers, subset on the server: method ``erddap``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..catalog.models import BBox, DatasetEntry, Request
from ..settings import Settings
from . import dap2, download
from .addresses import through_mirror
from .client import Client
from .granules import Granule
from .method import access_method, door
from .receive import Received, Receiver
from .subset import source_names, subset_granules


@access_method("erddap")
def erddap(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name the parts of a griddap dataset, each one NetCDF file made by the server.

    ``access.url`` is ``https://host/erddap/griddap/DATASET``.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset; ``access.options.by`` is ``year`` (default), ``month`` or ``whole``, and
        ``access.options.fixed`` maps further dimensions (depth) to the value that is wanted.
    request : Request
        Variables, period and box.
    settings : Settings
        Not used here.

    Returns
    -------
    sequence of Granule
        In the order of time.
    """
    names = source_names(entry, request)

    def with_receive(granule: Granule) -> Granule:
        def receive(receiver: Receiver, part: Path) -> Received:
            url = _query(receiver.client, entry, names, granule, request.bbox)
            return download.receive(
                receiver.client, (url,), part, form="netcdf", arrived=receiver.arrived
            )

        return replace(granule, receive=receive)

    return [with_receive(granule) for granule in subset_granules(entry, request)]


@door("erddap")
def declaration(client: Client) -> list[str]:
    """Return where the server describes the dataset."""
    return [f"{client.entry.access.url}.dds"]


def _query(
    client: Client, entry: DatasetEntry, names: Sequence[str], granule: Granule, box: BBox | None
) -> str:
    """Return the address that makes the server cut out a part."""
    base = entry.access.url
    page = through_mirror(base, client.settings.mirrors) or base
    text = client.document(f"{page}.dds").decode("utf-8", errors="replace")
    attributes = dap2.read_das(client.document(f"{page}.das").decode("utf-8", errors="replace"))
    arrays = dap2.read_dds(text)
    parts = []
    for name in names:
        if name not in arrays:
            found = sorted(set(arrays) - {dim for a in arrays.values() for dim in a.dims})
            raise client.error(base, f"has no variable {name!r}; found {found}")
        ranges = [
            _range(entry, dim, attributes.get(dim, {}), granule, box) for dim in arrays[name].dims
        ]
        parts.append(name + "".join(ranges))
    return f"{base}.nc?" + quote(",".join(parts), safe="(),:.-_~TZ")


def _range(
    entry: DatasetEntry, dim: str, attrs: dict[str, Any], granule: Granule, box: BBox | None
) -> str:
    """Return the range of one dimension, in values as griddap takes them."""
    fixed = entry.access.options.get("fixed", {})
    if dim in fixed:
        return f"[({fixed[dim]})]"
    period = granule.period
    if dim == "time" and period is not None and period.start and period.end:
        first, last = _actual(attrs)
        start = dt.datetime.combine(period.start, dt.time(), dt.UTC).timestamp()
        end = dt.datetime.combine(period.end, dt.time(23, 59, 59), dt.UTC).timestamp()
        # Values outside the axis are refused by the server, not cut.
        start, end = max(start, first), min(end, last)
        return f"[({_stamp(start)}):1:({_stamp(max(start, end))})]"
    if box is not None and dim in ("latitude", "longitude"):
        low, high = (box.south, box.north) if dim == "latitude" else (box.west, box.east)
        first, last = _actual(attrs)
        if dim == "longitude":
            low, high = _turned(low, high, first, last)
        low, high = max(low, first), min(high, last)
        if low > high:
            low, high = first, last
        falls = _falls(attrs)
        return f"[({high if falls else low}):1:({low if falls else high})]"
    return "[]"


def _turned(low: float, high: float, first: float, last: float) -> tuple[float, float]:
    """Return a range of longitude in the turn of the axis; all of it where the box wraps."""
    if low > high:
        return first, last
    for turn in (0.0, 360.0, -360.0):
        if first <= low + turn and high + turn <= last:
            return low + turn, high + turn
    return first, last


def _actual(attrs: dict[str, Any]) -> tuple[float, float]:
    values = attrs.get("actual_range")
    if values is None or len(values) != 2:
        return float("-inf"), float("inf")
    return float(min(values)), float(max(values))


def _falls(attrs: dict[str, Any]) -> bool:
    values = attrs.get("actual_range")
    return values is not None and len(values) == 2 and float(values[0]) > float(values[1])


def _stamp(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
