"""Signed requests to a store that verifies them: moto behind a gate with botocore's own signer."""

from __future__ import annotations

import datetime as dt
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from sco_pipeline.access import check_health, fetch
from sco_pipeline.access.s3 import presign
from sco_pipeline.catalog.models import Request
from sco_pipeline.errors import AccessError
from tests import servers
from tests.integration.test_listing_s3 import FILES, MARCH, fill
from tests.sample_files import entry_for, netcdf3, settings_for
from tests.servers import FaultServer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
KEYS = {"key": "SECRET"}
REGION = "eu-west-3"
ODD = "sst/03/a b+c=d&e.nc"


class Gate:
    """Lets a request through to the store if its signature is the one that botocore makes."""

    def __init__(self, store: str, bucket: str) -> None:
        self._store = store
        self.bucket = bucket
        self.refusals: list[str] = []

    def __call__(self, handler: servers.Handler) -> None:
        parts = urlsplit(handler.path)
        fields = dict(parse_qsl(parts.query, keep_blank_values=True))
        fault = self._fault(handler, parts.path, fields)
        if fault:
            self.refusals.append(fault)
            handler.answer(403, {}, f"<Error><Code>{fault}</Code></Error>".encode())
            return
        kept = {k: v for k, v in fields.items() if not k.startswith("X-Amz-")}
        query = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in kept.items())
        asked = urllib.request.Request(f"{self._store}{parts.path}?{query}", method=handler.command)
        if "Range" in handler.headers:
            asked.add_header("Range", handler.headers["Range"])
        try:
            with urllib.request.urlopen(asked) as answer:
                told = {name: answer.headers[name] for name in ("ETag", "Content-Range")}
                headers = {name: value for name, value in told.items() if value}
                handler.answer(answer.status, headers, answer.read())
        except urllib.error.HTTPError as error:
            handler.answer(error.code, {}, error.read())

    def _fault(self, handler: servers.Handler, path: str, fields: dict[str, str]) -> str:
        signature = fields.pop("X-Amz-Signature", None)
        if signature is None:
            return "AccessDenied"
        key, day, region, service, end = fields["X-Amz-Credential"].split("/")
        stamp = fields["X-Amz-Date"]
        made = dt.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
        if (region, service, end) != (REGION, "s3", "aws4_request") or not stamp.startswith(day):
            return "AuthorizationQueryParametersError"
        age = dt.datetime.now(dt.UTC) - made
        if age.total_seconds() > int(fields["X-Amz-Expires"]) or age.total_seconds() < -900:
            return "RequestExpired"
        if key not in KEYS:
            return "InvalidAccessKeyId"
        signer = S3SigV4QueryAuth(Credentials(key, KEYS[key]), "s3", region)
        request = AWSRequest(handler.command, f"http://{handler.headers['Host']}{path}")
        request.context["timestamp"] = stamp
        request.params = fields
        text = signer.string_to_sign(request, signer.canonical_request(request))
        return "" if signer.signature(text, request) == signature else "SignatureDoesNotMatch"


@pytest.fixture
def gate(store: str) -> Iterator[tuple[FaultServer, Gate]]:
    """A server all of whose paths are a bucket with verified signatures."""
    with FaultServer() as server:
        made = Gate(store, "guarded-data")
        fill(store, made.bucket, {**FILES, ODD: netcdf3(77)}, "public-read")
        # every path is answered by the gate, which a table of paths cannot say
        server.next_play = lambda path: made  # type: ignore[method-assign]
        yield server, made


def keyed(server: FaultServer, gate: Gate, path: str, **more: Any) -> Any:
    options = {"endpoint": server.url(""), "region": REGION, **more.pop("options", {})}
    url = f"s3://{gate.bucket}/{path}"
    return entry_for(url, method="s3", credential="my-store", options=options, **more)


def test_the_gate_lets_aws_s_own_client_through(gate: tuple[FaultServer, Gate]) -> None:
    server, made = gate
    client = boto3.client(
        "s3", endpoint_url=server.url(""), region_name=REGION, aws_access_key_id="key",
        aws_secret_access_key="SECRET",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )  # fmt: skip
    url = client.generate_presigned_url("get_object", Params={"Bucket": made.bucket, "Key": ODD})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == netcdf3(77)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url.replace("%20b", "%20c"))
    assert made.refusals == ["SignatureDoesNotMatch"]


def test_signed_objects_listings_and_their_health(
    gate: tuple[FaultServer, Gate], tmp_path: Path
) -> None:
    server, made = gate
    settings = settings_for(tmp_path, server.place, tokens={"my_store": "key:SECRET"})
    by_pattern = keyed(server, made, "sst/{month:%m}/sst_{month:%Y%m}01.nc")
    (file,) = fetch(by_pattern, MARCH, settings).files
    assert Path(file.path).read_bytes() == netcdf3(3)
    odd = keyed(server, made, "sst/03/", id="odd", options={"match": "a*.nc"})
    (file,) = fetch(odd, Request(variables=("tos",)), settings).files
    assert Path(file.path).read_bytes() == netcdf3(77)
    match = {"match": "{month:%m}/sst_{month:%Y%m}01.nc"}
    by_listing = keyed(server, made, "sst/", id="listed", options=match)
    record = fetch(by_listing, Request(variables=("tos",)), settings)
    assert [Path(f.path).read_bytes() for f in record.files] == list(FILES.values())
    assert made.refusals == []
    first = keyed(server, made, "sst/01/sst_20000101.nc", id="first")
    report = check_health([first, by_listing], settings)
    assert [address.verdict for address in report.addresses] == ["ok", "ok"]
    assert "X-Amz" not in report.model_dump_json()


@pytest.mark.parametrize(
    ("token", "region", "fault"),
    [
        ("key:WRONG", REGION, "SignatureDoesNotMatch"),
        ("other:SECRET", REGION, "InvalidAccessKeyId"),
        ("key:SECRET", "us-east-1", "AuthorizationQueryParametersError"),
    ],
)
def test_a_refused_signature_is_told_at_once(
    gate: tuple[FaultServer, Gate], tmp_path: Path, token: str, region: str, fault: str
) -> None:
    server, made = gate
    settings = settings_for(tmp_path, server.place, tokens={"my_store": token})
    entry = keyed(server, made, "sst/01/sst_20000101.nc", options={"region": region})
    with pytest.raises(AccessError, match=r"answered 403.*'my-store'.*was refused") as caught:
        fetch(entry, MARCH, settings)
    assert made.refusals == [fault]
    assert caught.value.retryable is False
    assert "WRONG" not in str(caught.value)
    assert "Signature" not in str(caught.value)


def test_nobody_gets_in_without_a_signature_or_with_an_old_one(
    gate: tuple[FaultServer, Gate], tmp_path: Path
) -> None:
    server, made = gate
    path = f"/{made.bucket}/sst/01/sst_20000101.nc"
    anonymous = entry_for(
        f"s3://{made.bucket}/sst/01/sst_20000101.nc", method="s3",
        options={"endpoint": server.url("")},
    )  # fmt: skip
    with pytest.raises(AccessError, match="names no credential"):
        fetch(anonymous, MARCH, settings_for(tmp_path, server.place))
    old = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
    url = presign(server.url(path), "", ("key", "SECRET"), REGION, old, expires=3600)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url)
    assert made.refusals == ["AccessDenied", "RequestExpired"]
