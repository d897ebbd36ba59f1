"""Where dask computes: threads of this process, a scheduler, or a cluster named in a file."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import ScoError
from .settings import Settings


@contextmanager
def cluster(settings: Settings) -> Iterator[None]:
    """Compute inside this context where `settings.dask` says.

    Parameters
    ----------
    settings : Settings
        ``dask`` is ``"threads"``, a scheduler address such as ``tcp://127.0.0.1:8786``, or the
        path of a YAML file with ``cluster:`` (a class, e.g. ``distributed.LocalCluster``) and
        ``options:``.

    Raises
    ------
    ScoError
        If the setting is none of the three, nothing answers at the address, or the workers die.
    """
    import dask

    if settings.dask == "threads":
        with dask.config.set(scheduler="threads"):
            yield
    elif "://" in settings.dask:
        with _client(settings.dask), _deaths_by_name(settings.dask):
            yield
    else:
        with (
            _cluster_from_file(Path(settings.dask)) as started,
            _client(started),
            _deaths_by_name(settings.dask),
        ):
            yield


@contextmanager
def _deaths_by_name(where: str) -> Iterator[None]:
    """Say in one sentence that workers died; dask has then tried the work on others."""
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    try:
        yield
    except (KilledWorker, FutureCancelledError) as error:
        raise ScoError(
            f"the dask workers of {where} died while they computed ({type(error).__name__}); give "
            "them more memory, look into their logs, or set SCO_DASK=threads"
        ) from error


def _client(target: Any) -> Any:
    """Connect to a scheduler address or a cluster object."""
    from distributed import Client

    try:
        return Client(target, timeout=30)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError) as error:
        raise ScoError(
            f"no dask scheduler answers at {target}; start one or set SCO_DASK=threads"
        ) from error


def _cluster_from_file(path: Path) -> Any:
    """Start the cluster that a YAML file names; a local one listens on loopback only."""
    import yaml

    if not path.is_file():
        raise ScoError(
            f"SCO_DASK is {str(path)!r}, which is neither 'threads', a scheduler address "
            "(tcp://host:port) nor an existing YAML file"
        )
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    keys = set(content) if isinstance(content, dict) else set()
    if "cluster" not in keys or keys - {"cluster", "options"}:
        raise ScoError(
            f"{path} must hold 'cluster:' (a class) and may hold 'options:'; found {content!r:.80}"
        )
    module, _, name = str(content["cluster"]).rpartition(".")
    options = dict(content.get("options") or {})
    if name == "LocalCluster":
        options = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", **options}
    return getattr(importlib.import_module(module), name)(**options)
