"""Read the catalog directory and check that its entries fit together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..errors import CatalogError, unknown
from ..settings import default_catalog_dir
from .address import check_pattern
from .models import Agency, DatasetEntry, Evidence, Model, RegionSet, Variable
from .recipes import Recipe
from .validation import validate
from .yaml_file import Location, YamlFile

Entry = TypeVar("Entry", bound=Model)

# What stands where: kind, model, file or directory, and whether it must be there.
_LISTS: tuple[tuple[str, type[Model], str, bool], ...] = (
    ("agency", Agency, "agencies.yaml", True),
    ("variable", Variable, "variables.yaml", True),
    ("source", Evidence, "sources.yaml", False),
)
_DIRECTORIES: tuple[tuple[str, type[Model], str], ...] = (
    ("dataset", DatasetEntry, "datasets"),
    ("region set", RegionSet, "regions"),
    ("recipe", Recipe, "recipes"),
)


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
    _places: dict[tuple[str, str], tuple[YamlFile, Location]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def where(self, kind: str, name: str, location: Location = ()) -> str:
        """Return ``file:line: key`` of a place in an entry.

        Parameters
        ----------
        kind : str
            ``agency``, ``variable``, ``dataset``, ``region set``, ``recipe`` or ``source``.
        name : str
            Id of the entry.
        location : tuple
            Keys from the top of the entry.
        """
        if (kind, name) not in self._places:
            return f"{kind} {name!r}"
        file, prefix = self._places[kind, name]
        return file.where((*prefix, *location))


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
    catalog, errors = read_catalog(directory)
    if errors:
        raise errors[0]
    return catalog


def read_catalog(directory: Path | None = None) -> tuple[Catalog, list[CatalogError]]:
    """Read a catalog directory, and return every error instead of the first.

    Parameters
    ----------
    directory : Path, optional
        Catalog directory; by default the one of the settings.

    Returns
    -------
    Catalog
        The entries that are right.
    list of CatalogError
        One for each file or entry that is wrong; empty if all is well.

    Raises
    ------
    CatalogError
        If the directory does not exist.
    """
    directory = Path(directory) if directory is not None else default_catalog_dir()
    if not directory.is_dir():
        raise CatalogError(
            f"catalog directory {directory} does not exist; set SCO_CATALOG_DIR to an existing one"
        )
    reader = _Reader(directory)
    return reader.catalog(), reader.errors


class _Reader:
    """Reads the files of a directory one after another and keeps the errors."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.errors: list[CatalogError] = []
        self.places: dict[tuple[str, str], tuple[YamlFile, Location]] = {}

    def catalog(self) -> Catalog:
        tables: dict[str, Any] = {}
        for kind, model, name, required in _LISTS:
            tables[kind] = self._listed(kind, model, self.directory / name, required)
        for kind, model, name in _DIRECTORIES:
            tables[kind] = self._one_per_file(kind, model, self.directory / name)
        catalog = Catalog(
            self.directory,
            tables["agency"],
            tables["variable"],
            tables["dataset"],
            tables["region set"],
            tables["recipe"],
            tables["source"],
            self.places,
        )
        self.errors += _cross_check(catalog)
        return catalog

    def _listed(self, kind: str, model: type[Entry], path: Path, required: bool) -> Table[Entry]:
        """Read a file that maps ids to entries."""
        table: Table[Entry] = Table(kind)
        if not path.is_file():
            if required:
                self.errors.append(CatalogError(f"{path} is missing; a catalog needs it"))
            return table
        file = self._file(path)
        if file is None:
            return table
        if not isinstance(file.content, dict):
            self.errors.append(CatalogError(f"{path}:1: must map ids to entries"))
            return table
        for name, content in file.content.items():
            self._entry(table, model, name, content, (file, (name,)))
        return table

    def _one_per_file(self, kind: str, model: type[Entry], directory: Path) -> Table[Entry]:
        """Read a directory with one entry a file."""
        table: Table[Entry] = Table(kind)
        for path in sorted(directory.rglob("*.yaml")):
            file = self._file(path)
            if file is None:
                continue
            name = path.stem
            if (kind, name) in self.places:
                other = self.places[kind, name][0].path
                self.errors.append(
                    CatalogError(f"{path}: {kind} {name!r} stands in {other} too; rename one")
                )
                continue
            self._entry(table, model, name, file.content, (file, ()))
        return table

    def _file(self, path: Path) -> YamlFile | None:
        try:
            return YamlFile(path)
        except CatalogError as error:
            self.errors.append(error)
            return None

    def _entry(
        self,
        table: Table[Entry],
        model: type[Entry],
        name: str,
        content: Any,
        place: tuple[YamlFile, Location],
    ) -> None:
        """Add one entry to a table, or its error to the list."""
        self.places[table.kind, name] = place
        file, prefix = place

        def where(location: Location) -> str:
            return file.where((*prefix, *location))

        try:
            if not isinstance(content, dict):
                raise CatalogError(f"{where(())}: must map keys to values (found {content!r:.80})")
            if content.get("id", name) != name:
                raise CatalogError(
                    f"{where(('id',))}: must equal {name!r} (found {content['id']!r:.80})"
                )
            table[name] = validate(model, {**content, "id": name}, where)
        except CatalogError as error:
            self.errors.append(error)


def _cross_check(catalog: Catalog) -> Iterator[CatalogError]:
    """Check that every id named in an entry exists."""
    for kind, name, location, target, table in _references(catalog):
        # An entry that could not be read has its own error already.
        if target not in table and (table.kind, target) not in catalog._places:
            where = catalog.where(kind, name, location)
            yield CatalogError(f"{where}: {unknown(table.kind, target, table)}")
    yield from _patterns(catalog)
    for recipe in catalog.recipes.values():
        for variable, dataset in recipe.inputs.items():
            if dataset not in catalog.datasets:
                continue
            offered = catalog.datasets[dataset].variables
            if variable not in offered:
                where = catalog.where("recipe", recipe.id, ("inputs", variable))
                yield CatalogError(
                    f"{where}: dataset {dataset!r} has no variable {variable!r}; "
                    f"found {list(offered)}"
                )


def _patterns(catalog: Catalog) -> Iterator[CatalogError]:
    """Check that addresses hold named fields only."""
    for entry in catalog.datasets.values():
        patterns: list[tuple[Location, str]] = [(("access", "url"), entry.access.url)]
        patterns += [(("access", "mirrors", i), url) for i, url in enumerate(entry.access.mirrors)]
        if entry.preliminary and entry.preliminary.url:
            patterns.append((("preliminary", "url"), entry.preliminary.url))
        for location, pattern in patterns:
            try:
                check_pattern(pattern)
            except ValueError as error:
                where = catalog.where("dataset", entry.id, location)
                yield CatalogError(f"{where}: {error} (found {pattern!r:.120})")


def _references(catalog: Catalog) -> Iterator[tuple[str, str, Location, str, Table[Any]]]:
    for agency in catalog.agencies.values():
        for i, source in enumerate(agency.evidence):
            yield "agency", agency.id, ("evidence", i), source, catalog.sources
    for entry in catalog.datasets.values():
        yield "dataset", entry.id, ("agency",), entry.agency, catalog.agencies
        for variable in entry.variables:
            yield "dataset", entry.id, ("variables", variable), variable, catalog.variables
    for recipe in catalog.recipes.values():
        for variable, dataset in recipe.inputs.items():
            yield "recipe", recipe.id, ("inputs", variable), dataset, catalog.datasets
        for i, region_set in enumerate(recipe.regions):
            yield "recipe", recipe.id, ("regions", i), region_set, catalog.region_sets
