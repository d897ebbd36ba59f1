"""What is fetched of a hostile server, and what is said when it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from sco_pipeline.access import fetch
from sco_pipeline.catalog.models import FetchRecord
from sco_pipeline.errors import AccessError, CatalogError
from sco_pipeline.settings import Settings
from tests.sample_files import REQUEST, entry_for


def get(url: str, settings: Settings, **access: Any) -> FetchRecord:
    return fetch(entry_for(url, **access), REQUEST, settings)


def refused(url: str, settings: Settings, match: str, **access: Any) -> str:
    with pytest.raises((AccessError, CatalogError), match=match) as caught:
        get(url, settings, **access)
    assert not getattr(caught.value, "retryable", False)
    assert "'demo'" in str(caught.value)
    return str(caught.value)
