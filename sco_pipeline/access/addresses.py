"""Which addresses may be connected to, and how they are written in messages and records."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from ..catalog.models import DatasetEntry
from ..errors import AccessError, CatalogError
from ..settings import Settings

_PORTS = {"http": 80, "https": 443}
_SIGNATURES = re.compile(
    r"^(x-amz-.*|sig|se|sp|sv|sr|st|skoid|sktid|skt|ske|sks|skv|signature|expires|key-pair-id|"
    r"awsaccesskeyid|.*token|api[-_]?key|apikey|password|secret)$",
    re.IGNORECASE,
)
# Networks that carry an IPv4 address inside an IPv6 one.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

SocketAddress = tuple[socket.AddressFamily, tuple[Any, ...]]


@dataclass(frozen=True)
class Address:
    """An http(s) address in its parts.

    Attributes
    ----------
    scheme : {"http", "https"}
        Protocol.
    host : str
        Name or number, in lower case.
    port : int
        Port, also where the address gives none.
    target : str
        Path and query as they are sent.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port."""
        return (self.scheme, self.host, self.port)

    @property
    def place(self) -> str:
        """Host, with the port where it is not the usual one."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"

    def __str__(self) -> str:
        """Return the address."""
        return f"{self.scheme}://{self.place}{self.target}"


@lru_cache
def parse(url: str, dataset: str) -> Address:
    """Return the parts of an http(s) address, or raise `AccessError` naming the broken rule."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AccessError(
            f"dataset {dataset!r}: the address {clean(url)!r} is no address"
        ) from error
    shown = clean(url)
    if parts.scheme not in _PORTS:
        raise AccessError(
            f"dataset {dataset!r}: {shown} is refused: only http and https addresses are fetched"
        )
    if not parts.hostname or re.search(r"[\x00-\x20\x7f\\]", url):
        raise AccessError(f"dataset {dataset!r}: {shown!r} is refused: it is no proper address")
    if parts.username or parts.password:
        raise AccessError(
            f"dataset {dataset!r}: {shown} is refused: it carries a user name or a password; "
            "name a credential instead and set it as SCO_TOKENS__<CREDENTIAL>"
        )
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]")
    return Address(parts.scheme, parts.hostname.lower(), port or _PORTS[parts.scheme], target)


def follow(url: str, location: str) -> str:
    """Return the absolute address of a redirect or a link; what is no address stays as it is."""
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def through_mirror(url: str, mirrors: dict[str, str]) -> str | None:
    """Return the address in the mirror that the settings name for a host, or None."""
    parts = urlsplit(url)
    base = mirrors.get(parts.netloc) or mirrors.get(parts.hostname or "")
    if base is None:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return base.rstrip("/") + (parts.path or "/") + query


def may_lead_to(start: Address, target: Address, entry: DatasetEntry) -> bool:
    """Tell whether a redirect or link from `start` to `target` stays on allowed hosts."""
    if (start.host, start.port) == (target.host, target.port):
        return True
    if start.host == target.host and (start.port, target.port) == (80, 443):
        return True
    allowed = entry.access.allowed_hosts
    return target.place in allowed or (target.host in allowed and ":" not in target.host)


def resolve(address: Address, settings: Settings, dataset: str) -> list[SocketAddress]:
    """Look up a host once and return the socket addresses that may be connected to.

    Raises
    ------
    AccessError
        If any of its addresses is private, loopback or otherwise not public, unless the settings
        name the host in `private_hosts` or as a mirror; retryable if the name does not resolve.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AccessError(
            f"dataset {dataset!r}: the host {address.host} cannot be found; "
            "check the address and the network",
            retryable=isinstance(error, OSError),
        ) from error
    allowed = _is_private_allowed(address, settings)
    for *_, place in found:
        if not allowed and not _is_public(str(place[0])):
            raise AccessError(
                f"dataset {dataset!r}: {address.place} is refused: it leads to {place[0]}, which "
                "is no public address; name the host in SCO_PRIVATE_HOSTS if it is yours"
            )
    return [(family, place) for family, _, _, _, place in found]


def s3_parts(url: str, dataset: str) -> tuple[str, str]:
    """Return bucket and key of an ``s3://`` address."""
    match = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,62})(?:/(.*))?", url, re.S)
    if not match:
        raise CatalogError(
            f"dataset {dataset!r}: {url!r} is no s3 address; expected s3://bucket/key"
        )
    return match[1], match[2] or ""


def s3_base(entry: DatasetEntry, bucket: str) -> str:
    """Return the http(s) address that the keys of a bucket are appended to."""
    endpoint = entry.access.options.get("endpoint")
    if endpoint:
        return f"{str(endpoint).rstrip('/')}/{bucket}/"
    region = entry.access.options.get("region", "us-east-1")
    # A dot in the name would not fit the certificate of the bucket's own host.
    if "." in bucket:
        return f"https://s3.{region}.amazonaws.com/{bucket}/"
    return f"https://{bucket}.s3.{region}.amazonaws.com/"


def is_loopback(host: str) -> bool:
    """Tell whether a host is written as this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def clean(url: str) -> str:
    """Return an address without user name, password and signatures, for messages and records."""
    try:
        parts = urlsplit(url)
        netloc = parts.netloc.rpartition("@")[2]
        query = parts.query
    except ValueError:
        return re.sub(r"//[^/]*@", "//", url)[:300]
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        kept = [(name, value) for name, value in pairs if not _SIGNATURES.match(name)]
        query = query if len(kept) == len(pairs) else urlencode(kept)
    return urlunsplit((parts.scheme, netloc, parts.path, query, ""))[:2000]


def _is_private_allowed(address: Address, settings: Settings) -> bool:
    named = settings.private_hosts
    if address.host in named or f"{address.host}:{address.port}" in named:
        return True
    for base in settings.mirrors.values():
        parts = urlsplit(base)
        if (
            parts.hostname == address.host
            and (parts.port or _PORTS.get(parts.scheme)) == address.port
        ):
            return True
    return False


def _is_public(number: str) -> bool:
    """Tell whether an IP address is one of the public network."""
    ip = ipaddress.ip_address(number.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
        elif ip.teredo is not None:
            return False
    return ip.is_global and not ip.is_multicast
