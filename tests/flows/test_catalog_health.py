"""The flow that asks the addresses of the catalog, on one Prefect server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sco_pipeline.access import latest_report
from tests.flows.archive import Archive
from tests.flows.test_indicators import artifacts_of, latest_run
from tests.servers import status

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_dead_archives_are_rows_of_a_table_and_fail_nothing(archive: Archive, here: Path) -> None:
    from flows.catalog_health import catalog_health

    archive.add("closed", credential="mine")
    archive.server.play("/closed.nc", status(401))
    paths = catalog_health()
    report = latest_report(here / "outputs/catalog-health")
    assert report is not None
    verdicts = {address.dataset: (address.verdict, address.status) for address in report.addresses}
    assert verdicts == {
        "good": ("ok", 200), "down": ("unreachable", 503), "gone": ("gone", 404),
        "closed": ("asks for login", 401),
    }  # fmt: skip
    assert [path.suffix for path in paths] == [".json", ".txt"]
    assert all(path.is_file() for path in paths)
    assert all(hit.method in ("HEAD", "GET") for hit in archive.server.hits())
    assert archive.hits("good") == 1
    run = latest_run("catalog-health")
    assert run.state.is_completed()
    table = json.loads(artifacts_of(run)["catalog-health"].data)
    assert {row["dataset"]: row["answer"] for row in table} == {
        dataset: verdict for dataset, (verdict, _) in verdicts.items()
    }


def test_hostile_words_of_an_archive_are_shown_as_text(archive: Archive, here: Path) -> None:
    from flows.catalog_health import catalog_health

    to = "http://evil.example.org/<img src=x onerror=alert(1)>](javascript:alert(2))"
    archive.server.play("/gone.nc", status(302, Location=to))
    catalog_health()
    text = artifacts_of(latest_run("catalog-health"))["catalog-health"].data
    assert "<img" not in text
    assert "](" not in text
    assert "javascript:" not in text
