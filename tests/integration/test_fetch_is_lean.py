"""What a fetch does not need it does not load: the whole command streams in less than 64 MB."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.sample_files import netcdf4
from tests.servers import FaultServer, Handler

ROOT = Path(__file__).parents[2]
MIB = 2**20
MEMORY = 64
LARGE = 200 * 10**6
ARRAYS = ("cartopy", "dask", "h5py", "numba", "numpy", "pandas", "scipy", "shapely", "xarray")
HOST = "archive.example.org"
DATASET = f"""agency: ukmo
role: producer
title: A file of the tests
license: CC0
citation: The tests.
ecv: [Sea surface temperature]
coverage: {{start: 2000-01-01, end: 2009-12-31}}
frequency: day
cadence: closed
format: netcdf
access: {{method: http, url: "https://{HOST}/file.nc"}}
variables:
  tos: {{name: sst, units: K}}
"""
RECIPE = """title: A recipe of everything
summary: A recipe of the tests.
inputs: {tos: one-file}
indicators:
- {id: climatology, of: tos}
- {id: trend, of: tos}
- {id: marine_heatwaves}
baseline: {start: 2000-01-01, end: 2009-12-31}
regions: [climate-index-boxes]
regional:
- {of: tos, statistic: maximum}
- {of: tos, statistic: area_above, options: {threshold: 28}}
cadence: once
formats: [netcdf, maps, series, report]
"""
# The command as the user starts it, then what it left behind.
CHILD = """
import json, sys
from pathlib import Path
from sco_pipeline.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
status = Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
print(json.dumps([peak, sorted(sys.modules)]), file=sys.stderr)
"""
IDLE = """
from pathlib import Path
print(int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024)
"""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the system does not tell the peak of a process"
)


@pytest.fixture
def environment(a: FaultServer, tmp_path: Path) -> dict[str, str]:
    """The shipped catalog with one more dataset and recipe, and a mirror for its archive."""
    catalog = tmp_path / "catalog"
    shutil.copytree(ROOT / "catalog", catalog)
    (catalog / "datasets/one-file.yaml").write_text(DATASET)
    (catalog / "recipes/everything.yaml").write_text(RECIPE)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SCO_CATALOG_DIR": str(catalog),
        "SCO_CACHE_DIR": str(tmp_path / "cache"),
        "SCO_MIRRORS": json.dumps({HOST: a.url("/")}),
    }


def sco(environment: dict[str, str], *arguments: str) -> tuple[int, set[str]]:
    """Run the command in a fresh process; return its peak in bytes and what it imported."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    peak, modules = json.loads(done.stderr.splitlines()[-1])
    return peak, set(modules)


def idle() -> int:
    """Return the peak of an interpreter that does nothing."""
    done = subprocess.run([sys.executable, "-c", IDLE], capture_output=True, text=True, check=True)
    return int(done.stdout)


def send(path: Path) -> object:
    """Return a play that streams a file, so that it is never whole in memory here."""

    def play(handler: Handler) -> None:
        handler.answer(200, {"Content-Length": str(path.stat().st_size), "ETag": '"1"'})
        if handler.command != "HEAD":
            with path.open("rb") as stream:
                shutil.copyfileobj(stream, handler.wfile, MIB)

    return play


def in_cache(environment: dict[str, str]) -> Path:
    (path,) = Path(environment["SCO_CACHE_DIR"]).rglob("*.nc")
    return path


def test_fetching_and_planning_a_recipe_import_no_arrays(
    a: FaultServer, environment: dict[str, str]
) -> None:
    a.put("/file.nc", netcdf4(1))
    for arguments in (["--dry-run"], ["--quiet"], ["--quiet"]):
        _, modules = sco(environment, "fetch", "everything", *arguments)
        assert modules.isdisjoint(ARRAYS), modules & set(ARRAYS)
    _, modules = sco(environment, "status", "everything")
    assert modules.isdisjoint(ARRAYS), modules & set(ARRAYS)
    assert in_cache(environment).read_bytes() == netcdf4(1)


@pytest.mark.parametrize("command", ["agencies", "datasets", "recipes", "regions"])
def test_listing_the_catalog_imports_no_arrays(environment: dict[str, str], command: str) -> None:
    _, modules = sco(environment, command)
    assert modules.isdisjoint(ARRAYS), modules & set(ARRAYS)


def test_the_command_streams_a_large_file_in_little_memory(
    a: FaultServer, environment: dict[str, str], tmp_path: Path
) -> None:
    large = tmp_path / "large.nc"
    with h5py.File(large, "w") as file:
        data = file.create_dataset("sst", (LARGE // 8 // 10**6, 10**6), "f8", chunks=(1, 10**6))
        for i in range(data.shape[0]):
            data[i] = np.random.default_rng(i).random(10**6)
    a.play("/file.nc", send(large))
    peak, _ = sco(environment, "fetch", "everything", "--quiet")
    assert in_cache(environment).stat().st_size == large.stat().st_size > LARGE
    assert peak - idle() < MEMORY * MIB
    assert peak < MEMORY * MIB, f"{peak / MIB:.0f} MiB"
