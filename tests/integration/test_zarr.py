"""Zarr stores over HTTP and S3: the local copy equals the store, cell by cell."""

from __future__ import annotations

import datetime as dt
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.access import fetch
from sco_pipeline.catalog.models import BBox, FetchRecord, Period, Request
from sco_pipeline.errors import AccessError
from sco_pipeline.settings import Settings
from tests import servers
from tests.sample_files import entry_for, settings_for
from tests.servers import FaultServer

COVERAGE = {"start": "2000-01-01", "end": "2001-12-31"}


@pytest.fixture
def settings(tmp_path: Path, a: FaultServer) -> Settings:
    return settings_for(tmp_path, a.place)


def dataset() -> xr.Dataset:
    """Two years of months on a 5-degree globe, packed as the archives do."""
    time = pd.date_range("2000-01-01", periods=24, freq="MS")
    lat, lon = np.arange(87.5, -90, -5), np.arange(2.5, 360, 5)
    values = np.random.default_rng(0).normal(290, 5, (24, lat.size, lon.size)).round(2)
    values[:, 10:14, 20:25] = np.nan
    ds = xr.Dataset(
        {"sst": (("time", "lat", "lon"), values), "other": (("time",), np.arange(24.0))},
        {"time": time, "lat": ("lat", lat, {"units": "degrees_north", "bounds": "lat_bnds"}),
         "lon": ("lon", lon, {"units": "degrees_east"})},
        {"title": "Demo", "history": "made"},
    )  # fmt: skip
    ds["lat_bnds"] = (("lat", "nv"), np.stack([lat - 2.5, lat + 2.5], -1))
    ds.sst.attrs = {"units": "K", "standard_name": "sea_surface_temperature"}
    ds.sst.encoding = {
        "dtype": "i2",
        "scale_factor": 0.01,
        "add_offset": 273.15,
        "_FillValue": -32768,
    }
    ds.time.encoding = {"units": "days since 1970-01-01", "dtype": "i8"}
    return ds


def stored(folder: Path, version: int, *, consolidated: bool, shards: bool = False) -> xr.Dataset:
    ds = dataset()
    encoding: dict[str, Any] = {"sst": {**ds.sst.encoding, "chunks": (5, 12, 24)}}
    if shards:
        encoding["sst"]["shards"] = (10, 36, 72)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds.to_zarr(folder, zarr_format=version, consolidated=consolidated, encoding=encoding)
        return xr.open_zarr(folder, zarr_format=version, consolidated=consolidated).load()


def opened(record: FetchRecord) -> xr.Dataset:
    parts = [xr.open_dataset(file.path, engine="h5netcdf") for file in record.files]
    ds = xr.concat(
        parts, "time", data_vars="minimal", coords="minimal", compat="override", join="exact"
    )
    return ds.load()


STORES = [
    pytest.param(2, True, False, id="v2"),
    pytest.param(2, False, False, id="v2-unconsolidated"),
    pytest.param(3, False, False, id="v3"),
    pytest.param(3, False, True, id="v3-sharded"),
]


@pytest.mark.parametrize(("version", "consolidated", "shards"), STORES)
def test_whole_store_over_http(
    a: FaultServer,
    settings: Settings,
    tmp_path: Path,
    version: int,
    consolidated: bool,
    shards: bool,
) -> None:
    original = stored(tmp_path / "s.zarr", version, consolidated=consolidated, shards=shards)
    a.folders["/data"] = tmp_path
    entry = entry_for(a.url("/data/s.zarr"), method="zarr", coverage=COVERAGE)
    record = fetch(entry, Request(variables=("tos",)), settings)
    assert [f.period and f.period.start and f.period.start.year for f in record.files] == [
        2000,
        2001,
    ]
    copy = opened(record)
    xr.testing.assert_equal(copy.sst, original.sst)
    xr.testing.assert_equal(copy.lat_bnds, original.lat_bnds)
    assert "other" not in copy
    assert (copy.attrs["title"], copy.sst.attrs["units"]) == ("Demo", "K")
    assert copy.sst.encoding["dtype"] == np.dtype("i2")
    hits = len(a.hits())
    assert fetch(entry, Request(variables=("tos",)), settings) == record
    assert len(a.hits()) == hits


