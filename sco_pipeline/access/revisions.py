"""Whether a file that is here must be asked for again, and why one is not there."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Literal

from ..catalog.models import DatasetEntry, FetchedFile
from ..errors import AccessError
from ..settings import Settings
from .absence import NotThereError
from .addresses import through_mirror
from .client import Client, TransientError
from .granules import PATIENCE_DAYS, Granule

logger = logging.getLogger(__name__)


def is_due(
    file: FetchedFile, granule: Granule, settings: Settings, now: dt.datetime, refresh: bool
) -> bool:
    """Tell whether the archive should be asked if a file changed.

    Time only decides when to ask; what the archive then says decides whether to fetch.
    """
    if granule.sha256 is not None and granule.sha256 == file.sha256:
        return False
    if file.checked is None or granule.version not in (None, file.etag):
        return True
    if refresh:
        return file.checked < now
    # A clock that was set back makes the age negative.
    return abs((now - file.checked).total_seconds()) > settings.recheck_days * 86400


def has_changed(client: Client, granule: Granule, file: FetchedFile) -> bool:
    """Ask the archive whether a file changed: strong ETag, else size or date.

    An archive that cannot be asked now, or no longer has the file, has not changed it.
    """
    if granule.version is not None:
        return granule.version != file.etag
    if granule.receive is not None:
        recent = granule.period is None or granule.period.end is None
        return recent or _days_since(granule) < PATIENCE_DAYS
    address = granule.address or granule.url
    url = through_mirror(address, client.settings.mirrors) or address
    try:
        etag, date, size = client.retry(url, lambda: head(client, url))
    except NotThereError:
        logger.warning("dataset %s: %s is gone; the copy is used", client.entry.id, granule.url)
        return False
    except AccessError as error:
        logger.warning("%s; the copy in the cache is used", error)
        return False
    if _is_strong(etag) and _is_strong(file.etag) and not file.served_by:
        return etag != file.etag
    return (size is not None and size != file.size) or bool(
        date and file.last_modified and date != file.last_modified
    )


def reason_of(granule: Granule, entry: DatasetEntry) -> Literal["late", "missing"]:
    """Say why a file is not there: not published yet, or a gap."""
    period = granule.period
    if period is None or period.end is None:
        return "missing"
    if entry.coverage.end is not None:
        return "late" if period.end > entry.coverage.end else "missing"
    wait = 2 * entry.latency_days if entry.latency_days is not None else PATIENCE_DAYS
    return "late" if _days_since(granule) <= wait else "missing"


def _days_since(granule: Granule) -> int:
    assert granule.period is not None and granule.period.end is not None
    return (dt.datetime.now(dt.UTC).date() - granule.period.end).days


def head(client: Client, url: str) -> tuple[str | None, str | None, int | None]:
    """Return ETag, date and size that one attempt at an address tells, without its body."""
    try:
        with client.open(url, method="HEAD") as response:
            response.read()
            size = response.getheader("Content-Length")
            return response.getheader("ETag"), response.getheader("Last-Modified"), _number(size)
    except AccessError as error:
        # Some servers know no HEAD, and a signature may be good for GET only.
        if not any(f" {code} " in str(error) for code in (403, 405, 501)):
            raise
    with client.open(url, headers={"Range": "bytes=0-0"}) as response:
        if response.status == 206:
            size = (response.getheader("Content-Range") or "").rpartition("/")[2]
        else:
            size = response.getheader("Content-Length")
        found = response.getheader("ETag"), response.getheader("Last-Modified"), _number(size)
        if found == (None, None, None):
            raise TransientError("says nothing about the version of the file")
        return found


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _is_strong(etag: str | None) -> bool:
    return bool(etag) and not str(etag).startswith("W/")
