"""Commands that show and check the catalog."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ..catalog import Catalog, load_catalog
from ..indicators import Indicator
from ..indicators import indicators as all_indicators
from ..settings import Settings
from .screen import print_fields, print_json, print_table

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the sco command."""
    app.command("agencies", epilog="Example: sco agencies --json")(agencies)
    app.command("check", epilog="Example: sco check")(check)
    for name, listing, show, about in (
        ("datasets", datasets, show_dataset, "Datasets of the catalog."),
        ("indicators", indicators, show_indicator, "Indicators that can be computed."),
        ("regions", regions, show_regions, "Region sets, and the regions in them."),
        ("recipes", recipes, show_recipe, "Recipes: the products that can be made."),
    ):
        group = typer.Typer(help=about, invoke_without_command=True)
        group.callback(epilog=f"Examples: sco {name}   |   sco {name} show ID")(listing)
        group.command("show")(show)
        app.add_typer(group, name=name)


def agencies(as_json: Json = False) -> None:
    """List the member agencies of the Space Climate Observatory and other producers."""
    entries = [entry for entry in _catalog().agencies.values() if entry.membership != "none"]
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in entries])
        return
    rows = [(e.id, e.acronym, e.name, e.country, e.membership) for e in entries]
    print_table(
        f"{len(rows)} members on 31 January 2021", ("id", "", "name", "country", "membership"), rows
    )


def datasets(
    context: typer.Context,
    ecv: Annotated[str | None, typer.Option(help="GCOS Essential Climate Variable.")] = None,
    agency: Annotated[str | None, typer.Option(help="Id of an agency.")] = None,
    as_json: Json = False,
) -> None:
    """List datasets, all or some."""
    if context.invoked_subcommand:
        return
    catalog = _catalog()
    if agency is not None:
        agency = catalog.agencies[agency].id
    found = [
        entry
        for entry in catalog.datasets.values()
        if agency in (None, entry.agency) and _has_ecv(catalog, entry.variables, ecv)
    ]
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in found])
        return
    rows = [
        (e.id, e.agency, " ".join(e.variables), e.frequency, _span(e.coverage), e.title)
        for e in found
    ]
    print_table(
        f"{len(rows)} datasets",
        ("id", "agency", "variables", "frequency", "coverage", "title"),
        rows,
    )


def show_dataset(dataset: Annotated[str, typer.Argument(help="Id of a dataset.")]) -> None:
    """Print everything needed to use and cite a dataset."""
    catalog = _catalog()
    entry = catalog.datasets[dataset]
    variables = []
    for name, source in entry.variables.items():
        variable = catalog.variables[name]
        variables.append(f"{name} ({source.name}): {variable.long_name}, {variable.units}")
    print_fields(
        entry.id,
        [
            ("title", entry.title),
            ("summary", entry.summary),
            ("agency", f"{catalog.agencies[entry.agency].name}: {entry.role}"),
            ("variables", "\n".join(variables)),
            ("frequency", entry.frequency),
            ("coverage", _span(entry.coverage)),
            ("resolution", entry.resolution),
            ("license", entry.license),
            ("citation", entry.citation),
            ("credit", entry.credit),
            ("doi", entry.doi),
            ("documentation", entry.documentation),
            ("access", f"{entry.access.method}: {entry.access.url}"),
        ],
    )


def indicators(context: typer.Context, as_json: Json = False) -> None:
    """List indicators."""
    if context.invoked_subcommand:
        return
    if as_json:
        print_json([_about(name) for name in all_indicators])
        return
    rows = [
        (e.id, _inputs(e, "any"), e.units.format(units="same"), e.definition)
        for e in all_indicators.values()
    ]
    print_table(f"{len(rows)} indicators", ("id", "of", "units", "definition"), rows)


def show_indicator(indicator: Annotated[str, typer.Argument(help="Id of an indicator.")]) -> None:
    """Print definition, inputs, options and source of an indicator."""
    print_fields(indicator, _about(indicator).items())


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
    region_set: Annotated[str, typer.Argument(help="Id of a region set.")],
) -> None:
    """List the regions of a set."""
    from ..regions import load_region_set

    catalog = _catalog()
    areas = load_region_set(catalog.region_sets[region_set], catalog.directory)
    rows = zip(areas.ids, areas.names, strict=True)
    print_table(catalog.region_sets[region_set].title, ("id", "name"), rows)


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


def check() -> None:
    """Validate every file of the catalog, offline."""
    catalog = _catalog()
    for recipe in catalog.recipes.values():
        for request in recipe.indicators:
            all_indicators[request.id]
    counts = ", ".join(
        f"{len(table)} {name}"
        for name, table in (
            ("agencies", catalog.agencies),
            ("variables", catalog.variables),
            ("datasets", catalog.datasets),
            ("region sets", catalog.region_sets),
            ("recipes", catalog.recipes),
        )
    )
    print(f"{catalog.directory}: valid ({counts})")


def _catalog() -> Catalog:
    return load_catalog(Settings().catalog_dir)


def _about(name: str) -> dict[str, Any]:
    entry = all_indicators[name]
    return {
        "id": entry.id,
        "definition": entry.definition,
        "inputs": _inputs(entry, "any variable"),
        "units": entry.units.format(units="those of the variable"),
        "standard_name": entry.standard_name,
        "cell_methods": entry.cell_methods,
        "frequency of the inputs": entry.frequency,
        "needs a baseline": "yes" if entry.needs_baseline else "no",
        "options": ", ".join(f"{k}={v!r}" for k, v in entry.options.items()),
        "ECV": entry.ecv,
        "references": entry.references,
    }


def _inputs(entry: Indicator, anything: str) -> str:
    return anything if entry.takes_any_variable else " ".join(entry.inputs)


def _has_ecv(catalog: Catalog, variables: Any, ecv: str | None) -> bool:
    names = {(catalog.variables[name].ecv or "").casefold() for name in variables}
    return ecv is None or ecv.casefold() in names


def _span(coverage: Any) -> str:
    return f"{coverage.start}..{coverage.end or ''}"
