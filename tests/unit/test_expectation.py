"""What a computation takes is said before it starts, and how far it is while it runs."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import yaml
from distributed import LocalCluster

import sco_pipeline as sco
from sco_pipeline.catalog import IndicatorRequest, Recipe
from tests.unit.indicators import daily_files

YEARS, SHAPE = (2001, 2002, 2003), (6, 8)


@pytest.fixture(scope="module")
def recipe():
    wanted = tuple(IndicatorRequest(id=name) for name in ("su", "cdd"))
    return Recipe(
        id="hot-and-dry", title="Hot and dry", summary="For a test.", indicators=wanted,
        inputs={"tasmax": "daily-tasmax", "pr": "daily-pr"}, cadence="once",
    )  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    directory = tmp_path_factory.mktemp("daily")
    filters = {"compression": 4, "shuffle": True}
    daily_files.write(directory, YEARS, SHAPE, chunks=(1, *SHAPE), filters=filters)
    return daily_files.read(directory)


def test_the_estimate_tells_bytes_blocks_and_memory(recipe, inputs, settings):
    found = sco.estimate(recipe, inputs, settings)
    assert found.read_bytes == 2 * 2 * 1095 * np.prod(SHAPE)
    assert found.blocks == len(YEARS)
    assert 0 < found.seconds < 60
    assert found.memory_bytes < settings.memory_limit
    assert found.scratch_bytes == 0
    assert str(found).startswith("reads 0.2 MB in 3 blocks, about ")


def test_computing_logs_the_estimate_and_tells_of_every_block(recipe, inputs, settings, caplog):
    told = []
    with caplog.at_level(logging.INFO, logger="sco_pipeline"):
        sco.compute(recipe, inputs, settings, progress=told.append)
    assert caplog.messages[0].startswith("hot-and-dry: reads 0.2 MB in 3 blocks, about ")
    assert [str(report) for report in told] == [
        f"hot-and-dry computed: {done} of 3 blocks, {size} MB"
        for done, size in ((1, "0.1"), (2, "0.1"), (3, "0.2"))
    ]


def test_a_cluster_gives_the_bytes_of_threads(recipe, inputs, settings, tmp_path):
    """At an address of a scheduler, and as a cluster that a file names."""
    expected = sco.compute(recipe, inputs, settings)
    place = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    one = {"n_workers": 1, "threads_per_worker": 2, "processes": True}
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump({"cluster": "distributed.LocalCluster", "options": one}))
    where = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(**place, **where) as cluster:
        for dask in (cluster.scheduler_address, str(file)):
            found = sco.compute(recipe, inputs, settings.model_copy(update={"dask": dask}))
            for name in expected.data_vars:
                assert found[name].values.tobytes() == expected[name].values.tobytes(), name
