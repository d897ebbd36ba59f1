"""Flows started from the command line, as a person does."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil
import pytest

import sco_pipeline as sco
from tests.flows.archive import Archive
from tests.flows.processes import environment, free_port, process, run, wait_until
from tests.servers import FaultServer, Handler, Play, status


def test_the_main_job_says_what_it_made_and_does_it_once(tmp_path: Path) -> None:
    env = environment(
        tmp_path / "home",
        SCO_CACHE_DIR=str(tmp_path / "cache"),
        SCO_OUTPUT_DIR=str(tmp_path / "outputs"),
        PREFECT_API_URL=f"http://127.0.0.1:{free_port()}/api",  # of no concern to the main job
    )
    first = run(["-m", "flows.main"], env)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "3 of 3 products are to be made" in first.stdout
    products = sorted(tmp_path.glob("outputs/*/**/*.*"))
    for path in products:
        beside = sum(other.parent == path.parent for other in products)
        told = (f"  {path}\n", f"  {path.parent} ({beside} files)\n")
        assert path.name == "product.json" or any(words in first.stdout for words in told)
    assert {path.suffix for path in products} >= {".nc", ".png", ".csv"}
    assert "xarray.open_dataset" in first.stdout
    assert "not a climate normal" in first.stdout
    stamps = {path: path.stat().st_mtime_ns for path in products}

    start = time.monotonic()
    second = run(["-m", "flows.main"], env)
    assert second.returncode == 0, second.stderr
    assert "up to date; nothing to do" in second.stdout
    assert second.stderr == ""  # no server was started
    assert {path: path.stat().st_mtime_ns for path in products} == stamps
    assert time.monotonic() - start < 60
    assert not (tmp_path / "home/prefect.db").exists()


def test_without_a_server_there_is_one_line_and_nothing_changes(
    archive: Archive, tmp_path: Path
) -> None:
    env = environment(
        tmp_path / "home",
        PREFECT_API_URL=f"http://127.0.0.1:{free_port()}/api",
        **archive.environment(tmp_path),
    )
    done = run(["-m", "flows.indicators", "good"], env)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("sco: no Prefect server answers at http://127.0.0.1:")
    assert "sco run" in done.stderr
    assert archive.server.hits() == []
    assert not (tmp_path / "outputs").exists()


def test_a_run_that_waits_an_hour_ends_at_once_when_it_is_told_to(
    archive: Archive, tmp_path: Path, prefect_server: str
) -> None:
    """SIGTERM: the run is crashed, no process and no temporary file stays."""
    from prefect import get_client

    env = environment(
        tmp_path / "home", PREFECT_API_URL=prefect_server, **archive.environment(tmp_path)
    )
    log = tmp_path / "log"
    with process(["-m", "flows.indicators", "--cadence", "daily"], env, log) as child:
        said = "'fetch down' - Task run failed with exception: AccessError"
        wait_until(lambda: said in log.read_text(), 90, "the task waits for its next try")
        children = psutil.Process(child.pid).children(recursive=True)
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 128 + signal.SIGTERM
    assert not any(found.is_running() for found in children)
    assert "Finished in state Crashed" in log.read_text()
    with get_client(sync_client=True) as client:
        newest = max(client.read_flow_runs(), key=lambda found: found.created)
    assert newest.state is not None
    assert newest.state.is_crashed()
    left = [path for path in (tmp_path / "outputs").rglob("*") if path.is_file()]
    assert [p for p in left if p.suffix not in (".lock", ".json", ".nc")] == []
    assert [path for path in left if ".staging" in str(path)] == []


def test_a_run_that_is_told_to_end_while_writing_leaves_the_product_as_it_was(
    archive: Archive, here: Path, prefect_server: str
) -> None:
    """SIGTERM half through a file: crashed, the staging place is gone, the product is whole."""
    before = sco.run("good")
    stamps = [path.stat().st_mtime_ns for path in before.paths()]
    env = environment(here / "home", PREFECT_API_URL=prefect_server, **archive.environment(here))
    with process(["-m", "tests.flows.stuck_writer", "good"], env, here / "log") as child:
        wait_until(lambda: list(here.glob("outputs/.good.staging/*")), 90, "half a file is written")
        child.send_signal(signal.SIGTERM)
        child.wait(60)
    assert "Finished in state Crashed" in (here / "log").read_text()
    assert sorted(path.name for path in (here / "outputs").iterdir()) == [".good.lock", "good"]
    assert [path.stat().st_mtime_ns for path in before.paths()] == stamps
    assert sco.run("good").up_to_date


def silent(handler: Handler) -> None:
    handler.server.owner.stopped.wait(60)


@pytest.mark.parametrize("play", [silent, status(503, b"database is locked")])
def test_a_server_that_is_slow_or_locked_is_one_line_and_nothing_changes(
    archive: Archive, tmp_path: Path, play: Play
) -> None:
    with FaultServer() as prefect:
        env = environment(
            tmp_path / "home",
            PREFECT_API_URL=prefect.play("/api/health", play).removesuffix("/health"),
            PREFECT_API_REQUEST_TIMEOUT="1",
            PREFECT_CLIENT_MAX_RETRIES="1",
            PREFECT_CLIENT_RETRY_EXTRA_CODES="503",
            **archive.environment(tmp_path),
        )
        done = run(["-m", "flows.indicators", "good"], env)
        assert prefect.hits("/api/health")
        prefect.stopped.set()
    assert done.returncode == 1
    assert done.stderr.startswith("sco: no Prefect server answers at http://127.0.0.1:")
    assert len(done.stderr.strip().splitlines()) == 1
    assert archive.server.hits() == []
    assert not (tmp_path / "outputs").exists()


def test_the_command_needs_no_server(archive: Archive, tmp_path: Path) -> None:
    env = environment(
        tmp_path / "home",
        PREFECT_API_URL=f"http://127.0.0.1:{free_port()}/api",
        **archive.environment(tmp_path),
    )
    done = run(["-m", "sco_pipeline.cli", "run", "good", "--quiet"], env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "outputs/good/good.nc").is_file()
