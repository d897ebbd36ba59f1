"""Read the catalog directory and check that its entries fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from ..errors import CatalogError, unknown
from ..settings import default_catalog_dir
from .models import Agency, DatasetEntry, Evidence, Model, Recipe, RegionSet, Variable
from .yaml_file import Location, YamlFile

Entry = TypeVar("Entry", bound=Model)


class Table(dict[str, Entry]):
    """Entries by id; an unknown id is an error that names the nearest one."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def __missing__(self, name: str) -> Entry:
        """Raise for an unknown id."""
        raise CatalogError(unknown(self.kind, name, self))


@dataclass(frozen=True)
class Catalog:
    """Everything the catalog directory says, cross-checked.

    Attributes
    ----------
    directory : Path
        Where it was read from.
    agencies, variables, datasets, region_sets, recipes, sources : mapping
        Entries by id; looking up an unknown id raises `CatalogError` with the nearest id.
    """

    directory: Path
    agencies: Table[Agency]
    variables: Table[Variable]
    datasets: Table[DatasetEntry]
    region_sets: Table[RegionSet]
    recipes: Table[Recipe]
    sources: Table[Evidence] = field(default_factory=lambda: Table("source"))


def load_catalog(directory: Path | None = None) -> Catalog:
    """Read and cross-check a catalog directory.

    Parameters
    ----------
    directory : Path, optional
        Catalog directory; by default the one of the settings.

    Returns
    -------
    Catalog
        Frozen entries.

    Raises
    ------
    CatalogError
        With file, line and key, if a file is wrong or names something that does not exist.
    """
    directory = Path(directory) if directory is not None else default_catalog_dir()
    if not directory.is_dir():
        raise CatalogError(
            f"catalog directory {directory} does not exist; set SCO_CATALOG_DIR to an existing one"
        )
    files: dict[tuple[str, str], YamlFile] = {}
    catalog = Catalog(
        directory,
        _listed("agency", Agency, directory / "agencies.yaml", files),
        _listed("variable", Variable, directory / "variables.yaml", files),
        _one_per_file("dataset", DatasetEntry, directory / "datasets", files),
        _one_per_file("region set", RegionSet, directory / "regions", files),
        _one_per_file("recipe", Recipe, directory / "recipes", files),
        _listed("source", Evidence, directory / "sources.yaml", files, required=False),
    )
    _cross_check(catalog, files)
    return catalog


def validate(model: type[Entry], content: Any, where: Callable[[Location], str]) -> Entry:
    """Return `content` as `model`; `where` tells file, line and key of a location."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise CatalogError(_sentence(model, first, where)) from error


def _sentence(model: type[Model], fault: Any, where: Callable[[Location], str]) -> str:
    place = where(tuple(fault["loc"]))
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        hint = unknown("key", str(fault["loc"][-1]), model.model_fields)
        return f"{place}: {hint}"
    if fault["type"] == "missing":
        return f"{place}: this key is missing; add it"
    return f"{place}: {message} (found {fault['input']!r:.80})"


def _listed(
    kind: str,
    model: type[Entry],
    path: Path,
    files: dict[tuple[str, str], YamlFile],
    required: bool = True,
) -> Table[Entry]:
    """Read a file that maps ids to entries."""
    table: Table[Entry] = Table(kind)
    if not path.is_file():
        if required:
            raise CatalogError(f"{path} is missing; a catalog needs it")
        return table
    file = YamlFile(path)
    if not isinstance(file.content, dict):
        raise CatalogError(f"{path}:1: must map ids to entries")
    for name, content in file.content.items():
        where = partial(_where_in, file, (name,))
        table[name] = _entry(model, name, content, where)
        files[kind, name] = file
    return table


def _one_per_file(
    kind: str, model: type[Entry], directory: Path, files: dict[tuple[str, str], YamlFile]
) -> Table[Entry]:
    """Read a directory with one entry a file."""
    table: Table[Entry] = Table(kind)
    for path in sorted(directory.rglob("*.yaml")):
        file = YamlFile(path)
        if path.stem in table:
            other = files[kind, path.stem].path
            raise CatalogError(f"{path}: {kind} {path.stem!r} stands in {other} too; rename one")
        table[path.stem] = _entry(model, path.stem, file.content, file.where)
        files[kind, path.stem] = file
    return table


def _entry(model: type[Entry], name: Any, content: Any, where: Callable[[Location], str]) -> Entry:
    if not isinstance(content, dict):
        raise CatalogError(f"{where(())}: must map keys to values (found {content!r:.80})")
    if content.get("id", name) != name:
        raise CatalogError(f"{where(('id',))}: must equal {name!r} (found {content['id']!r})")
    return validate(model, {**content, "id": name}, where)


def _where_in(file: YamlFile, prefix: Location, location: Location) -> str:
    return file.where((*prefix, *location))


def _cross_check(catalog: Catalog, files: dict[tuple[str, str], YamlFile]) -> None:
    """Check that every id named in an entry exists."""
    for kind, name, location, target, table in _references(catalog):
        if target not in table:
            where = files[kind, name].where(location)
            raise CatalogError(f"{where}: {unknown(table.kind, target, table)}")
    for recipe in catalog.recipes.values():
        for variable, dataset in recipe.inputs.items():
            offered = catalog.datasets[dataset].variables
            if variable not in offered:
                where = files["recipe", recipe.id].where(("inputs", variable))
                raise CatalogError(
                    f"{where}: dataset {dataset!r} has no variable {variable!r}; "
                    f"found {list(offered)}"
                )


def _references(catalog: Catalog) -> Iterator[tuple[str, str, Location, str, Table[Any]]]:
    for agency in catalog.agencies.values():
        for i, source in enumerate(agency.evidence):
            yield "agency", agency.id, (agency.id, "evidence", i), source, catalog.sources
    for entry in catalog.datasets.values():
        yield "dataset", entry.id, ("agency",), entry.agency, catalog.agencies
        for variable in entry.variables:
            yield "dataset", entry.id, ("variables", variable), variable, catalog.variables
    for recipe in catalog.recipes.values():
        for variable, dataset in recipe.inputs.items():
            yield "recipe", recipe.id, ("inputs", variable), dataset, catalog.datasets
        for i, region_set in enumerate(recipe.regions):
            yield "recipe", recipe.id, ("regions", i), region_set, catalog.region_sets
