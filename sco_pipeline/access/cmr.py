"""Granules of NASA's Common Metadata Repository, with an Earthdata token: method ``cmr``."""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..catalog.models import DatasetEntry, Period, Request
from ..settings import Settings
from .addresses import clean, may_lead_to, parse, through_mirror
from .client import Client
from .granules import Granule, wanted_period
from .method import access_method, door

_PAGE = 500
_MOST = 20_000


@access_method("cmr")
def cmr(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name the data files of a collection.

    ``access.url`` is the search address. Options: ``short_name`` and ``version``, or
    ``concept_id``; ``match`` is a pattern of file names. The credential belongs to the host of the
    files, which ``access.options.auth.host`` names (or the first of ``access.allowed_hosts``).

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    request : Request
        Variables, period and box.
    settings : Settings
        Limits, mirrors, credentials.

    Returns
    -------
    sequence of Granule
        In the order of time.
    """
    client = Client(entry, settings)
    wanted = wanted_period(entry, request)
    if wanted is None:
        return []
    query = _collection(client)
    query["temporal"] = f"{wanted[0]}T00:00:00Z,{wanted[1]}T23:59:59Z"
    if request.bbox is not None:
        box = request.bbox
        query["bounding_box"] = f"{_turn(box.west)},{box.south},{_turn(box.east)},{box.north}"
    query |= {"sort_key": "start_date", "page_size": str(_PAGE)}
    try:
        return [granule for item in _pages(client, query) for granule in _granules(client, item)]
    finally:
        client.close()


@door("cmr")
def one_granule(client: Client) -> list[str]:
    """Return a search for one granule of the collection."""
    return [f"{_search(client)}?{urlencode({**_collection(client), 'page_size': '1'})}"]


def _search(client: Client) -> str:
    return client.entry.access.url.rstrip("/") + "/granules.json"


def _collection(client: Client) -> dict[str, str]:
    """Return the fields of a search that name the collection."""
    names = ("short_name", "version", "concept_id", "provider")
    options = client.entry.access.options
    return {name: str(options[name]) for name in names if name in options}


def _pages(client: Client, query: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the granules of all pages."""
    base = _search(client)
    base = through_mirror(base, client.settings.mirrors) or base
    count, number = 0, 1
    while True:
        page = client.json(f"{base}?{urlencode({**query, 'page_num': str(number)})}")
        found = page.get("feed", {}).get("entry", [])
        yield from found
        count += len(found)
        if len(found) < _PAGE:
            return
        if count >= _MOST:
            raise client.error(base, f"found over {_MOST} files; ask for a smaller period or box")
        number += 1


def _granules(client: Client, item: dict[str, Any]) -> Iterator[Granule]:
    """Yield the data files of one granule."""
    pattern = str(client.entry.access.options.get("match", "*"))
    period = _period(item)
    for link in item.get("links", []):
        url = str(link.get("href", ""))
        is_data = str(link.get("rel", "")).endswith("/data#") and not link.get("inherited")
        name = urlsplit(url).path.rpartition("/")[2]
        if not is_data or not url.startswith("http") or not fnmatch.fnmatchcase(name, pattern):
            continue
        home, target = parse(client.entry.access.url, client.entry.id), parse(url, client.entry.id)
        if not may_lead_to(home, target, client.entry):
            raise client.error(
                client.entry.access.url,
                f"names files on {target.place}, which the catalog does not allow; add it to "
                "access.allowed_hosts if it is right",
            )
        yield Granule(clean(url), period, address=url, version=item.get("updated"))


def _period(item: dict[str, Any]) -> Period | None:
    start, end = item.get("time_start"), item.get("time_end")
    if not start:
        return None
    first = dt.date.fromisoformat(start[:10])
    return Period(start=first, end=dt.date.fromisoformat(end[:10]) if end else first)


def _turn(longitude: float) -> float:
    return (longitude + 180) % 360 - 180 if longitude > 180 else longitude
