"""Ten years of daily files: opening and standardising one variable, against open_mfdataset.

Run ``python benchmarks/harmonise_many_files.py [files [rounds [rows columns]]]``. Each way runs
alone in a process of its own, in turn; the table gives medians of processor and wall time, peak
memory and tasks a file, as ratios to open_mfdataset as an expert calls it: engine and every option
of joining stated. All ways must give the same mean. The last two open each file once and read its
numbers, packed as they are, with nothing standardised: what opening is measured against. One does
so by xarray, the other by h5py, below which nobody comes.
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
PEER = "open_mfdataset, expert"


def write(folder: Path, count: int, rows: int = ROWS, columns: int = COLUMNS) -> None:
    """Write `count` daily files of packed temperature."""
    import h5netcdf

    rng = np.random.default_rng(0)
    for day in range(count):
        with h5netcdf.File(folder / f"{day:05d}.nc", "w") as file:
            file.dimensions = {"time": 1, "lat": rows, "lon": columns}
            stored = rng.integers(-3000, 3000, (1, rows, columns), dtype="i2")
            data = file.create_variable(
                "t2m", ("time", "lat", "lon"), "i2", data=stored, fillvalue=np.int16(-32767),
                chunks=(1, rows, columns), compression="gzip", shuffle=True,
            )  # fmt: skip
            data.attrs.update({"units": "K", "scale_factor": 0.01, "add_offset": 280.0})
            axes = {
                "time": (np.array([day], "i4"), "days since 2001-01-01"),
                "lat": (np.linspace(89, -89, rows), "degrees_north"),
                "lon": (np.arange(columns) * 360.0 / columns, "degrees_east"),
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


def reading(paths: list[Path]) -> object:
    """Open every file once and read its packed numbers; the mean is taken of them afterwards."""
    import xarray as xr

    total = 0
    for path in paths:
        with xr.open_dataset(path, engine="h5netcdf", decode_cf=False, cache=False) as ds:
            total += int(ds.t2m.values.sum(dtype=np.int64))
            size = ds.t2m.size
    return 0.01 * total / (size * len(paths)) + 280.0 - 273.15


def reading_bare(paths: list[Path]) -> object:
    """Do the same with h5py alone."""
    import h5py

    total = 0
    for path in paths:
        with h5py.File(path, "r") as file:
            values = file["t2m"][:]
        total += int(values.sum(dtype=np.int64))
    return 0.01 * total / (values.size * len(paths)) + 280.0 - 273.15


WAYS = {
    "ours": ours,
    PEER: peer,
    "open_mfdataset, default": default,
    "reading by xarray": reading,
    "reading by h5py": reading_bare,
}


def measure(way: str, folder: Path) -> None:
    """Print the figures of one way as JSON."""
    import dask
    import xarray  # noqa: F401  (its import is not what is measured)

    dask.config.set(scheduler="threads", num_workers=2)
    paths = sorted(folder.glob("*.nc"))
    wall, cpu = time.perf_counter(), time.process_time()
    array = WAYS[way](paths)
    opened = time.process_time() - cpu
    tasks, mean = 0, array
    if not isinstance(array, float):
        # a DataArray; xarray is not imported before the clock runs, so its type is not known
        tasks = len(dict(array.__dask_graph__()))  # type: ignore[attr-defined]
        mean = float(array.mean())  # type: ignore[attr-defined]
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([opened, cpu, wall, peak, tasks / len(paths), mean]))


def main() -> None:
    """Write the files, measure each way and print the table."""
    if sys.argv[1:2] == ["--way"]:
        return measure(sys.argv[2], Path(sys.argv[3]))
    stated = [int(text) for text in sys.argv[1:]]
    count, rounds, rows, columns = (*stated, *(3650, 1, ROWS, COLUMNS)[len(stated) :])
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), count, rows, columns)
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
    print(f"{count} files of {rows} x {columns} cells, {rounds} rounds")
    tell(figures)


def tell(figures: dict[str, list[list[float]]]) -> None:
    """Print medians, and ratios to the peer."""
    medians = {
        way: [statistics.median(column) for column in zip(*runs, strict=True)]
        for way, runs in figures.items()
    }
    base = medians[PEER]
    for way, (opened, cpu, wall, peak, tasks, mean) in medians.items():
        assert abs(mean - base[-1]) < 1e-4, f"{way} gives {mean}, {PEER} {base[-1]}"
        print(
            f"{way:24} open {opened:6.1f} CPU-s ({opened / base[0]:.2f})   with mean {cpu:6.1f} "
            f"CPU-s ({cpu / base[1]:.2f}), {wall:6.1f} s ({wall / base[2]:.2f})   peak {peak:5.0f} "
            f"MB ({peak / base[3]:.2f})   {tasks:5.2f} tasks a file   mean {mean:.6f}"
        )


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
