"""Compute daily indices of a global grid that no memory holds, under a limit.

``python -m benchmarks.larger_than_memory [--data DIRECTORY] [--years 10] [--lats 720] [--lons 1440]
[--limit 2GB] [--indices su fd ...] [--fewer-years N]``: makes one file for each variable and year
(int16, one whole field a day, a few fields repeated), computes the indices of all years and of
fewer in processes of their own, and prints bytes, wall and CPU seconds, peak memory, and the time
for each GB, which should not depend on the number of years. The files are removed afterwards.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np

FIRST_YEAR = 2001
SCALES = {"tasmax": 0.01, "tasmin": 0.01, "pr": 0.1}
UNITS = {"tasmax": "degC", "tasmin": "degC", "pr": "mm d-1"}
INDICES = "su id fd tr txx txn tnx tnn dtr gsl rx1day rx5day sdii r10mm r20mm rnnmm cdd cwd prcptot"
FIELDS = 12
"""Different fields of a variable; each day holds one of them."""


def main() -> None:
    """Make the files, run, print, and clean up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "sco-large")
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--fewer-years", type=int, default=5)
    parser.add_argument("--lats", type=int, default=720)
    parser.add_argument("--lons", type=int, default=1440)
    parser.add_argument("--limit", default="2GB")
    parser.add_argument("--indices", nargs="+", default=INDICES.split())
    parser.add_argument("--keep", action="store_true", help="keep the files")
    parser.add_argument("--only", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        _compute(options.data, options.only, options.limit, options.indices)
        return
    options.data.mkdir(parents=True, exist_ok=True)
    for year in range(FIRST_YEAR, FIRST_YEAR + options.years):
        make(options.data, year, options.lats, options.lons)
    print(f"{options.lats} x {options.lons} cells, limit {options.limit}\n")
    print("| years | packed GB | wall s | CPU s | peak MB | wall s a GB |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for years in dict.fromkeys((options.fewer_years, options.years)):
        _measure(options, years)
    if not options.keep:
        shutil.rmtree(options.data)


def make(directory: Path, year: int, lats: int, lons: int) -> None:
    """Write one year; every field is compressed once and its bytes are repeated."""
    import h5py

    days = np.arange(np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01"))
    places = {
        "time": ((days - np.datetime64("1970-01-01")).astype(float), "days since 1970-01-01"),
        "lat": ((np.arange(lats) + 0.5) * 180 / lats - 90, "degrees_north"),
        "lon": ((np.arange(lons) + 0.5) * 360 / lons - 180, "degrees_east"),
    }
    for name, scale in SCALES.items():
        path = directory / f"{name}_{year}.nc"
        if path.exists():
            continue
        packed = [_packed(name, number, places["lat"][0], lons) for number in range(FIELDS)]
        unfinished = path.with_suffix(".part")
        with h5py.File(unfinished, "w") as file:
            for dim, (values, units) in places.items():
                file[dim] = values
                file[dim].make_scale(dim)
                file[dim].attrs["units"] = units
            stored = file.create_dataset(
                name, (days.size, lats, lons), "i2", chunks=(1, lats, lons),
                compression=4, shuffle=True, fillvalue=-32768,
            )  # fmt: skip
            for axis, dim in enumerate(places):
                stored.dims[axis].attach_scale(file[dim])
            stored.attrs.update(units=UNITS[name], scale_factor=scale, _FillValue=np.int16(-32768))
            for day in range(days.size):
                stored.id.write_direct_chunk((day, 0, 0), packed[(day * 5 + year) % FIELDS])
        unfinished.rename(path)


def _packed(name: str, number: int, lat: np.ndarray, lons: int) -> bytes:
    """Return one shuffled and compressed field: smooth weather on half a degree, and sea."""
    rng = np.random.default_rng([number, len(name)])
    shape = (lat.size // 2 + 1, lons // 2 + 1)
    weather = rng.normal(0, 4, shape).round(1).repeat(2, axis=0).repeat(2, axis=1)
    weather = weather[: lat.size, :lons]
    if name == "pr":
        values = np.where(weather > 2, weather * 3, 0.0)
    else:
        shift = 5.0 if name == "tasmax" else -5.0
        values = (28 - 0.5 * np.abs(lat))[:, None] + weather + shift
    sea = np.random.default_rng(0).random((lat.size // 30 + 1, lons // 30 + 1)) < 0.4
    sea = sea.repeat(30, axis=0).repeat(30, axis=1)[: lat.size, :lons]
    packed = np.where(sea, -32768, np.round(values / SCALES[name])).astype("<i2")
    return zlib.compress(packed.reshape(-1, 1).view(np.uint8).T.tobytes(), 4)


def _measure(options: argparse.Namespace, years: int) -> None:
    """Run one length of the record in a process of its own and print a row."""
    command = [
        sys.executable, "-m", "benchmarks.larger_than_memory", "--data", str(options.data),
        "--limit", options.limit, "--only", str(years), "--indices", *options.indices,
    ]  # fmt: skip
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{years} years failed")
    wall, cpu = time.perf_counter() - start, usage.ru_utime + usage.ru_stime
    days = sum(365 + (year % 4 == 0) for year in range(FIRST_YEAR, FIRST_YEAR + years))
    size = 2 * len(SCALES) * days * options.lats * options.lons / 1e9
    print(
        f"| {years} | {size:.1f} | {wall:.1f} | {cpu:.1f} | {usage.ru_maxrss * 1024 / 1e6:.0f} | "
        f"{wall / size:.2f} |",
        flush=True,
    )


def _compute(directory: Path, years: int, limit: str, indices: list[str]) -> None:
    """Compute the indices of the first years of the files."""
    import xarray as xr

    from sco_pipeline import Settings, harmonise
    from sco_pipeline.catalog import Request, load_catalog
    from sco_pipeline.catalog.models import Access, Coverage, DatasetEntry, Source
    from sco_pipeline.indicators import compute_indicators

    variables = load_catalog(Settings().catalog_dir).variables
    parts = []
    for name in SCALES:
        entry = DatasetEntry(
            id=f"large-{name}", agency="none", role="none", title=name, license="CC0-1.0",
            citation="generated", coverage=Coverage(start=dt.date(1981, 1, 1)), frequency="day",
            format="netcdf", access=Access(method="local", url="none"),
            variables={name: Source(name=name)},
        )  # fmt: skip
        files = sorted(directory.glob(f"{name}_*.nc"))[:years]
        known = {name: variables[name]}
        parts.append(harmonise.open_dataset(entry, known, files, Request(variables=(name,))))
    ds = xr.merge(parts, join="exact", compat="equals", combine_attrs="drop_conflicts")
    baseline = (FIRST_YEAR, FIRST_YEAR + years - 1)
    ds = ds.assign(tos=ds["tasmax"].rename("tos"))  # for indicators of the sea
    compute_indicators(ds, indices, baseline=baseline, memory_limit=limit).load()


if __name__ == "__main__":
    main()
