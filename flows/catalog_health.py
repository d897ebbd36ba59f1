"""Flow that asks the addresses of the catalog if they answer; a dead archive fails nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact

import sco_pipeline as sco
from flows.command_line import clean_end
from flows.plain_text import plain
from flows.retries import LONG_WAITS
from flows.servers import require_server
from sco_pipeline import access


@task(**LONG_WAITS)
def ask(settings: sco.Settings) -> tuple[access.HealthReport, list[Path]]:
    """Ask every address once, and write the report."""
    catalog = sco.load_catalog(settings.catalog_dir)
    report, paths = access.check_catalog(catalog, settings)
    return report, list(paths)


@flow(persist_result=False)
def catalog_health() -> list[Path]:
    """Leave a dated report of the addresses, and show it as a table."""
    report, paths = ask(sco.Settings())
    get_run_logger().info("%s", report.summary())
    rows = [
        dict(zip(access.HEALTH_COLUMNS, (*known, plain(host), plain(note)), strict=True))
        for *known, host, note in (address.row() for address in report.addresses)
    ]
    create_table_artifact(rows, key="catalog-health", description=plain(report.summary()))
    return paths


def main() -> None:
    """Run the flow from the command line."""
    argparse.ArgumentParser(prog="python -m flows.catalog_health", description=__doc__).parse_args()
    with clean_end():
        require_server()
        catalog_health()


if __name__ == "__main__":
    main()
