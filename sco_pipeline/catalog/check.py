"""Check what the models cannot: words, units, addresses, files, and what exists to use them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .address import expand, fields_of
from .load import Catalog, read_catalog
from .models import DatasetEntry, Source, Variable
from .vocabulary import convertible, dimensions, ecv_fault, standard_name_fault

_SCHEMES = ("https", "http", "s3", "gs")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in the catalog, or worth knowing.

    Attributes
    ----------
    severity : {"error", "note"}
        A note does not make the catalog invalid: it says what cannot be used yet.
    place : str
        File, line and key.
    message : str
        What was found and what was expected.
    """

    severity: Literal["error", "note"]
    place: str
    message: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.place}: {self.message}" if self.place else self.message


@dataclass(frozen=True)
class Abilities:
    """What the installed package can do; None leaves a kind unchecked.

    Attributes
    ----------
    methods, formats, fixes, indicators : collection of str, optional
        Names of access methods, readers, fixes and indicators.
    """

    methods: Collection[str] | None = None
    formats: Collection[str] | None = None
    fixes: Collection[str] | None = None
    indicators: Collection[str] | None = None


def check_directory(directory: Path | None = None, abilities: Abilities | None = None) -> Report:
    """Check every file of a catalog directory, offline.

    Parameters
    ----------
    directory : Path, optional
        Catalog directory; by default the one of the settings.
    abilities : Abilities, optional
        What the installed package can do.

    Returns
    -------
    Report
        The entries that could be read, and all problems.

    Raises
    ------
    CatalogError
        If the directory does not exist.
    """
    catalog, errors = read_catalog(directory)
    unreadable = tuple(Problem("error", "", str(error)) for error in errors)
    return Report(catalog, unreadable + tuple(check(catalog, abilities)))


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes
    ----------
    catalog : Catalog
        The entries that could be read.
    problems : tuple of Problem
        Errors and notes, in the order of the catalog.
    """

    catalog: Catalog
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that make the catalog invalid."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What cannot be used yet, or is worth knowing."""
        return tuple(problem for problem in self.problems if problem.severity == "note")


def check(catalog: Catalog, abilities: Abilities | None = None) -> list[Problem]:
    """Check a catalog that could be read, without any network.

    Parameters
    ----------
    catalog : Catalog
        From `load_catalog`.
    abilities : Abilities, optional
        What the installed package can do: names of access methods and so on.

    Returns
    -------
    list of Problem
        Empty if there is nothing to say.
    """
    able = abilities or Abilities()
    found: list[Problem] = []
    for checks in (_variables, _datasets, _region_sets):
        found += checks(catalog)
    return found + list(_unavailable(catalog, able)) + list(_recipes(catalog, able))


def _variables(catalog: Catalog) -> Iterator[Problem]:
    for variable in catalog.variables.values():
        faults = {"units": _unit_fault(variable.units)}
        if variable.standard_name and not faults["units"]:
            faults["standard_name"] = standard_name_fault(variable.standard_name, variable.units)
        if variable.ecv:
            faults["ecv"] = ecv_fault(variable.ecv)
        for key, message in faults.items():
            if message:
                yield Problem("error", catalog.where("variable", variable.id, (key,)), message)


def _datasets(catalog: Catalog) -> Iterator[Problem]:
    for entry in catalog.datasets.values():
        for location, message in _dataset_faults(catalog, entry):
            yield Problem("error", catalog.where("dataset", entry.id, location), message)


def _dataset_faults(catalog: Catalog, entry: DatasetEntry) -> Iterator[tuple[tuple[str, ...], str]]:
    for name in entry.ecv:
        if message := ecv_fault(name):
            yield ("ecv",), message
    for name, source in entry.variables.items():
        if name in catalog.variables:
            for key, message in _source_faults(source, catalog.variables[name]):
                yield ("variables", name, key), message
    if entry.agency in catalog.agencies:
        member = catalog.agencies[entry.agency].membership != "none"
        if member and entry.supporting:
            yield ("supporting",), f"{entry.agency!r} is a member, so nothing of it is supporting"
        if not member and not entry.supporting:
            yield (
                ("agency",),
                f"{entry.agency!r} is no member; say 'supporting: true', so that the dataset is "
                "not counted as one of the alliance",
            )
    if entry.fetchable and not entry.supporting and entry.address_status is None:
        yield ("address_status",), "is missing; say how the address is known"
    yield from _address_faults(catalog.directory, entry)


