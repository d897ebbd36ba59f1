"""A catalog whose archive is a loopback server, and one Prefect server for all flow tests."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Prefect reads this when it is imported; nothing of the user's own may be touched.
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="sco-prefect-")
for name in ("PREFECT_API_URL", "PREFECT_PROFILE"):
    os.environ.pop(name, None)

from tests.flows.archive import Archive  # noqa: E402
from tests.servers import FaultServer  # noqa: E402


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    directory = tmp_path / "catalog"
    directory.mkdir()
    with FaultServer() as server:
        yield Archive(server, directory)


@pytest.fixture
def here(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory whose cache and outputs the flows of this process use."""
    for name, value in archive.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[str]:
    """Address of one Prefect server with an empty database, which the flows of this process use."""
    from prefect.settings import get_current_settings
    from prefect.testing.utilities import prefect_test_harness

    import flows  # noqa: F401  its settings come before Prefect

    with prefect_test_harness(server_startup_timeout=120):
        yield str(get_current_settings().api.url)
