"""The Climate Data Store and its sisters: ask for a file, wait until it is made: method ``cds``."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..catalog.models import DatasetEntry, Request
from ..errors import AccessError
from ..settings import Settings
from . import download
from .addresses import follow, may_lead_to, parse, through_mirror
from .client import Client
from .granules import Granule
from .method import access_method, door
from .receive import Received, Receiver
from .subset import subset_granules

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_DEAD = ("failed", "rejected", "dismissed", "deleted")


@access_method("cds")
def cds(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name the files that the store is to make, one a year or month.

    ``access.url`` is the root of the interface. Options: ``dataset``; ``request``, the inputs that
    stay the same; ``by`` (``year``, ``month`` or ``whole``). Year, month and, for data of less than
    a month, day are added, and the box as ``area``. Files on another host need it in
    ``access.allowed_hosts``.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    request : Request
        Variables, period and box.
    settings : Settings
        Not used here.

    Returns
    -------
    sequence of Granule
        In the order of time.
    """

    def with_receive(granule: Granule) -> Granule:
        def receive(receiver: Receiver, part: Path) -> Received:
            client = receiver.client
            asset = _made(client, inputs_of(entry, request, granule))
            address = asset["href"]
            home = parse(entry.access.url, entry.id)
            if not may_lead_to(home, parse(address, entry.id), entry):
                raise client.error(
                    entry.access.url,
                    f"made a file on {parse(address, entry.id).place}, which the catalog does not "
                    "allow; add it to access.allowed_hosts if it is right",
                )
            form = str(entry.access.options.get("archive", entry.format))
            return download.receive(
                client, (address,), part, form=form, arrived=receiver.arrived,
                check=lambda received: _check_size(client, asset, part),
            )  # fmt: skip

        return replace(granule, receive=receive)

    return [with_receive(granule) for granule in subset_granules(entry, request)]


@door("cds")
def process(client: Client) -> list[str]:
    """Return where the store describes the dataset."""
    entry = client.entry
    root = f"{entry.access.url.rstrip('/')}/retrieve/v1"
    return [f"{root}/processes/{entry.access.options.get('dataset')}"]


def inputs_of(entry: DatasetEntry, request: Request, granule: Granule) -> dict[str, Any]:
    """Return what the store is asked for, for one granule.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    request : Request
        The box.
    granule : Granule
        The period.

    Returns
    -------
    dict
        Inputs of the store's process.
    """
    inputs: dict[str, Any] = dict(entry.access.options.get("request", {}))
    period = granule.period
    if period is not None and period.start and period.end and entry.frequency != "fixed":
        days = [period.start]
        while days[-1] < period.end:
            days.append(days[-1] + dt.timedelta(days=1))
        inputs.setdefault("year", sorted({f"{day:%Y}" for day in days}))
        inputs.setdefault("month", sorted({f"{day:%m}" for day in days}))
        if entry.frequency in ("hour", "day"):
            inputs.setdefault("day", sorted({f"{day:%d}" for day in days}))
    if request.bbox is not None:
        box = request.bbox
        inputs.setdefault("area", [box.north, box.west, box.south, box.east])
    return inputs


def _made(client: Client, inputs: dict[str, Any]) -> dict[str, Any]:
    """Ask for a file, wait until it is made, and return where it is."""
    root = client.entry.access.url.rstrip("/")
    root = (through_mirror(root, client.settings.mirrors) or root) + "/retrieve/v1"
    name = client.entry.access.options.get("dataset")
    job = client.json(f"{root}/processes/{name}/execution", body={"inputs": inputs})
    url = f"{root}/jobs/{job.get('jobID')}"
    deadline = time.monotonic() + client.limits.granule_seconds
    pause = min(_FIRST_PAUSE, client.limits.gap_seconds)
    while job.get("status") != "successful":
        if job.get("status") in _DEAD or "status" not in job:
            said = str(job.get("message") or job.get("detail") or job.get("title") or "")[:200]
            raise client.error(url, f"ended as {job.get('status')!r} {client.hide(said)}".rstrip())
        if time.monotonic() > deadline:
            raise client.error(
                url, f"is still {job['status']!r} after {client.limits.granule_seconds:g} s; "
                "try again later", retryable=True,
            )  # fmt: skip
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        job = client.json(url)
    asset: dict[str, Any] = client.json(f"{url}/results").get("asset", {}).get("value", {})
    if "href" not in asset:
        raise client.error(url, "was made, and names no file")
    return {**asset, "href": follow(f"{url}/results", str(asset["href"]))}


def _check_size(client: Client, asset: dict[str, Any], part: Path) -> None:
    size = asset.get("file:size")
    if size is not None and int(size) != part.stat().st_size:
        raise AccessError(
            f"dataset {client.entry.id!r}: the file has {part.stat().st_size} bytes, its store "
            f"promised {size}",
            retryable=True,
        )
