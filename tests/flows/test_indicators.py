"""The flows end to end, on one Prefect server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import sco_pipeline as sco
from tests.flows.archive import Archive

pytestmark = pytest.mark.usefixtures("prefect_server")
TRIES = 1 + 3  # of a task
ATTEMPTS = 2  # of the client in each try, as the archive's settings say


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that try again at once instead of after minutes."""
    from flows import steps

    for name in ("fetch", "produce"):
        task = getattr(steps, name).with_options(retry_delay_seconds=[0, 0, 0])
        monkeypatch.setattr(steps, name, task)


def contents(directory: Path) -> dict[str, bytes]:
    """The bytes of all files but the manifest, which tells when it was written."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != "product.json"
    }


def latest_run(flow_name: str) -> Any:
    from prefect import get_client
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName
    from prefect.client.schemas.sorting import FlowRunSort

    with get_client(sync_client=True) as client:
        named = FlowFilter(name=FlowFilterName(any_=[flow_name]))
        order = FlowRunSort.EXPECTED_START_TIME_DESC
        return client.read_flow_runs(flow_filter=named, sort=order, limit=1)[0]


def artifacts_of(run: Any) -> dict[str, Any]:
    from prefect import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId

    with get_client(sync_client=True) as client:
        of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
        return {found.key: found for found in client.read_artifacts(artifact_filter=of_run)}


def test_the_flow_gives_the_bytes_of_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.indicators import indicator

    monkeypatch.setenv("SCO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SCO_OUTPUT_DIR", str(tmp_path / "flow"))
    paths = indicator("equatorial-sst")
    alone = sco.Settings(output_dir=tmp_path / "alone")
    product = sco.run("equatorial-sst", alone)
    assert len(paths) == len(product.files)
    assert contents(tmp_path / "flow/equatorial-sst") == contents(product.directory)

    artifacts = artifacts_of(latest_run("indicator"))
    assert artifacts["progress"].data == 100.0
    table = json.loads(artifacts["equatorial-sst-files"].data)
    assert {row["file"]: row["sha256"] for row in table} == {
        f.path: f.sha256 for f in product.files
    }
    assert artifacts["equatorial-sst-directory"].data.startswith("[equatorial-sst](file:///")
    pictures = [found for key, found in artifacts.items() if "-picture-" in key]
    assert len(pictures) == min(4, sum(path.suffix == ".png" for path in paths))
    assert all(found.data.startswith("data:image/png;base64,") for found in pictures)


def test_a_second_run_does_nothing(archive: Archive, here: Path) -> None:
    from flows.indicators import indicator

    first = indicator("good")
    stamp = first[0].stat().st_mtime_ns
    assert indicator("good") == first
    assert first[0].stat().st_mtime_ns == stamp
    assert archive.hits("good") == 1
    summary = artifacts_of(latest_run("indicator"))["good-product"].data
    assert "was up to date" in summary
    assert "<img" not in summary
    assert "](" not in summary


def test_a_long_fetch_shows_how_far_it_is(
    archive: Archive, here: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    from flows import progress
    from flows.indicators import indicator

    monkeypatch.setattr(progress, "SECONDS_BETWEEN_UPDATES", 0.0)
    indicator("good")
    shown = artifacts_of(latest_run("indicator"))["good-fetch"]
    assert shown.data == 100.0
    size = len(archive.server.files["/good.nc"].body)
    assert shown.description == f"1 of 1 files of good, {size / 1e6:.1f} MB fetched"
    assert "good: 0 of 1 files of good" in caplog.text


def test_each_recipe_fails_alone_and_waiting_is_for_those_it_may_help(
    archive: Archive, here: Path, impatient: None
) -> None:
    from flows.indicators import indicators

    with pytest.raises(sco.ScoError, match=r"2 of 3 recipes failed") as failure:
        indicators("daily")
    assert "down: " in str(failure.value)
    assert "gone: " in str(failure.value)
    assert "good: " not in str(failure.value)
    assert (here / "outputs/good/good.nc").is_file()
    assert archive.hits("down") == TRIES * ATTEMPTS
    assert archive.hits("gone") == 1
    run = latest_run("indicators")
    assert run.state.is_failed()
    assert "2 of 3 recipes failed" in run.state.message
    assert artifacts_of(run)["progress"].data == 100.0


def test_an_archive_that_comes_back_is_waited_for(
    archive: Archive, here: Path, impatient: None
) -> None:
    from flows.indicators import indicator
    from tests.flows.archive import darwin
    from tests.servers import Content, serve, status

    down = [status(503)] * (ATTEMPTS + 1)
    archive.server.play("/down.nc", *down, serve(Content(darwin())))
    (path,) = indicator("down")
    assert path.is_file()
    assert archive.hits("down") == ATTEMPTS + 2


def test_an_unknown_recipe_is_refused_as_the_command_line_does(
    archive: Archive, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    from flows.indicators import indicator
    from sco_pipeline.cli.app import main

    with pytest.raises(sco.ScoError) as refused:
        indicator("goood")
    monkeypatch.setattr("sys.argv", ["sco", "run", "goood"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err.strip().endswith(f"sco: {refused.value}")
    assert "Did you mean 'good'?" in str(refused.value)
    assert archive.server.hits() == []


def test_a_cadence_that_does_not_exist_is_refused(archive: Archive, here: Path) -> None:
    from prefect.exceptions import ParameterTypeError

    from flows.indicators import indicators

    with pytest.raises(ParameterTypeError, match="'daily', 'monthly', 'yearly' or 'once'"):
        indicators("hourly")  # type: ignore[arg-type]
    assert archive.server.hits() == []


def test_a_cadence_without_recipes_ends_well(archive: Archive, here: Path) -> None:
    from flows.indicators import indicators

    assert indicators("yearly") == []


def test_a_limit_that_the_server_lacks_is_named(
    archive: Archive, here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from flows.indicators import indicator

    indicator("good")
    assert "Concurrency limits ['archive-ncar'] do not exist" in caplog.text


def test_runs_leave_nothing_large_in_the_result_storage(archive: Archive, here: Path) -> None:
    from prefect.settings import get_current_settings

    from flows.indicators import indicator

    indicator("good")
    storage = get_current_settings().results.local_storage_path
    assert sum(path.stat().st_size for path in storage.rglob("*") if path.is_file()) < 1e6