def _source_faults(source: Source, variable: Variable) -> Iterator[tuple[str, str]]:
    for key in ("units", "file_units"):
        units = getattr(source, key)
        if units is None:
            continue
        if message := _unit_fault(units):
            yield key, message
        elif not _unit_fault(variable.units) and not convertible(units, variable.units):
            yield key, f"{units!r} does not convert to {variable.units!r}, units of {variable.id!r}"


def _address_faults(directory: Path, entry: DatasetEntry) -> Iterator[tuple[tuple[str, ...], str]]:
    access = entry.access
    if access.method == "package":
        return
    if access.method == "local":
        yield from _file_faults(directory, access.url, access.sha256, ("access", "url"))
        return
    early = entry.preliminary.url if entry.preliminary else None
    first = dt.datetime.combine(entry.coverage.start, dt.time())
    for key, pattern in (
        (("access", "url"), access.url),
        *((("access", "mirrors"), mirror) for mirror in access.mirrors),
        *([(("preliminary", "url"), early)] if early else []),
    ):
        address = expand(pattern, first)
        scheme = address.partition("://")[0]
        if scheme not in _SCHEMES or not address.partition("://")[2].partition("/")[0]:
            yield key, f"{address!r:.120} is no address; expected one of {', '.join(_SCHEMES)}"
        elif fields_of(pattern) != fields_of(access.url):
            yield key, f"has the fields {sorted(fields_of(pattern))}; 'access.url' has others"


def _region_sets(catalog: Catalog) -> Iterator[Problem]:
    for entry in catalog.region_sets.values():
        if entry.file is None:
            continue
        place = catalog.where("region set", entry.id, ("file",))
        for _, message in _file_faults(catalog.directory / "regions", entry.file, entry.sha256, ()):
            yield Problem("error", place, message)


def _file_faults(
    directory: Path, name: str, sha256: str | None, key: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Check a file that stands inside the catalog."""
    path = (directory / name).resolve()
    if not path.is_relative_to(directory.resolve()):
        yield key, f"{name!r} leads out of {directory}; give a path inside it"
    elif not path.is_file():
        yield key, f"{name!r} does not exist in {directory}"
    elif sha256 and (found := _sha256(path)) != sha256:
        yield key, f"{name!r} has the sha256 {found}, expected {sha256}"


def _unavailable(catalog: Catalog, able: Abilities) -> Iterator[Problem]:
    """Note what an entry names and the installed package does not have."""
    for entry in catalog.datasets.values():
        if not entry.fetchable:
            continue
        wanted = [
            (("access", "method"), "access method", entry.access.method, able.methods),
            (("format",), "reader of the format", entry.format, able.formats),
            *((("fixes",), "fix", fix, able.fixes) for fix in entry.fixes),
        ]
        for key, kind, name, known in wanted:
            if known is not None and name not in known:
                place = catalog.where("dataset", entry.id, key)
                yield Problem("note", place, f"{kind} {name!r} is not available yet")
        if entry.access.url.startswith("http://"):
            place = catalog.where("dataset", entry.id, ("access", "url"))
            yield Problem("note", place, "the archive is known without TLS only")


def _recipes(catalog: Catalog, able: Abilities) -> Iterator[Problem]:
    def place(recipe: str, *key: str | int) -> str:
        return catalog.where("recipe", recipe, key)

    for recipe in catalog.recipes.values():
        for i, request in enumerate(recipe.indicators):
            if able.indicators is not None and request.id not in able.indicators:
                yield Problem(
                    "error", place(recipe.id, "indicators", i), f"unknown indicator {request.id!r}"
                )
            before = (earlier.output for earlier in recipe.indicators[:i])
            if request.of not in (None, *recipe.inputs, *before) and request.id != "xclim":
                message = f"no input {request.of!r}, and no result before it"
                yield Problem("error", place(recipe.id, "indicators", i), message)
        for variable, name in recipe.inputs.items():
            dataset = catalog.datasets.get(name)
            if dataset is not None and not dataset.fetchable:
                reason = f"dataset {name!r} cannot be fetched: {dataset.not_fetchable}"
                yield Problem("error", place(recipe.id, "inputs", variable), reason)


def _unit_fault(units: str) -> str | None:
    try:
        dimensions(units)
    except ValueError as error:
        return f"{error}; write it as CF does, for example 'mm d-1'"
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
