"""Interfaces that answer a query with one document or with pages of features: method ``rest``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ..catalog.models import BBox, DatasetEntry, Request
from ..settings import Settings
from .addresses import through_mirror
from .client import Client
from .granules import Granule, granules_of, wanted_period
from .method import access_method
from .receive import Received, Receiver

_MOST_PAGES = 10_000


@access_method("rest")
def rest(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name the answers of an interface, which are kept as files.

    ``access.url`` may hold date fields. Options: ``start``, ``end`` and ``bbox`` name the query
    fields that take the period and the box; ``page`` names the field that counts features over
    pages of ``page_size``, which are joined into one GeoJSON file; ``auth`` says how the key is
    sent.

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
    options = entry.access.options
    further: dict[str, str] = {}
    wanted = wanted_period(entry, request)
    if wanted is not None and "start" in options:
        further[str(options["start"])] = str(wanted[0])
    if wanted is not None and "end" in options:
        further[str(options["end"])] = str(wanted[1])
    if request.bbox is not None and "bbox" in options:
        further[str(options["bbox"])] = _corners(request.bbox)
    found = []
    for granule in granules_of(entry, request):
        url = _with(granule.url, further)
        made = replace(granule, url=url)
        found.append(replace(made, receive=_paged(made)) if "page" in options else made)
    return found


def _paged(granule: Granule) -> Any:
    """Return how the pages of an answer are received."""

    def receive(receiver: Receiver, part: Path) -> Received:
        features = _features(receiver.client, granule.url)
        text = json.dumps({"type": "FeatureCollection", "features": features}, sort_keys=True)
        part.write_text(text, encoding="utf-8")
        receiver.arrived(len(text))
        return Received()

    return receive


def _features(client: Client, url: str) -> list[Any]:
    """Return the features of all pages."""
    options = client.entry.access.options
    name, size = str(options["page"]), int(options.get("page_size", 1000))
    address = through_mirror(url, client.settings.mirrors) or url
    features: list[Any] = []
    for _ in range(_MOST_PAGES):
        page = client.json(_with(address, {name: str(len(features))}))
        found = page.get("features") if isinstance(page, dict) else None
        if not isinstance(found, list):
            raise client.error(url, "answered JSON without 'features'")
        features.extend(found)
        total = page.get("numberMatched")
        if len(found) < size or (total is not None and len(features) >= int(total)):
            return features
    raise client.error(url, f"has over {_MOST_PAGES} pages; ask for a shorter period")


def _with(url: str, further: dict[str, str]) -> str:
    """Return an address with query fields set."""
    parts = urlsplit(url)
    fields = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **further}
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(fields, safe=",:"), ""))


def _corners(box: BBox) -> str:
    return f"{box.west:g},{box.south:g},{box.east:g},{box.north:g}"
