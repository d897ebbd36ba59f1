"""Region sets that are downloaded: fetched once, pinned, and the same as sets of the catalog."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapefile
import xarray as xr

import sco_pipeline as sco
from sco_pipeline.areas import load_areas
from sco_pipeline.cli import main
from sco_pipeline.errors import AccessError, ChecksumError
from tests.servers import FaultServer

ROOT = Path(__file__).parents[2]
BOXES = {"east": (-150, -5, -90, 5), "west": (160, -5, 180, 5), "home": (-20, -4, 5, 2)}
SET = """title: Boxes from elsewhere
source: A test.
license: CC0
access: {{method: http, url: "https://archive.example.org/boxes.zip", sha256: {sha256}}}
sha256: {sha256}
id_field: Acronym
name_field: Name
"""
TWIN = "title: The same boxes\nsource: A test.\nlicense: CC0\nboxes:\n"
RECIPE = """title: Boxes twice
summary: A recipe of the tests.
inputs: {tos: ukmo-ostia-sst-monthly-sample}
indicators:
- {id: climatology, of: tos}
baseline: {start: 2006-05-01, end: 2010-04-30}
regions: [boxes, twin-boxes]
cadence: once
formats: [netcdf]
"""


def zipped_shapefile() -> bytes:
    parts = {name: io.BytesIO() for name in ("shp", "shx", "dbf")}
    with shapefile.Writer(**parts) as writer:
        writer.field("Acronym", "C", 20)
        writer.field("Name", "C", 40)
        for name, (west, south, east, north) in BOXES.items():
            ring = [(west, south), (west, north), (east, north), (east, south), (west, south)]
            writer.poly([ring])
            writer.record(name, name.title())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, part in parts.items():
            archive.writestr(f"boxes.{name}", part.getvalue())
    return stream.getvalue()


@pytest.fixture
def settings(a: FaultServer, tmp_path: Path) -> sco.Settings:
    """A copy of the catalog with a set that is downloaded from a mirror, and its twin in place."""
    body = zipped_shapefile()
    a.put("/copy/boxes.zip", body)
    catalog = tmp_path / "catalog"
    shutil.copytree(ROOT / "catalog", catalog)
    digest = hashlib.sha256(body).hexdigest()
    (catalog / "regions/boxes.yaml").write_text(SET.format(sha256=digest))
    lines = (
        f"  {name}: {{name: {name.title()}, west: {w}, south: {s}, east: {e}, north: {n}}}\n"
        for name, (w, s, e, n) in BOXES.items()
    )
    (catalog / "regions/twin-boxes.yaml").write_text(TWIN + "".join(lines))
    (catalog / "recipes/boxes-twice.yaml").write_text(RECIPE)
    return sco.Settings(
        catalog_dir=catalog, cache_dir=tmp_path / "cache", output_dir=tmp_path / "outputs",
        mirrors={"archive.example.org": a.url("/copy")},
    )  # fmt: skip


def test_a_run_fetches_the_set_once_and_uses_it_as_one_of_the_catalog(
    a: FaultServer, settings: sco.Settings
) -> None:
    recipe = sco.load_catalog(settings.catalog_dir).recipes["boxes-twice"]
    planned = {plan.dataset: len(plan.files) for plan in sco.plan(recipe, settings)}
    assert planned["regions-boxes"] == 1
    assert a.hits(method="GET") == []
    product = sco.run("boxes-twice", settings)
    assert sco.run("boxes-twice", settings).up_to_date
    sco.run("boxes-twice", settings, force=True)
    assert len(a.hits("/copy/boxes.zip", "GET")) == 1
    with xr.open_dataset(product.paths("netcdf")[0], engine="h5netcdf") as ds:
        values = ds.tos_climatology_regional.load()
    of_set = {name: values.isel(region=i) for i, name in enumerate(values.region.values.tolist())}
    assert len(of_set) == 6
    for name in BOXES:
        downloaded, twin = of_set[f"boxes.{name}"], of_set[f"twin-boxes.{name}"]
        assert np.isfinite(twin).all()
        assert float(np.abs(downloaded - twin).max()) == 0.0
    offline = settings.model_copy(update={"offline": True})
    assert sco.run("boxes-twice", offline).up_to_date


def test_other_bytes_are_refused_and_nothing_is_made(
    a: FaultServer, settings: sco.Settings
) -> None:
    a.put("/copy/boxes.zip", zipped_shapefile()[:-1] + b"x")
    with pytest.raises(ChecksumError, match="regions-boxes"):
        sco.run("boxes-twice", settings)
    assert not settings.output_dir.exists()
    a.put("/copy/boxes.zip", b"<html><form>sign in</form></html>" + b" " * 600)
    with pytest.raises(AccessError, match="an HTML login page where a zip file was expected"):
        sco.run("boxes-twice", settings)


def test_offline_without_a_copy_is_told(settings: sco.Settings) -> None:
    offline = settings.model_copy(update={"offline": True})
    with pytest.raises(AccessError, match=r"'regions-boxes'.*unset SCO_OFFLINE"):
        sco.run("boxes-twice", offline)


@pytest.mark.shared
def test_the_regions_of_the_ipcc_at_their_real_address(
    a: FaultServer, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The entry itself is tested: address, hash, names of the fields; the command shows them."""
    a.folders["/github/regionmask/regionmask/raw/v0.13.0/data"] = shared / "data/regions"
    mirrors = {"github.com": a.url("/github")}
    monkeypatch.setenv("SCO_MIRRORS", json.dumps(mirrors))
    monkeypatch.setenv("SCO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["sco", "regions", "show", "ipcc-ar6"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    out = capsys.readouterr().out
    assert "Mediterranean" in out
    settings = sco.Settings()
    areas = load_areas(["ipcc-ar6"], sco.load_catalog(settings.catalog_dir), settings)
    assert len(areas) == 58
    assert len(a.hits(method="GET")) == 1
    mediterranean = areas.select([name for name in areas.ids if name.casefold() == "med"])
    box = mediterranean.bbox()
    # vertices of MED: 10 W to 40 E, 30 to 45 N
    assert (box.west, box.south, box.east, box.north) == pytest.approx((-10, 30, 40, 45), abs=0.01)
