"""Marine heatwaves of a basin, against the reference loop run cell by cell.

Run ``python benchmarks/mhw.py [cells] [years] [cells of the peer]``. The peer runs in the Python
that PEER_PYTHON names (the reference needs numpy below 2), with PEER_PATH on its path, where
``marineHeatWaves.py`` of E. C. J. Oliver lies. Both compute events and yearly metrics of the same
series, one after the other; the values are compared.
"""

from __future__ import annotations

import importlib.metadata as metadata
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

COLUMNS = {
    "days": "total_days",
    "count": "count",
    "intensity_max": "intensity_max_max",
    "moderate_days": "moderate_days",
    "rate_onset": "rate_onset",
}


def series(cells: int, years: int) -> xr.DataArray:
    """Return red noise around a season and a trend, in single precision."""
    import xarray as xr

    days = np.arange(np.datetime64("1982-01-01"), np.datetime64(f"{1982 + years}-01-01"))
    random = np.random.default_rng(0)
    values = np.empty((days.size, cells), dtype=np.float32)
    noise = np.zeros(cells)
    for day in range(days.size):
        noise = 0.95 * noise + random.normal(0, 0.3, cells)
        values[day] = 18 + 4 * np.cos(2 * np.pi * day / 365.25) + noise + day * 4e-5
    time_ = days.astype("datetime64[ns]")
    about = {"units": "degC"}
    return xr.DataArray(values, {"time": time_}, ("time", "cell"), "tos", about)


def run_peer(folder: str) -> None:
    """Run the reference over every cell of the stored series; store seconds and yearly metrics."""
    import marineHeatWaves as reference

    stored = np.load(f"{folder}/series.npz")
    ordinal, last = stored["ordinal"], int(stored["last"])
    found: dict[str, list[np.ndarray]] = {column: [] for column in COLUMNS.values()}
    begin, cpu = time.perf_counter(), time.process_time()
    for values in stored["values"].T:
        events, climate = reference.detect(
            ordinal, values.astype(float), climatologyPeriod=[1982, last]
        )
        block = reference.blockAverage(ordinal, events, climate, temp=values.astype(float))
        for column, blocks in found.items():
            blocks.append(block[column])
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    print(f"peer: numpy {np.__version__}, {seconds:.1f} s for {len(blocks)} cells")
    np.savez(
        f"{folder}/peer.npz", seconds=seconds, cpu=cpu, **{k: np.array(v) for k, v in found.items()}
    )


def peer(tos: xr.DataArray, years: int) -> tuple[float, float, dict[str, np.ndarray]]:
    """Return wall and CPU seconds a cell and the yearly metrics of the reference."""
    days = [date.fromisoformat(str(t)[:10]).toordinal() for t in tos["time"].values]
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/series.npz", ordinal=days, values=tos.values, last=1981 + years)
        environment = {**os.environ, "PYTHONPATH": os.environ.get("PEER_PATH", "")}
        python = os.environ.get("PEER_PYTHON", sys.executable)
        command = [python, __file__, "--peer", folder]
        subprocess.run(command, check=True, env=environment)
        found = dict(np.load(f"{folder}/peer.npz"))
    cells = tos.sizes["cell"]
    return float(found.pop("seconds")) / cells, float(found.pop("cpu")) / cells, found


def main(cells: int = 10_000, years: int = 30, cells_of_peer: int = 10) -> None:
    """Print times, the ratio for each cell and the largest difference."""
    from sco_pipeline.indicators import compute_indicators

    names = ("numpy", "numba", "xarray", "dask", "scipy")
    print("  ".join(f"{name} {metadata.version(name)}" for name in names))
    tos = series(cells, years)
    ds = tos.to_dataset()
    baseline = (1982, 1981 + years)
    begin = time.perf_counter()
    compute_indicators(ds.isel(cell=slice(0, 2)), ["marine_heatwaves"], baseline=baseline).compute()
    print(f"first call, compilation or cache included: {time.perf_counter() - begin:.1f} s")
    begin, cpu = time.perf_counter(), time.process_time()
    found = compute_indicators(ds, ["marine_heatwaves"], baseline=baseline).compute()
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"ours: {cells} cells x {years} years in {wall:.1f} s wall, {cpu:.1f} s CPU", end="; ")
    print(
        f"{1000 * wall / cells:.2f} ms a cell; peak {peak:.2f} GiB (data {tos.nbytes / 2**30:.2f})"
    )
    each, each_cpu, yearly = peer(tos.isel(cell=slice(0, cells_of_peer)), years)
    print(f"reference: {1000 * each:.0f} ms a cell, {1000 * each_cpu:.0f} ms CPU")
    print(f"ratio a cell: {each / (wall / cells):.0f} x wall, {each_cpu / (cpu / cells):.0f} x CPU")
    for ours, theirs in COLUMNS.items():
        values = found[f"marine_heatwaves_{ours}"].values[:, :cells_of_peer]
        expected = yearly[theirs].T
        print(f"  {ours}: largest difference {np.nanmax(np.abs(values - expected)):.2g}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        run_peer(sys.argv[2])
    else:
        main(*(int(argument) for argument in sys.argv[1:]))
