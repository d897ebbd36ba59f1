"""The tasks of a recipe, and the order they are taken in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefect import task
from prefect.futures import as_completed

import sco_pipeline as sco
from flows.archives import archive_slots
from flows.progress import FETCHED, Progress, fetch_reporter
from flows.publication import publish
from flows.retries import LONG_WAITS
from sco_pipeline.catalog import FetchRecord, Recipe


@task(**LONG_WAITS, task_run_name="fetch {recipe.id}")
def fetch(recipe: Recipe, settings: sco.Settings) -> list[FetchRecord]:
    """Fetch the files of a recipe."""
    with archive_slots(recipe, settings):
        return sco.fetch(recipe, settings, progress=fetch_reporter(recipe.id))


@task(**LONG_WAITS, task_run_name="produce {recipe.id}")
def produce(
    recipe: Recipe, records: Sequence[FetchRecord], settings: sco.Settings, force: bool
) -> sco.Product:
    """Make the files of a product, unless they are up to date."""
    return sco.produce(recipe, records, settings, force=force)


def make(recipes: Sequence[Recipe], settings: sco.Settings, force: bool) -> list[Path]:
    """Fetch side by side, make one product after the other; each recipe fails alone."""
    progress = Progress([recipe.id for recipe in recipes])
    made: list[Path] = []
    failures: dict[str, Exception] = {}
    fetching = {fetch.submit(recipe, settings): recipe for recipe in recipes}
    for fetched in as_completed(list(fetching)):
        recipe = fetching[fetched]
        try:
            records = fetched.result()
            progress.note(recipe.id, FETCHED, "fetched")
            with progress.inside(recipe.id):
                product = produce(recipe, records, settings, force)
            made += publish(product)
            progress.note(recipe.id, 1.0, "up to date:" if product.up_to_date else "made")
        except Exception as error:
            failures[recipe.id] = error
            progress.note(recipe.id, 1.0, f"failed ({error}):")
    if len(recipes) == 1 and failures:
        raise failures.popitem()[1]
    if failures:
        told = "; ".join(f"{name}: {error}" for name, error in failures.items())
        raise sco.ScoError(f"{len(failures)} of {len(recipes)} recipes failed: {told}")
    return made
