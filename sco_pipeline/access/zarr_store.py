"""Zarr stores (version 2 and 3) over HTTP(S) and S3, cut to a local file: method ``zarr``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..catalog.models import DatasetEntry, Request
from ..errors import AccessError
from ..settings import Settings
from .absence import NotThereError
from .addresses import s3_base, s3_parts, through_mirror
from .alternatives import from_first
from .client import Client
from .granules import Granule
from .method import access_method, door
from .receive import Received, Receiver
from .s3 import presign_for
from .subset import RemoteArray, source_names, subset_granules, write_subset


@access_method("zarr")
def zarr(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name the local copies of the wanted part of a Zarr store, one a year.

    ``access.url`` is the address of the store, ``https://`` or ``s3://`` (with the options of the
    method ``s3``). Arrays are reached by their names, so that a store needs neither a listing nor
    consolidated metadata. The local files are NetCDF.

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
            def from_store(url: str) -> Received:
                store = ZarrStore(receiver.client, url)
                return write_subset(store, names, granule, request.bbox, receiver, part)

            addresses = (granule.url.partition("#")[0], *entry.access.mirrors)
            return from_first(receiver, addresses, from_store)

        return replace(granule, receive=receive)

    return [with_receive(granule) for granule in subset_granules(entry, request)]


@door("zarr")
def metadata(client: Client) -> list[str]:
    """Return the addresses of the root's metadata in both versions."""
    return [key_address(client, client.entry.access.url, key) for key in (".zgroup", "zarr.json")]


class ZarrStore:
    """A remote Zarr store, read key by key through the checked client.

    Parameters
    ----------
    client : Client
        Talks to the host of the store.
    url : str
        Its address.
    """

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url
        self._arrays: dict[str, Any] = {}
        self._kept: dict[str, bytes | None] = {}
        self._store = _open(self)
        self.attrs: Mapping[str, Any] = self._group_attributes()

    def array(self, name: str) -> RemoteArray | None:
        """Describe an array; None if the store has none of that name."""
        import zarr

        if not name or (self.get(f"{name}/zarr.json") or self.get(f"{name}/.zarray")) is None:
            return None
        if name not in self._arrays:
            self._arrays[name] = zarr.open_array(self._store, path=name, mode="r")
        found = self._arrays[name]
        attrs = dict(found.attrs)
        dims = getattr(found.metadata, "dimension_names", None)
        dims = dims or attrs.pop("_ARRAY_DIMENSIONS", None)
        attrs.pop("_ARRAY_DIMENSIONS", None)
        if dims is None or None in dims or len(dims) != found.ndim:
            raise self._client.error(self._url, f"does not name the dimensions of {name!r}")
        if "_FillValue" not in attrs and found.dtype.kind in "fiu" and name not in dims:
            fill = found.fill_value
            if fill is not None and self.get(f"{name}/.zarray") is not None:
                attrs["_FillValue"] = fill
        attrs = _decoded_fill(attrs, found.dtype)
        chunks = getattr(found, "shards", None) or found.chunks
        return RemoteArray(name, tuple(dims), found.shape, chunks, found.dtype, attrs)

    def read(self, array: RemoteArray, part: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Return a part of an array."""
        try:
            return np.asarray(self._arrays[array.name][part])
        except (ValueError, RuntimeError, TypeError) as error:
            raise self._client.error(
                self._url, f"holds chunks of {array.name!r} that cannot be decoded ({error})"
            ) from error

    def names(self) -> list[str]:
        """Return the names of arrays that consolidated metadata tell."""
        return sorted(
            {key.rpartition("/")[0] for key in self._consolidated() if key.endswith(".zarray")}
            | {key for key in self._consolidated() if "/" not in key and "." not in key}
        )

    def get(self, key: str) -> bytes | None:
        """Return the bytes of a key; None if there is none. Metadata are checked and kept."""
        name = key.rpartition("/")[2]
        is_metadata = name in (".zarray", ".zattrs", ".zgroup", ".zmetadata", "zarr.json")
        if is_metadata and key in self._kept:
            return self._kept[key]
        try:
            content: bytes | None = self._client.document(
                self._mirrored(key), limit=self._client.limits.chunk_bytes
            )
        except NotThereError:
            content = None
        if is_metadata:
            if content is not None and name != ".zattrs":
                self._check(key, content)
            self._kept[key] = content
        return content

    def _mirrored(self, key: str) -> str:
        address = key_address(self._client, self._url, key)
        return through_mirror(address, self._client.settings.mirrors) or address

    def _check(self, key: str, content: bytes) -> None:
        """Refuse metadata that would run code or need chunks too large to decode."""
        from .zarr_metadata import fault_of

        fault = fault_of(key, content, self._client.limits.chunk_bytes)
        if fault is not None:
            raise self._client.error(self._url, f"is refused: {fault}")

    def _consolidated(self) -> Mapping[str, Any]:
        two = self.get(".zmetadata")
        if two is not None:
            found: Mapping[str, Any] = json.loads(two).get("metadata", {})
            return found
        three = json.loads(self.get("zarr.json") or b"{}")
        inner: Mapping[str, Any] = (three.get("consolidated_metadata") or {}).get("metadata", {})
        return inner

    def _group_attributes(self) -> Mapping[str, Any]:
        three = self.get("zarr.json")
        if three is not None:
            found: Mapping[str, Any] = json.loads(three).get("attributes", {})
            return found
        two: Mapping[str, Any] = json.loads(self.get(".zattrs") or b"{}")
        return two


def key_address(client: Client, url: str, key: str) -> str:
    """Return the address of a key of a store, signed if it lies in a store of S3 with a login."""
    if url.startswith("s3:"):
        bucket, prefix = s3_parts(url, client.entry.id)
        base = s3_base(client.entry, bucket)
        return presign_for(client, f"{base}{prefix.strip('/')}/{key}")
    return f"{url.rstrip('/')}/{key}"


def _decoded_fill(attrs: dict[str, Any], dtype: np.dtype[Any]) -> dict[str, Any]:
    """Return attributes whose fill value is a number, however it was written."""
    fill = attrs.get("_FillValue")
    if isinstance(fill, str) and dtype.kind in "fiu":
        import base64

        try:
            attrs["_FillValue"] = float(fill)
        except ValueError:
            # xarray writes the fill values of Zarr version 3 as base64 of eight bytes.
            raw = base64.standard_b64decode(fill)
            kind = "<f8" if dtype.kind == "f" else "<i8"
            attrs["_FillValue"] = np.frombuffer(raw, kind)[0]
    if isinstance(attrs.get("_FillValue"), float) and math.isnan(attrs["_FillValue"]):
        attrs["_FillValue"] = np.nan
    return attrs


def _open(owner: ZarrStore) -> Any:
    """Return a store of the zarr package that reads through `owner`."""
    try:
        from .zarr_bridge import bridge
    except ImportError as error:
        raise AccessError(
            "fetching from Zarr stores needs the package 'zarr'; "
            "install it with 'pip install sco-pipeline[zarr]'"
        ) from error
    return bridge(owner.get)
