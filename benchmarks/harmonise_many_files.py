"""Ten years of daily files: opening and standardising one variable, against open_mfdataset.

Run ``python benchmarks/harmonise_many_files.py [files [rounds]]``. Each way runs alone in a process
of its own, in turn (three rounds); the table gives medians of time, peak memory and tasks a file.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROWS, COLUMNS = 90, 120


def write(folder: Path, count: int) -> None:
    """Write `count` daily files of packed temperature."""
    import h5netcdf

    rng = np.random.default_rng(0)
    for day in range(count):
        with h5netcdf.File(folder / f"{day:05d}.nc", "w") as file:
            file.dimensions = {"time": 1, "lat": ROWS, "lon": COLUMNS}
            stored = rng.integers(-3000, 3000, (1, ROWS, COLUMNS), dtype="i2")
            data = file.create_variable(
                "t2m", ("time", "lat", "lon"), "i2", data=stored, fillvalue=np.int16(-32767),
                chunks=(1, ROWS, COLUMNS), compression="gzip", shuffle=True,
            )  # fmt: skip
            data.attrs.update({"units": "K", "scale_factor": 0.01, "add_offset": 280.0})
            axes = {
                "time": (np.array([day], "i4"), "days since 2001-01-01"),
                "lat": (np.linspace(89, -89, ROWS), "degrees_north"),
                "lon": (np.arange(COLUMNS) * 3.0, "degrees_east"),
            }
            for name, (values, units) in axes.items():
                file.create_variable(name, (name,), data=values).attrs["units"] = units


def ours(paths: list[Path]) -> object:
    """Open and standardise by the package."""
    from sco_pipeline import harmonise
    from tests import synthetic as syn

    entry = syn.entry({"tas": "t2m"}, "day")
    return harmonise.open_dataset(entry, syn.VARIABLES, paths, syn.request("tas")).tas


def peer(paths: list[Path]) -> object:
    """Open by open_mfdataset as an expert would, and standardise: degC, rising, [-180, 180)."""
    import xarray as xr

    ds = xr.open_mfdataset(
        paths, engine="h5netcdf", combine="nested", concat_dim="time", data_vars="minimal",
        coords="minimal", compat="override", join="override",
    )  # fmt: skip
    ds = ds.assign_coords(lon=(ds.lon + 180) % 360 - 180).sortby(["lat", "lon"])
    return (ds.t2m - 273.15).astype("f4")


def default(paths: list[Path]) -> object:
    """Open by open_mfdataset with its defaults, and standardise."""
    import warnings

    import xarray as xr

    warnings.simplefilter("ignore")
    ds = xr.open_mfdataset(paths, engine="h5netcdf")
    ds = ds.assign_coords(lon=(ds.lon + 180) % 360 - 180).sortby(["lat", "lon"])
    return (ds.t2m - 273.15).astype("f4")


WAYS = {"ours": ours, "open_mfdataset, expert": peer, "open_mfdataset, default": default}


def measure(way: str, folder: Path) -> None:
    """Print the figures of one way as JSON."""
    import dask
    import xarray  # noqa: F401  (its import is not what is measured)

    dask.config.set(scheduler="threads", num_workers=2)
    paths = sorted(folder.glob("*.nc"))
    start = time.perf_counter()
    array = WAYS[way](paths)
    opened = time.perf_counter() - start
    tasks = len(dict(array.__dask_graph__()))  # type: ignore[attr-defined]
    mean = float(array.mean())  # type: ignore[attr-defined]
    total = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([opened, total, peak, tasks / len(paths), mean]))


def main() -> None:
    """Write the files, measure each way and print the table."""
    if sys.argv[1:2] == ["--way"]:
        return measure(sys.argv[2], Path(sys.argv[3]))
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3650
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), count)
        figures: dict[str, list[list[float]]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way in WAYS:
                done = subprocess.run(
                    [sys.executable, __file__, "--way", way, folder],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                figures[way].append(json.loads(done.stdout))
    print(f"{count} files of {ROWS} x {COLUMNS} cells")
    for way, runs in figures.items():
        opened, total, peak, tasks, mean = (statistics.median(c) for c in zip(*runs, strict=True))
        print(
            f"{way:26} open {opened:6.1f} s   with mean {total:6.1f} s   peak {peak:5.0f} MB   "
            f"{tasks:4.1f} tasks a file   mean {mean:.6f}"
        )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
