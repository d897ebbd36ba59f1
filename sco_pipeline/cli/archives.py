"""Commands that show, check and export what the agencies offer."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from ..catalog import (
    Abilities,
    BBox,
    Catalog,
    Period,
    check_directory,
    load_catalog,
    members,
    membership_summary,
    parse_bbox,
)
from ..catalog import describe as texts
from ..catalog.select import select
from ..errors import CatalogError, unknown
from ..settings import Settings
from .screen import print_fields, print_json, print_table

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the sco command."""
    app.command("agencies", epilog="Examples: sco agencies   |   sco agencies --all --json")(
        agencies
    )
    app.command("check", epilog="Examples: sco check --notes   |   sco check --online")(check)
    app.command("export-stac", epilog="Example: sco export-stac stac")(export)
    group = typer.Typer(help="Datasets of the catalog.", invoke_without_command=True)
    group.callback(
        epilog="Examples: sco datasets --ecv 'Sea ice' --no-login   |   "
        "sco datasets --region -10,35,40,70 --from 2010-01-01   |   sco datasets show ID"
    )(datasets)
    group.command("show", epilog="Example: sco datasets show esa-cci-sst-cdr3-l4")(show)
    app.add_typer(group, name="datasets")


def agencies(
    everybody: Annotated[
        bool, typer.Option("--all", help="With the producers outside the membership.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the member agencies of the Space Climate Observatory."""
    catalog = _catalog()
    found = list(catalog.agencies.values()) if everybody else members(catalog)
    if as_json:
        print_json([texts.agency_record(catalog, agency) for agency in found])
        return
    rows = texts.agency_rows(catalog, found)
    print_table(membership_summary(catalog), texts.AGENCY_COLUMNS, rows)
    for agency in found:
        if agency.uncertainty:
            print(f"\n{agency.acronym}: {agency.uncertainty}.")


def datasets(
    context: typer.Context,
    agency: Annotated[str | None, typer.Option(help="Id of an agency.")] = None,
    ecv: Annotated[str | None, typer.Option(help="GCOS Essential Climate Variable.")] = None,
    variable: Annotated[str | None, typer.Option(help="Id of a variable, such as tos.")] = None,
    region: Annotated[
        str | None, typer.Option(help="A region set, a region, or west,south,east,north.")
    ] = None,
    first: Annotated[
        dt.datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")
    ] = None,
    last: Annotated[
        dt.datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")
    ] = None,
    login: Annotated[
        bool | None, typer.Option("--login/--no-login", help="Fetched with, or without, a login.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List datasets, all or some."""
    if context.invoked_subcommand:
        return
    catalog = _catalog()
    found = select(
        catalog,
        agency=agency,
        ecv=ecv,
        variable=variable,
        bbox=_box(catalog, region) if region else None,
        period=Period(start=first and first.date(), end=last and last.date()),
        login=login,
    )
    if as_json:
        print_json([texts.dataset_record(catalog, entry) for entry in found])
        return
    counted = [entry for entry in found if not entry.supporting and not entry.sample]
    title = f"{len(found)} datasets, {len(counted)} of them of members"
    print_table(title, texts.DATASET_COLUMNS, texts.dataset_rows(found))


def show(
    dataset: Annotated[str, typer.Argument(help="Id of a dataset.")], as_json: Json = False
) -> None:
    """Print everything needed to use and cite a dataset."""
    catalog = _catalog()
    entry = catalog.datasets[dataset]
    if as_json:
        print_json(texts.dataset_record(catalog, entry))
    else:
        print_fields(entry.id, texts.describe(catalog, entry))


def check(
    notes: Annotated[
        bool, typer.Option("--notes", help="Print each note instead of their counts.")
    ] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask every archive if its addresses answer.")
    ] = False,
    report_dir: Annotated[
        Path | None,
        typer.Option(help="With --online: where the dated report goes; by default in the outputs."),
    ] = None,
) -> None:
    """Validate every file of the catalog, and say which credentials are set.

    Errors make the catalog invalid. Notes say what an entry names and this version cannot use yet.
    An archive that does not answer online is a line of the report and no error.
    """
    from .online import check_online, credential_lines

    settings = Settings()
    report = check_directory(settings.catalog_dir, _abilities())
    for problem in report.errors:
        typer.echo(f"sco: {problem}", err=True)
    if notes:
        for problem in report.notes:
            print(f"note: {problem}")
    else:
        for message, count in Counter(problem.message for problem in report.notes).items():
            print(f"note: {message} ({count} of {len(report.catalog.datasets)} datasets)")
    if report.errors:
        raise typer.Exit(1)
    catalog = report.catalog
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
    print("\n".join(credential_lines(catalog, settings)))
    print(f"{catalog.directory}: valid ({counts})")
    if online:
        check_online(catalog, settings, report_dir)


def export(
    directory: Annotated[Path, typer.Argument(help="Where to write; made if absent.")],
) -> None:
    """Write the catalog as static STAC 1.1, for any file server."""
    from ..catalog.stac_export import export_stac

    written = export_stac(_catalog(), directory)
    print(f"{written[0]} ({len(written)} files)")


def _catalog() -> Catalog:
    return load_catalog(Settings().catalog_dir)


def _abilities() -> Abilities:
    """Return the names of what this version can do."""
    from ..access.method import methods
    from ..harmonise.fixes.fix import FIXES
    from ..harmonise.readers.reader import READERS
    from ..indicators import indicators

    return Abilities(
        methods=set(methods), formats=set(READERS), fixes=set(FIXES), indicators=set(indicators)
    )


def _box(catalog: Catalog, text: str) -> BBox:
    """Return the box of ``west,south,east,north``, of a region set or of a region."""
    if "," in text:
        return parse_bbox(text)
    from ..areas import load_areas

    names = set(catalog.region_sets)
    for entry in catalog.region_sets.values():
        # a set that must be downloaded first is looked into only when it is meant
        if entry.access is not None and entry.id != text:
            continue
        areas = load_areas([entry.id], catalog, Settings())
        wanted = [
            geometry
            for name, geometry in zip(areas.ids, areas.geometries, strict=True)
            if text in (entry.id, name)
        ]
        if wanted:
            bounds = [geometry.bounds for geometry in wanted]
            return BBox(
                west=min(b[0] for b in bounds),
                south=min(b[1] for b in bounds),
                east=max(b[2] for b in bounds),
                north=max(b[3] for b in bounds),
            )
        names |= set(areas.ids)
    raise CatalogError(unknown("region", text, names))
