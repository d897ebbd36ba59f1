"""Means of 241 countries from daily 0.25-degree data, against reading the same files.

``python benchmarks/regions_apply.py [years] [rounds] [folder]`` writes one file a year (int16,
zlib 4 with byte shuffle, one chunk a day; about 0.45 GB) to a temporary directory. Then, in turn
and each in a process of its own: reading and decoding every value once and doing nothing with
it; the same reader, chunks and threads with the means of all countries; and the same with a
matrix product of SciPy, values and valid shares, which is also what the means are compared with.
One year is run beside all of them, so that peak memory can be compared.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

STEP = 0.25
ROWS, COLUMNS = int(180 / STEP), int(360 / STEP)
FILL = np.int16(-32768)
FIRST = 2001
THREADS = 2


def write(folder: Path, year: int) -> None:
    """Write the days of a year: noise on a smooth field, a fifth of the cells missing."""
    import h5netcdf

    days = (dt.date(year + 1, 1, 1) - dt.date(year, 1, 1)).days
    lat, lon = axes()
    path = folder / f"{year}.nc"
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"time": days, "lat": ROWS, "lon": COLUMNS}
        stored = file.create_variable(
            "t2m", ("time", "lat", "lon"), "i2", chunks=(1, ROWS, COLUMNS), fillvalue=FILL,
            compression="gzip", compression_opts=4, shuffle=True,
        )  # fmt: skip
        stored.attrs.update({"units": "degC", "scale_factor": 0.01, "add_offset": 0.0})
        for name, values, units in (
            ("time", np.arange(days), f"days since {year}-01-01"),
            ("lat", lat, "degrees_north"),
            ("lon", lon, "degrees_east"),
        ):
            file.create_variable(name, (name,), data=values).attrs["units"] = units
        place = file._h5file["t2m"].id
        with ThreadPoolExecutor(THREADS) as pool:
            for day, chunk in enumerate(pool.map(lambda day: packed(year, day), range(days))):
                place.write_direct_chunk((day, 0, 0), chunk)


def axes() -> tuple[np.ndarray, np.ndarray]:
    """Return latitudes and longitudes."""
    return np.arange(-90 + STEP / 2, 90, STEP), np.arange(-180 + STEP / 2, 180, STEP)


def packed(year: int, day: int) -> bytes:
    """Return the field of a day as it stands in the file: shuffled and deflated."""
    import deflate

    rng = np.random.default_rng((year, day))
    season = 500 * np.cos(2 * np.pi * day / 365.25)
    smooth = 3000 * np.cos(np.radians(axes()[0])) - 1000 + season
    field = smooth.astype(np.int16)[:, None] + rng.integers(
        -40, 40, (ROWS, COLUMNS), dtype=np.int16
    )
    field[rng.random((ROWS, COLUMNS), dtype=np.float32) < 0.2] = FILL
    return bytes(deflate.zlib_compress(field.reshape(-1, 1).view(np.uint8).T.tobytes(), 4))


def opened(paths: list[str]) -> Any:
    """Open the files as the pipeline does."""
    from sco_pipeline import harmonise
    from tests import synthetic as syn

    entry = syn.entry({"tas": "t2m"}, "day")
    return harmonise.open_dataset(
        entry, syn.VARIABLES, [Path(p) for p in paths], syn.request("tas")
    )


def land() -> Any:
    """Return all countries."""
    from sco_pipeline.geography import countries
    from sco_pipeline.regions import make_regions

    found = countries("50m")
    return make_regions(
        [c.id for c in found], [c.name for c in found], [c.geometry for c in found], "countries"
    )


def read(ds: Any) -> Callable[[], np.ndarray]:
    """Decode every block, keep one number of each."""
    ends = ds.tas.data.map_blocks(lambda block: block[:, :1, :1].copy(), chunks=(
        ds.tas.chunks[0], (1,) * len(ds.tas.chunks[1]), (1,) * len(ds.tas.chunks[2])
    ))  # fmt: skip
    return lambda: np.asarray(ends.compute())


def means(ds: Any) -> Callable[[], np.ndarray]:
    """Take the means of all countries."""
    from sco_pipeline.regions import aggregate

    found = aggregate(ds.tas, land(), bounds=ds, min_valid_fraction=0)
    return lambda: both(found.compute())


def both(found: Any) -> np.ndarray:
    """Return means and valid shares (2, time, region)."""
    return np.stack([found.to_numpy(), found.valid_fraction.to_numpy()])


def matrix(ds: Any) -> Callable[[], np.ndarray]:
    """Take the means by two products with a sparse matrix of SciPy, block by block."""
    import dask.array as da
    import scipy.sparse

    from sco_pipeline.regions.locate import grid_of
    from sco_pipeline.regions.weights import compute_coverage

    coverage = compute_coverage(grid_of(ds.tas, ds), land())
    area = np.diff(np.sin(np.radians(np.linspace(-90, 90, ROWS + 1)))).repeat(COLUMNS)
    weights = scipy.sparse.csr_matrix(
        (coverage.shares * area[coverage.cells], coverage.cells, coverage.starts),
        shape=(len(coverage.covered), area.size),
    )
    whole = weights.sum(axis=1).A1 if hasattr(weights, "A1") else np.asarray(weights.sum(1)).ravel()

    def block(values: np.ndarray) -> np.ndarray:
        lines = values.reshape(len(values), -1).astype(np.float64).T
        held = weights @ np.isfinite(lines).astype(np.float64)
        total = weights @ np.nan_to_num(lines, copy=False)
        with np.errstate(invalid="ignore"):
            return np.stack([total / held, held / whole[:, None]]).transpose(0, 2, 1)

    data = ds.tas.data.rechunk({1: -1, 2: -1})
    count = len(coverage.covered)
    found = da.map_blocks(
        block, data, dtype=np.float64, drop_axis=[1, 2], new_axis=[0, 2],
        chunks=((2,), data.chunks[0], (count,)),
    )  # fmt: skip
    return lambda: np.asarray(found.compute())


WORK = {"read": read, "means": means, "matrix": matrix}


def work(kind: str, out: str, *paths: str) -> None:
    """Do one kind of work; compilation and coverage are not in the time, and are told."""
    import dask

    started = time.process_time()
    with dask.config.set(scheduler="threads", num_workers=THREADS):
        first = opened(list(paths))
        WORK[kind](first.isel(time=slice(0, 2)))()
        before = time.process_time() - started
        task = WORK[kind](first)
        wall, cpu = time.perf_counter(), time.process_time()
        found = task()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    np.save(out, found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "before": before}))


def measured(kind: str, folder: Path, paths: list[Path]) -> dict[str, float]:
    """Run one kind of work in a process of its own."""
    command = [sys.executable, __file__, "--work", kind, str(folder / f"{kind}.npy")]
    found = subprocess.run(
        [*command, *map(str, paths)], check=True, capture_output=True, text=True
    ).stdout
    return dict(json.loads(found))


def table(folder: Path, paths: list[Path], rounds: int) -> None:
    """Measure in turn and print."""
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in WORK}
    for _ in range(rounds):
        for kind, seen in found.items():
            seen.append(measured(kind, folder, paths))
    size = sum(path.stat().st_size for path in paths) / 1e9
    print(f"{len(paths)} years, {size:.2f} GB, {THREADS} threads, medians of {rounds} rounds")
    for kind, seen in found.items():
        one = {key: statistics.median(run[key] for run in seen) for key in seen[0]}
        ratios = [
            statistics.median(a[key] / b[key] for a, b in zip(seen, found["read"], strict=True))
            for key in ("wall", "cpu")
        ]
        print(
            f"  {kind:8} wall {one['wall']:7.2f} s ({ratios[0]:5.2f} x reading), CPU "
            f"{one['cpu']:7.2f} s ({ratios[1]:5.2f} x), peak {one['peak']:5.0f} MB; "
            f"before that {one['before']:.1f} CPU-s of opening, coverage and first calls"
        )
    ours, peer = (np.load(folder / f"{kind}.npy") for kind in ("means", "matrix"))
    off = np.nanmax(np.abs(ours - peer), axis=(1, 2))
    alike = (np.isnan(ours) == np.isnan(peer)).all()
    print(
        f"  largest difference: means {off[0]:.1e} degC, shares {off[1]:.1e}; gaps alike: {alike}"
    )


def main(years: int = 10, rounds: int = 3, place: str | None = None) -> None:
    """Write the files, print the table for one year and for all."""
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        for year in range(FIRST, FIRST + years):
            write(folder, year)
        paths = sorted(folder.glob("*.nc"))
        for count in sorted({1, years}):
            table(folder, paths[:count], rounds)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(*sys.argv[2:])
    else:
        main(*map(int, sys.argv[1:3]), *sys.argv[3:4])
