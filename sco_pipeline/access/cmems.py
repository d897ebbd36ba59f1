"""Copernicus Marine: from a dataset id to its Zarr store, then as any store: method ``cmems``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..catalog.models import DatasetEntry, Request
from ..errors import CatalogError
from ..settings import Settings
from .addresses import follow, may_lead_to, parse, through_mirror
from .client import Client
from .granules import Granule
from .method import access_method, door
from .receive import Received, Receiver
from .subset import source_names, subset_granules, write_subset
from .zarr_store import ZarrStore

_METADATA = "https://stac.marine.copernicus.eu/metadata/"


@access_method("cmems")
def cmems(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name the local copies of the wanted part of a Copernicus Marine dataset.

    Options: ``product`` and ``dataset`` (ids without a version: the newest is taken), ``chunks``
    (``time``, for maps, or ``geo``, for long series of few cells), ``metadata`` (address of the
    metadata, by default that of Copernicus Marine). The hosts of the metadata and of the stores
    stand in ``access.allowed_hosts``.

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
    if not {"product", "dataset"} <= set(options):
        raise CatalogError(
            f"dataset {entry.id!r}: the access method 'cmems' needs the options 'product' and "
            f"'dataset' (found {sorted(options)})"
        )
    names = source_names(entry, request)

    def with_receive(granule: Granule) -> Granule:
        def receive(receiver: Receiver, part: Path) -> Received:
            store = ZarrStore(receiver.client, store_address(receiver.client))
            return write_subset(store, names, granule, request.bbox, receiver, part)

        return replace(granule, receive=receive)

    named = entry.access.model_copy(
        update={"url": f"cmems:{options['product']}/{options['dataset']}"}
    )
    named_entry = entry.model_copy(update={"access": named})
    return [with_receive(granule) for granule in subset_granules(named_entry, request)]


@door("cmems")
def product_page(client: Client) -> list[str]:
    """Return where the metadata of the product lie."""
    options = client.entry.access.options
    base = str(options.get("metadata", _METADATA)).rstrip("/")
    return [f"{base}/{options.get('product')}/product.stac.json"]


def store_address(client: Client) -> str:
    """Return the address of the newest version's Zarr store.

    Parameters
    ----------
    client : Client
        Talks to the metadata's host.

    Returns
    -------
    str
        Address of the store.

    Raises
    ------
    AccessError
        If the product has no such dataset, or the store lies on a host that is not allowed.
    """
    options = client.entry.access.options
    (address,) = product_page(client)
    base = address.rpartition("/")[0] + "/"
    page = _document(client, address)
    wanted = re.compile(
        rf"(?:.*/)?{re.escape(str(options['dataset']))}_(\d{{6}})/dataset\.stac\.json"
    )
    versions = {
        match[1]: str(link["href"])
        for link in page.get("links", [])
        if (match := wanted.fullmatch(str(link.get("href", ""))))
    }
    if not versions:
        found = sorted(str(link.get("href")) for link in page.get("links", []))[:10]
        raise client.error(base, f"has no dataset {options['dataset']!r}; found {found}")
    item_url = follow(base, versions[max(versions)])
    assets = _document(client, item_url).get("assets", {})
    key = f"{options.get('chunks', 'time')}Chunked"
    if key not in assets:
        raise client.error(item_url, f"has no store {key!r}; found {sorted(assets)}")
    return _allowed(client, follow(item_url, str(assets[key]["href"])))


def _document(client: Client, url: str) -> dict[str, Any]:
    _allowed(client, url)
    found: dict[str, Any] = client.json(through_mirror(url, client.settings.mirrors) or url)
    return found


def _allowed(client: Client, url: str) -> str:
    entry = client.entry
    if not may_lead_to(parse(entry.access.url, entry.id), parse(url, entry.id), entry):
        raise client.error(
            url, f"is on a host that the catalog does not allow for {entry.id!r}; add "
            f"{parse(url, entry.id).place} to access.allowed_hosts if it is right"
        )  # fmt: skip
    return url
