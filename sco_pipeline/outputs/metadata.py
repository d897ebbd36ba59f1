"""What a product says about itself: CF-1.11 and ACDD-1.3 attributes.

The attributes follow from the recipe, the catalog, the product and the checksums of the inputs
alone, never from the clock of the machine, so that the same inputs give the same bytes.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from ..catalog import BBox, Catalog, DatasetEntry, FetchRecord, Period, Recipe
from .created import date_created
from .extents import describe_grid, geospatial, geospatial_of_box
from .time_axes import baseline_period, covered, describe_time, time_axes

CONVENTIONS = "CF-1.11, ACDD-1.3"
STANDARD_NAMES = "CF Standard Name Table v93"
PROJECT = "Space Climate Observatory"
PROJECT_URL = "https://www.spaceclimateobservatory.org"
NORMAL_YEARS = 30
_ANOMALY_NAMES = {  # the CF table holds no other anomalies of these quantities
    "air_temperature": "air_temperature_anomaly",
    "sea_surface_temperature": "surface_temperature_anomaly",
    "surface_temperature": "surface_temperature_anomaly",
    "sea_water_temperature": "sea_water_temperature_anomaly",
    "geopotential_height": "geopotential_height_anomaly",
}
_RESOLUTION = {"hour": "PT1H", "day": "P1D", "month": "P1M", "season": "P3M", "year": "P1Y"}
_STEPS = (("day", 0.99, 1.01), ("month", 27, 32), ("season", 88, 93), ("year", 359, 367))


def describe(
    product: xr.Dataset, recipe: Recipe, catalog: Catalog, records: Sequence[FetchRecord]
) -> xr.Dataset:
    """Return a product with the attributes and coordinates that CF and ACDD ask for.

    Parameters
    ----------
    product : Dataset
        What `compute` returned; it is not changed.
    recipe : Recipe
        What was computed.
    catalog : Catalog
        For the datasets, their agencies and variables.
    records : sequence of FetchRecord
        The input files: addresses, checksums, dates, preliminary or final.

    Returns
    -------
    Dataset
        The same values under full metadata.

    Notes
    -----
    ``date_created`` is ``SOURCE_DATE_EPOCH`` if that is set; else the newest ``Last-Modified`` that
    a server gave for an input; else the day after the last day that the product covers.
    """
    described = product.copy()
    for name in described.variables:
        described[name].attrs = dict(product[name].attrs)
    entries = [catalog.datasets[record.dataset] for record in records]
    coverage = _coverage(recipe, entries)
    _standard_names(described, recipe, catalog)
    described = describe_grid(_regions_first(described))
    span = covered(described, coverage)
    if span:
        coverage = Period.model_validate({"start": span[0], "end": span[1]})
    described = describe_time(described, recipe, coverage)
    _connect_variables(described)
    described.attrs = _global_attributes(described, recipe, catalog, records, entries, coverage)
    return described


def caveats(recipe: Recipe) -> list[str]:
    """Return what a reader must know: the recipe's caveats, and a base period that is too short."""
    found = list(recipe.caveats)
    period = baseline_period(recipe)
    if period and period.start and period.end:
        years = (period.end - period.start).days / 365.25
        if years < NORMAL_YEARS - 0.1 and not any("normal" in text.lower() for text in found):
            found.append(
                f"The base period {period.start} to {period.end} is shorter than the "
                f"{NORMAL_YEARS} years of a climate normal."
            )
    return found


def _coverage(recipe: Recipe, entries: Iterable[DatasetEntry]) -> Period:
    """Return the days that recipe and datasets have in common."""
    starts = [entry.coverage.start for entry in entries]
    ends = [entry.coverage.end for entry in entries if entry.coverage.end]
    starts += [recipe.period.start] if recipe.period.start else []
    ends += [recipe.period.end] if recipe.period.end else []
    start, end = max(starts, default=None), min(ends, default=None)
    if start and end and end < start:
        return Period(start=start)
    return Period(start=start, end=end)


