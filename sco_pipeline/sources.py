"""The files that a recipe needs: fetched, planned, listed; nothing of them is opened here."""

from __future__ import annotations

from collections.abc import Callable

from . import access, areas
from .abilities import refuse_what_cannot_be_made
from .catalog import FetchRecord, Period, Recipe, Request, load_catalog
from .settings import Settings


def fetch(
    recipe: Recipe,
    settings: Settings,
    *,
    progress: Callable[[access.Progress], None] | None = None,
) -> list[FetchRecord]:
    """Fetch the files that a recipe needs into the cache.

    Parameters
    ----------
    recipe : Recipe
        What is wanted.
    settings : Settings
        Directories, limits and credentials of this machine.
    progress : callable, optional
        Told of every file and of bytes as they arrive.

    Returns
    -------
    list of FetchRecord
        One for each dataset, with the checked files. Geometry files of region sets that are
        downloaded are fetched too; the catalog pins them, so that they need no record.

    Raises
    ------
    AccessError
        If a file cannot be had; `retryable` tells whether waiting may help.
    """
    catalog = load_catalog(settings.catalog_dir)
    refuse_what_cannot_be_made(recipe)
    for entry in areas.downloads(recipe.regions, catalog):
        access.fetch(entry, areas.EVERYTHING, settings, progress=progress)
    return [
        access.fetch(
            catalog.datasets[dataset], request_of(recipe, names), settings, progress=progress
        )
        for dataset, names in variables_by_dataset(recipe).items()
    ]


def plan(recipe: Recipe, settings: Settings) -> list[access.Plan]:
    """Say what `fetch` would bring: files, bytes and time.

    Parameters
    ----------
    recipe : Recipe
        What is wanted.
    settings : Settings
        Of this machine.

    Returns
    -------
    list of Plan
        One for each dataset, and for each region set that is downloaded.

    Raises
    ------
    AccessError
        If an archive has to be asked and cannot.
    """
    catalog = load_catalog(settings.catalog_dir)
    refuse_what_cannot_be_made(recipe)
    return [
        access.plan(catalog.datasets[dataset], request_of(recipe, names), settings)
        for dataset, names in variables_by_dataset(recipe).items()
    ] + [
        access.plan(entry, areas.EVERYTHING, settings)
        for entry in areas.downloads(recipe.regions, catalog)
    ]


def status(recipe: Recipe, settings: Settings) -> dict[str, list[access.FileStatus]]:
    """Say of every file of a recipe whether it is here, new, late, missing or superseded.

    Parameters
    ----------
    recipe : Recipe
        What is wanted.
    settings : Settings
        Of this machine.

    Returns
    -------
    dict of str to list of FileStatus
        By dataset, in the order of time.

    Raises
    ------
    AccessError
        If an archive has to be asked and cannot.
    """
    catalog = load_catalog(settings.catalog_dir)
    return {
        dataset: access.status(catalog.datasets[dataset], request_of(recipe, names), settings)
        for dataset, names in variables_by_dataset(recipe).items()
    }


def variables_by_dataset(recipe: Recipe) -> dict[str, tuple[str, ...]]:
    """Group the inputs of a recipe, so that a dataset is fetched and opened once."""
    grouped: dict[str, tuple[str, ...]] = {}
    for variable, dataset in recipe.inputs.items():
        grouped[dataset] = (*grouped.get(dataset, ()), variable)
    return grouped


def request_of(recipe: Recipe, variables: tuple[str, ...]) -> Request:
    """Return what is asked of one dataset."""
    return Request(variables=variables, period=recipe.period or Period(), bbox=recipe.bbox)
