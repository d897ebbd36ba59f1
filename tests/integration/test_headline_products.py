"""Headline recipes from the real addresses of their datasets to files that the checkers accept.

What is served are generated twins whose values depend on the calendar month alone, so that the
value of every region is known.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import sco_pipeline as sco
from sco_pipeline.access.granules import granules_of
from sco_pipeline.access.storage import cache_name
from sco_pipeline.catalog import Catalog, DatasetEntry, Period, Recipe, Request
from tests import archives
from tests.catalog import test_headline_recipes as twins
from tests.servers import FaultServer

RECIPES = (
    "snow-cover-alps-2019-2020",
    "carbon-dioxide-column",
    "land-surface-temperature-gulf",
    "chlorophyll-mediterranean",
)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return sco.load_catalog()


def serve(
    server: FaultServer, entry: DatasetEntry, recipe: Recipe, catalog: Catalog, folder: Path
) -> list[str]:
    """Put twins at the real addresses; return the paths that must be asked for."""
    if entry.access.method == "zarr":
        (store,) = twins.write_dataset(entry, recipe, catalog, folder, list(recipe.inputs))
        return [archives.zarr_store(server, entry, store) + "/.zattrs"]
    start, end = twins.span(entry, recipe)
    names = list(recipe.inputs)
    groups = [[name] for name in names] if "{variable" in entry.access.url else [names]
    paths = []
    for group in groups:
        period = Period(start=start, end=end)
        granules = granules_of(entry, Request(variables=tuple(group), period=period))
        write = images if entry.format == "geotiff" else files
        for granule, body in zip(
            granules, write(entry, recipe, catalog, folder, granules, group), strict=True
        ):
            paths.append(archives.path_of(granule.url))
            server.put(paths[-1], body)
    return paths


def images(
    entry: DatasetEntry, recipe: Recipe, catalog: Catalog, folder: Path, granules: Any, names: Any
) -> Iterator[bytes]:
    """Yield one GeoTIFF for each granule."""
    twins.write_images(entry, recipe, catalog, folder, names)
    for granule in granules:
        yield (folder / cache_name(granule.url)).read_bytes()


def files(
    entry: DatasetEntry, recipe: Recipe, catalog: Catalog, folder: Path, granules: Any, names: Any
) -> Iterator[bytes]:
    """Yield the part of the record that the file of each granule holds."""
    (path,) = twins.write_dataset(entry, recipe, catalog, folder, names)
    with xr.open_dataset(path, engine="h5netcdf", decode_cf=False) as ds:
        whole = ds.load()
    stamps = xr.decode_cf(whole[["time"]])["time"].values.astype("datetime64[D]").astype(dt.date)
    for granule in granules:
        span = granule.period
        inside = [span is None or span.start <= stamp <= span.end for stamp in stamps]
        one = folder / "part.nc"
        whole.isel(time=np.flatnonzero(inside)).to_netcdf(one, engine="scipy")
        yield one.read_bytes()


def faults(path: Path, folder: Path) -> list[tuple[str, str]]:
    """Return what the CF and ACDD checkers find of high priority."""
    report = folder / "report.json"
    checker = Path(sys.executable).with_name("compliance-checker")
    command = [checker, "-t", "cf:1.11", "-t", "acdd:1.3", "-f", "json_new", "-o", report, path]
    subprocess.run(command, capture_output=True, check=False)
    (said,) = json.loads(report.read_text(encoding="utf-8")).values()
    return [
        (result["name"], message)
        for standard in said.values()
        for result in standard["high_priorities"]
        for message in result["msgs"]
        if result["value"][0] < result["value"][1]
    ]


@pytest.mark.parametrize("name", RECIPES)
def test_from_real_addresses_to_checked_files(name: str, catalog: Catalog, tmp_path: Path) -> None:
    recipe = catalog.recipes[name]
    (dataset,) = set(recipe.inputs.values())
    with FaultServer() as server:
        paths = serve(server, catalog.datasets[dataset], recipe, catalog, tmp_path)
        product = sco.run(name, archives.settings_of(catalog, server, tmp_path))
        asked = {hit.path for hit in server.hits()}
    assert asked >= set(paths)
    (netcdf,) = product.paths("netcdf")
    found = faults(netcdf, tmp_path)
    assert {message for _, message in found} <= {"standard_name"}
    with xr.open_dataset(netcdf, engine="h5netcdf") as ds:
        made = ds.load()
    for title, _ in found:  # CF has no name for it, and a wrong one would be worse
        assert "standard_name" not in made[title.split('"')[1]].attrs
    for request in recipe.indicators:
        if request.of is not None:
            of = catalog.variables[request.of]
            twins.check_statistic(made, request.id, request.of, of, recipe)
    maps, series = product.paths("maps"), product.paths("series")
    assert maps and all(path.stat().st_size > 10_000 for path in maps)
    assert any(path.suffix == ".png" for path in series)
