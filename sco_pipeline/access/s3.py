"""Objects of S3 and S3-compatible stores, over plain HTTP(S): method ``s3``.

Objects are got with the same checked client as any other file; a keyed request carries its
signature (version 4) in the address, so that no client library and no proxy of one is needed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from ..catalog.models import DatasetEntry, Request
from ..errors import AccessError
from ..settings import Settings
from .addresses import s3_base, s3_parts, through_mirror
from .client import Client
from .granules import Granule, granules_of, likely_files
from .matching import Listed, chosen
from .method import access_method, door

_VALID_SECONDS = 86400
_MOST_PAGES = 500


@access_method("s3")
def s3(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name objects of a bucket.

    ``access.url`` is ``s3://bucket/key``, a pattern, or with ``access.options.match`` a prefix
    below which objects are listed. Options: ``endpoint`` (address of a store other than AWS),
    ``region``. With ``access.credential`` (``key:secret``, or ``key:secret:token``) requests are
    signed, else they are anonymous.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    request : Request
        Variables and period.
    settings : Settings
        Limits, mirrors, credentials.

    Returns
    -------
    sequence of Granule
        In the order of time; the ETag of a listing is their version.
    """
    client = Client(entry, settings)
    bucket = Bucket(client, *s3_parts(entry.access.url, entry.id))
    pattern = entry.access.options.get("match")
    if pattern is None:
        head, _, rest = entry.access.url.partition("*")
        if not rest and "*" not in entry.access.url:
            return [_signed(bucket, granule) for granule in granules_of(entry, request)]
        prefix = s3_parts(head, entry.id)[1].partition("{")[0].rpartition("/")[0]
        prefix = f"{prefix}/" if prefix else ""
        pattern = s3_parts(entry.access.url, entry.id)[1].removeprefix(prefix)
    else:
        prefix = bucket.key
    try:
        listed = list(bucket.objects(prefix))
    finally:
        client.close()
    return chosen(entry, request, str(pattern), listed)


@door("s3")
def first_object(client: Client) -> list[str]:
    """Return a listing of one object, or where the address names objects, two of them."""
    url, dataset = client.entry.access.url, client.entry.id
    bucket = Bucket(client, *s3_parts(url.partition("{")[0].partition("*")[0], dataset))
    if "match" in client.entry.access.options or "*" in url:
        prefix = quote(bucket.key, safe="")
        return [bucket.address("", f"list-type=2&max-keys=1&prefix={prefix}")]
    return [bucket.address(s3_parts(address, dataset)[1]) for address in likely_files(client.entry)]


class Bucket:
    """One bucket, by plain requests.

    Parameters
    ----------
    client : Client
        Talks to the store.
    name : str
        Bucket.
    key : str
        Key or prefix that the catalog gives.
    """

    def __init__(self, client: Client, name: str, key: str) -> None:
        self._client = client
        self.name = name
        self.key = key

    @property
    def dataset(self) -> str:
        """Dataset id."""
        return self._client.entry.id

    def address(self, key: str, query: str = "") -> str:
        """Return the address of a key, signed if the dataset has a credential."""
        url = s3_base(self._client.entry, self.name) + quote(key, safe="/~-._")
        return presign_for(self._client, url, query)

    def objects(self, prefix: str) -> Iterator[Listed]:
        """List the objects below a prefix; names are relative to it."""
        token = ""
        for _ in range(_MOST_PAGES):
            query = "list-type=2&prefix=" + quote(prefix, safe="")
            if token:
                query = f"continuation-token={quote(token, safe='')}&{query}"
            address = self.address("", query)
            url = through_mirror(address, self._client.settings.mirrors) or address
            tree = self._parsed(url)
            for item in tree.iter("Contents"):
                key = item.findtext("Key", "")
                if key.endswith("/"):
                    continue
                yield Listed(
                    key.removeprefix(prefix), f"s3://{self.name}/{key}",
                    int(item.findtext("Size", "0")), item.findtext("ETag"), self.address(key),
                )  # fmt: skip
            token = tree.findtext("NextContinuationToken", "")
            if not token:
                return
        raise AccessError(
            f"dataset {self._client.entry.id!r}: s3://{self.name}/{prefix} holds too many objects; "
            "give a longer prefix"
        )

    def _parsed(self, url: str) -> ElementTree.Element:
        text = self._client.document(url)
        try:
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise ElementTree.ParseError("entities are not allowed")
            return ElementTree.fromstring(re.sub(rb' xmlns="[^"]*"', b"", text, count=1))
        except ElementTree.ParseError as error:
            raise self._client.error(url, f"answered no listing ({error})") from error


def presign_for(client: Client, url: str, query: str = "") -> str:
    """Return an address of a store, signed if the dataset has a credential."""
    credential = client.credential
    if credential is None:
        return url + (f"?{query}" if query else "")
    region = str(client.entry.access.options.get("region", "us-east-1"))
    return presign(url, query, credential.pair(), region, dt.datetime.now(dt.UTC))


def presign(
    url: str,
    query: str,
    credential: tuple[str, str],
    region: str,
    now: dt.datetime,
    method: str = "GET",
    expires: int = _VALID_SECONDS,
) -> str:
    """Return an address with an AWS signature (version 4) in its query.

    Parameters
    ----------
    url : str
        Address with its path already quoted, without a query.
    query : str
        Further fields, quoted, in alphabetical order.
    credential : tuple of str
        Key, and secret or ``secret:token``.
    region : str
        Region of the store.
    now : datetime
        Time of signing, UTC.
    method : str
        HTTP method that the signature is good for.
    expires : int
        Seconds that it is good for.

    References
    ----------
    .. [1] AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
    """
    key, (secret, _, token) = credential[0], credential[1].partition(":")
    day, stamp = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{day}/{region}/s3/aws4_request"
    fields = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{key}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(expires),
        "X-Amz-SignedHeaders": "host",
    }
    if token:
        fields["X-Amz-Security-Token"] = token
    pairs = [tuple(pair.split("=", 1)) for pair in query.split("&") if pair]
    pairs += [(name, quote(value, safe="~-._")) for name, value in fields.items()]
    canonical_query = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    parts = urlsplit(url)
    request = "\n".join(
        [
            method,
            parts.path,
            canonical_query,
            f"host:{parts.netloc}",
            "",
            "host",
            "UNSIGNED-PAYLOAD",
        ]
    )
    digest = hashlib.sha256(request.encode()).hexdigest()
    signing = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, digest])
    signature = hmac.new(signing, text.encode(), hashlib.sha256).hexdigest()
    return f"{url}?{canonical_query}&X-Amz-Signature={signature}"


def _signed(bucket: Bucket, granule: Granule) -> Granule:
    key = s3_parts(granule.url, bucket.dataset)[1]
    mirrors = tuple(
        bucket.address(s3_parts(url, bucket.dataset)[1]) if url.startswith("s3:") else url
        for url in granule.mirrors
    )
    return replace(granule, address=bucket.address(key), mirrors=mirrors)
