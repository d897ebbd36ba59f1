"""Headline recipes from the real addresses of their datasets to files that the checkers accept.

What is served are generated twins whose value is known for each place and day; what the product
holds is compared with computations written here. Recipes of daily files of many years are run over
a shorter period, from a copy of the catalog.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import sco_pipeline as sco
from sco_pipeline.catalog import Catalog
from tests import archives, headline_twins
from tests.catalog.test_headline_recipes import HEADLINE_RECIPES
from tests.headline_expected import check_result, check_uncertainty
from tests.servers import FaultServer

ROOT = Path(__file__).parents[2]
SHORTER = {
    "mediterranean-summer-sst-2022": ("2022-06-01", "2022-06-30", None),
    "heat-south-america": ("2001-01-01", "2001-12-31", "[2001, 2001]"),
    "rain-extremes-south-america": ("2001-01-01", "2001-12-31", "[2001, 2001]"),
    "soil-moisture-europe": ("2001-06-01", "2001-08-31", "{start: 2001-06-01, end: 2001-08-31}"),
    "marine-heatwaves-mediterranean": ("2001-01-01", "2001-12-31", "[2001, 2001]"),
    "sea-level-mediterranean": ("1993-01-01", "1998-12-31", "[1993, 1997]"),
    "sea-ice-arctic": ("2003-01-01", "2006-12-31", "[2003, 2004]"),
    "aerosol-2023": ("2023-06-01", "2023-06-30", None),
    "snow-cover-alps-2019-2020": ("2019-11-01", "2019-12-31", None),
    "chlorophyll-mediterranean": ("1998-01-01", "2003-12-31", "[1998, 2002]"),
    "land-surface-temperature-gulf": ("1996-01-01", "2001-12-31", "[1996, 2000]"),
    "burned-area": ("2001-01-01", "2006-12-31", "[2001, 2005]"),
}
RECIPES = [*HEADLINE_RECIPES, "marine-heatwaves-mediterranean"]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The catalog as it is, some recipes over a shorter period."""
    folder = tmp_path_factory.mktemp("catalog")
    for path in (ROOT / "catalog").iterdir():
        if path.name != "recipes":
            (folder / path.name).symlink_to(path)
    (folder / "recipes").mkdir()
    for name in RECIPES:
        text = (ROOT / "catalog" / "recipes" / f"{name}.yaml").read_text()
        if name in SHORTER:
            start, end, baseline = SHORTER[name]
            period = f"period: {{start: {start}, end: {end}}}"
            text = re.sub("^(period|baseline):.*", "", text, flags=re.MULTILINE)
            text += f"{period}\n" + (f"baseline: {baseline}\n" if baseline else "")
        (folder / "recipes" / f"{name}.yaml").write_text(text)
    return sco.load_catalog(folder)


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
    entry = catalog.datasets[dataset]
    with FaultServer() as server:
        paths = headline_twins.serve(server, entry, recipe, catalog, tmp_path)
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
    lat, lon = xr.broadcast(made["lat"], made["lon"])
    times = pd.DatetimeIndex(headline_twins.steps(entry, recipe))
    field = {
        key: headline_twins.seen_of(entry, key, lat.values, lon.values, times)
        for key in recipe.inputs
    }
    for request in recipe.indicators:
        check_result(made, request, recipe, field, times)
        if request.of is not None and entry.variables[request.of].uncertainty:
            check_uncertainty(made, request, headline_twins.error_of(entry, request.of, catalog))
    maps, series = product.paths("maps"), product.paths("series")
    assert len(maps) == len(recipe.maps) >= 1
    assert all(path.stat().st_size > 10_000 for path in maps)
    assert any(path.suffix == ".png" for path in series)
    regional = [da for name, da in made.data_vars.items() if str(name).endswith("_regional")]
    assert regional and all(np.isfinite(da).any() for da in regional)
