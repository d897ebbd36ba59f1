"""Flows for one recipe, and for all recipes of a cadence.

Run by hand, it uses the Prefect server that the environment names, or else Prefect's embedded one.
"""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger

import sco_pipeline as sco
from flows.command_line import clean_end, parse
from flows.servers import require_server
from flows.steps import make
from flows.task_runner import FETCHES_SIDE_BY_SIDE
from sco_pipeline.catalog.models import Cadence


@flow(flow_run_name="{recipe}", persist_result=False, task_runner=FETCHES_SIDE_BY_SIDE)
def indicator(recipe: str, force: bool = False) -> list[Path]:
    """Make the product of one recipe."""
    settings = sco.Settings()
    chosen = sco.load_catalog(settings.catalog_dir).recipes[recipe]
    return make([chosen], settings, force)


@flow(flow_run_name="{cadence}", persist_result=False, task_runner=FETCHES_SIDE_BY_SIDE)
def indicators(cadence: Cadence, force: bool = False) -> list[Path]:
    """Make the products of all recipes of a cadence; each fails alone."""
    settings = sco.Settings()
    recipes = sco.load_catalog(settings.catalog_dir).recipes.values()
    due = [recipe for recipe in recipes if recipe.cadence == cadence]
    get_run_logger().info("%d recipes have the cadence %r", len(due), cadence)
    return make(due, settings, force)


def main() -> None:
    """Run one recipe, or all of a cadence, from the command line."""
    given = parse(__doc__)
    with clean_end():
        if given.recipe:
            chosen = sco.load_catalog(sco.Settings().catalog_dir).recipes[given.recipe]
            require_server()
            indicator(chosen.id, given.force)
        else:
            require_server()
            indicators(given.cadence, given.force)


if __name__ == "__main__":
    main()
