"""STAC interfaces and static STAC catalogs, then their assets: method ``stac``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from ..catalog.models import BBox, DatasetEntry, Period, Request
from ..errors import AccessError, CatalogError
from ..settings import Settings
from .addresses import clean, follow, may_lead_to, parse, s3_base, s3_parts, through_mirror
from .client import Client
from .granules import Granule, wanted_period
from .method import access_method, door

_PAGE = 100
_MOST_ITEMS = 20_000


@access_method("stac")
def stac(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name the assets of the items that a STAC search or a static catalog gives.

    ``access.url`` is the root of an interface, or a static catalog or collection (``.json``).
    Options: ``collection``; ``assets`` maps variables to asset keys, else ``asset`` names one, else
    assets with the role ``data`` are taken.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset; assets on other hosts need them in ``access.allowed_hosts``.
    request : Request
        Variables, period and box.
    settings : Settings
        Limits, mirrors, credentials.

    Returns
    -------
    sequence of Granule
        In the order of time; checksum, size and version are those that the asset tells.
    """
    client = Client(entry, settings)
    wanted = wanted_period(entry, request)
    if wanted is None:
        return []
    try:
        items = list(_items(client, entry, wanted, request.bbox))
    finally:
        client.close()
    found = []
    for item, base in items:
        for key, asset in _assets(entry, request, item):
            found.append(_granule(client, item, key, asset, base))
    return sorted(found, key=lambda g: (str(g.period and g.period.start), g.url))


@door("stac")
def collection(client: Client) -> list[str]:
    """Return the address of the collection, or of the static catalog."""
    url, name = client.entry.access.url, client.entry.access.options.get("collection")
    return [url if url.endswith(".json") or not name else f"{url.rstrip('/')}/collections/{name}"]


def _items(
    client: Client, entry: DatasetEntry, wanted: tuple[dt.date, dt.date], box: BBox | None
) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield items with the address that their links are relative to."""
    root = entry.access.url
    if root.endswith(".json"):
        for item, base in _walk(client, root):
            if _meets(item, wanted, box):
                yield item, base
        return
    if "collection" not in entry.access.options:
        raise CatalogError(
            f"dataset {entry.id!r}: a STAC search needs access.options.collection; add it, or give "
            "the address of a static catalog (.json)"
        )
    body: dict[str, Any] = {
        "collections": [entry.access.options["collection"]],
        "datetime": f"{wanted[0]}T00:00:00Z/{wanted[1]}T23:59:59Z",
        "limit": _PAGE,
    }
    if box is not None:
        body["bbox"] = [box.west, box.south, box.east, box.north]
    url, seen = f"{root.rstrip('/')}/search", set[str]()
    while True:
        page = client.json(_mirrored(client, url), body=body)
        for item in page.get("features", []):
            if str(item.get("id")) not in seen:
                seen.add(str(item.get("id")))
                yield item, url
        after = next((k for k in page.get("links", []) if k.get("rel") == "next"), None)
        if after is None or not page.get("features"):
            return
        if len(seen) > _MOST_ITEMS:
            raise client.error(
                url, f"found over {_MOST_ITEMS} items; ask for a smaller period or box"
            )
        url, body = _allowed(client, follow(url, str(after["href"]))), _next_body(after, body)


def _next_body(link: dict[str, Any], body: dict[str, Any]) -> Any:
    """Return the body of the next page; None for a GET."""
    if str(link.get("method", "GET")).upper() == "GET":
        return None
    further = link.get("body") or {}
    return {**body, **further} if link.get("merge", True) else further


def _walk(client: Client, root: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the items below a static catalog."""
    waiting, seen, count = [root], {root}, 0
    while waiting:
        url = waiting.pop()
        document = client.json(_mirrored(client, url))
        if document.get("type") == "Feature":
            count += 1
            if count > _MOST_ITEMS:
                raise client.error(root, f"holds over {_MOST_ITEMS} items")
            yield document, url
        for link in document.get("links", []):
            if link.get("rel") in ("child", "item"):
                further = _allowed(client, follow(url, str(link["href"])))
                if further not in seen:
                    seen.add(further)
                    waiting.append(further)


def _meets(item: dict[str, Any], wanted: tuple[dt.date, dt.date], box: BBox | None) -> bool:
    period = _period(item)
    if period is not None and period.start and period.end:
        if period.end < wanted[0] or period.start > wanted[1]:
            return False
    if box is None or len(item.get("bbox") or ()) not in (4, 6):
        return True
    values = [float(v) for v in item["bbox"]]
    half = len(values) // 2
    west, south, east, north = values[0], values[1], values[half], values[half + 1]
    if north < box.south or south > box.north:
        return False
    # Two arcs meet if either starts inside the other.
    return (box.west - west) % 360 <= (east - west) % 360 or (west - box.west) % 360 <= (
        box.east - box.west
    ) % 360


def _assets(
    entry: DatasetEntry, request: Request, item: dict[str, Any]
) -> list[tuple[str, dict[str, Any]]]:
    """Return the wanted assets of an item."""
    assets: dict[str, Any] = item.get("assets", {})
    options = entry.access.options
    if "assets" in options:
        names = request.variables or tuple(entry.variables)
        keys = [options["assets"][name] for name in names if name in options["assets"]]
    elif "asset" in options:
        keys = [options["asset"]]
    else:
        keys = [key for key, asset in assets.items() if "data" in (asset.get("roles") or ())]
    missing = [key for key in keys if key not in assets]
    if missing or not keys:
        raise AccessError(
            f"dataset {entry.id!r}: item {item.get('id')!r} has no asset "
            f"{missing or 'of role data'}; found {sorted(assets)[:20]}; set access.options.assets"
        )
    return [(key, assets[key]) for key in dict.fromkeys(keys)]


def _granule(
    client: Client, item: dict[str, Any], key: str, asset: dict[str, Any], base: str
) -> Granule:
    href = follow(base, str(asset["href"]))
    address = href
    if href.startswith("s3:"):
        bucket, name = s3_parts(href, client.entry.id)
        address = s3_base(client.entry, bucket) + name
    address = _allowed(client, address)
    checksum = str(asset.get("file:checksum") or "")
    size = asset.get("file:size")
    version = (item.get("properties") or {}).get("updated") or asset.get("updated")
    return Granule(
        clean(href), _period(item), address=address,
        # A multihash: 12 is sha2-256, 20 its length.
        sha256=checksum[4:] if checksum.startswith("1220") and len(checksum) == 68 else None,
        size=int(size) if size is not None else None,
        version=str(version) if version else None,
    )  # fmt: skip


def _period(item: dict[str, Any]) -> Period | None:
    properties = item.get("properties") or {}
    start = properties.get("start_datetime") or properties.get("datetime")
    end = properties.get("end_datetime") or properties.get("datetime")
    if not start or not end:
        return None
    return Period(start=dt.date.fromisoformat(start[:10]), end=dt.date.fromisoformat(end[:10]))


def _allowed(client: Client, url: str) -> str:
    """Return an address that a document names, if the catalog allows its host."""
    home, target = parse(client.entry.access.url, client.entry.id), parse(url, client.entry.id)
    if not may_lead_to(home, target, client.entry):
        raise client.error(
            client.entry.access.url,
            f"names a file on {target.place}, which the catalog does not allow; add it to "
            "access.allowed_hosts if it is right",
        )
    return url


def _mirrored(client: Client, url: str) -> str:
    return through_mirror(url, client.settings.mirrors) or url
