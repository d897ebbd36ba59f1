"""Fixtures of every kind of test; nothing but loopback is reachable."""

import logging
import os
import socket
import sys
from pathlib import Path

import pytest

os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")

_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


@pytest.fixture(autouse=True, scope="session")
def _only_loopback():
    """Refuse every connection that would leave this machine."""
    patch = pytest.MonkeyPatch()
    connect = socket.socket.connect

    def guarded(self, address):
        host = address[0] if isinstance(address, tuple) else ""
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(host).startswith(_LOOPBACK):
            raise OSError(f"a test tried to reach {address}; only loopback is allowed")
        return connect(self, address)

    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data beside the project; tests that use it are skipped where it is absent."""
    folder = Path(os.environ.get("SCO_SHARED", Path(__file__).parents[2] / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}; set SCO_SHARED")
    return folder


@pytest.fixture
def settings(tmp_path):
    """Settings whose cache and outputs lie in a fresh directory."""
    from sco_pipeline import Settings

    return Settings(cache_dir=tmp_path / "cache", output_dir=tmp_path / "outputs")


@pytest.fixture(autouse=True)
def _log_as_it_was():
    """Put back what the command changes about the log of the package."""
    logger = logging.getLogger("sco_pipeline")
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers, logger.level = handlers, level


@pytest.fixture(autouse=True)
def _no_host_remembered():
    """Forget what hosts asked for: the port of one test's server may be that of the next."""
    hosts = sys.modules.get("sco_pipeline.access.hosts")
    if hosts is not None:
        hosts._hosts.clear()
