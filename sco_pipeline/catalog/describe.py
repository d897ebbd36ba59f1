"""Catalog entries as rows and fields, for tables on a screen and for JSON."""

from __future__ import annotations

from typing import Any

from .load import Catalog
from .models import Agency, DatasetEntry
from .select import ecvs

AGENCY_COLUMNS = ("id", "name", "country", "membership", "open data", "datasets")
DATASET_COLUMNS = ("id", "agency", "variables", "frequency", "coverage", "access", "title")


def agency_rows(catalog: Catalog, agencies: list[Agency]) -> list[tuple[str, ...]]:
    """Return one row an agency, in the order of `AGENCY_COLUMNS`."""
    return [
        (
            agency.id,
            agency.name,
            agency.country,
            agency.membership,
            agency.open_data or "",
            str(len(datasets_of(catalog, agency.id))),
        )
        for agency in agencies
    ]


def agency_record(catalog: Catalog, agency: Agency) -> dict[str, Any]:
    """Return an agency with its evidence and its datasets, ready for JSON."""
    record: dict[str, Any] = agency.model_dump(mode="json")
    record["evidence"] = [catalog.sources[name].model_dump() for name in agency.evidence]
    record["datasets"] = datasets_of(catalog, agency.id)
    return record


def datasets_of(catalog: Catalog, agency: str) -> list[str]:
    """Return the ids of the datasets of an agency, without samples."""
    return [e.id for e in catalog.datasets.values() if e.agency == agency and not e.sample]


def dataset_rows(entries: list[DatasetEntry]) -> list[tuple[str, ...]]:
    """Return one row a dataset, in the order of `DATASET_COLUMNS`."""
    return [
        (
            entry.id,
            entry.agency,
            " ".join(entry.variables),
            entry.frequency,
            span(entry),
            access_word(entry),
            entry.title,
        )
        for entry in entries
    ]


def dataset_record(catalog: Catalog, entry: DatasetEntry) -> dict[str, Any]:
    """Return a dataset with what follows from it, ready for JSON."""
    record: dict[str, Any] = entry.model_dump(mode="json")
    record |= {
        "fetchable": entry.fetchable,
        "needs_login": entry.needs_login,
        "all_ecvs": ecvs(catalog, entry),
    }
    for name, source in record["variables"].items():
        variable = catalog.variables[name]
        source |= {
            "standard_name": variable.standard_name,
            "long_name": variable.long_name,
            "canonical_units": variable.units,
            "valid_range": variable.valid_range,
        }
    return record


def describe(catalog: Catalog, entry: DatasetEntry) -> list[tuple[str, str]]:
    """Return everything needed to use and cite a dataset, as labels and texts.

    Parameters
    ----------
    catalog : Catalog
        The catalog that holds it.
    entry : DatasetEntry
        The dataset.

    Returns
    -------
    list of (str, str)
        In reading order, without empty fields.
    """
    agency = catalog.agencies[entry.agency]
    role = f"{agency.name}: {entry.role}" + (f" ({entry.role_note})" if entry.role_note else "")
    fields: list[tuple[str, str | None]] = [
        ("title", entry.title),
        ("summary", entry.summary),
        ("agency", role),
        ("produced by", entry.producer),
        ("standing", _standing(entry)),
        ("ECV", "; ".join(ecvs(catalog, entry))),
        ("variables", "\n".join(_variable_lines(catalog, entry))),
        ("coverage", _coverage(entry)),
        ("frequency", entry.frequency + (f" ({entry.cadence})" if entry.cadence else "")),
        ("grid", ", ".join(part for part in (entry.grid, entry.resolution) if part)),
        ("latency", entry.latency),
        ("preliminary", entry.preliminary.rule if entry.preliminary else None),
        ("version", entry.version),
        ("license", entry.license + (f" ({entry.license_basis})" if entry.license_basis else "")),
        ("citation", entry.citation),
        ("DOI", f"https://doi.org/{entry.doi}" if entry.doi else None),
        ("credit", entry.credit),
        ("documentation", entry.documentation),
        *_access(entry),
        ("notes", "\n".join(entry.notes)),
    ]
    return [(label, text) for label, text in fields if text]


def access_word(entry: DatasetEntry) -> str:
    """Return in a word or two how a dataset is had: ``zarr``, ``http, login``, ``by hand``."""
    if not entry.fetchable:
        return "by hand"
    return entry.access.method + (", login" if entry.needs_login else "")


def span(entry: DatasetEntry) -> str:
    """Return ``start..end``; the end is left out of a growing dataset."""
    return f"{entry.coverage.start}..{entry.coverage.end or ''}"


def _standing(entry: DatasetEntry) -> str | None:
    if entry.supporting:
        return "supporting: from outside the membership of the Space Climate Observatory"
    if entry.role == "none":
        return "substitute: not a product of the agency"
    return "sample: an extract for trying things out" if entry.sample else None


def _variable_lines(catalog: Catalog, entry: DatasetEntry) -> list[str]:
    lines = []
    for name, source in entry.variables.items():
        variable = catalog.variables[name]
        units = source.units or source.file_units
        known = ", name from general knowledge" if source.name_status == "own knowledge" else ""
        note = f"; {source.note}" if source.note else ""
        standard = f" [{variable.standard_name}]" if variable.standard_name else ""
        lines.append(
            f"{name}: {variable.long_name}{standard}, {variable.units}; in the file "
            f"{source.name!r}{f' in {units}' if units else ''}{known}{note}"
        )
    return lines


def _coverage(entry: DatasetEntry) -> str:
    box = entry.coverage.bbox
    parts = [span(entry), entry.coverage.extent]
    if box:
        parts.append(
            f"west {box.west:g}, south {box.south:g}, east {box.east:g}, north {box.north:g}"
        )
    return "; ".join(part for part in parts if part)


def _access(entry: DatasetEntry) -> list[tuple[str, str | None]]:
    access = entry.access
    auth = access.options.get("auth")
    account = auth.get("account") if isinstance(auth, dict) else None
    login = None
    if access.credential:
        login = f"set SCO_TOKENS__{access.credential}" + (
            f"; account: {account}" if account else ""
        )
    return [
        ("not fetchable", entry.not_fetchable),
        ("access", f"{access.method}: {access.url}"),
        ("mirrors", "\n".join(access.mirrors)),
        ("login", login),
        ("address", _address(entry)),
        ("format", entry.format + (f"; fixes {', '.join(entry.fixes)}" if entry.fixes else "")),
    ]


def _address(entry: DatasetEntry) -> str | None:
    if entry.address_status is None:
        return None
    return entry.address_status + (f" in {entry.found_in}" if entry.found_in else "")
