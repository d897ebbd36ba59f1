"""Credentials: where they come from, and the one host that they go to.

They are looked for in the settings (environment ``SCO_TOKENS__<SCOPE>``), then in the netrc file,
then as a file ``<SCOPE>`` in ``settings.token_dir``. The value never leaves this module other than
in the headers or the address of a request to its own host.
"""

from __future__ import annotations

import base64
import netrc
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..catalog.models import DatasetEntry
from ..errors import AccessError, CatalogError, unknown
from ..settings import Settings
from .addresses import Address, is_loopback, parse, s3_base, s3_parts

SCHEMES = ("bearer", "basic", "header", "query", "s3")
# Header of the interfaces that have one of their own.
_USUAL = {"cds": "PRIVATE-TOKEN"}


@dataclass(frozen=True)
class Credential:
    """A secret and the one host that it is sent to.

    Attributes
    ----------
    scope : str
        Name in the catalog.
    source : str
        Where it was found, in words.
    host, port : str, int
        The host that it belongs to.
    scheme : str
        How it is sent: one of `SCHEMES`.
    name : str
        Name of the header or of the query field.
    """

    scope: str
    source: str
    host: str
    port: int
    scheme: str
    name: str
    _secret: str = field(repr=False)

    def belongs_to(self, address: Address) -> bool:
        """Tell whether it may be sent with a request to an address."""
        safe = address.scheme == "https" or is_loopback(address.host)
        return safe and (address.host, address.port) == (self.host, self.port)

    def headers(self) -> dict[str, str]:
        """Return the request headers that carry it."""
        if self.scheme == "bearer":
            return {"Authorization": f"Bearer {self._secret}"}
        if self.scheme == "basic":
            return {"Authorization": f"Basic {_base64(self._secret)}"}
        if self.scheme == "header":
            return {self.name: self._secret}
        return {}

    def query(self) -> str:
        """Return the part of the address that carries it."""
        return (
            f"{quote(self.name)}={quote(self._secret, safe='')}" if self.scheme == "query" else ""
        )

    def pair(self) -> tuple[str, str]:
        """Return key and secret of a pair written ``key:secret``."""
        key, _, secret = self._secret.partition(":")
        return key, secret

    def hide(self, text: str) -> str:
        """Return a text without the secret, however it is written."""
        forms = {self._secret, quote(self._secret, safe=""), _base64(self._secret)}
        if self.scheme in ("basic", "s3"):
            forms.add(self.pair()[1])
        for form in sorted(forms, key=len, reverse=True):
            if form:
                text = text.replace(form, "***")
        return text


def credential_of(entry: DatasetEntry, settings: Settings) -> Credential | None:
    """Return the credential of a dataset; None if it needs none.

    Raises
    ------
    AccessError
        If it needs one that is not set; the message says where to set it and where to get it.
    """
    scope = entry.access.credential
    if scope is None:
        return None
    options = _options(entry)
    host, port = _home(entry, options)
    found = _find(scope, host, settings, entry.id)
    if found is None:
        name = scope.upper().replace("-", "_")
        account = options.get("account") or entry.documentation
        raise AccessError(
            f"dataset {entry.id!r} needs the credential {scope!r}: set SCO_TOKENS__{name}, or a "
            f"line for {host} in the netrc file, or a file {scope!r} in SCO_TOKEN_DIR"
            + (f"; accounts are given at {account}" if account else "")
        )
    secret, source = found
    usual = "s3" if entry.access.url.startswith("s3:") else "bearer"
    if entry.access.method in _USUAL:
        usual = "header"
    scheme = options.get("scheme") or ("basic" if source.startswith("netrc") else usual)
    if scheme not in SCHEMES:
        raise CatalogError(f"dataset {entry.id!r}: {unknown('auth scheme', scheme, SCHEMES)}")
    if source.startswith("netrc") and usual == "s3":
        scheme = usual
    if source.startswith("netrc") and scheme not in ("basic", "s3"):
        secret = secret.partition(":")[2]
    name = str(options.get("name") or _USUAL.get(entry.access.method, "X-API-Key"))
    return Credential(scope, source, host, port, scheme, name, secret)


def source_of(entry: DatasetEntry, settings: Settings) -> str | None:
    """Say where the credential of a dataset is found, never what it is; None if it is not set.

    Raises
    ------
    AccessError
        If the netrc file cannot be read.
    """
    scope = entry.access.credential
    if scope is None:
        return None
    found = _find(scope, _home(entry, _options(entry))[0], settings, entry.id)
    return found[1] if found else None


def _options(entry: DatasetEntry) -> dict[str, Any]:
    options = entry.access.options.get("auth", {})
    if not isinstance(options, dict):
        raise CatalogError(f"dataset {entry.id!r}: access.options.auth must map names to values")
    return options


def _home(entry: DatasetEntry, options: dict[str, Any]) -> tuple[str, int]:
    """Return the one host that the credential of a dataset belongs to."""
    url = options.get("host")
    if url is None and entry.access.url.startswith("s3:"):
        url = s3_base(entry, s3_parts(entry.access.url.partition("{")[0], entry.id)[0])
    if url is None and entry.access.method == "cmr" and entry.access.allowed_hosts:
        url = entry.access.allowed_hosts[0]
    if url is None:
        url = entry.access.url
    elif "://" not in str(url):
        # A loopback host of a test speaks no https.
        url = f"http{'' if is_loopback(str(url).partition(':')[0]) else 's'}://{url}"
    # Fields of a pattern stand in the path; a host never holds one.
    home = parse(str(url).partition("{")[0], entry.id)
    return home.host, home.port


def _find(scope: str, host: str, settings: Settings, dataset: str) -> tuple[str, str] | None:
    """Return the secret and the words for its source."""
    wanted = scope.replace("-", "_").lower()
    for name, token in settings.tokens.items():
        if name.replace("-", "_").lower() == wanted:
            return token.get_secret_value(), f"environment SCO_TOKENS__{wanted.upper()}"
    path = settings.netrc or Path.home() / ".netrc"
    if path.is_file():
        login = _from_netrc(path, host, dataset)
        if login is not None:
            return login, f"netrc {path}"
    if settings.token_dir is not None and (settings.token_dir / scope).is_file():
        path = settings.token_dir / scope
        return path.read_text(encoding="utf-8").strip(), f"file {path}"
    return None


def _from_netrc(path: Path, host: str, dataset: str) -> str | None:
    try:
        lines = netrc.netrc(str(path))
    except (netrc.NetrcParseError, OSError, UnicodeError):
        # The parser's own message may repeat a password.
        raise AccessError(
            f"dataset {dataset!r}: {path} is not a readable netrc file; expected lines "
            "'machine HOST login NAME password PASSWORD'"
        ) from None
    # `default` lines would hand one password to every host.
    if host not in lines.hosts:
        return None
    login, _, password = lines.hosts[host]
    return f"{login}:{password}"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
