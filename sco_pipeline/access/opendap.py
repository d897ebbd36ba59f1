"""OPeNDAP servers (THREDDS, Hyrax, pydap), subset on the server: method ``opendap``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy.typing as npt

from ..catalog.models import DatasetEntry, Request
from ..settings import Settings
from . import dap2
from .addresses import through_mirror
from .alternatives import from_first
from .client import Client, TransientError
from .granules import Granule, likely_files
from .method import access_method, door
from .receive import Received, Receiver
from .subset import RemoteArray, source_names, subset_granules, write_subset


@access_method("opendap")
def opendap(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name the local copies of the wanted part of an OPeNDAP dataset.

    ``access.url`` is the address of a dataset (without ``.dds`` and the like), or a pattern of such
    addresses. Only the wanted variables, days and box travel. The local files are NetCDF.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset; ``access.options.by`` is ``year``, ``month`` or ``whole``.
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
            def from_server(url: str) -> Received:
                store = DapStore(receiver.client, url)
                return write_subset(store, names, granule, request.bbox, receiver, part)

            mirrors = granule.mirrors or entry.access.mirrors
            addresses = (granule.url.partition("#")[0], *mirrors)
            return from_first(receiver, addresses, from_server)

        return replace(granule, receive=receive)

    return [with_receive(granule) for granule in subset_granules(entry, request)]


@door("opendap")
def declaration(client: Client) -> list[str]:
    """Return where the server describes the dataset."""
    return [f"{url}.dds" for url in likely_files(client.entry)]


class DapStore:
    """A dataset on an OPeNDAP server.

    Parameters
    ----------
    client : Client
        Talks to the server.
    url : str
        Address of the dataset.
    """

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = through_mirror(url, client.settings.mirrors) or url
        text = self._text(".dds")
        try:
            self._declared = dap2.read_dds(text)
            self._attributes = dap2.read_das(self._text(".das"))
        except (ValueError, IndexError) as error:
            raise client.error(
                url, f"describes itself in a way that is not read ({error})"
            ) from error
        if not self._declared:
            raise client.error(url, "describes no arrays; check that it is an OPeNDAP address")
        self.attrs: Mapping[str, Any] = self._attributes.get("NC_GLOBAL", {})

    def array(self, name: str) -> RemoteArray | None:
        """Describe an array; None if the dataset has none of that name."""
        found = self._declared.get(name)
        if found is None:
            return None
        # One row of the first dimension is what servers cut best.
        chunks = (1, *found.shape[1:]) if found.shape else ()
        attrs = self._attributes.get(name, {})
        return RemoteArray(name, found.dims, found.shape, chunks, found.dtype, attrs)

    def read(self, array: RemoteArray, part: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Return a part of an array, cut by the server."""
        declared = self._declared[array.name]
        ranges = "".join(f"[{p.start}:1:{p.stop - 1}]" for p in part)
        query = quote(f"{declared.path}{ranges}", safe="%._~-")
        url = f"{self._url}.dods?{query}"
        shape = tuple(p.stop - p.start for p in part)

        def action() -> npt.NDArray[Any]:
            content = self._client.document(url, limit=self._client.limits.chunk_bytes)
            try:
                return dap2.read_data(content, declared, shape)
            except EOFError as error:
                raise TransientError(f"ended after {len(content)} bytes, too early") from error
            except ValueError as error:
                raise self._client.error(url, f"{self._said(content)}({error})") from error

        return self._client.retry(url, action)

    def names(self) -> list[str]:
        """Return the names of the arrays."""
        return sorted(self._declared)

    def _text(self, suffix: str) -> str:
        return self._client.document(self._url + suffix).decode("utf-8", errors="replace")

    def _said(self, content: bytes) -> str:
        """Return the server's own words, if the answer is an error message."""
        match = re.search(rb'message\s*=\s*"([^"]{1,200})', content[:2000])
        return (
            self._client.hide(f"answered {match[1].decode(errors='replace')!r} ") if match else ""
        )
