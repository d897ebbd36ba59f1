"""Time and memory of daily means of 241 countries on a global 0.25-degree grid, beside reading.

``python benchmarks/regions_apply.py [days]`` writes days of packed data (int16, zlib, one chunk
a day) to a temporary directory, then times, each in a process of its own: reading and decoding
alone, the same with the means of all countries, and the same with xarray's weighted means of a
few countries, scaled to all. Values of those few are compared. Peak memory is that of the process.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dask
import numpy as np
import xarray as xr

from sco_pipeline.geography import countries
from sco_pipeline.regions import Regions, aggregate, make_regions
from sco_pipeline.regions.locate import grid_of
from sco_pipeline.regions.weights import compute_coverage

STEP = 0.25
PEER_REGIONS = ("fra", "bra", "rus")
ROUNDS = 2


def write(path: Path, days: int) -> None:
    """Write a file with noise on a smooth field, and the sea missing in part."""
    import h5netcdf

    lat, lon = np.arange(-90 + STEP / 2, 90, STEP), np.arange(-180 + STEP / 2, 180, STEP)
    rng = np.random.default_rng(0)
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"time": days, "lat": lat.size, "lon": lon.size}
        for name, values in (("time", np.arange(days)), ("lat", lat), ("lon", lon)):
            file.create_variable(name, (name,), data=values)
        file["time"].attrs["units"] = "days since 2001-01-01"
        tas = file.create_variable(
            "tas", ("time", "lat", "lon"), "i2", chunks=(1, lat.size, lon.size),
            compression="gzip", compression_opts=4, shuffle=True, fillvalue=np.int16(-32768),
        )  # fmt: skip
        tas.attrs["scale_factor"], tas.attrs["add_offset"] = 0.01, 0.0
        smooth = 3000 * np.cos(np.radians(lat))[:, None] + 0 * lon
        gaps = rng.random(smooth.shape) < 0.2
        for day in range(days):
            noise = rng.integers(-50, 50, smooth.shape)
            tas[day] = np.where(gaps, -32768, smooth + noise).astype(np.int16)


def land() -> Regions:
    """Return all countries."""
    found = countries("50m")
    return make_regions(
        [c.id for c in found], [c.name for c in found], [c.geometry for c in found], "countries"
    )


def work(kind: str, path: str) -> None:
    """Do one kind of work and print seconds, peak memory and the last day's means."""
    regions = land()
    # a first call on a small array takes compilation and coverage out of the time
    ds = xr.open_dataset(path, engine="h5netcdf", chunks={"time": 8}, decode_times=False)
    aggregate(ds.tas.isel(time=[0]), regions, min_valid_fraction=0).compute()
    coverage = compute_coverage(grid_of(ds.tas), regions)
    area = np.cos(np.radians(ds.lat)).broadcast_like(ds.tas[0]).to_numpy().ravel()
    values: list[float] = []
    wall, cpu = time.perf_counter(), time.process_time()
    with dask.config.set(scheduler="threads", num_workers=2):
        if kind == "read":
            ds.tas.data.map_blocks(lambda block: block[:, :1, :1]).compute()
        elif kind == "means":
            found = aggregate(ds.tas, regions, min_valid_fraction=0).compute()
            values = found.isel(time=-1).sel(region=list(PEER_REGIONS)).to_numpy().tolist()
        else:
            for name in PEER_REGIONS:
                i = regions.ids.index(name)
                mine = slice(coverage.starts[i], coverage.starts[i + 1])
                dense = np.zeros(area.size)
                dense[coverage.cells[mine]] = coverage.shares[mine] * area[coverage.cells[mine]]
                weights = ds.tas[0].drop_vars("time").copy(data=dense.reshape(ds.tas.shape[1:]))
                mean = ds.tas.weighted(weights).mean(("lat", "lon")).compute()
                values.append(mean[-1].item())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "values": values}))


def measured(kind: str, path: Path) -> dict[str, object]:
    """Run one kind of work in a process of its own."""
    command = [sys.executable, __file__, kind, str(path)]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(found))


def main(days: int = 240) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        for count in (days // 4, days):
            path = Path(folder) / f"{count}.nc"
            write(path, count)
            rounds = [
                {kind: measured(kind, path) for kind in ("read", "means", "weighted")}
                for _ in range(ROUNDS)
            ]
            best = {k: min((r[k] for r in rounds), key=lambda r: r["cpu"]) for k in rounds[0]}
            print(f"{count} days, {path.stat().st_size / 1e6:.0f} MB, best of {ROUNDS}")
            for kind, one in best.items():
                scale = 241 / len(PEER_REGIONS) if kind == "weighted" else 1
                print(
                    f"  {kind:9} wall {one['wall']:7.2f} s, CPU {one['cpu']:7.2f} s, "
                    f"{one['cpu'] * scale / best['read']['cpu']:6.2f} x the CPU of reading, "
                    f"peak {one['peak']:.0f} MB"
                )
            off = np.abs(np.subtract(best["means"]["values"], best["weighted"]["values"])).max()
            print(f"  largest difference of means {off:.1e}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        work(*sys.argv[1:])
    else:
        main(*map(int, sys.argv[1:]))
