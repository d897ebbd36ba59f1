"""Directory pages, manifests and S3 stores, each with a real server of its kind."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import pytest

from sco_pipeline.access import fetch
from sco_pipeline.access.matching import matcher
from sco_pipeline.access.s3 import presign
from sco_pipeline.catalog.models import Period, Request
from sco_pipeline.errors import AccessError
from sco_pipeline.settings import Settings
from tests.sample_files import REQUEST, entry_for, netcdf3, settings_for
from tests.servers import FaultServer

MARCH = Request(
    variables=("tos",), period=Period(start=dt.date(2000, 3, 1), end=dt.date(2000, 3, 31))
)


@pytest.fixture
def settings(tmp_path: Path, a: FaultServer) -> Settings:
    return settings_for(tmp_path, a.place)


def test_matcher_reads_the_day_out_of_a_name() -> None:
    match = matcher("c_gls_NDVI_{dekad:%Y%m%d}0000_GLOBE_*_V3*.nc", "demo")
    assert match("c_gls_NDVI_200002110000_GLOBE_PROBAV_V3.0.1.nc") == (
        True,
        dt.datetime(2000, 2, 11),
    )
    assert match("c_gls_NDVI_200002310000_GLOBE_PROBAV_V3.0.1.nc") == (False, None)
    assert match("c_gls_NDVI_20000211_GLOBE.nc") == (False, None)
    assert matcher("{year:%Y}/{day:%Y%j}.nc", "demo")("2000/2000060.nc")[1] == dt.datetime(
        2000, 2, 29
    )
    assert matcher("{year:%Y}/{day:%Y%j}.nc", "demo")("2001/2000060.nc") == (False, None)
    assert matcher("all.nc", "demo")("all.nc") == (True, None)


def page(*names: str) -> bytes:
    links = "".join(f'<a href="{name}">{name}</a> 2000-01-01 10:00 1K<br>' for name in names)
    return f"<html><body><h1>Index of</h1><a href='../'>Parent</a>{links}</body></html>".encode()


def test_directory_pages(a: FaultServer, settings: Settings) -> None:
    for month in (2, 3):
        names = [f"sst_2000{month:02d}{day:02d}_v{v}.nc" for day in (1, 2) for v in (1, 2)]
        foreign = [
            "/etc/sst_20000301_v9.nc",
            "http://127.0.0.2/sst_20000301_v9.nc",
            "../x_v9.nc",
            "http://[sst_20000301_v9.nc",
        ]
        a.put(f"/{month:02d}/", page(*names, *foreign, "sst_20000302_v1.nc?x=1", "note.txt"))
        for i, name in enumerate(names):
            a.put(f"/{month:02d}/{name}", netcdf3(10 * month + i))
    url = a.url("/{month:%m}/sst_{day:%Y%m%d}_v*.nc")
    record = fetch(entry_for(url, frequency="irregular", method="listing"), MARCH, settings)
    assert [file.url for file in record.files] == [
        a.url("/03/sst_20000301_v2.nc"), a.url("/03/sst_20000302_v2.nc"),
    ]  # fmt: skip
    assert Path(record.files[1].path).read_bytes() == netcdf3(33)
    assert a.hits("/02/") == []
    everything = fetch(
        entry_for(url, frequency="irregular", method="listing", options={"which": "all"}),
        MARCH,
        settings,
    )
    assert len(everything.files) == 4
    offline = settings.model_copy(update={"offline": True})
    assert (
        len(fetch(entry_for(url, frequency="irregular", method="listing"), MARCH, offline).files)
        == 4
    )


def test_gap_of_a_daily_series_is_named(a: FaultServer, settings: Settings) -> None:
    a.put("/d/", page("20000301.nc", "20000303.nc"))
    for day in (1, 3):
        a.put(f"/d/2000030{day}.nc", netcdf3(day))
    entry = entry_for(
        a.url("/d/"), frequency="day", method="listing", options={"match": "{day:%Y%m%d}.nc"},
        coverage={"start": "2000-03-01", "end": "2000-03-03"},
    )  # fmt: skip
    record = fetch(entry, REQUEST, settings)
    assert len(record.files) == 2
    assert [m.period and m.period.start for m in record.missing] == [dt.date(2000, 3, 2)]


def test_manifest(a: FaultServer, settings: Settings) -> None:
    lines = [a.url(f"/data/ndvi_2000{m:02d}{d:02d}_V3.nc") for m in (2, 3) for d in (1, 11, 21)]
    for i, line in enumerate(lines):
        a.put(line.removeprefix(f"http://{a.place}"), netcdf3(i))
    a.put("/manifest.txt", "\n".join([*lines, "http://127.0.0.2/other.nc", ""]).encode())
    options = {"match": "ndvi_{dekad:%Y%m%d}_V*.nc", "kind": "manifest"}
    entry = entry_for(
        a.url("/manifest.txt"), frequency="irregular", method="listing", options=options
    )
    record = fetch(entry, MARCH, settings)
    assert [file.url for file in record.files] == lines[3:]
    assert record.files[2].period == Period(start=dt.date(2000, 3, 21), end=dt.date(2000, 3, 31))
    a.put("/manifest.txt", b"http://127.0.0.2/ndvi_20000301_V9.nc\n")
    with pytest.raises(AccessError, match=r"names files on 127\.0\.0\.2"):
        fetch(entry, MARCH, settings)


def fill(store: str, bucket: str, files: dict[str, bytes], acl: str) -> Any:
    import boto3

    client = boto3.client(
        "s3", endpoint_url=store, region_name="us-east-1", aws_access_key_id="key",
        aws_secret_access_key="SECRET",
    )  # fmt: skip
    client.create_bucket(Bucket=bucket, ACL=acl)
    for key, body in files.items():
        client.put_object(Bucket=bucket, Key=key, Body=body, ACL=acl)
    return client


FILES = {f"sst/{m:02d}/sst_2000{m:02d}01.nc": netcdf3(m) for m in range(1, 5)}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("keyed", [False, True])
def test_s3_by_pattern_and_by_listing(store: str, tmp_path: Path, keyed: bool) -> None:
    bucket = "keyed-data" if keyed else "open-data"
    client = fill(store, bucket, FILES, "private" if keyed else "public-read")
    place = store.removeprefix("http://")
    tokens = {"my_store": "key:SECRET"} if keyed else {}
    settings = settings_for(tmp_path, place, tokens=tokens)
    more = {"method": "s3", "credential": "my-store"} if keyed else {"method": "s3"}
    options = {"endpoint": store, "region": "us-east-1"}
    by_pattern = entry_for(
        f"s3://{bucket}/sst/{{month:%m}}/sst_{{month:%Y%m}}01.nc", options=options, **more
    )
    (file,) = fetch(by_pattern, MARCH, settings).files
    assert file.url == f"s3://{bucket}/sst/03/sst_20000301.nc"
    assert Path(file.path).read_bytes() == netcdf3(3)
    match = {"match": "{month:%m}/sst_{month:%Y%m}01.nc"}
    by_listing = entry_for(f"s3://{bucket}/sst/", options={**options, **match}, **more)
    record = fetch(by_listing, Request(variables=("tos",)), settings)
    assert [Path(f.path).read_bytes() for f in record.files] == list(FILES.values())
    wild = entry_for(
        f"s3://{bucket}/sst/{{month:%m}}/sst_{{month:%Y%m}}*.nc", options=options, **more
    )
    assert fetch(wild, MARCH, settings).files[0].sha256 == file.sha256
    # A new version has a new ETag in the listing: no further request is needed to know.
    client.put_object(
        Bucket=bucket, Key="sst/03/sst_20000301.nc", Body=netcdf3(33), ACL="public-read"
    )
    again = fetch(by_listing, Request(variables=("tos",)), settings)
    assert Path(again.files[2].path).read_bytes() == netcdf3(33)
    written = "".join(p.read_text("latin-1") for p in tmp_path.rglob("*") if p.is_file())
    assert "X-Amz" not in written + record.model_dump_json()
    assert "SECRET" not in written


def test_s3_object_that_does_not_exist(store: str, tmp_path: Path) -> None:
    fill(store, "empty-data", {}, "public-read")
    settings = settings_for(tmp_path, store.removeprefix("http://"))
    entry = entry_for("s3://empty-data/x.nc", method="s3", options={"endpoint": store})
    with pytest.raises(AccessError, match=r"has none of the 1 files.*s3://empty-data/x\.nc"):
        fetch(entry, REQUEST, settings)


def test_presigned_address_is_the_one_of_botocore() -> None:
    import boto3
    from botocore.config import Config

    now = dt.datetime.now(dt.UTC)
    client = boto3.client(
        "s3", endpoint_url="https://store.example.org", region_name="eu-west-1",
        aws_access_key_id="key", aws_secret_access_key="secret", aws_session_token="token/+=",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )  # fmt: skip
    theirs = client.generate_presigned_url(
        "get_object", Params={"Bucket": "b", "Key": "a b/c=d.nc"}, ExpiresIn=600
    )
    stamp = dt.datetime.strptime(theirs.partition("X-Amz-Date=")[2][:16], "%Y%m%dT%H%M%SZ").replace(
        tzinfo=dt.UTC
    )
    assert abs((stamp - now).total_seconds()) < 5
    ours = presign(
        "https://store.example.org/b/a%20b/c%3Dd.nc", "", ("key", "secret:token/+="), "eu-west-1",
        stamp, expires=600,
    )  # fmt: skip
    signature = "X-Amz-Signature="
    assert ours.partition(signature)[2] == theirs.partition(signature)[2].partition("&")[0]


def test_the_server_knows_what_it_was_sent(a: FaultServer) -> None:
    """The test server itself: ranges and hits."""
    a.put("/x", b"0123456789")
    with urlopen(HttpRequest(a.url("/x"), headers={"Range": "bytes=2-4"})) as answer:
        assert (answer.status, answer.read()) == (206, b"234")
    assert json.dumps([hit.headers.get("Range") for hit in a.hits()]) == '["bytes=2-4"]'
