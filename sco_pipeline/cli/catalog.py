"""Commands that show indicators, regions and recipes."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..areas import load_areas
from ..catalog import Catalog, load_catalog
from ..errors import RegionError, unknown
from ..settings import Settings
from .screen import print_fields, print_json, print_table

if TYPE_CHECKING:
    from ..indicators import Indicator
    from ..regions import Regions

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the sco command."""
    for name, listing, show, about in (
        ("indicators", indicators, show_indicator, "Indicators that can be computed."),
        ("regions", regions, show_regions, "Region sets, and the regions in them."),
        ("recipes", recipes, show_recipe, "Recipes: the products that can be made."),
    ):
        group = typer.Typer(help=about, invoke_without_command=True)
        group.callback(epilog=f"Examples: sco {name}   |   sco {name} show ID")(listing)
        group.command("show")(show)
        app.add_typer(group, name=name)


def indicators(context: typer.Context, as_json: Json = False) -> None:
    """List indicators."""
    if context.invoked_subcommand:
        return
    from ..indicators import indicators as known

    if as_json:
        print_json([_about(entry) for entry in known.values()])
        return
    rows = [
        (e.id, _inputs(e, "any"), e.units.format(units="same"), e.definition)
        for e in known.values()
    ]
    print_table(f"{len(rows)} indicators", ("id", "of", "units", "definition"), rows)


def show_indicator(indicator: Annotated[str, typer.Argument(help="Id of an indicator.")]) -> None:
    """Print definition, inputs, options and source of an indicator."""
    from ..indicators import indicators as known

    print_fields(indicator, _about(known[indicator]).items())


def regions(context: typer.Context, as_json: Json = False) -> None:
    """List region sets."""
    if context.invoked_subcommand:
        return
    sets = _catalog().region_sets.values()
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in sets])
        return
    print_table(f"{len(sets)} region sets", ("id", "title"), [(e.id, e.title) for e in sets])


def show_regions(
    name: Annotated[
        str,
        typer.Argument(help="Id of a region set, a part of a region's name, or a geometry file."),
    ],
) -> None:
    """List the regions of a set or file, or find regions of all sets by id or name."""
    settings = Settings()
    catalog = load_catalog(settings.catalog_dir)
    if name in catalog.region_sets:
        areas = load_areas([name], catalog, settings)
        _print_regions(catalog.region_sets[name].title, areas)
        return
    if Path(name).is_file():
        from ..regions import read_regions

        _print_regions(name, read_regions(name))
        return
    found = []
    for entry in catalog.region_sets.values():
        if entry.access is None:  # a set that is downloaded is not looked into
            areas = load_areas([entry.id], catalog, settings).find(name)
            found += [(entry.id, *pair) for pair in zip(areas.ids, areas.names, strict=True)]
    if not found:
        raise RegionError(unknown("region or region set", name, catalog.region_sets))
    print_table(f"Regions that match {name!r}: {len(found)}", ("set", "id", "name"), found)


def _print_regions(title: str, areas: Regions) -> None:
    """Print ids and names, what was repaired, and what a product will say of the geometry."""
    rows = zip(areas.ids, areas.names, strict=True)
    print_table(f"{title}: {len(areas)} regions", ("id", "name"), rows)
    print_fields("", [*(("repaired", note) for note in areas.notes), ("sha256", areas.sha256)])


def recipes(context: typer.Context, as_json: Json = False) -> None:
    """List recipes."""
    if context.invoked_subcommand:
        return
    entries = _catalog().recipes.values()
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in entries])
        return
    rows = [(e.id, e.cadence, " ".join(sorted(set(e.inputs.values()))), e.title) for e in entries]
    print_table(f"{len(rows)} recipes", ("id", "cadence", "datasets", "title"), rows)


def show_recipe(recipe: Annotated[str, typer.Argument(help="Id of a recipe.")]) -> None:
    """Print what a recipe asks for."""
    entry = _catalog().recipes[recipe]
    print_fields(
        entry.id,
        [
            ("title", entry.title),
            ("summary", entry.summary),
            ("indicators", " ".join(request.output for request in entry.indicators)),
            ("inputs", ", ".join(f"{k} from {v}" for k, v in entry.inputs.items())),
            ("period", entry.period),
            ("baseline", entry.baseline),
            ("regions", " ".join(entry.regions)),
            ("cadence", entry.cadence),
            ("formats", " ".join(entry.formats)),
            ("caveats", "\n".join(entry.caveats)),
        ],
    )


def _catalog() -> Catalog:
    return load_catalog(Settings().catalog_dir)


def _about(entry: Indicator) -> dict[str, Any]:
    return {
        "id": entry.id,
        "definition": entry.definition,
        "formula": entry.formula,
        "details": _details(entry),
        "inputs": _inputs(entry, "any variable"),
        "units": entry.units.format(units="those of the variable"),
        "standard_name": (entry.standard_name or "").format(standard_name="that of the variable"),
        "cell_methods": (entry.cell_methods or "").format(daily="(that of the variable)"),
        "frequency of the inputs": entry.frequency,
        "needs a baseline": "yes" if entry.needs_baseline else "no",
        "options": ", ".join(f"{k}={v!r}" for k, v in entry.options.items()),
        "ECV": entry.ecv or "that of the variable",
        "references": entry.references.replace("; ", "\n"),
    }


def _details(entry: Indicator) -> str:
    """Return how an indicator is computed: what its documentation says before the parameters."""
    text = (inspect.getdoc(entry.function) or "").partition("\n")[2]
    paragraphs = text.partition("\nParameters\n")[0].strip().split("\n\n")
    return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _inputs(entry: Indicator, anything: str) -> str:
    return anything if entry.takes_any_variable else " ".join(entry.inputs)
