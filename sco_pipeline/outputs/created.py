"""The date of a product, which follows from its inputs and never from the clock."""

from __future__ import annotations

import email.utils
import os
from collections.abc import Sequence
from datetime import UTC, datetime

from ..catalog import FetchRecord, Period


def date_created(records: Sequence[FetchRecord], coverage: Period) -> str | None:
    """Return a date that depends on the inputs alone; see `describe`."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch and epoch.isdigit():
        return _iso(datetime.fromtimestamp(int(epoch), UTC))
    given = [
        email.utils.parsedate_to_datetime(file.last_modified)
        for record in records
        for file in record.files
        if file.last_modified and file.url.startswith("http") and _is_http_date(file.last_modified)
    ]
    if given:
        return _iso(max(given))
    if coverage.end is None:
        return None
    return _iso(datetime.combine(coverage.end, datetime.max.time(), UTC).replace(microsecond=0))


def _is_http_date(text: str) -> bool:
    return email.utils.parsedate(text) is not None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
