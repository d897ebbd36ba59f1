"""The steps of a product: fetch, open_inputs, compute, produce; and `run`, which takes them all."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

import xarray as xr

from . import access, areas, files, harmonise, indicators, outputs, regional, regions
from .catalog import FetchRecord, Recipe, load_catalog
from .computing import cluster
from .errors import HarmonisationError
from .expectation import estimate, told
from .product import (
    Product,
    current,
    describe_files,
    describe_inputs,
    fingerprint,
    publish,
    staging,
)
from .settings import Settings
from .sources import fetch, request_of, variables_by_dataset

log = logging.getLogger(__name__)


def open_inputs(recipe: Recipe, records: Sequence[FetchRecord], settings: Settings) -> xr.Dataset:
    """Open fetched files as one harmonised Dataset.

    Parameters
    ----------
    recipe : Recipe
        What is wanted.
    records : sequence of FetchRecord
        What `fetch` returned.
    settings : Settings
        Of this machine.

    Returns
    -------
    Dataset (time, ...)
        Harmonised and lazy; with ``<variable>_quality_count`` (quality_check) beside each
        variable, of its values before any regridding, unless the recipe says ``quality: false``.

    Raises
    ------
    HarmonisationError
        If a file cannot be given one meaning, or two datasets do not share grid and time.
    """
    catalog = load_catalog(settings.catalog_dir)
    wanted = variables_by_dataset(recipe)
    parts = []
    for record in records:
        entry = catalog.datasets[record.dataset]
        names = wanted[record.dataset]
        variables = {name: catalog.variables[name] for name in names}
        paths = [Path(file.path) for file in record.files]
        request = request_of(recipe, names)
        if entry.layout.observations and recipe.grid is not None:
            part = harmonise.open_observations(entry, variables, paths, request, recipe.grid)
        else:
            part = harmonise.open_dataset(entry, variables, paths, request)
        counts = harmonise.quality_counts(part, variables) if recipe.quality else xr.Dataset()
        if recipe.grid is not None and not entry.layout.observations:
            part = harmonise.regrid(part, recipe.grid, cache_dir=settings.cache_dir / "weights")
        parts.append(part.assign(counts.data_vars))
    return _join(recipe, parts)


def compute(
    recipe: Recipe,
    inputs: xr.Dataset,
    settings: Settings,
    *,
    progress: Callable[[access.Progress], None] | None = None,
) -> xr.Dataset:
    """Compute the indicators of a recipe, on the grid and for its regions.

    Parameters
    ----------
    recipe : Recipe
        What is wanted.
    inputs : Dataset (time, ...)
        Harmonised inputs.
    settings : Settings
        Where dask computes, and under which limit of memory.
    progress : callable, optional
        Told of every block of daily data that is done.

    Returns
    -------
    Dataset
        ``<name>`` on the grid, ``<name>_regional`` and ``<name>_valid_fraction`` along
        ``region``, what ``regional:`` asks for, ``<variable>_quality_count`` along
        ``quality_check`` as in the inputs; in memory, since it was computed in one pass over the
        inputs.

    Raises
    ------
    IndicatorError, RegionError
        If an indicator or a region does not fit the data.
    """
    if log.isEnabledFor(logging.INFO) and (expected := estimate(recipe, inputs, settings)):
        log.info("%s: %s", recipe.id, expected)
    catalog = load_catalog(settings.catalog_dir)
    wanted = areas.load_areas(recipe.regions, catalog, settings) if recipe.regions else None
    kept = settings.cache_dir / "coverage"
    # what is asked of a cluster depends on its workers
    with cluster(settings), told(recipe, progress):
        product = indicators.calculate(
            inputs,
            recipe.indicators,
            baseline=recipe.baseline,
            frequency=recipe.frequency,
            also=regions.of_inputs(inputs, recipe, wanted, kept) if wanted else None,
            settings=settings,
            counters={
                name: counter
                for name, counter in harmonise.quality_counters(inputs, catalog.variables).items()
                if counter.name in inputs
            },
        )
        if wanted:
            found = regional.results(product, recipe, inputs, wanted, kept)
            product = product.merge(found, compat="equals", join="exact")
        return product.assign(_counts(inputs, product)).load()


def produce(
    recipe: Recipe,
    records: Sequence[FetchRecord],
    settings: Settings,
    *,
    force: bool = False,
    progress: Callable[[access.Progress], None] | None = None,
) -> Product:
    """Make the files of a product, unless they are there and up to date.

    Parameters
    ----------
    recipe : Recipe
        What is wanted.
    records : sequence of FetchRecord
        What `fetch` returned.
    settings : Settings
        `output_dir` is where the product's directory lies.
    force : bool
        Make them even if they are up to date.
    progress : callable, optional
        Told of every block of daily data that is done.

    Returns
    -------
    Product
        Its files; `up_to_date` tells that nothing had to be done.

    Raises
    ------
    ScoError
        If a step fails; a product that was there before stays whole.
    """
    catalog = load_catalog(settings.catalog_dir)
    key = fingerprint(recipe, catalog, records)
    directory = settings.output_dir / recipe.id
    with files.lock(directory.with_name(f".{directory.name}.lock")):
        found = None if force else current(directory, key)
        if found is not None:
            log.info("%s is up to date", recipe.id)
            return found
        inputs = open_inputs(recipe, records, settings)
        product = compute(recipe, inputs, settings, progress=progress)
        described = outputs.describe(product, recipe, catalog, records)
        if recipe.regions:
            drawn = areas.load_areas(recipe.regions, catalog, settings)
            outlines = dict(zip(drawn.ids, drawn.geometries, strict=True))
            described = outputs.with_outlines(described, outlines)
        made = Product(
            recipe=recipe.id,
            title=recipe.title,
            directory=directory,
            fingerprint=key,
            inputs=describe_inputs(records),
            files=(),
            quality=_quality(product),
            caveats=recipe.caveats,
            made=dt.datetime.now(dt.UTC),
        )
        return _write(described, recipe, made)


def run(
    recipe_id: str,
    settings: Settings | None = None,
    *,
    force: bool = False,
    progress: Callable[[access.Progress], None] | None = None,
) -> Product:
    """Take all steps of a recipe: fetch, open, compute, write.

    Parameters
    ----------
    recipe_id : str
        Id of a recipe of the catalog.
    settings : Settings, optional
        Of this machine; by default from ``SCO_*`` variables.
    force : bool
        Make the product even if it is up to date.
    progress : callable, optional
        Told of every file, of bytes as they arrive, and of every block that is computed.

    Returns
    -------
    Product
        Its files.

    Raises
    ------
    ScoError
        If the recipe is unknown or a step fails.

    Examples
    --------
    >>> run("equatorial-sst").paths("netcdf")  # doctest: +SKIP
    """
    settings = settings or Settings()
    recipe = load_catalog(settings.catalog_dir).recipes[recipe_id]
    records = fetch(recipe, settings, progress=progress)
    return produce(recipe, records, settings, force=force, progress=progress)


def _join(recipe: Recipe, parts: Sequence[xr.Dataset]) -> xr.Dataset:
    """Join datasets that share grid and time; anything else is an error."""
    if len(parts) == 1:
        return parts[0]
    try:
        return xr.merge(parts, join="exact", compat="equals", combine_attrs="drop_conflicts")
    except ValueError as error:
        names = ", ".join(sorted({str(part.attrs.get("dataset")) for part in parts}))
        raise HarmonisationError(
            f"recipe {recipe.id!r}: the datasets {names} do not share grid and time "
            f"({error!s:.200}); name a 'grid:' in the recipe or choose other inputs"
        ) from error


def _counts(inputs: xr.Dataset, product: xr.Dataset) -> dict[Hashable, xr.DataArray]:
    """Return the counts of quality of the inputs, as they were counted with the indicators."""
    return {
        name: da.copy(data=product[name].data) if name in product else da
        for name, da in inputs.data_vars.items()
        if "quality_check" in da.dims
    }


def _quality(product: xr.Dataset) -> dict[str, dict[str, int]]:
    """Return variable -> check -> count of the inputs of a product."""
    return {
        str(name).removesuffix(harmonise.QUALITY_COUNT): dict(
            zip(da["quality_check"].values.tolist(), da.values.tolist(), strict=True)
        )
        for name, da in product.data_vars.items()
        if da.dims == ("quality_check",)
    }


def _write(product: xr.Dataset, recipe: Recipe, made: Product) -> Product:
    """Write every format beside the product's directory, then publish all of them."""
    with staging(made.directory) as place:
        written = [
            (kind, path)
            for kind in recipe.formats
            for path in outputs.writers[kind](product, recipe, place)
        ]
        made = made.model_copy(update={"files": describe_files(place, written)})
        publish(made, place)
    log.info("%s: wrote %d files to %s", recipe.id, len(made.files), made.directory)
    return made
