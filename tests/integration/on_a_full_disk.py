"""Run a recipe on a small disk that is full the second time; started by a test inside a mount."""

import shutil
import sys
from pathlib import Path

import sco_pipeline as sco

disk, cache = Path(sys.argv[1]), Path(sys.argv[2])
settings = sco.Settings(cache_dir=cache, output_dir=disk)
before = sco.run("darwin-soi-trend", settings)
ballast = disk / "ballast"
ballast.write_bytes(bytes(shutil.disk_usage(disk).free - 20_000))
try:
    sco.run("darwin-soi-trend", settings, force=True)
except sco.ScoError as error:
    print(error)
ballast.unlink()
after = sco.run("darwin-soi-trend", settings)
print(after.up_to_date, after.files == before.files, sorted(path.name for path in disk.iterdir()))