@pytest.mark.parametrize("west", [-30.0, 330.0, 100.0])
def test_only_the_wanted_period_and_box_is_read(
    a: FaultServer, settings: Settings, tmp_path: Path, west: float
) -> None:
    original = stored(tmp_path / "s.zarr", 2, consolidated=True)
    a.folders["/data"] = tmp_path
    entry = entry_for(a.url("/data/s.zarr"), method="zarr", coverage=COVERAGE)
    box = BBox(west=west, south=30, east=(west + 40) % 360 if west > 0 else west + 40, north=50)
    period = Period(start=dt.date(2000, 11, 1), end=dt.date(2001, 2, 28))
    request = Request(variables=("tos",), bbox=box, period=period)
    copy = opened(fetch(entry, request, settings))
    part = original.sel(time=slice("2000-11", "2001-02"), lat=copy.lat, lon=copy.lon)
    xr.testing.assert_equal(copy.sst, part.sst)
    inside = original.sel(lat=slice(50, 30))
    assert set(inside.lat.values) <= set(copy.lat.values)
    assert copy.lat.size == inside.lat.size + 2
    if west == 100:
        assert (copy.lon.values.min(), copy.lon.values.max()) == (97.5, 142.5)
        chunks = {hit.path for hit in a.hits() if "/sst/" in hit.path and hit.path[-1].isdigit()}
        assert 2 <= len(chunks) <= 4
    again = fetch(entry, request, settings)
    assert opened(again).equals(copy)


def test_two_fetches_give_the_same_bytes(a: FaultServer, tmp_path: Path) -> None:
    stored(tmp_path / "s.zarr", 3, consolidated=False)
    a.folders["/data"] = tmp_path
    entry = entry_for(a.url("/data/s.zarr"), method="zarr", coverage=COVERAGE)
    hashes = [
        [f.sha256 for f in fetch(entry, Request(variables=("tos",)), settings).files]
        for settings in (settings_for(tmp_path / str(i), a.place) for i in range(2))
    ]
    assert hashes[0] == hashes[1]


def test_store_on_s3(tmp_path: Path) -> None:
    from moto.server import ThreadedMotoServer

    from tests.integration.test_listing_s3 import fill

    original = stored(tmp_path / "s.zarr", 3, consolidated=False)
    files = {
        str(p.relative_to(tmp_path)): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()
    }
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fill(endpoint, "cubes", files, "public-read")
        entry = entry_for(
            "s3://cubes/s.zarr", method="zarr", coverage=COVERAGE, options={"endpoint": endpoint}
        )
        settings = settings_for(tmp_path, f"{host}:{port}")
        record = fetch(entry, Request(variables=("tos",)), settings)
        xr.testing.assert_equal(opened(record).sst, original.sst)
        assert record.files[0].url.startswith("s3://cubes/s.zarr#sst/2000-01-01..")
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"filters": [{"id": "pickle"}]}, "pickle filter"),
        ({"dtype": "|O"}, "Python objects"),
        ({"chunks": [10**5, 10**5, 1]}, "declares chunks of"),
    ],
)
def test_m8_hostile_stores(
    a: FaultServer, settings: Settings, tmp_path: Path, change: dict[str, Any], match: str
) -> None:
    stored(tmp_path / "s.zarr", 2, consolidated=False)
    path = tmp_path / "s.zarr/sst/.zarray"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    a.folders["/data"] = tmp_path
    entry = entry_for(a.url("/data/s.zarr"), method="zarr", coverage=COVERAGE)
    with pytest.raises(AccessError, match=match) as caught:
        fetch(entry, Request(variables=("tos",)), settings)
    assert not caught.value.retryable


