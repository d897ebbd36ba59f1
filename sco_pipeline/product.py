"""What a finished product is on disk: its manifest, whether it is up to date, how it gets there."""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import importlib.metadata
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field

from . import files
from .catalog import Catalog, FetchRecord, Recipe
from .catalog.models import Id, Model
from .errors import OutputError

MANIFEST = "product.json"


class ProductFile(Model):
    """One file of a product."""

    path: str
    sha256: str
    size: int
    kind: Id


class Input(Model):
    """One file that a product was made of."""

    dataset: Id
    url: str
    sha256: str
    status: str


class Product(Model):
    """The files that one run of a recipe left, and the inputs they were made of."""

    recipe: Id
    title: str
    directory: Path
    fingerprint: str
    inputs: tuple[Input, ...]
    files: tuple[ProductFile, ...]
    quality: Mapping[str, Mapping[str, int]] = Field(default={})
    caveats: tuple[str, ...] = ()
    made: dt.datetime
    up_to_date: bool = False

    def summary(self) -> str:
        """Say where the files lie, what to know about them and how to open them."""
        state = "is up to date, nothing to do" if self.up_to_date else "is ready"
        lines = [f"{self.recipe} {state}: {self.title}"]
        kinds = list(dict.fromkeys(file.kind for file in self.files))
        width = max(map(len, ["netcdf", *kinds]))
        for kind in kinds:
            lines.append(f"  {kind:<{width}}  {_where(self.paths(kind))}")
        lines += [f"  {'note':<{width}}  {caveat}" for caveat in self.caveats]
        for path in self.paths("netcdf")[:1]:
            lines.append(f"  {'open':<{width}}  xarray.open_dataset('{path}', engine='h5netcdf')")
        return "\n".join(lines)

    def paths(self, kind: str | None = None) -> list[Path]:
        """Return the paths of all files, or of those of one kind (``"netcdf"``)."""
        return [self.directory / file.path for file in self.files if kind in (None, file.kind)]


def _where(paths: Sequence[Path]) -> str:
    """Return the only path, or how many files lie in which directory."""
    if len(paths) == 1:
        return str(paths[0])
    return f"{paths[0].parent} ({len(paths)} files)"


def fingerprint(recipe: Recipe, catalog: Catalog, records: Sequence[FetchRecord]) -> str:
    """Return a hash of everything that decides the content of a product."""
    sets = [catalog.region_sets[name] for name in recipe.regions]
    entries = [catalog.datasets[record.dataset] for record in records]
    variables = [catalog.variables[name] for name in recipe.inputs]
    models = (recipe, *entries, *sets, *variables)
    parts: list[object] = [model.model_dump(mode="json") for model in models]
    parts.append([file.sha256 for record in records for file in record.files])
    parts.append(importlib.metadata.version("sco-pipeline"))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def describe_inputs(records: Sequence[FetchRecord]) -> tuple[Input, ...]:
    """Return what a product was made of."""
    return tuple(
        Input(dataset=record.dataset, url=file.url, sha256=file.sha256, status=file.status)
        for record in records
        for file in record.files
    )


def describe_files(directory: Path, written: Iterable[tuple[str, Path]]) -> tuple[ProductFile, ...]:
    """Return size and sha256 of files given as (kind, path)."""
    return tuple(
        ProductFile(
            path=path.relative_to(directory).as_posix(),
            sha256=files.sha256(path),
            size=path.stat().st_size,
            kind=kind,
        )
        for kind, path in written
    )


def read_manifest(directory: Path) -> Product | None:
    """Return the product that lies in a directory, if its manifest is there."""
    path = directory / MANIFEST
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Product.model_validate({**content, "directory": directory})
    except ValueError as error:
        raise OutputError(
            f"{path} is not the manifest of a product ({error!s:.120}); remove it and run again"
        ) from error


def current(directory: Path, key: str) -> Product | None:
    """Return the product on disk, if it was made of the same things and is whole."""
    found = read_manifest(directory)
    if found is None or found.fingerprint != key or not is_whole(found):
        return None
    return found.model_copy(update={"up_to_date": True})


def is_whole(product: Product) -> bool:
    """Tell whether every file of a product is on disk with the bytes it was written with."""
    return all(
        path.is_file() and path.stat().st_size == file.size and files.sha256(path) == file.sha256
        for file, path in zip(product.files, product.paths(), strict=True)
    )


@contextmanager
def staging(directory: Path) -> Iterator[Path]:
    """Give a fresh directory to write a product in, beside its final one.

    Whoever enters holds the product's lock, so what an earlier run left there belongs to nobody.
    """
    place = directory.with_name(f".{directory.name}.staging")
    shutil.rmtree(place, ignore_errors=True)
    try:
        place.mkdir(parents=True)
        yield place
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        free = shutil.disk_usage(directory.parent).free
        raise OutputError(
            f"no space is left to write {directory}: {free} bytes are free; "
            "make room and run again. What was there before is untouched"
        ) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def publish(product: Product, staged: Path) -> Product:
    """Move the staged files of a product into its directory, the manifest last.

    Every file is complete when it takes its name. Should the process die in between, the manifest
    still lists the old checksums, so that the next run sees it and makes the product again.

    Parameters
    ----------
    product : Product
        Described in `staged`; its `directory` is the final one.
    staged : Path
        Directory that holds the files.

    Returns
    -------
    Product
        The same product.
    """
    earlier = read_manifest(product.directory)
    for file in product.files:
        files.put_in_place(staged / file.path, product.directory / file.path)
    manifest = product.model_dump_json(indent=2, exclude={"directory", "up_to_date"}) + "\n"
    (staged / MANIFEST).write_text(manifest, encoding="utf-8")
    files.put_in_place(staged / MANIFEST, product.directory / MANIFEST)
    kept = {file.path for file in product.files}
    for file in earlier.files if earlier else ():
        if file.path not in kept:
            (product.directory / file.path).unlink(missing_ok=True)
    return product


def explain_directory(directory: Path) -> dict[str, object]:
    """Say what the product in a directory is, what it was made of and whether it is whole.

    Parameters
    ----------
    directory : Path
        Directory of one product.

    Returns
    -------
    dict
        Readable fields.

    Raises
    ------
    OutputError
        If no product lies there.
    """
    product = read_manifest(directory)
    if product is None:
        raise OutputError(
            f"{directory} holds no product ({MANIFEST} is missing); "
            "give the directory that 'sco run' printed"
        )
    return {
        "recipe": product.recipe,
        "title": product.title,
        "made": product.made.isoformat(timespec="seconds"),
        "whole": "yes" if is_whole(product) else "no; run the recipe again",
        "inputs": "\n".join(f"{i.dataset}: {i.url} sha256 {i.sha256}" for i in product.inputs),
        "files": "\n".join(f"{file.path} ({file.size} bytes)" for file in product.files),
        "quality": "\n".join(
            f"{name}: " + ", ".join(f"{count:,} {check}" for check, count in counts.items())
            for name, counts in product.quality.items()
        ),
        "caveats": "\n".join(product.caveats),
        "fingerprint": product.fingerprint,
    }
