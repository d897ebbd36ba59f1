"""Files of this machine and of installed packages."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

import pytest

from sco_pipeline.access import fetch, methods
from sco_pipeline.catalog.models import DatasetEntry, Period, Request
from sco_pipeline.errors import AccessError, CatalogError, ChecksumError
from sco_pipeline.settings import Settings
from tests.sample_files import netcdf3

BODY = netcdf3()


def entry(url: str, method: str = "local", **access: Any) -> DatasetEntry:
    return DatasetEntry.model_validate(
        {
            "id": "demo", "agency": "esa", "role": "producer", "title": "Demo", "license": "CC0",
            "citation": "Demo", "coverage": {"start": "2000-01-01", "end": "2000-03-31"},
            "frequency": "month", "format": "netcdf", "variables": {"tos": {"name": "sst"}},
            "access": {"method": method, "url": url, **access},
        }
    )  # fmt: skip


REQUEST = Request(variables=("tos",))


def settings(tmp_path: Path) -> Settings:
    return Settings(catalog_dir=tmp_path / "catalog", cache_dir=tmp_path / "cache")


def test_local_file_relative_to_the_catalog(tmp_path: Path) -> None:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog/a.nc").write_bytes(BODY)
    record = fetch(entry("a.nc"), REQUEST, settings(tmp_path))
    (file,) = record.files
    assert record.dataset == "demo"
    assert Path(file.path) == tmp_path / "catalog/a.nc"
    assert file.url == "a.nc"
    assert file.sha256 == hashlib.sha256(BODY).hexdigest()
    assert file.size == len(BODY)
    assert file.retrieved is None


def test_local_pattern_gives_one_file_a_month(tmp_path: Path) -> None:
    (tmp_path / "catalog/2000").mkdir(parents=True)
    for month in (1, 2, 3):
        (tmp_path / f"catalog/2000/{month:02d}.nc").write_bytes(netcdf3(month))
    february_on = Request(variables=("tos",), period=Period(start=dt.date(2000, 2, 10)))
    record = fetch(entry("{year:%Y}/{month:%m}.nc"), february_on, settings(tmp_path))
    assert [file.url for file in record.files] == ["2000/02.nc", "2000/03.nc"]
    assert record.files[0].period == Period(start=dt.date(2000, 2, 1), end=dt.date(2000, 2, 29))


def test_missing_local_file_names_path_and_dataset(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match=r"'demo'.*catalog/b\.nc cannot be read") as caught:
        fetch(entry("b.nc"), REQUEST, settings(tmp_path))
    assert not caught.value.retryable


def test_wrong_checksum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    path.write_bytes(b"CDF\x01")
    with pytest.raises(ChecksumError, match=r"expected 0{64}"):
        fetch(entry(str(path), sha256="0" * 64), REQUEST, settings(tmp_path))


def test_package_file_is_found_without_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "site/carrier_of_data"
    (inside / "data").mkdir(parents=True)
    (inside / "__init__.py").write_text("raise RuntimeError('imported')")
    (inside / "data/x.nc").write_bytes(BODY)
    monkeypatch.syspath_prepend(tmp_path / "site")
    options = {"package": "carrier_of_data", "path": "data/x.nc"}
    record = fetch(entry("x", "package", options=options), REQUEST, settings(tmp_path))
    assert record.files[0].url == "package:carrier_of_data/data/x.nc"
    assert Path(record.files[0].path).read_bytes() == BODY
    short = entry("package:carrier_of_data/data/x.nc", "package")
    assert fetch(short, REQUEST, settings(tmp_path)) == record


def test_package_that_is_not_installed(tmp_path: Path) -> None:
    options = {"package": "no_such_carrier", "path": "x.nc"}
    with pytest.raises(AccessError, match="pip install no-such-carrier"):
        fetch(entry("x", "package", options=options), REQUEST, settings(tmp_path))


def test_package_path_stays_inside(tmp_path: Path) -> None:
    options = {"package": "pytest", "path": "../../secret"}
    with pytest.raises(CatalogError, match="leads out of package"):
        fetch(entry("x", "package", options=options), REQUEST, settings(tmp_path))


def test_unknown_method_names_the_nearest() -> None:
    with pytest.raises(AccessError, match="Did you mean 'local'"):
        methods["locale"]
