"""Faults that go through the whole pipeline: hostile words, secrets, formulas (M10, M11, M13)."""

from __future__ import annotations

import csv
import html.parser
import io
import logging
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

import sco_pipeline as sco
from sco_pipeline.errors import AccessError, CatalogError
from tests import servers
from tests.servers import FaultServer

ROOT = Path(__file__).parents[2]
SECRET = "S3CR3T-0f-the-archive"
MARKUP = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
WEAPONS = {
    "title": MARKUP,
    "long_name": f"$\\frac{{x}}{{0}}$ \\input{{/etc/passwd}} {MARKUP}",
    "references": "javascript:alert(3)",
    "comment": "[click](javascript:alert(4)) ![x](https://evil.example.org/x.png)",
    "history": "a" * 5_000_000,
    "institution": "bell\a null\u200b turned\u202egnp.exe",
}
NAMES = ["=cmd|'/c calc'!A0", f"$x^2$ {MARKUP}"]
DATASET = """agency: ncar
role: producer
title: {title}
license: {title}
credit: {title}
citation: {title}
coverage: {{start: 2000-01-01, end: 2001-12-31}}
frequency: month
format: netcdf
access:
  method: http
  url: {url}
  credential: guarded
  allowed_hosts: [{other}]
variables:
  tos: {{name: sst, units: degC}}
"""
RECIPE = """title: {title}
summary: {title}
inputs: {{tos: hostile}}
baseline: {{start: 2000-01-01, end: 2001-12-31}}
indicators:
- {{id: anomaly, of: tos}}
regions: [hostile]
cadence: once
formats: [netcdf, maps, series, report]
caveats: [{title}]
maps:
- {{variable: tos_anomaly, select: {{time: 2000-03}}, title: {title}, regions: hostile}}
"""


def hostile_file() -> bytes:
    time = pd.date_range("2000-01-01", periods=24, freq="MS")
    lat, lon = np.arange(-4.5, 5), np.arange(-20.5, 20)
    values = np.random.default_rng(0).normal(25, 1, (24, lat.size, lon.size))
    sst = xr.DataArray(values, dims=("time", "lat", "lon"), attrs={"units": "degC", **WEAPONS})
    axes = {
        "time": time,
        "lat": ("lat", lat, {"units": "degrees_north", "long_name": MARKUP}),
        "lon": ("lon", lon, {"units": "degrees_east"}),
    }
    stream = io.BytesIO()
    xr.Dataset({"sst": sst}, axes, WEAPONS).to_netcdf(stream, engine="h5netcdf")
    return stream.getvalue()


