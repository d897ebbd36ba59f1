"""One small question to an address: its head, or one byte where heads are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http.client import responses

from . import signatures
from .addresses import follow, may_lead_to, parse
from .client import Client
from .health_report import AddressHealth, Verdict
from .response import Response

_REDIRECTS = (301, 302, 303, 307, 308)
_FOR_GOOD = (301, 308)
_HEAD_REFUSED = (400, 401, 403, 405, 501)  # some know no HEAD, and a signature may be for GET only
_LOGIN = re.compile(r"log[-_]?in|sign[-_]?in|oauth|openid|saml|/sso|/cas/", re.I)
_ONE_BYTE = {"Range": "bytes=0-0"}
_A_PAGE_SHOWS_IN = {"Range": "bytes=0-1023"}


@dataclass(frozen=True)
class Answer:
    """What came at the end of the hops that are allowed.

    Attributes
    ----------
    status : int
        HTTP status.
    etag, last_modified : str, optional
        Version of what lies there.
    is_page : bool
        Whether it calls itself a web page.
    head : bytes
        First bytes, if they were asked for.
    moved_to : str, optional
        Host of a redirect that is meant to stay, or that the catalog does not allow.
    wants_login : bool
        Whether the last redirect leads to a login.
    """

    status: int
    etag: str | None = None
    last_modified: str | None = None
    is_page: bool = False
    head: bytes = b""
    moved_to: str | None = None
    wants_login: bool = False


def ask(client: Client, url: str, before: AddressHealth | None) -> Answer:
    """Ask an address, on condition that it changed since an earlier answer.

    Raises
    ------
    AccessError
        If nothing is answered, or the address may not be asked.
    """
    condition = {}
    if before is not None and before.etag:
        condition["If-None-Match"] = before.etag
    if before is not None and before.last_modified:
        condition["If-Modified-Since"] = before.last_modified

    def action() -> Answer:
        answer = _at_the_end(client, url, "HEAD", condition)
        if answer.status in _HEAD_REFUSED:
            answer = _at_the_end(client, url, "GET", {**condition, **_ONE_BYTE})
        if answer.is_page and answer.status == 200:
            answer = replace(answer, head=_at_the_end(client, url, "GET", _A_PAGE_SHOWS_IN).head)
        return answer

    return client.retry(url, action)


def verdict_of(answer: Answer, client: Client) -> tuple[Verdict, str]:
    """Return what an answer means, and a sentence where the word says too little."""
    status = answer.status
    said = f"{status} {responses.get(status, '')}".strip()
    if answer.wants_login or status in (401, 403, 407):
        return "asks for login", f"leads to {answer.moved_to}" if answer.wants_login else said
    if status in _REDIRECTS:
        return "moved", f"leads to {answer.moved_to}, which the catalog does not allow"
    if status in (408, 425, 429) or status >= 500:
        return "unreachable", said
    if status >= 400 and status != 416:
        return "gone", said
    if answer.is_page and client.entry.access.method != "listing":
        kind = signatures.kind_of(answer.head)
        if "login" in kind:
            return "asks for login", f"sends {kind}"
        if kind.startswith("an HTML"):
            return "gone", f"sends {kind}"
    return ("moved", f"for good, to {answer.moved_to}") if answer.moved_to else ("ok", "")


def _at_the_end(client: Client, url: str, method: str, headers: Mapping[str, str]) -> Answer:
    """Follow the redirects that are allowed."""
    dataset, at, moved_to = client.entry.id, url, None
    start = parse(url, dataset)
    for _ in range(client.limits.redirects + 1):
        with client.ask(at, method, headers) as response:
            answer = _read(client, response, method)
            location = response.getheader("Location")
        if answer.status not in _REDIRECTS or not location:
            return replace(answer, moved_to=moved_to)
        at = follow(at, location)
        target = parse(at, dataset)
        downgraded = start.scheme == "https" and target.scheme == "http"
        if downgraded or not may_lead_to(start, target, client.entry):
            login = bool(_LOGIN.search(at))
            return replace(answer, moved_to=f"{target.scheme}://{target.place}", wants_login=login)
        if answer.status in _FOR_GOOD:
            moved_to = f"{target.scheme}://{target.place}"
    raise client.error(url, f"was redirected more than {client.limits.redirects} times")


def _read(client: Client, response: Response, method: str) -> Answer:
    with client.watched():
        head = response.read(1024) if method == "GET" else response.read()
    return Answer(
        response.status, response.getheader("ETag"), response.getheader("Last-Modified"),
        (response.getheader("Content-Type") or "").lower().startswith("text/html"), head,
    )  # fmt: skip
