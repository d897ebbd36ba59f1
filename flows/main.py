"""The main job: the products of the embedded data, through the flow that deployments run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sco_pipeline as sco
from flows.command_line import clean_end
from flows.servers import require_server, use_embedded_server
from sco_pipeline.catalog import Catalog, Recipe, load_catalog
from sco_pipeline.product import current, fingerprint

SECONDS_BETWEEN_SIGNS = 5.0


def main() -> None:
    """Make what is not up to date, and say where it lies and how to open it."""
    with clean_end():
        settings = sco.Settings()
        use_embedded_server(settings.cache_dir / "prefect")
        catalog = load_catalog(settings.catalog_dir)
        recipes = [recipe for recipe in catalog.recipes.values() if is_embedded(recipe, catalog)]
        stale = [recipe.id for recipe in recipes if not _product(recipe, catalog, settings)]
        print(_plan(len(recipes), stale), flush=True)
        _make(stale)
        for recipe in recipes:
            if product := _product(recipe, catalog, settings):
                made = product.model_copy(update={"up_to_date": recipe.id not in stale})
                print(f"\n{made.summary()}")


def is_embedded(recipe: Recipe, catalog: Catalog) -> bool:
    """Tell whether all data of a recipe came with the installation."""
    entries = [catalog.datasets[dataset] for dataset in recipe.inputs.values()]
    return not any("://" in entry.access.url for entry in entries)


def _product(recipe: Recipe, catalog: Catalog, settings: sco.Settings) -> sco.Product | None:
    """Return the product of a recipe, or None if it is not up to date."""
    key = fingerprint(recipe, catalog, sco.fetch(recipe, settings))
    return current(settings.output_dir / recipe.id, key)


def _plan(count: int, stale: list[str]) -> str:
    if not stale:
        return f"All {count} products are up to date; nothing to do."
    return (
        f"{len(stale)} of {count} products are to be made. First Prefect's embedded server starts."
    )


def _make(recipes: list[str]) -> None:
    """Run the flow for each recipe; each fails alone."""
    if not recipes:
        return
    failures = []
    with _sign_of_life():
        from flows.indicators import indicator

        require_server()
        for recipe in recipes:
            try:
                indicator(recipe, force=False)
            except sco.ScoError as error:
                failures.append(f"{recipe}: {error}")
    if failures:
        raise sco.ScoError("; ".join(failures))


@contextmanager
def _sign_of_life() -> Iterator[None]:
    """Say every few seconds how long it has been going on; a cold start takes up to a minute."""
    ended = threading.Event()
    start = time.monotonic()

    def speak() -> None:
        with suppress(BrokenPipeError):  # nobody reads any more
            while not ended.wait(SECONDS_BETWEEN_SIGNS):
                print(f"... {time.monotonic() - start:.0f} s", flush=True)

    threading.Thread(target=speak, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


if __name__ == "__main__":
    main()
