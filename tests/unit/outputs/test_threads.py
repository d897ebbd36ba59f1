"""Files and pictures written by many threads at once are those that one thread writes (S6)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCRIPT = """
import hashlib, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import xarray as xr

import sco_pipeline as sco
from sco_pipeline.outputs import describe, writers

root = Path(sys.argv[1])
settings = sco.Settings(cache_dir=root / "cache", output_dir=root / "outputs")
catalog = sco.load_catalog(settings.catalog_dir)
recipe = catalog.recipes["darwin-soi-trend"]
gridded = catalog.recipes["equatorial-sst"].model_copy(update={"maps": ()})
records = sco.fetch(gridded, settings)
inputs = sco.open_inputs(gridded, records, settings).isel(time=slice(1, 49)).load()
product = sco.compute(gridded, inputs, settings)[["tos_climatology"]]


def write(task):
    place, number = task
    place.mkdir(parents=True)
    month = product.isel(month=slice(number % 12, number % 12 + 1)) + 0.01 * number
    month = describe(month.assign_attrs(product.attrs), gridded, catalog, records)
    kinds = ("netcdf", "maps") if number < 3 else ("netcdf",)  # pictures take the most time
    made = [p for kind in kinds for p in writers[kind](month, gridded, place)]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(made)]


alone = [write((root / "alone" / str(n), n)) for n in range(8)]
with ThreadPoolExecutor(8) as pool:
    tasks = [(root / f"{t}-{n}", n) for n in range(8) for t in range(8)]
    together = list(pool.map(write, tasks))
assert len({str(hashes) for hashes in alone}) == 8
wrong = [task for task, hashes in zip(tasks, together) if hashes != alone[task[1]]]
assert not wrong, wrong
print(len(together), {len(hashes) for hashes in together})
"""


def test_s6_eight_threads_write_what_one_writes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("64 ")
