"""Group M, the rows of access: hostile archives, files and bodies."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import random
import stat
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from sco_pipeline.errors import AccessError, ScoError
from sco_pipeline.settings import Settings
from tests import servers
from tests.integration.refusals import get, refused
from tests.sample_files import in_cache, netcdf3, netcdf4, settings_for
from tests.servers import Content, FaultServer

BODY = netcdf4(packed=True)


@pytest.fixture
def settings(tmp_path: Path, a: FaultServer) -> Settings:
    return settings_for(tmp_path, a.place)


# M3


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members:
            archive.writestr(name, body, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def tarred(*members: tarfile.TarInfo, mode: str = "w:gz") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for member in members:
            body = BODY if member.isreg() else b""
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return stream.getvalue()


def tar_member(name: str, **more: Any) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    for key, value in more.items():
        setattr(member, key, value)
    return member


def zip_link() -> zipfile.ZipInfo:
    member = zipfile.ZipInfo("link.nc")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


ARCHIVES: list[tuple[str, bytes, str]] = [
    ("zip", zipped(("a.nc", BODY), ("../evil.nc", BODY)), "leads out"),
    ("zip", zipped(("/etc/evil.nc", BODY)), "leads out"),
    ("zip", zipped(("C:\\evil.nc", BODY)), "leads out"),
    ("zip", zipped(("a.nc", BODY), (zip_link(), b"/etc/passwd")), "link or a device"),
    ("zip", zipped(*((f"{i}.nc", b"x") for i in range(10_000))), "members"),
    ("zip", zipped(("bomb.nc", bytes(30 * 2**20))), "times its size"),
    ("zip", zipped(("a.zip", zipped(("a.nc", BODY)))), "archive itself"),
    ("zip", zipped(("a.nc", zipped(("a.nc", BODY)))), "archive itself"),
    ("zip", zipped(("readme.txt", b"no data")), "is text where a netcdf file"),
    ("tar", tarred(tar_member("a.nc"), tar_member("../evil.nc")), "leads out"),
    ("tar", tarred(tar_member("/etc/evil.nc")), "leads out"),
    ("tar", tarred(tar_member("a", type=tarfile.SYMTYPE, linkname="/etc/passwd")), "link or a"),
    ("tar", tarred(tar_member("a", type=tarfile.LNKTYPE, linkname="../x")), "link or a device"),
    ("tar", tarred(tar_member("a", type=tarfile.CHRTYPE)), "link or a device"),
    ("tar", tarred(tar_member("a", type=tarfile.FIFOTYPE)), "link or a device"),
    ("tar", tarred(tar_member("a.nc"), tar_member("b.tar.gz")), "archive itself"),
    ("gzip", gzip.compress(bytes(30 * 2**20)), "times its size"),
    ("gzip", gzip.compress(gzip.compress(BODY)), "archive itself"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "body", "match"), ARCHIVES, ids=[f"{i}-{a[0]}" for i, a in enumerate(ARCHIVES)]
)
def test_m3_hostile_archives(
    a: FaultServer, settings: Settings, tmp_path: Path, kind: str, body: bytes, match: str
) -> None:
    url = a.put("/packed", body)
    refused(url, settings, match, options={"archive": kind})
    assert [p for p in in_cache(tmp_path) if p.read_bytes() != body] == []
    assert {p.name for p in tmp_path.iterdir()} == {"cache"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("zip", zipped(("b/2.nc", netcdf4(2)), ("b/1.nc", netcdf4(1)), ("readme.txt", b"x"))),
        ("tar", tarred(tar_member("b"), mode="w")),
        ("tar", tarred(tar_member("b"), mode="w:xz")),
        ("gzip", gzip.compress(netcdf3())),
    ],
    ids=["zip", "tar", "xz", "gzip"],
)
def test_good_archives_become_their_members(
    a: FaultServer, settings: Settings, kind: str, body: bytes
) -> None:
    options = {"archive": kind, "members": "*.nc" if kind == "zip" else "*"}
    url = a.put("/packed.nc.gz", body)
    record = get(url, settings, options=options)
    expected = {"zip": [netcdf4(1), netcdf4(2)], "tar": [BODY], "gzip": [netcdf3()]}[kind]
    assert [Path(file.path).read_bytes() for file in record.files] == expected
    assert get(url, settings, options=options) == record
    Path(record.files[0].path).write_bytes(b"damaged")
    assert get(url, settings, options=options).files[0].sha256 == record.files[0].sha256
    assert Path(record.files[0].path).read_bytes() == expected[0]
    assert len(a.hits()) == 1


# M4


def test_m4_packed_body_that_grows(a: FaultServer, tmp_path: Path) -> None:
    packed = gzip.compress(bytes(300 * 2**20), 9)
    assert len(packed) < 400_000
    content = Content(packed, headers={"Content-Encoding": "gzip"})
    url = a.play("/a.bin", servers.serve(content))
    settings = settings_for(tmp_path, a.place, limits={"granule_bytes": 10 * 2**20})
    refused(url, settings, "over the limit of 10485760", format="binary")
    assert in_cache(tmp_path) == []
    assert a.hits()[0].headers["Accept-Encoding"] == "identity"


def test_m4_packed_though_not_asked_for_is_unpacked_within_the_limit(
    a: FaultServer, settings: Settings
) -> None:
    content = Content(gzip.compress(BODY), headers={"Content-Encoding": "gzip"})
    (file,) = get(a.play("/a.nc", servers.serve(content)), settings).files
    assert Path(file.path).read_bytes() == BODY


def test_m4_size_limit_without_encoding(a: FaultServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, a.place, limits={"granule_bytes": 1000})
    refused(a.put("/a.nc", BODY), settings, "over the limit of 1000")
    chunks = a.play("/b.nc", servers.chunked(BODY, whole=True))
    refused(chunks, settings, "over the limit of 1000")
    assert get(a.url("/a.nc"), settings, options={"granule_bytes": 10**6}).files


# M5


def crafted(make: Callable[[h5py.File], Any]) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["good"] = np.arange(10.0)
        make(file)
    return stream.getvalue()


def external_storage(file: h5py.File) -> None:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_external(b"/etc/passwd", 0, 100)
    space = h5py.h5s.create_simple((100,))
    h5py.h5d.create(file.id, b"evil", h5py.h5t.NATIVE_UINT8, space, plist)


def external_link(file: h5py.File) -> None:
    file.create_group("deep/er")["evil"] = h5py.ExternalLink("/etc/passwd", "/x")


def soft_link(file: h5py.File) -> None:
    file["evil"] = h5py.SoftLink("/etc/passwd")


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((10,), "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (10,))
    file.create_virtual_dataset("evil", layout)


@pytest.mark.parametrize("make", [external_storage, external_link, soft_link, virtual])
def test_m5_values_from_elsewhere(
    a: FaultServer, settings: Settings, tmp_path: Path, make: Callable[[h5py.File], Any]
) -> None:
    message = refused(a.put("/a.nc", crafted(make)), settings, "evil")
    assert "/etc/passwd" in message
    assert "root:" not in message
    assert in_cache(tmp_path) == []


@pytest.mark.parametrize("make", [external_storage, external_link, soft_link, virtual])
def test_m5_local_files_too(tmp_path: Path, make: Callable[[h5py.File], Any]) -> None:
    path = tmp_path / "a.nc"
    path.write_bytes(crafted(make))
    refused(str(path), settings_for(tmp_path), "evil", method="local")


# M6


def shape_bomb(file: h5py.File) -> None:
    file.create_dataset("evil", (10**6, 10**6), "f8", chunks=(100, 100))


def chunk_bomb(file: h5py.File) -> None:
    count = 512 * 2**20 // 8
    data = file.create_dataset("evil", (count,), "f8", chunks=(count,), compression="gzip")
    data.id.write_direct_chunk((0,), gzip.compress(b"")[:10])


@pytest.mark.parametrize(("make", "allow"), [(shape_bomb, "sparse"), (chunk_bomb, "large-chunks")])
def test_m6_bombs(
    a: FaultServer, settings: Settings, make: Callable[[h5py.File], Any], allow: str
) -> None:
    body = crafted(make)
    assert len(body) < 20_000
    start = time.monotonic()
    refused(a.put("/a.nc", body), settings, f"evil.*add '{allow}'")
    assert time.monotonic() - start < 5


def test_m6_allowed_by_the_entry(a: FaultServer, settings: Settings) -> None:
    url = a.put("/a.nc", crafted(shape_bomb))
    assert get(url, settings, options={"allow": ["sparse"]}).files


def test_m6_memory_of_the_child_is_bounded(a: FaultServer, tmp_path: Path) -> None:
    def wide(file: h5py.File) -> None:
        count = 250 * 2**20 // 8
        data = np.zeros(count)
        file.create_dataset("evil", data=data, chunks=(count,), compression="gzip")

    url = a.put("/a.nc", crafted(wide))
    assert get(url, settings_for(tmp_path, a.place)).files
    small = settings_for(tmp_path / "other", a.place, limits={"check_bytes": 420 * 2**20})
    with pytest.raises(AccessError, match=r"memory|exhausted|cannot be read"):
        get(url, small)


# M7


@pytest.mark.parametrize("body", [netcdf4(count=300, packed=True), netcdf3(count=60)])
def test_m7_damaged_headers(tmp_path: Path, body: bytes) -> None:
    """200 flips: each ends in a file or a ScoError, in time, and the run goes on."""
    chance = random.Random(7)
    settings = settings_for(tmp_path, limits={"check_seconds": 10})
    outcomes = {"taken": 0, "refused": 0}
    for i in range(200):
        wrong = bytearray(body)
        for _ in range(chance.randint(1, 4)):
            wrong[chance.randrange(min(len(wrong), 1200))] ^= 1 << chance.randrange(8)
        path = tmp_path / f"{i}.nc"
        path.write_bytes(wrong)
        try:
            get(str(path), settings, method="local")
            outcomes["taken"] += 1
        except ScoError:
            outcomes["refused"] += 1
    assert sum(outcomes.values()) == 200
    assert outcomes["refused"] > 20


def test_m7_child_that_hangs_or_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sco_pipeline.access import inspection

    path = tmp_path / "a.nc"
    path.write_bytes(BODY)
    for code, match in (("import time; time.sleep(60)", "within 0.5 s"), ("", "crashed")):
        child = tmp_path / "child.py"
        child.write_text(code)
        monkeypatch.setattr(inspection, "_CHILD", child)
        monkeypatch.setattr(inspection, "_inspectors", inspection._Inspectors())
        refused(
            str(path), settings_for(tmp_path, limits={"check_seconds": 0.5}), match, method="local"
        )


# M8


class Evil:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return subprocess.check_call, (["touch", str(self.marker)],)


def zarr_zip(**more: Any) -> bytes:
    array = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "<f8", "fill_value": 0,
             "order": "C", "filters": None, "compressor": None, **more}  # fmt: skip
    return zipped((".zgroup", b'{"zarr_format": 2}'), ("sst/.zarray", json.dumps(array).encode()))


@pytest.mark.parametrize("form", ["netcdf", "zarr", "csv", "geotiff", "grib", "binary"])
def test_m8_pickles(a: FaultServer, settings: Settings, tmp_path: Path, form: str) -> None:
    marker = tmp_path / "marker"
    refused(a.put("/a", pickle.dumps(Evil(marker))), settings, "a Python pickle", format=form)
    stream = io.BytesIO()
    np.save(stream, np.array([Evil(marker)], dtype=object), allow_pickle=True)
    if form != "binary":
        refused(a.put("/b", stream.getvalue()), settings, "NumPy array|something", format=form)
    assert not marker.exists()


@pytest.mark.parametrize(
    "more",
    [{"filters": [{"id": "pickle"}]}, {"dtype": "|O"}, {"compressor": {"id": "pickle"}},
     {"codecs": [{"name": "numcodecs.pickle"}]}],
)  # fmt: skip
def test_m8_zarr_that_unpickles(a: FaultServer, settings: Settings, more: dict[str, Any]) -> None:
    url = a.put("/a.zip", zarr_zip(**more))
    refused(url, settings, "pickle filter|Python objects", format="zarr")
    assert get(a.put("/b.zip", zarr_zip()), settings, format="zarr").files
