"""The catalog as a static STAC 1.1 catalog: a catalog an agency, a collection a dataset."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..files import write_text
from .describe import agency_record, datasets_of
from .load import Catalog
from .models import Agency, DatasetEntry
from .select import ecvs, membership_summary

STAC_VERSION = "1.1.0"
DATACUBE = "https://stac-extensions.github.io/datacube/v2.2.0/schema.json"
SCIENTIFIC = "https://stac-extensions.github.io/scientific/v1.0.0/schema.json"
ROOT_ID = "sco-pipeline"

_SPDX = ("CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-3.0-IGO", "CC0-1.0")
_STEPS = {"hour": "PT1H", "day": "P1D", "dekad": "P10D", "month": "P1M", "year": "P1Y"}
_ROLES = {"producer": ["producer"], "co-producer": ["producer"], "distributor": ["host"]}
_MEDIA_TYPES = {
    "netcdf": "application/netcdf",
    "zarr": "application/vnd.zarr",
    "geotiff": "image/tiff; application=geotiff",
    "hdf5": "application/x-hdf5",
    "csv": "text/csv",
    "points": "text/csv",
    "geojson": "application/geo+json",
    "json": "application/json",
    "html": "text/html",
    "png": "image/png",
}
_GLOBE = [-180.0, -90.0, 180.0, 90.0]

Json = dict[str, Any]


def export_stac(catalog: Catalog, directory: Path) -> list[Path]:
    """Write the catalog as static STAC, for any file server.

    Parameters
    ----------
    catalog : Catalog
        From `load_catalog`.
    directory : Path
        Where to write; made if absent. A former export there is replaced.

    Returns
    -------
    list of Path
        ``catalog.json`` first, then ``agencies.json``, one catalog for each agency with datasets
        and one collection for each dataset. All links are relative.

    Raises
    ------
    OutputError
        If the directory holds something else, or cannot be written.

    References
    ----------
    .. [1] https://github.com/radiantearth/stac-spec (1.1.0), with the extensions datacube 2.2.0
       and scientific 1.0.0; item assets are part of the core.
    """
    _refuse_strangers(directory)
    agencies = [a for a in catalog.agencies.values() if _datasets(catalog, a)]
    files: dict[Path, Json] = {
        directory / "catalog.json": root_catalog(catalog, agencies),
        directory / "agencies.json": {
            "title": membership_summary(catalog),
            "agencies": [agency_record(catalog, a) for a in catalog.agencies.values()],
        },
    }
    for agency in agencies:
        folder = directory / agency.id
        files[folder / "catalog.json"] = agency_catalog(catalog, agency)
        for entry in _datasets(catalog, agency):
            files[folder / entry.id / "collection.json"] = collection(catalog, entry)
    try:
        for path, content in files.items():
            write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise OutputError(f"{directory} cannot be written: {error.strerror}") from error
    return list(files)


def root_catalog(catalog: Catalog, agencies: list[Agency]) -> Json:
    """Return the STAC Catalog at the top, with a child for each agency."""
    summary = membership_summary(catalog)
    return {
        "type": "Catalog",
        "stac_version": STAC_VERSION,
        "id": ROOT_ID,
        "title": "Public climate datasets of the Space Climate Observatory's agencies",
        "description": f"{summary}; the datasets of producers outside it are supporting ones.",
        "links": [
            _link("root", "./catalog.json", "application/json"),
            *(_child(f"./{a.id}/catalog.json", f"{a.acronym}: {a.name}") for a in agencies),
            _link("related", "./agencies.json", "application/json", "All agencies, with evidence"),
        ],
    }


def agency_catalog(catalog: Catalog, agency: Agency) -> Json:
    """Return the STAC Catalog of one agency, with a child for each dataset."""
    about = f"{agency.name} ({agency.country}); membership: {agency.membership}."
    links = [
        _link("root", "../catalog.json", "application/json"),
        _link("parent", "../catalog.json", "application/json"),
        *(_child(f"./{e.id}/collection.json", e.title) for e in _datasets(catalog, agency)),
    ]
    if agency.url:
        links.append(_link("about", agency.url, "text/html", agency.name))
    return {
        "type": "Catalog",
        "stac_version": STAC_VERSION,
        "id": agency.id,
        "title": agency.acronym,
        "description": " ".join(part for part in (about, agency.note, agency.uncertainty) if part),
        "links": links,
    }


def collection(catalog: Catalog, entry: DatasetEntry) -> Json:
    """Return the STAC Collection of one dataset.

    Parameters
    ----------
    catalog : Catalog
        The catalog that holds it.
    entry : DatasetEntry
        The dataset.

    Returns
    -------
    dict
        With the fields of the extensions datacube and scientific, item assets and providers.
    """
    box = entry.coverage.bbox
    bbox = [box.west, box.south, box.east, box.north] if box else _GLOBE
    return {
        "type": "Collection",
        "stac_version": STAC_VERSION,
        "stac_extensions": [DATACUBE, SCIENTIFIC],
        "id": entry.id,
        "title": entry.title,
        "description": _description(catalog, entry),
        "keywords": list(
            dict.fromkeys([*ecvs(catalog, entry), *entry.variables, entry.agency, entry.frequency])
        ),
        "license": entry.license if entry.license in _SPDX else "other",
        "providers": _providers(catalog, entry),
        "extent": {
            "spatial": {"bbox": [bbox]},
            "temporal": {"interval": [_interval(entry)]},
        },
        "cube:dimensions": _dimensions(entry),
        "cube:variables": _variables(catalog, entry),
        **({"sci:doi": entry.doi} if entry.doi else {}),
        "sci:citation": entry.citation,
        "item_assets": {"data": _asset(entry)},
        "links": _links(entry),
    }


def _description(catalog: Catalog, entry: DatasetEntry) -> str:
    agency = catalog.agencies[entry.agency]
    parts = [
        entry.summary or f"{entry.title}.",
        f"Agency: {agency.name}, {entry.role}"
        + (f" ({entry.role_note})." if entry.role_note else "."),
        "Supporting: from outside the membership." if entry.supporting else None,
        f"Not fetchable by a script: {entry.not_fetchable}" if entry.not_fetchable else None,
        f"Licence: {entry.license}.",
        f"Preliminary data: {entry.preliminary.rule}" if entry.preliminary else None,
        *entry.notes,
    ]
    return "\n\n".join(part for part in parts if part)


def _providers(catalog: Catalog, entry: DatasetEntry) -> list[Json]:
    """Return agency and producer with their roles; a substitute has its producer alone."""
    agency = catalog.agencies[entry.agency]
    found: list[Json] = []
    if entry.role != "none":
        provider: Json = {"name": agency.name, "description": entry.role}
        if entry.role_note:
            provider["description"] += f": {entry.role_note}"
        if roles := _ROLES.get(entry.role):
            provider["roles"] = roles
        if agency.url:
            provider["url"] = agency.url
        found.append(provider)
    if entry.producer and entry.producer != agency.name:
        found.append({"name": entry.producer, "roles": ["producer"]})
    return found


def _interval(entry: DatasetEntry) -> list[str | None]:
    end = entry.coverage.end
    return [_stamp(entry.coverage.start, "00:00:00"), _stamp(end, "23:59:59") if end else None]


def _stamp(day: dt.date, time: str) -> str:
    return f"{day.isoformat()}T{time}Z"


def _dimensions(entry: DatasetEntry) -> Json:
    step = _STEPS.get(entry.frequency)
    dimensions: Json = {
        "time": {"type": "temporal", "extent": _interval(entry), **({"step": step} if step else {})}
    }
    box = entry.coverage.bbox
    if box:
        for name, axis, extent in (
            ("lon", "x", [box.west, box.east]),
            ("lat", "y", [box.south, box.north]),
        ):
            dimensions[name] = {"type": "spatial", "axis": axis, "extent": extent}
    return dimensions


def _variables(catalog: Catalog, entry: DatasetEntry) -> Json:
    found: Json = {}
    for name, source in entry.variables.items():
        variable = catalog.variables[name]
        found[name] = {
            "type": "auxiliary" if name.endswith("_uncertainty") else "data",
            "dimensions": list(_dimensions(entry)),
            "description": f"{variable.long_name}; in the files {source.name!r}",
            "unit": variable.units,
        }
    return found


def _asset(entry: DatasetEntry) -> Json:
    asset: Json = {
        "title": entry.title,
        "description": f"Access method {entry.access.method!r}, address {entry.access.url}",
        "roles": ["data"],
    }
    if entry.format in _MEDIA_TYPES:
        asset["type"] = _MEDIA_TYPES[entry.format]
    return asset


def _links(entry: DatasetEntry) -> list[Json]:
    links = [
        _link("root", "../../catalog.json", "application/json"),
        _link("parent", "../catalog.json", "application/json"),
    ]
    if entry.documentation:
        links.append(_link("about", entry.documentation, "text/html", "Documentation"))
        if entry.license not in _SPDX:
            links.append(_link("license", entry.documentation, "text/html", entry.license))
    if entry.license in _SPDX:
        address = f"https://spdx.org/licenses/{entry.license}.html"
        links.append(_link("license", address, "text/html", entry.license))
    if entry.doi:
        # brackets of old DOIs are no characters of an address
        doi = entry.doi.replace("<", "%3C").replace(">", "%3E")
        links.append(_link("cite-as", f"https://doi.org/{doi}"))
    return links


def _datasets(catalog: Catalog, agency: Agency) -> list[DatasetEntry]:
    return [catalog.datasets[name] for name in datasets_of(catalog, agency.id)]


def _link(rel: str, href: str, media_type: str | None = None, title: str | None = None) -> Json:
    link = {"rel": rel, "href": href, "type": media_type, "title": title}
    return {key: value for key, value in link.items() if value is not None}


def _child(href: str, title: str) -> Json:
    return _link("child", href, "application/json", title)


def _refuse_strangers(directory: Path) -> None:
    """Refuse a directory that holds something other than a former export."""
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return
    try:
        former = json.loads((directory / "catalog.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        former = None
    if not isinstance(former, dict) or former.get("id") != ROOT_ID:
        raise OutputError(
            f"{directory} holds something other than a former export; give a new directory"
        )
