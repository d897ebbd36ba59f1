"""Slots of the archives that a recipe fetches from, shared by all runs of a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.concurrency.sync import concurrency

import sco_pipeline as sco
from sco_pipeline.catalog import Catalog, Recipe


def limit_names(recipe: Recipe, catalog: Catalog) -> list[str]:
    """Return the names of the global limits of a recipe: one for each agency it asks online."""
    entries = [catalog.datasets[dataset] for dataset in recipe.inputs.values()]
    return sorted({f"archive-{e.agency}" for e in entries if "://" in e.access.url})


@contextmanager
def archive_slots(recipe: Recipe, settings: sco.Settings) -> Iterator[None]:
    """Hold one slot of every archive; a limit that the server lacks passes with a warning.

    The limiter inside the package holds in any case, for each process.
    """
    names = limit_names(recipe, sco.load_catalog(settings.catalog_dir))
    if not names:
        yield
        return
    with concurrency(names, occupy=1):
        yield
