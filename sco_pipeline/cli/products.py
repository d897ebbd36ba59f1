"""Commands that fetch, make and explain products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import access, sources
from ..catalog import Recipe, load_catalog
from ..errors import HarmonisationError
from ..settings import Settings
from .screen import print_fields, print_json, print_table

RecipeId = Annotated[str, typer.Argument(help="Id of a recipe; sco recipes lists them.")]
OutputDir = Annotated[
    Path | None, typer.Option(help="Directory of the products; SCO_OUTPUT_DIR sets it too.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what it would take: files, bytes, time.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Force = Annotated[bool, typer.Option("--force", help="Make it even if it is up to date.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
STATUS_COLUMNS = ("dataset", "state", "period", "address")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the sco command."""
    app.command("run", epilog="Example: sco run equatorial-sst --output-dir products")(run)
    app.command("fetch", epilog="Example: sco fetch equatorial-sst --dry-run")(fetch)
    app.command("status", epilog="Example: sco status equatorial-sst")(status)
    app.command(
        "inspect",
        epilog="Examples: sco inspect sst.nc --frequency day   |   "
        "sco inspect co2.csv --units co2=ppm --quality",
    )(inspect)
    app.command("explain", epilog="Example: sco explain outputs/equatorial-sst")(explain)


def run(
    recipe: RecipeId,
    output_dir: OutputDir = None,
    force: Force = False,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fetch, compute and write one product; does nothing if it is up to date."""
    settings = _settings(output_dir=output_dir)
    if dry_run:
        _tell_plan(recipe, settings, as_json, computing=True)
        return
    from .. import pipeline

    with access.shown("none" if quiet else "auto") as progress:
        product = pipeline.run(recipe, settings, force=force, progress=progress)
    if as_json:
        print_json(product.model_dump(mode="json"))
    else:
        print(product.summary())


def fetch(
    recipe: RecipeId, dry_run: DryRun = False, quiet: Quiet = False, as_json: Json = False
) -> None:
    """Fetch the files of a recipe into the cache."""
    settings = _settings()
    if dry_run:
        _tell_plan(recipe, settings, as_json)
        return
    with access.shown("none" if quiet else "auto") as progress:
        records = sources.fetch(_recipe(recipe, settings), settings, progress=progress)
    if as_json:
        print_json([record.model_dump(mode="json") for record in records])
        return
    rows = [(r.dataset, file.size, file.path) for r in records for file in r.files]
    print_table(f"Files: {len(rows)}", ("dataset", "bytes", "path"), rows)


def status(recipe: RecipeId, as_json: Json = False) -> None:
    """List the files of a recipe: here, new, late, missing, preliminary, superseded."""
    settings = _settings()
    found = sources.status(_recipe(recipe, settings), settings)
    rows = [
        (dataset, file.state, str(file.period or ""), file.url)
        for dataset, files in found.items()
        for file in files
    ]
    if as_json:
        print_json([dict(zip(STATUS_COLUMNS, row, strict=True)) for row in rows])
        return
    counts = Counter(row[1] for row in rows)
    title = ", ".join(f"{count} {state}" for state, count in counts.items()) or "no files"
    print_table(title, STATUS_COLUMNS, rows)


def inspect(
    file: Annotated[Path, typer.Argument(help="A file of any format that has a reader.")],
    frequency: Annotated[
        str | None, typer.Option(help="hour, day, month or year, where it does not show.")
    ] = None,
    variable: Annotated[
        list[str] | None, typer.Option(help="Name in the file; may be repeated.")
    ] = None,
    units: Annotated[
        list[str] | None, typer.Option(help="NAME=UNITS where the file is silent or wrong.")
    ] = None,
    layout: Annotated[
        list[str] | None, typer.Option(help="KEY=VALUE as under 'layout:' of a catalog entry.")
    ] = None,
    quality: Annotated[
        bool, typer.Option("--quality", help="Read the values and count what the checks find.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what a file holds, what harmonising it changes and why."""
    from ..harmonise import inspect as look_into

    found = look_into(
        file,
        quality=quality,
        frequency=frequency,
        variables=tuple(variable or ()),
        units=_pairs("units", units or ()),
        layout=_pairs("layout", layout or ()),
    )
    if as_json:
        print_json(found.record())
    else:
        print(found)


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


def _tell_plan(recipe: str, settings: Settings, as_json: bool, computing: bool = False) -> None:
    """Say what a fetch would bring, and what computing would take."""
    chosen = _recipe(recipe, settings)
    plans = sources.plan(chosen, settings)
    if as_json:
        print_json([asdict(plan) for plan in plans])
        return
    rows = [
        (
            plan.dataset,
            plan.here,
            len(plan.files),
            "unknown" if plan.size is None else f"{plan.size / 1e6:.1f}",
            "unknown" if plan.seconds is None else f"{plan.seconds:.0f}",
        )
        for plan in plans
    ]
    print_table(f"{recipe}: to fetch", ("dataset", "here", "files", "MB", "seconds"), rows)
    if computing:
        print(f"{recipe}: computing {_computing(chosen, plans, settings)}")


def _computing(recipe: Recipe, plans: list[access.Plan], settings: Settings) -> str:
    """Say what computing would take, where that can be told of what is here."""
    if any(plan.files for plan in plans):
        return "can be estimated once the files are here"
    from .. import pipeline
    from ..expectation import estimate

    inputs = pipeline.open_inputs(recipe, sources.fetch(recipe, settings), settings)
    expected = estimate(recipe, inputs, settings)
    if expected is not None:
        return str(expected)
    size = sum(inputs[name].nbytes for name in inputs.data_vars)
    return f"reads {size / 1e6:.1f} MB"


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Return KEY=VALUE options as a mapping."""
    for text in texts:
        if "=" not in text:
            raise HarmonisationError(f"--{option} is {text!r}, expected KEY=VALUE")
    return dict(text.split("=", 1) for text in texts)


def _recipe(recipe: str, settings: Settings) -> Recipe:
    return load_catalog(settings.catalog_dir).recipes[recipe]


def _settings(**given: Any) -> Settings:
    return Settings(**{name: value for name, value in given.items() if value is not None})