def _standard_names(product: xr.Dataset, recipe: Recipe, catalog: Catalog) -> None:
    """Name anomalies as CF does, and deviations like their variable (cell methods tell them)."""
    for request in recipe.indicators:
        if request.of is None or request.of not in catalog.variables:
            continue
        source = catalog.variables[request.of].standard_name
        for name in (request.output, f"{request.output}_regional"):
            attributes = product[name].attrs if name in product else {}
            if request.id == "anomaly" and source in _ANOMALY_NAMES:
                attributes.setdefault("standard_name", _ANOMALY_NAMES[source])
            elif source and "standard_deviation" in attributes.get("cell_methods", ""):
                attributes.setdefault("standard_name", source)


def _regions_first(product: xr.Dataset) -> xr.Dataset:
    """Put regions before time, as CF recommends for series at several places."""
    for name, da in product.data_vars.items():
        if "region" in da.dims:
            product[name] = da.transpose("region", ...)
    return product


def _box(entries: Sequence[DatasetEntry]) -> BBox | None:
    """Return where the data lie, if there is one dataset and its entry tells."""
    return entries[0].coverage.bbox if len(entries) == 1 else None


def _say_scale(attributes: dict[str, Any]) -> None:
    """Tell temperatures from their differences, as CF-1.11 recommends."""
    if attributes.get("units") in ("degC", "K"):
        deviation = "standard_deviation" in attributes.get("cell_methods", "")
        kind = "difference" if deviation else "on_scale"
        attributes.setdefault("units_metadata", f"temperature: {kind}")


def _connect_variables(product: xr.Dataset) -> None:
    """Tell each data variable its cell area, grid mapping, fraction and content type."""
    if "crs" in product.coords and "y" in product.get("cell_area", xr.DataArray()).dims:
        product["cell_area"].attrs["grid_mapping"] = "crs"
    for name, da in product.data_vars.items():
        attributes = da.attrs
        _say_scale(attributes)
        if str(attributes.get("standard_name", "")).startswith(
            ("number_of_days_", "number_of_observations")
        ):
            attributes["units"] = "1"  # the canonical unit of these names; the picture says days
        if "cell_area" in product.coords and set(product["cell_area"].dims) <= set(da.dims):
            attributes["cell_measures"] = "area: cell_area"
        if "crs" in product.coords and "y" in da.dims:
            attributes["grid_mapping"] = "crs"
        beside = [other for other in _beside(str(name)) if other in product]
        if beside:
            attributes["ancillary_variables"] = " ".join(beside)
        if str(name).endswith("_valid_fraction"):
            attributes.setdefault("units", "1")
            attributes.setdefault("long_name", "share of the region's area with data")
            attributes["coverage_content_type"] = "qualityInformation"
        elif "quality_check" in da.dims:
            attributes["coverage_content_type"] = "qualityInformation"
        else:
            attributes.setdefault("coverage_content_type", "physicalMeasurement")


def _beside(name: str) -> list[str]:
    """Return the names of what may stand beside a regional value."""
    if not name.endswith("_regional"):
        return []
    whole = name.removesuffix("_regional")
    errors = [f"{whole}_uncertainty_{kind}_regional" for kind in ("uncorrelated", "correlated")]
    return [f"{whole}_valid_fraction", *errors]


def _global_attributes(
    product: xr.Dataset,
    recipe: Recipe,
    catalog: Catalog,
    records: Sequence[FetchRecord],
    entries: Sequence[DatasetEntry],
    coverage: Period,
) -> dict[str, Any]:
    """Return the attributes of the whole product in a fixed order, without empty ones."""
    created = date_created(records, coverage)
    version = _version()
    agencies = [catalog.agencies[entry.agency] for entry in entries]
    names = _unique(agency.name for agency in agencies)
    attributes = {
        "Conventions": CONVENTIONS,
        "title": recipe.title,
        "summary": recipe.summary,
        "keywords": ", ".join(_keywords(product, recipe, catalog)),
        "keywords_vocabulary": "GCOS Essential Climate Variables; CF Standard Names",
        "id": recipe.id,
        "naming_authority": "org.spaceclimateobservatory",
        "institution": "; ".join(names),
        "project": PROJECT,
        "processing_level": "Level 4: climate indicators computed from published datasets",
        "product_version": version,
        "standard_name_vocabulary": STANDARD_NAMES,
        "cdm_data_type": "Grid" if {"lat", "x"} & set(product.dims) else "Station",
        "source": "\n".join(_sources(records, entries)),
        "history": f"{created or ''} sco_pipeline {version}: recipe {recipe.id}".strip(),
        "comment": " ".join(caveats(recipe)),
        "baseline": _baseline_text(recipe),
        "preliminary_inputs": "\n".join(_preliminary(records)),
        "acknowledgement": " ".join(_unique(entry.credit or entry.citation for entry in entries)),
        "license": "; ".join(_unique(entry.license for entry in entries)),
        "references": "; ".join(_references(entries)),
        "metadata_link": next((e.documentation for e in entries if e.documentation), None),
        **_people(names, version),
        "date_created": created,
        "date_modified": created,
        **(geospatial(product) or geospatial_of_box(_box(entries))),
        **_time_coverage(product, recipe, coverage),
    }
    return {key: value for key, value in attributes.items() if value not in (None, "")}


