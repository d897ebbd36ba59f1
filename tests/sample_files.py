"""Small real files of each format, made in memory, and entries and settings for a fault server."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from sco_pipeline.catalog.models import DatasetEntry, Request
from sco_pipeline.settings import Limits, Settings

REQUEST = Request(variables=("tos",))
QUICK = {
    "connect_seconds": 0.5, "gap_seconds": 0.4, "slowest_rate": 1000.0, "rate_window_seconds": 0.5,
    "granule_seconds": 20.0, "attempts": 5, "backoff_seconds": 0.01, "retry_after_seconds": 5.0,
    "requests_per_second": 1000.0, "check_seconds": 20.0,
}  # fmt: skip


def netcdf3(seed: int = 0, count: int = 500) -> bytes:
    """Return a NetCDF-3 file with one variable ``sst`` of `count` doubles."""
    from scipy.io import netcdf_file

    stream = io.BytesIO()
    file = netcdf_file(stream, "w")
    file.createDimension("x", count)
    file.createVariable("sst", "f8", ("x",))[:] = np.random.default_rng(seed).random(count)
    file.flush()
    return stream.getvalue()


def netcdf4(seed: int = 0, count: int = 2000, *, packed: bool = False) -> bytes:
    """Return an HDF5 file with one variable ``sst`` of `count` doubles."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        values = np.random.default_rng(seed).random(count)
        more = {"chunks": (count // 4,), "compression": "gzip"} if packed else {}
        file.create_dataset("sst", data=values, **more)
    return stream.getvalue()


def entry_for(url: str, **more: Any) -> DatasetEntry:
    """Return a dataset at an address; `more` goes to access, or to the entry where it fits."""
    access = {"method": "http", "url": url}
    content = {
        "id": "demo", "agency": "esa", "role": "producer", "title": "Demo", "license": "CC0",
        "citation": "Demo", "coverage": {"start": "2000-01-01", "end": "2000-12-31"},
        "frequency": "month", "format": "netcdf", "variables": {"tos": {"name": "sst"}},
    }  # fmt: skip
    for name, value in more.items():
        if name in DatasetEntry.model_fields:
            content[name] = value
        else:
            access[name] = value
    return DatasetEntry.model_validate({**content, "access": access})


def settings_for(
    tmp_path: Path, *places: str, limits: dict[str, Any] | None = None, **more: Any
) -> Settings:
    """Return settings that allow the given loopback places and have quick limits."""
    return Settings(
        catalog_dir=tmp_path,
        cache_dir=tmp_path / "cache",
        private_hosts=frozenset(places),
        limits=Limits(**{**QUICK, **(limits or {})}),
        netrc=more.pop("netrc", tmp_path / "no-netrc"),
        **more,
    )


def in_cache(tmp_path: Path) -> list[Path]:
    """Return the files of the cache other than the record."""
    return [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and p.name != "ledger.jsonl"]