def test_unknown_variable_damaged_chunk_and_missing_store(
    a: FaultServer, settings: Settings, tmp_path: Path
) -> None:
    stored(tmp_path / "s.zarr", 2, consolidated=True)
    a.folders["/data"] = tmp_path
    entry = entry_for(
        a.url("/data/s.zarr"), method="zarr", coverage=COVERAGE, variables={"tos": {"name": "sta"}}
    )
    with pytest.raises(AccessError, match=r"no variable 'sta'; found .*'sst'"):
        fetch(entry, Request(variables=("tos",)), settings)
    (tmp_path / "s.zarr/sst/0.0.0").write_bytes(b"\x02\x01 no blosc")
    good = entry_for(a.url("/data/s.zarr"), method="zarr", coverage=COVERAGE)
    with pytest.raises(AccessError, match="cannot be decoded"):
        fetch(good, Request(variables=("tos",)), settings)
    with pytest.raises(AccessError, match="no variable 'sst'"):
        fetch(
            entry_for(a.url("/data/t.zarr"), method="zarr", coverage=COVERAGE),
            Request(variables=("tos",)),
            settings,
        )


def test_chunk_that_is_not_stored_is_missing(
    a: FaultServer, settings: Settings, tmp_path: Path
) -> None:
    original = stored(tmp_path / "s.zarr", 2, consolidated=True)
    (tmp_path / "s.zarr/sst/0.0.0").unlink()
    a.folders["/data"] = tmp_path
    entry = entry_for(a.url("/data/s.zarr"), method="zarr", coverage=COVERAGE)
    copy = opened(fetch(entry, Request(variables=("tos",)), settings))
    assert np.isnan(copy.sst.values[:5, :12, :24]).all()
    np.testing.assert_array_equal(copy.sst.values[5:], original.sst.values[5:])


def test_t17_a_store_comes_from_the_first_mirror_that_has_it(
    a: FaultServer, settings: Settings, tmp_path: Path
) -> None:
    original = stored(tmp_path / "good.zarr", 2, consolidated=True)
    a.folders["/stores"] = tmp_path
    for key in (".zgroup", ".zattrs", "zarr.json", ".zmetadata", "sst/.zarray", "sst/zarr.json"):
        a.play(f"/dead.zarr/{key}", servers.status(500))
    mirrors = [a.url("/empty.zarr"), a.url("/stores/good.zarr")]
    entry = entry_for(
        a.url("/dead.zarr"), method="zarr", mirrors=mirrors, coverage=COVERAGE,
        options={"by": "whole"},
    )  # fmt: skip
    record = fetch(entry, Request(variables=("tos",)), settings)
    assert record.files[0].served_by == a.url("/stores/good.zarr")
    assert record.files[0].url.startswith(a.url("/dead.zarr"))
    xr.testing.assert_equal(opened(record).sst, original.sst)
    none = entry_for(a.url("/dead.zarr"), method="zarr", mirrors=mirrors[:1], coverage=COVERAGE)
    other = settings.model_copy(update={"cache_dir": tmp_path / "other"})
    with pytest.raises(AccessError, match=r"dead\.zarr.*answered 500") as caught:
        fetch(none, Request(variables=("tos",)), other)
    assert caught.value.retryable is True


def test_the_record_names_the_mirror_of_the_settings(
    a: FaultServer, settings: Settings, tmp_path: Path
) -> None:
    original = stored(tmp_path / "good.zarr", 3, consolidated=False)
    a.folders["/copy"] = tmp_path
    entry = entry_for(
        "https://archive.example.org/good.zarr", method="zarr", coverage=COVERAGE,
        options={"by": "whole"},
    )  # fmt: skip
    mirrored = settings.model_copy(update={"mirrors": {"archive.example.org": a.url("/copy")}})
    record = fetch(entry, Request(variables=("tos",)), mirrored)
    assert record.files[0].served_by == a.url("/copy/good.zarr")
    xr.testing.assert_equal(opened(record).sst, original.sst)