class Page(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def is_harmless(self) -> bool:
        running = any(name.startswith("on") for name, _ in self.attributes)
        links = [v or "" for n, v in self.attributes if n in ("href", "src", "action", "data")]
        good = all(link.startswith(("http://", "https://", "data:image/", "#")) for link in links)
        return good and not running and self.tags.isdisjoint({"script", "iframe", "object"})


@pytest.fixture
def site(tmp_path: Path, b: FaultServer) -> Iterator[tuple[FaultServer, sco.Settings]]:
    """An archive that wants a key, and sends hostile files from another host."""
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    for name in ("agencies.yaml", "variables.yaml", "sources.yaml"):
        shutil.copy(ROOT / "catalog" / name, catalog / name)
    for folder in ("datasets", "regions", "recipes"):
        (catalog / folder).mkdir()
    boxes = {
        f"r{i}": {"name": name, "west": -20 + 20 * i, "south": -4, "east": 20 * i, "north": 4}
        for i, name in enumerate(NAMES)
    }
    regions = {"title": MARKUP, "source": MARKUP, "license": "CC0", "boxes": boxes}
    (catalog / "regions/hostile.yaml").write_text(yaml.safe_dump(regions))
    title = yaml.safe_dump(MARKUP, width=1000).strip().removesuffix("...").strip()
    (catalog / "recipes/hostile.yaml").write_text(RECIPE.format(title=title))
    b.put("/real.nc", hostile_file())

    def guarded(handler: servers.Handler) -> None:
        if handler.headers.get("Authorization") == f"Bearer {SECRET}":
            servers.redirect(b.url("/real.nc"))(handler)
        else:
            handler.answer(401, {}, b"")

    with FaultServer() as server:
        url = server.play("/a.nc", guarded)
        entry = DATASET.format(title=title, url=url, other=b.place)
        (catalog / "datasets/hostile.yaml").write_text(entry)
        yield server, sco.Settings(
            catalog_dir=catalog, cache_dir=tmp_path / "cache", output_dir=tmp_path / "outputs",
            private_hosts=frozenset({server.place, b.place}), tokens={"guarded": SECRET},
            netrc=tmp_path / "no-netrc",
        )  # fmt: skip


def test_m10_words_are_shown_as_text_and_m11_no_secret_is_kept(
    site: tuple[FaultServer, sco.Settings], b: FaultServer, tmp_path: Path, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    server, settings = site
    product = sco.run("hostile", settings)
    assert Page(product.paths("report")[0].read_text("utf-8")).is_harmless()
    for path in product.paths():
        # long text of a file does not travel into what is made of it
        assert path.suffix in (".png", ".html") or path.stat().st_size < 1_000_000
        if path.suffix == ".svg":
            assert Page(path.read_text("utf-8")).is_harmless()
    with xr.open_dataset(product.paths("netcdf")[0], engine="h5netcdf") as ds:
        assert Page(ds._repr_html_()).tags.isdisjoint({"script", "iframe"})
        assert not any(n.startswith("on") for n, _ in Page(ds._repr_html_()).attributes)
        expected = ds.tos_anomaly.sel(time="2000-03").mean().item()
        assert np.isfinite(expected)
        told = [str(ds.attrs), *(str(variable.attrs) for variable in ds.variables.values())]
        assert not any("javascript:" in text for text in told)
    for path in product.paths("series"):
        if path.suffix == ".csv":
            rows = list(csv.reader(path.read_text("utf-8").splitlines()))
            assert not any(cell.startswith(("=", "@", "\t")) for row in rows for cell in row)
    # M11: nothing that was written, logged or told holds the key; the other host was not sent it
    told = [caplog.text, product.summary(), repr(settings), repr(product)]
    recipe = sco.load_catalog(settings.catalog_dir).recipes["hostile"]
    told += [pickle.dumps(product).decode("latin-1"), str(sco.status(recipe, settings))]
    assert not any(SECRET in text for text in told)
    assert b.hits()
    assert not any(SECRET in str(hit) for hit in b.hits())
    assert any(SECRET in str(hit) for hit in server.hits())
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 10
    assert not any(SECRET.encode() in path.read_bytes() for path in written)


def test_m11_an_error_of_the_server_that_repeats_the_key(
    site: tuple[FaultServer, sco.Settings], caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    server, settings = site

    def repeat(handler: servers.Handler) -> None:
        handler.send_response(403, f"no {handler.headers.get('Authorization')}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server.play("/a.nc", repeat)
    with pytest.raises(AccessError, match="was refused") as caught:
        sco.run("hostile", settings)
    told = [str(caught.value), repr(caught.value), caplog.text]
    told.append(pickle.dumps(caught.value).decode("latin-1"))
    assert not any(SECRET in text for text in told)


@pytest.mark.parametrize("name", ["; rm -rf", "../evil", "A", "=cmd()", "{0.__class__}", ""])
def test_m13_ids_are_plain_words(site: tuple[FaultServer, sco.Settings], name: str) -> None:
    server, settings = site
    with pytest.raises(CatalogError):
        sco.run(name, settings)
    recipe = settings.catalog_dir / "recipes/hostile.yaml"
    text = recipe.read_text().replace("regions: [hostile]", f"regions: ['{name}']", 1)
    recipe.write_text(text)
    with pytest.raises(CatalogError, match="regions"):
        sco.run("hostile", settings)
    assert server.hits() == []
