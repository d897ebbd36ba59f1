"""Group M, the rows of access: hostile addresses and names, and secrets."""

from __future__ import annotations

import logging
import pickle
import socket
from pathlib import Path
from typing import Any

import pytest

from sco_pipeline.access import fetch
from sco_pipeline.access.addresses import clean, parse, resolve
from sco_pipeline.access.storage import cache_name
from sco_pipeline.errors import AccessError, ChecksumError
from sco_pipeline.settings import Settings
from tests import servers
from tests.integration.refusals import get, refused
from tests.sample_files import REQUEST, entry_for, netcdf4, settings_for
from tests.servers import Content, FaultServer

BODY = netcdf4(packed=True)


@pytest.fixture
def settings(tmp_path: Path, a: FaultServer) -> Settings:
    return settings_for(tmp_path, a.place)


# M1


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data", "http://127.0.0.2/", "http://[::1]/",
        "http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://0.0.0.0/", "http://10.0.0.1/",
        "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[fe80::1]/",
        "http://[2002:7f00:1::]/", "http://192.168.1.1/", "http://100.64.0.1/", "http://localhost/",
        "http://224.0.0.1/",
    ],
)  # fmt: skip
def test_m1_private_addresses(settings: Settings, url: str) -> None:
    refused(url, settings, "is no public address")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x.org/a", "s3://b/a", "gopher://x/"])
def test_m1_other_schemes(settings: Settings, url: str) -> None:
    refused(url, settings, "only http and https")


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("http://user:SECRET@x.org/a", "carries a user name or a password"),
        ("http://x.org\\@127.0.0.1/", "no proper address"),
        ("http:///a", "no proper address"),
        ("http://x.org:99999/", "no address"),
    ],
)
def test_m1_addresses_that_mislead(settings: Settings, url: str, match: str) -> None:
    assert "SECRET" not in refused(url, settings, match)


def test_m1_no_header_can_be_slipped_in() -> None:
    with pytest.raises(AccessError, match="no proper address"):
        parse("http://x.org/a\r\nHost: y", "demo")


def test_m1_other_port_of_an_allowed_host(a: FaultServer, tmp_path: Path) -> None:
    with FaultServer() as other:
        refused(other.url("/"), settings_for(tmp_path, a.place), "is no public address")
        assert other.hits() == []