def _people(names: Sequence[str], version: str) -> dict[str, str]:
    """Return who computed the product, who publishes it and who made the data."""
    return {
        "creator_name": f"sco_pipeline {version}",
        "creator_type": "group",
        "creator_url": PROJECT_URL,
        "creator_institution": PROJECT,
        "contributor_name": "; ".join(names),
        "contributor_role": "; ".join("producer of the input data" for _ in names),
        "publisher_name": PROJECT,
        "publisher_type": "group",
        "publisher_url": PROJECT_URL,
    }


def _keywords(product: xr.Dataset, recipe: Recipe, catalog: Catalog) -> list[str]:
    variables = [catalog.variables[name] for name in recipe.inputs]
    words = [variable.ecv for variable in variables]
    words += [variable.standard_name for variable in variables]
    words += [da.attrs.get("ecv") for da in product.values()]
    words += [da.attrs.get("standard_name") for da in product.values()]
    return _unique(word for word in words if word) or ["climate indicators"]


def _sources(records: Sequence[FetchRecord], entries: Sequence[DatasetEntry]) -> list[str]:
    """Return one line for each input file: dataset, address and checksum."""
    return [
        f"{entry.id}{f' {entry.version}' if entry.version else ''}: {file.url} sha256:{file.sha256}"
        for record, entry in zip(records, entries, strict=True)
        for file in record.files
    ]


def _preliminary(records: Sequence[FetchRecord]) -> list[str]:
    return [
        f"{record.dataset}: {file.url}"
        for record in records
        for file in record.files
        if file.status == "preliminary"
    ]


def _references(entries: Iterable[DatasetEntry]) -> list[str]:
    return _unique(
        f"{entry.citation}{f' doi:{entry.doi}' if entry.doi else ''}" for entry in entries
    )


def _baseline_text(recipe: Recipe) -> str | None:
    period = baseline_period(recipe)
    return f"{period.start} to {period.end}" if period else None


def _time_coverage(product: xr.Dataset, recipe: Recipe, coverage: Period) -> dict[str, str]:
    if coverage.start is None or coverage.end is None:
        return {}
    days = (coverage.end - coverage.start).days + 1
    axes = time_axes(product)
    step = recipe.frequency if "time" in axes else ""
    return {
        "time_coverage_start": f"{coverage.start}T00:00:00Z",
        "time_coverage_end": f"{coverage.end}T23:59:59Z",
        "time_coverage_duration": f"P{days}D",
        "time_coverage_resolution": _step(product) or _RESOLUTION.get(step, f"P{days}D"),
    }


def _step(product: xr.Dataset) -> str | None:
    """Return the ISO 8601 duration of the typical cell of the finest time axis."""
    axes = time_axes(product)
    if not axes or product.sizes[axes[0]] < 2:
        return None
    steps = np.diff(product[axes[0]].values)
    if not np.issubdtype(steps.dtype, np.timedelta64):
        steps = steps.astype("timedelta64[s]")
    length = float(np.median(steps / np.timedelta64(1, "D")))
    for name, low, high in _STEPS:
        if low <= length <= high:
            return _RESOLUTION[name]
    return f"P{round(length)}D" if length >= 1 else f"PT{round(length * 24)}H"


def _version() -> str:
    """Return the version of the installed package."""
    try:
        return importlib.metadata.version("sco-pipeline")
    except importlib.metadata.PackageNotFoundError:
        return "unreleased"


def _unique(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(item.strip() for item in items))
