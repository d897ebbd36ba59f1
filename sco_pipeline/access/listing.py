"""Files that a directory page or a manifest names: method ``listing``."""

from __future__ import annotations

import html.parser
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urlsplit

from ..catalog.models import DatasetEntry, Request
from ..errors import AccessError
from ..settings import Settings
from .absence import NotThereError
from .addresses import clean, follow, may_lead_to, parse, through_mirror
from .client import Client
from .granules import Granule, granules_of, likely_files
from .matching import Listed, chosen, matcher
from .method import access_method, door

_MOST = 200_000


@access_method("listing")
def listing(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name the files that a directory page or a manifest lists.

    ``access.url`` is the address of the listing, or a pattern of such addresses;
    ``access.options.match`` is a pattern of file names with ``*`` (without it, the last part of
    the address is). ``access.options.kind`` is ``directory`` or ``manifest`` (one address a line).

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
        In the order of time.

    Raises
    ------
    AccessError
        If a listing cannot be had, or names a host that the catalog does not allow.
    """
    url, pattern = _page_and_pattern(entry)
    kind = entry.access.options.get("kind", "manifest" if url.endswith(".txt") else "directory")
    access = entry.access.model_copy(update={"url": url, "mirrors": ()})
    pages = granules_of(entry.model_copy(update={"access": access, "preliminary": None}), request)
    client = Client(entry, settings)
    found: list[Listed] = []
    try:
        for page in dict.fromkeys(granule.url for granule in pages):
            read = _manifest if kind == "manifest" else _directory
            found.extend(read(client, page, pattern))
    finally:
        client.close()
    return chosen(entry, request, pattern, found)


@door("listing")
def pages(client: Client) -> list[str]:
    """Return the addresses of the newest and of the first listing."""
    return likely_files(client.entry, _page_and_pattern(client.entry)[0])


def _page_and_pattern(entry: DatasetEntry) -> tuple[str, str]:
    """Return the address of the listing and the pattern of the names in it."""
    url, pattern = entry.access.url, entry.access.options.get("match")
    if pattern is not None:
        return url, str(pattern)
    page, _, last = url.rpartition("/")
    return f"{page}/", last


def _text(client: Client, page: str) -> str:
    url = through_mirror(page, client.settings.mirrors) or page
    try:
        return client.document(url).decode("utf-8", errors="replace")
    except NotThereError:
        # The directory of a month may appear with its first file.
        return ""


def _directory(client: Client, page: str, pattern: str) -> Iterator[Listed]:
    """Yield the files below a directory page; links that lead elsewhere are left out."""
    reader = _Links()
    reader.feed(_text(client, page))
    base = page if page.endswith("/") else page + "/"
    for link in dict.fromkeys(reader.links):
        url = follow(base, link.partition("#")[0].partition("?")[0])
        name = unquote(url.removeprefix(base))
        if url.startswith(base) and name and not name.endswith("/") and ".." not in name:
            yield Listed(name, url)


def _manifest(client: Client, page: str, pattern: str) -> Iterator[Listed]:
    """Yield the addresses of a manifest; one on another host is an error if it matches."""
    home = parse(page, client.entry.id)
    depth = pattern.count("/") + 1
    for line in _text(client, page).splitlines():
        url = follow(page, line.strip())
        if not line.strip() or line.startswith("#"):
            continue
        name = "/".join(unquote(urlsplit(url).path).split("/")[-depth:])
        target = parse(url, client.entry.id)
        if may_lead_to(home, target, client.entry):
            yield Listed(name, url)
        elif matcher(pattern, client.entry.id)(name)[0]:
            raise AccessError(
                f"dataset {client.entry.id!r}: {clean(page)} names files on {target.place}, which "
                "the catalog does not allow; add it to access.allowed_hosts if it is right"
            )


class _Links(html.parser.HTMLParser):
    """Collects the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the target of an anchor."""
        if tag == "a" and len(self.links) < _MOST:
            self.links.extend(value for name, value in attrs if name == "href" and value)
