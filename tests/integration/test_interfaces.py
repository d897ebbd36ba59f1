"""ERDDAP, STAC, CMR, CDS, Copernicus Marine and REST: servers of their shape on loopback."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pandas as pd
import pystac
import pytest
import xarray as xr

from sco_pipeline.access import fetch, plan
from sco_pipeline.catalog.models import BBox, Period, Request
from sco_pipeline.errors import AccessError
from sco_pipeline.settings import Settings
from tests import servers
from tests.integration.test_zarr import dataset as cube
from tests.integration.test_zarr import stored
from tests.sample_files import REQUEST, entry_for, netcdf3, netcdf4, settings_for
from tests.servers import FaultServer

MARCH = Request(
    variables=("tos",), period=Period(start=dt.date(2000, 3, 1), end=dt.date(2000, 3, 31))
)


@pytest.fixture
def settings(tmp_path: Path, a: FaultServer) -> Settings:
    return settings_for(tmp_path, a.place)


# ERDDAP


def griddap(a: FaultServer, ds: xr.Dataset, tmp_path: Path) -> None:
    """Answer as griddap does: ranges in values, both ends included, outside refused."""
    axes = {"time": "Float64", "latitude": "Float32", "longitude": "Float32"}
    seconds = (ds.time.values - np.datetime64("1970-01-01")) / np.timedelta64(1, "s")
    values = {"time": seconds, "latitude": ds.latitude.values, "longitude": ds.longitude.values}
    shape = "".join(f"[{name} = {values[name].size}]" for name in axes)
    lines = [f"  {kind} {name}[{name} = {values[name].size}];" for name, kind in axes.items()]
    grid = f"  GRID {{\n ARRAY:\n Float32 sss{shape};\n MAPS:\n" + "\n".join(lines) + "\n } sss;"
    a.put(
        "/griddap/d.dds",
        ("Dataset {\n" + "\n".join(lines) + grid.replace("GRID", "Grid") + "\n} d;").encode(),
    )
    das = "Attributes {\n" + "".join(
        f'  {name} {{ Float64 actual_range {v[0]!r}, {v[-1]!r}; String units "x"; }}\n'
        for name, v in ((n, values[n].astype(float).tolist()) for n in axes)
    )
    a.put("/griddap/d.das", (das + "}\n").encode())

    def answer(handler: servers.Handler) -> None:
        query = unquote(urlsplit(handler.path).query)
        parts = re.findall(r"\[(?:\(([^)]*)\)(?::1:\(([^)]*)\))?)?\]", query)
        assert query.startswith("sss[")
        part = ds
        for name, (first, last) in zip(axes, parts, strict=True):
            if not first:
                continue
            ends = [
                np.datetime64(e.rstrip("Z")) if name == "time" else float(e) for e in (first, last)
            ]
            axis = ds[name].values
            if min(ends) < axis.min() or max(ends) > axis.max():
                handler.answer(404, {}, b'Error { code=404; message="outside"; }')
                return
            part = part.sel({name: slice(*ends)})
        path = tmp_path / f"made-{threading.get_ident()}.nc"
        part.to_netcdf(path, engine="scipy")
        servers.chunked(path.read_bytes(), whole=True)(handler)

    a.play("/griddap/d.nc", answer)


@pytest.mark.parametrize("falling", [False, True])
def test_erddap_cuts_on_the_server(a: FaultServer, tmp_path: Path, falling: bool) -> None:
    time = pd.date_range("2000-01-15", periods=12, freq="30D")
    latitude = np.arange(-80.0, 81, 10, "f4")[:: -1 if falling else 1]
    longitude = np.arange(5, 360, 10, "f4")
    values = np.random.default_rng(0).random((12, latitude.size, longitude.size), "f4")
    ds = xr.Dataset(
        {"sss": (("time", "latitude", "longitude"), values)},
        {"time": time, "latitude": latitude, "longitude": longitude},
    )
    griddap(a, ds, tmp_path)
    entry = entry_for(
        a.url("/griddap/d"), method="erddap", variables={"tos": {"name": "sss"}},
        options={"by": "month"},
    )  # fmt: skip
    box = BBox(west=-60, south=-25, east=-20, north=25)
    request = Request(
        variables=("tos",), bbox=box,
        period=Period(start=dt.date(2000, 2, 1), end=dt.date(2000, 3, 31)),
    )  # fmt: skip
    slow = {"gap_seconds": 20, "rate_window_seconds": 20}
    settings = settings_for(tmp_path, a.place, limits=slow)
    record = fetch(entry, request, settings)
    assert len(record.files) == 2
    with xr.open_dataset(record.files[1].path, engine="scipy") as made:
        expected = ds.sel(time="2000-03", longitude=slice(300, 340))
        expected = expected.sel(latitude=slice(25, -25) if falling else slice(-25, 25))
        xr.testing.assert_equal(made.load(), expected)
    assert made.sizes["longitude"] == 4
    january = Request(variables=("tos",), period=Period(end=dt.date(2000, 1, 31)))
    assert len(fetch(entry, january, settings).files) == 1
    wrong = entry.model_copy(
        update={"variables": {"tos": entry.variables["tos"].model_copy(update={"name": "x"})}}
    )
    with pytest.raises(AccessError, match=r"no variable 'x'; found \['sss'\]"):
        fetch(wrong, request, settings)


# STAC


def items(a: FaultServer) -> list[pystac.Item]:
    made = []
    for month in range(1, 6):
        body = netcdf3(month)
        a.put(f"/data/{month:02d}.nc", body)
        item = pystac.Item(
            f"sst-{month:02d}", {"type": "Point", "coordinates": [0, 0]}, [-10, -10, 10, 10],
            dt.datetime(2000, month, 15), {},
        )  # fmt: skip
        digest = hashlib.sha256(body).hexdigest()
        more = {"file:checksum": "1220" + digest, "file:size": len(body)}
        item.add_asset(
            "nc", pystac.Asset(a.url(f"/data/{month:02d}.nc"), roles=["data"], extra_fields=more)
        )
        item.add_asset("picture", pystac.Asset(a.url("/p.png"), roles=["thumbnail"]))
        made.append(item)
    return made


def search_server(a: FaultServer, found: list[pystac.Item]) -> None:
    """A search with paging by token, dates and boxes."""

    def search(handler: servers.Handler) -> None:
        asked = json.loads(handler.body)
        assert asked["collections"] == ["sst"]
        first, last = asked["datetime"].split("/")
        hits = [i.to_dict(transform_hrefs=False) for i in found]
        hits = [h for h in hits if first <= h["properties"]["datetime"] <= last]
        if "bbox" in asked:
            hits = [h for h in hits if asked["bbox"][0] <= 10 and asked["bbox"][2] >= -10]
        start = int(asked.get("token", 0))
        page: dict[str, Any] = {"type": "FeatureCollection", "features": hits[start : start + 2]}
        if start + 2 < len(hits):
            page["links"] = [
                {"rel": "next", "href": a.url("/stac/search"), "method": "POST", "merge": True,
                 "body": {"token": str(start + 2)}}
            ]  # fmt: skip
        handler.answer(200, {"Content-Type": "application/geo+json"}, json.dumps(page).encode())

    a.play("/stac/search", search)


def test_stac_search_then_assets(a: FaultServer, settings: Settings) -> None:
    search_server(a, items(a))
    entry = entry_for(a.url("/stac/"), method="stac", options={"collection": "sst"})
    expected = plan(entry, REQUEST, settings)
    assert expected.size == sum(len(netcdf3(month)) for month in range(1, 6))
    record = fetch(entry, REQUEST, settings)
    assert [Path(f.path).read_bytes() for f in record.files] == [netcdf3(m) for m in range(1, 6)]
    assert len(a.hits("/stac/search")) == 6
    assert len(fetch(entry, MARCH, settings).files) == 1
    away = Request(variables=("tos",), bbox=BBox(west=100, south=-5, east=120, north=5))
    with pytest.raises(AccessError, match="has no file of"):
        fetch(entry, away, settings)
    a.put("/data/03.nc", netcdf3(99))
    fresh = settings.model_copy(update={"cache_dir": settings.cache_dir / "other"})
    with pytest.raises(AccessError, match="expected"):
        fetch(entry, MARCH, fresh)
    offline = settings.model_copy(update={"offline": True})
    assert [f.sha256 for f in fetch(entry, REQUEST, offline).files] == [
        f.sha256 for f in record.files
    ]


def test_stac_assets_by_variable_and_foreign_hosts(
    a: FaultServer, b: FaultServer, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path, a.place, b.place)
    found = items(a)
    for item in found:
        item.add_asset("SST", pystac.Asset(b.url("/x.nc")))
    search_server(a, found)
    b.put("/x.nc", netcdf4())
    options = {"collection": "sst", "assets": {"tos": "SST"}}
    entry = entry_for(a.url("/stac"), method="stac", options=options)
    with pytest.raises(AccessError, match=re.escape(f"names a file on {b.place}")):
        fetch(entry, MARCH, settings)
    assert b.hits() == []
    allowed = entry_for(a.url("/stac"), method="stac", options=options, allowed_hosts=[b.place])
    (file,) = fetch(allowed, MARCH, settings).files
    assert file.url == b.url("/x.nc")
    wrong = entry_for(a.url("/stac"), method="stac", options={**options, "assets": {"tos": "X"}})
    with pytest.raises(
        AccessError, match=r"has no asset \['X'\]; found \['SST', 'nc', 'picture'\]"
    ):
        fetch(wrong, MARCH, settings)


@pytest.mark.parametrize("href", ["http://169.254.169.254/x", "file:///etc/passwd", "ftp://x/y"])
def test_m1_stac_links_that_lead_elsewhere(a: FaultServer, settings: Settings, href: str) -> None:
    found = items(a)
    for item in found:
        item.assets["nc"].href = href
    search_server(a, found)
    entry = entry_for(a.url("/stac"), method="stac", options={"collection": "sst"})
    with pytest.raises(AccessError, match=r"does not allow|only http"):
        fetch(entry, MARCH, settings)


def test_static_stac_catalog(a: FaultServer, settings: Settings, tmp_path: Path) -> None:
    extent = pystac.Extent(
        pystac.SpatialExtent([[-180, -90, 180, 90]]),
        pystac.TemporalExtent([[dt.datetime(2000, 1, 1), None]]),
    )
    collection = pystac.Collection("sst", "SST", extent)
    collection.add_items(items(a))
    catalog = pystac.Catalog("root", "Root")
    catalog.add_child(collection)
    catalog.normalize_and_save(str(tmp_path / "stac"), pystac.CatalogType.SELF_CONTAINED)
    a.folders["/stac"] = tmp_path / "stac"
    entry = entry_for(a.url("/stac/catalog.json"), method="stac", options={"asset": "nc"})
    (file,) = fetch(entry, MARCH, settings).files
    assert Path(file.path).read_bytes() == netcdf3(3)


# CMR

DATA = "http://esipfed.org/ns/fedsearch/1.1/data#"


def test_cmr_with_a_token_for_the_data_host_only(
    a: FaultServer, b: FaultServer, tmp_path: Path
) -> None:
    def search(handler: servers.Handler) -> None:
        asked = {k: v[0] for k, v in parse_qs(urlsplit(handler.path).query).items()}
        assert asked["short_name"] == "MOD13C2"
        months = [m for m in range(1, 6) if asked["temporal"][5:7] <= f"{m:02d}"]
        feed = [
            {"time_start": f"2000-{m:02d}-01T00:00:00Z", "time_end": f"2000-{m:02d}-28T00:00:00Z",
             "updated": "v1",
             "links": [{"rel": DATA, "href": b.url(f"/{m:02d}.nc")},
                       {"rel": DATA, "href": b.url(f"/{m:02d}.xml")},
                       {"rel": DATA, "href": "s3://x/y"},
                       {"rel": DATA.replace("data", "browse"), "href": b.url("/p.png")}]}
            for m in months
        ]  # fmt: skip
        handler.answer(200, {}, json.dumps({"feed": {"entry": feed}}).encode())

    def guarded(handler: servers.Handler) -> None:
        if handler.headers.get("Authorization") != "Bearer SECRET":
            handler.answer(302, {"Location": a.url("/login")}, b"")
        else:
            handler.answer(200, {}, netcdf4())

    a.play("/search/granules.json", search)
    for month in range(1, 6):
        b.play(f"/{month:02d}.nc", guarded)
    settings = settings_for(tmp_path, a.place, b.place, tokens={"earthdata": "SECRET"})
    options = {"short_name": "MOD13C2", "match": "*.nc"}
    entry = entry_for(
        a.url("/search/"), method="cmr", options=options, credential="earthdata",
        allowed_hosts=[b.place],
    )  # fmt: skip
    record = fetch(entry, REQUEST, settings)
    assert [f.url for f in record.files] == [b.url(f"/{m:02d}.nc") for m in range(1, 6)]
    assert all("Authorization" not in hit.headers for hit in a.hits())
    missing = settings_for(tmp_path / "x", a.place, b.place)
    with pytest.raises(AccessError, match="SCO_TOKENS__EARTHDATA"):
        fetch(entry, REQUEST, missing)


# CDS


def test_cds_asks_waits_and_fetches(a: FaultServer, tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path, a.place, tokens={"cds": "SECRET"}, limits={"gap_seconds": 0.4}
    )
    asked: list[Any] = []

    def execute(handler: servers.Handler) -> None:
        assert handler.headers["PRIVATE-TOKEN"] == "SECRET"
        asked.append(json.loads(handler.body)["inputs"])
        handler.answer(
            201, {}, json.dumps({"jobID": f"j{len(asked)}", "status": "accepted"}).encode()
        )

    def job(state: str) -> servers.Play:
        return servers.status(200, json.dumps({"status": state, "message": "told SECRET"}).encode())

    a.play("/api/retrieve/v1/processes/era5/execution", execute)
    for i in (1, 2):
        a.play(f"/api/retrieve/v1/jobs/j{i}", job("running"), job("successful"))
        # stores name files by their whole address, or relative to the answer
        href = a.url(f"/store/{i}.nc") if i == 1 else f"/store/{i}.nc"
        value = {"href": href, "file:size": len(netcdf3(i))}
        a.put(
            f"/api/retrieve/v1/jobs/j{i}/results", json.dumps({"asset": {"value": value}}).encode()
        )
        a.put(f"/store/{i}.nc", netcdf3(i))
    entry = entry_for(
        a.url("/api"), method="cds", credential="cds", frequency="hour",
        coverage={"start": "2000-02-27", "end": "2000-03-02"},
        options={"dataset": "era5", "request": {"variable": "2m_temperature"}, "by": "month"},
    )  # fmt: skip
    request = Request(variables=("tos",), bbox=BBox(west=-10, south=35, east=30, north=60))
    limits = settings.limits.model_copy(update={"connections_per_host": 1})
    settings = settings.model_copy(update={"limits": limits})
    record = fetch(entry, request, settings)
    assert [Path(f.path).read_bytes() for f in record.files] == [netcdf3(1), netcdf3(2)]
    assert asked[0] == {
        "variable": "2m_temperature", "year": ["2000"], "month": ["02"],
        "day": ["27", "28", "29"], "area": [60, -10, 35, 30],
    }  # fmt: skip
    assert fetch(entry, request, settings) == record
    assert len(asked) == 2
    a.play("/api/retrieve/v1/jobs/j3", job("failed"))
    with pytest.raises(AccessError, match="ended as 'failed' told \\*\\*\\*"):
        fetch(entry, Request(variables=("tos",)), settings)


# Copernicus Marine


def test_cmems_finds_the_newest_store(a: FaultServer, settings: Settings, tmp_path: Path) -> None:
    original = stored(tmp_path / "new.zarr", 2, consolidated=True)
    cube()
    a.folders["/stores"] = tmp_path
    base = "/metadata/PRODUCT"
    links = [
        {"rel": "item", "href": f"cmems_sst_{v}/dataset.stac.json"} for v in ("202211", "202411")
    ]
    links += [{"rel": "item", "href": "cmems_sst_daily_202501/dataset.stac.json"}]
    a.put(f"{base}/product.stac.json", json.dumps({"links": links}).encode())
    assets = {"timeChunked": {"href": a.url("/stores/new.zarr")}}
    a.put(f"{base}/cmems_sst_202411/dataset.stac.json", json.dumps({"assets": assets}).encode())
    options = {"product": "PRODUCT", "dataset": "cmems_sst", "metadata": a.url("/metadata")}
    coverage = {"start": "2000-01-01", "end": "2000-12-31"}
    entry = entry_for(a.url("/"), method="cmems", options=options, coverage=coverage)
    (file,) = fetch(entry, REQUEST, settings).files
    assert file.url == "cmems:PRODUCT/cmems_sst#sst/2000-01-01..2000-12-31"
    with xr.open_dataset(file.path, engine="h5netcdf") as copy:
        xr.testing.assert_equal(copy.sst.load(), original.sst.isel(time=slice(0, 12)))
    wrong = entry_for(
        a.url("/"), method="cmems", options={**options, "dataset": "cmems_x"}, coverage=coverage
    )
    with pytest.raises(AccessError, match="has no dataset 'cmems_x'"):
        fetch(wrong, REQUEST, settings)


# REST


@pytest.mark.parametrize("scheme", ["header", "query"])
def test_rest_pages_with_a_key(a: FaultServer, tmp_path: Path, scheme: str) -> None:
    features = [{"type": "Feature", "id": i, "geometry": None, "properties": {}} for i in range(7)]

    def answer(handler: servers.Handler) -> None:
        asked = {k: v[0] for k, v in parse_qs(urlsplit(handler.path).query).items()}
        key = handler.headers.get("API-Key") if scheme == "header" else asked.get("API-Key")
        if key != "SECRET":
            handler.answer(401, {}, b"")
            return
        assert (asked["from"], asked["limit"]) == ("2000-03-01", "3")
        start = int(asked["offset"])
        page = {"type": "FeatureCollection", "features": features[start : start + 3]}
        handler.answer(200, {}, json.dumps(page).encode())

    options = {
        "page": "offset",
        "page_size": 3,
        "start": "from",
        "auth": {"scheme": scheme, "name": "API-Key"},
    }
    entry = entry_for(
        a.play("/api/fires", answer) + "?limit=3", method="rest", format="geojson",
        credential="gistda", options=options,
    )  # fmt: skip
    settings = settings_for(tmp_path, a.place, tokens={"gistda": "SECRET"})
    (file,) = fetch(entry, MARCH, settings).files
    assert json.loads(Path(file.path).read_text())["features"] == features
    assert len(a.hits()) == 3
    assert "SECRET" not in file.model_dump_json()
    wrong = settings_for(tmp_path / "x", a.place, tokens={"gistda": "WRONG"})
    with pytest.raises(AccessError, match="answered 401 Unauthorized; the credential 'gistda'"):
        fetch(entry, MARCH, wrong)
