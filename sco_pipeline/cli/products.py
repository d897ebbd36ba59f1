"""Commands that fetch, make and explain products."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..settings import Settings
from .screen import print_fields, print_json, print_table

RecipeId = Annotated[str, typer.Argument(help="Id of a recipe; sco recipes lists them.")]
OutputDir = Annotated[
    Path | None, typer.Option(help="Directory of the products; SCO_OUTPUT_DIR sets it too.")
]
Force = Annotated[bool, typer.Option("--force", help="Make it even if it is up to date.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the sco command."""
    app.command("run", epilog="Example: sco run equatorial-sst --output-dir products")(run)
    app.command("fetch", epilog="Example: sco fetch equatorial-sst")(fetch)
    app.command("explain", epilog="Example: sco explain outputs/equatorial-sst")(explain)


def run(
    recipe: RecipeId, output_dir: OutputDir = None, force: Force = False, as_json: Json = False
) -> None:
    """Fetch, compute and write one product; does nothing if it is up to date."""
    from .. import pipeline

    product = pipeline.run(recipe, _settings(output_dir=output_dir), force=force)
    if as_json:
        print_json(product.model_dump(mode="json"))
    else:
        print(product.summary())


def fetch(recipe: RecipeId, as_json: Json = False) -> None:
    """Fetch the files of a recipe into the cache."""
    from .. import pipeline
    from ..catalog import load_catalog

    settings = _settings()
    records = pipeline.fetch(load_catalog(settings.catalog_dir).recipes[recipe], settings)
    if as_json:
        print_json([record.model_dump(mode="json") for record in records])
        return
    rows = [(r.dataset, file.size, file.path) for r in records for file in r.files]
    print_table(f"{len(rows)} files", ("dataset", "bytes", "path"), rows)


def explain(
    product: Annotated[Path, typer.Argument(help="Directory of a product.")], as_json: Json = False
) -> None:
    """Say what a product on disk is, what it was made of and whether it is whole."""
    from ..product import explain_directory

    about = explain_directory(product)
    if as_json:
        print_json(about)
    else:
        print_fields(str(product), about.items())


def _settings(**given: Any) -> Settings:
    return Settings(**{name: value for name, value in given.items() if value is not None})