def test_m1_name_that_changes_its_answer(
    a: FaultServer, b: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is looked up once a connection, and that address is connected to."""
    answers = []

    def resolver(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        assert host == "rebinding.example.org"
        answers.append(host)
        number = "93.184.216.34" if len(answers) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    port = b.place.rpartition(":")[2]
    address = parse(f"http://rebinding.example.org:{port}/a.nc", "demo")
    places = resolve(address, settings_for(tmp_path), "demo")
    assert [place[0] for _, place in places] == ["93.184.216.34"]
    with pytest.raises(AccessError, match=r"leads to 127\.0\.0\.2"):
        resolve(address, settings_for(tmp_path), "demo")
    # A name with one good and one private address is refused whole.
    mixed = [("93.184.216.34", 80), ("127.0.0.2", 80)]
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda *args, **more: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", m) for m in mixed],
    )
    refused(str(address), settings_for(tmp_path), "is no public address")
    assert b.hits() == []


def test_m1_connects_to_the_checked_address_whatever_the_name_says(
    a: FaultServer, b: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(a.place.rpartition(":")[2])
    lookups = []

    def resolver(host: str, *args: Any, **more: Any) -> list[Any]:
        lookups.append(host)
        number = "127.0.0.1" if len(lookups) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    a.put("/a.nc", BODY)
    settings = settings_for(tmp_path, f"archive.example.org:{port}")
    get(f"http://archive.example.org:{port}/a.nc", settings)
    assert lookups == ["archive.example.org"]
    assert a.hits()[0].headers["Host"] == f"archive.example.org:{port}"


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/", "file:///etc/passwd", "http://127.0.0.2:1/", "//[::1]/"]
)
def test_m1_checked_again_after_each_redirect(
    a: FaultServer, settings: Settings, target: str
) -> None:
    refused(a.play("/a.nc", servers.redirect(target)), settings, "refused")
    hosts = ["169.254.169.254", "127.0.0.2:1", "[::1]"]
    refused(a.url("/a.nc"), settings, "no public address|only http", allowed_hosts=hosts)


# M2

NAMES = ["/../../evil.nc", "//etc/x", "/C:%5Cx", "/a%00b.nc", "/" + "n" * 300 + ".nc", "/.netrc",
         "/CON", "/..%2f..%2fevil.nc", "/%2e%2e/x", "/a/..;/b.nc", "/ledger.jsonl"]  # fmt: skip


@pytest.mark.parametrize("path", NAMES)
def test_m2_names_are_made_here(
    a: FaultServer, settings: Settings, tmp_path: Path, path: str
) -> None:
    evil = {"Content-Disposition": 'attachment; filename="../../evil.nc"'}
    a.plays[path] = [servers.serve(Content(BODY, headers=evil))]
    a.plays[path.replace("//", "/")] = a.plays[path]  # as the server reads it
    (file,) = get(a.url(path), settings).files
    stored = Path(file.path)
    assert stored.parent == tmp_path / "cache/demo"
    assert stored.name == cache_name(a.url(path))
    assert not stored.name.startswith(".")
    assert len(stored.name) < 120
    assert {p.name for p in tmp_path.iterdir()} == {"cache"}
    assert get(a.url(path), settings).files == (file,)


def test_m2_names_differ_where_addresses_differ() -> None:
    assert cache_name("http://x/1/a.nc") != cache_name("http://x/2/a.nc")


# M11


def everything_written(root: Path) -> str:
    return "\n".join(p.read_bytes().decode("latin-1") for p in root.rglob("*") if p.is_file())


@pytest.mark.parametrize("scheme", ["bearer", "header", "query", "basic"])
def test_m11_token_goes_to_its_host_only(
    a: FaultServer, b: FaultServer, tmp_path: Path, scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = "user:SECRET" if scheme == "basic" else "SECRET"
    settings = settings_for(tmp_path, a.place, b.place, tokens={"demo": token})
    auth = {"scheme": scheme, "name": "X-Key"}
    access = {"credential": "demo", "options": {"auth": auth}, "allowed_hosts": [b.place]}
    b.put("/a.nc", BODY)
    url = a.play("/a.nc", servers.redirect(b.url("/a.nc")))
    record = get(url, settings, **access)
    sent = str(a.hits()[0])
    assert "SECRET" in sent or "dXNlcjpTRUNSRVQ=" in sent
    for hit in b.hits():
        assert "SECRET" not in str(hit)
        assert "dXNlcjpTRUNSRVQ=" not in str(hit)

    def repeat(handler: servers.Handler) -> None:
        handler.send_response(500, f"no {handler.headers.get('Authorization')} {handler.path}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with pytest.raises(AccessError) as caught:
        get(a.play("/b.nc", repeat), settings, **access)
    with pytest.raises(AccessError) as refusal:
        get(
            a.play("/c.nc", servers.redirect("http://127.0.0.3/?k=SECRET&token=SECRET")),
            settings,
            **access,
        )
    seen = [str(caught.value), str(refusal.value), repr(caught.value.__cause__), caplog.text]
    seen += [everything_written(tmp_path / "cache"), record.model_dump_json(), repr(settings)]
    seen += [repr(pickle.loads(pickle.dumps(caught.value)))]
    assert [text for text in seen if "SECRET" in text or "dXNlcjpTRUNSRVQ=" in text] == []


def test_m11_token_is_not_sent_in_clear_text(tmp_path: Path) -> None:
    from sco_pipeline.access.credentials import credential_of

    entry = entry_for("http://archive.example.org/a", credential="demo")
    credential = credential_of(entry, settings_for(tmp_path, tokens={"demo": "SECRET"}))
    assert credential is not None
    assert "SECRET" not in repr(credential)
    assert not credential.belongs_to(parse("http://archive.example.org/a", "demo"))


def test_m11_sources_in_order(a: FaultServer, tmp_path: Path) -> None:
    from sco_pipeline.access.credentials import credential_of

    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password FROM_NETRC\ndefault login x password y\n")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens/demo").write_text("FROM_FILE\n")
    entry = entry_for(a.put("/a.nc", BODY), credential="demo")
    ways = {
        "environment SCO_TOKENS__DEMO": {"tokens": {"demo": "FROM_ENV"}, "netrc": netrc},
        "netrc": {"netrc": netrc, "token_dir": tmp_path / "tokens"},
        "file": {"token_dir": tmp_path / "tokens"},
    }
    for i, (source, ways_of) in enumerate(ways.items()):
        settings = settings_for(tmp_path / str(i), a.place, **ways_of)
        credential = credential_of(entry, settings)
        assert credential is not None
        assert credential.source.startswith(source)
        fetch(entry, REQUEST, settings)
    sent = [hit.headers["Authorization"] for hit in a.hits()]
    assert sent == ["Bearer FROM_ENV", "Basic bWU6RlJPTV9ORVRSQw==", "Bearer FROM_FILE"]
    other = entry_for("https://other.example.org/a.nc", credential="demo")
    with pytest.raises(AccessError, match=r"a line for other\.example\.org in the netrc file"):
        credential_of(other, settings_for(tmp_path, netrc=netrc))


def test_m11_broken_netrc_does_not_leak(a: FaultServer, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me SECRET\n")
    settings = settings_for(tmp_path, a.place, netrc=netrc)
    with pytest.raises(AccessError, match="not a readable netrc file") as caught:
        get(a.put("/a.nc", BODY), settings, credential="demo")
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_m11_signatures_are_not_shown() -> None:
    url = "https://u:SECRET@x.org/a?X-Amz-Signature=SECRET&sig=SECRET&time=2000&access_token=SECRET"
    assert clean(url) == "https://x.org/a?time=2000"


def test_m11_environment_of_the_child_has_no_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sco_pipeline.access import inspection

    monkeypatch.setenv("SCO_TOKENS__DEMO", "SECRET")
    monkeypatch.setattr(inspection, "_inspectors", inspection._Inspectors())
    path = tmp_path / "a.nc"
    path.write_bytes(BODY)
    get(str(path), settings_for(tmp_path), method="local")
    (_, child), *_ = inspection._inspectors._idle
    environment = Path(f"/proc/{child._process.pid}/environ").read_bytes()
    child.end()
    assert b"SECRET" not in environment


# M13


@pytest.mark.parametrize("pattern", ["{0.__class__}", "{day.__class__}", "{self}", "{day:{x}}"])
def test_m13_patterns_allow_named_fields_only(
    a: FaultServer, settings: Settings, pattern: str
) -> None:
    refused(a.url(f"/{pattern}"), settings, "address")
    assert a.hits() == []


def test_checksum_error_is_an_access_error() -> None:
    assert issubclass(ChecksumError, AccessError)
