"""Dask workers that listen (M12) and die (P7)."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import dask
import dask.array as da
import numpy as np
import psutil
import pytest

from sco_pipeline import ScoError, Settings
from sco_pipeline.computing import cluster

CLUSTER = "cluster: distributed.LocalCluster\noptions: {n_workers: 2, threads_per_worker: 1}\n"
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root = tmp_path_factory.mktemp("cluster")
    (root / "cluster.yaml").write_text(CLUSTER)
    return Settings(dask=str(root / "cluster.yaml"), cache_dir=root)


@pytest.fixture(scope="module")
def started(local: Settings) -> Iterator[set[Any]]:
    """The cluster at work; gives what this process listened to before."""
    before = {c.laddr for c in psutil.Process().net_connections("tcp") if c.status == "LISTEN"}
    with cluster(local):
        yield before


def workers() -> list[psutil.Process]:
    """The processes in which tasks run."""
    below = psutil.Process().children(recursive=True)
    return [child for child in below if "spawn_main" in " ".join(child.cmdline())]


def slow(block: np.ndarray) -> np.ndarray:
    time.sleep(0.2)
    return block + 1.0


def deadly(block: np.ndarray) -> np.ndarray:
    if block.size:  # dask asks an empty block first what it becomes
        os.kill(os.getpid(), signal.SIGKILL)
    return block


def test_m12_everything_listens_on_loopback_only(started: set[Any]) -> None:
    assert float(da.ones(10, chunks=5).sum().compute()) == 10.0
    listening = [
        connection.laddr
        for process in [psutil.Process(), *psutil.Process().children(recursive=True)]
        for connection in process.net_connections("all")
        if connection.status == "LISTEN" and connection.laddr not in started
    ]
    assert len(listening) >= 3  # the scheduler and two workers
    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_p7_a_worker_that_dies_is_replaced_and_the_result_is_right(started: set[Any]) -> None:
    values = np.random.default_rng(0).random(20)
    lazy = da.from_array(values, chunks=2).map_blocks(slow, dtype=float, meta=np.empty(0))
    killed: list[int] = []

    def kill_one() -> None:
        time.sleep(0.4)
        victim = workers()[0]
        killed.append(victim.pid)
        victim.kill()

    killer = threading.Thread(target=kill_one)
    killer.start()
    found = lazy.compute()
    killer.join()
    assert killed
    assert float(np.abs(found - (values + 1.0)).max()) == 0.0


def test_p7_a_task_that_kills_its_workers_ends_by_name(local: Settings) -> None:
    lazy = da.ones(4, chunks=4).map_blocks(deadly, dtype=float, meta=np.empty(0))
    start = time.monotonic()
    few = dask.config.set({"distributed.scheduler.allowed-failures": 1})
    with few, pytest.raises(ScoError, match=r"died while they computed.*SCO_DASK"), cluster(local):
        lazy.compute()
    assert time.monotonic() - start < 60
