"""One file fetched of a server that plays faults: as it should be, as it fails, and repaired."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from sco_pipeline.access import fetch
from sco_pipeline.catalog.models import FetchedFile
from sco_pipeline.errors import AccessError
from sco_pipeline.settings import Settings
from tests.sample_files import REQUEST, entry_for, in_cache, netcdf4
from tests.servers import FaultServer

BODY = netcdf4(packed=True)
SHA = hashlib.sha256(BODY).hexdigest()


def get(url: str, settings: Settings, **access: Any) -> FetchedFile:
    (file,) = fetch(entry_for(url, **access), REQUEST, settings).files
    return file


def fails(
    url: str, settings: Settings, match: str, *, retryable: bool, **access: Any
) -> AccessError:
    with pytest.raises(AccessError, match=match) as caught:
        get(url, settings, **access)
    assert caught.value.retryable is retryable
    assert "'demo'" in str(caught.value)
    assert in_cache(Path(settings.cache_dir).parent) == []
    return caught.value


def repaired(a: FaultServer, path: str, settings: Settings, body: bytes = BODY) -> None:
    """The fault is gone: the next run gives the right bytes."""
    del a.plays[path]
    a.put(path, body)
    assert Path(get(a.url(path), settings).path).read_bytes() == body
