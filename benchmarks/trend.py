"""Trends of a grid of yearly values, against pymannkendall and SciPy.

Run ``python benchmarks/trend.py [cells] [years] [cells of the peers]`` in an environment that also
holds pymannkendall. All compute Theil-Sen, its limits and the Mann-Kendall test of the same series,
one after the other; the values are compared.
"""

from __future__ import annotations

import importlib.metadata as metadata
import resource
import sys
import time

import numpy as np
import xarray as xr


def main(cells: int = 10_000, years: int = 60, cells_of_peers: int = 300) -> None:
    """Print times a cell, ratios and differences."""
    import pymannkendall
    from scipy import stats

    from sco_pipeline.indicators import compute_indicators

    names = ("numpy", "numba", "scipy", "xarray", "pymannkendall")
    print("  ".join(f"{name} {metadata.version(name)}" for name in names))
    random = np.random.default_rng(0)
    values = np.round(random.normal(size=(years, cells)).cumsum(axis=0) * 0.3, 2)
    stamps = np.arange(np.datetime64("1961"), np.datetime64(str(1961 + years)))
    ds = xr.Dataset(
        {"tas": (("time", "cell"), values, {"units": "degC"})},
        {"time": stamps.astype("datetime64[ns]")},
    )
    begin = time.perf_counter()
    for method in ("theil-sen", "ols"):
        compute_indicators(ds.isel(cell=slice(0, 2)), ["trend:tas"], method=method).compute()
    print(f"first call, compilation or cache included: {time.perf_counter() - begin:.1f} s")
    timing = {}
    for method in ("theil-sen", "ols"):
        begin, cpu = time.perf_counter(), time.process_time()
        found = compute_indicators(ds, ["trend:tas"], method=method).compute()
        wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
        timing[method] = (found, wall / cells, cpu / cells)
        print(f"ours, {method}: {1e6 * wall / cells:.1f} us a cell ({1e6 * cpu / cells:.1f} CPU)")
    print(f"  peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")
    some = [values[:, cell] for cell in range(cells_of_peers)]
    begin, cpu = time.perf_counter(), time.process_time()
    theirs = [pymannkendall.original_test(one) for one in some]
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    found, own, own_cpu = timing["theil-sen"]
    print(f"pymannkendall: {1e6 * wall / len(some):.0f} us a cell; ", end="")
    print(f"{wall / len(some) / own:.0f} x wall, {cpu / len(some) / own_cpu:.0f} x CPU")
    slope = np.abs([t.slope * 10 for t in theirs] - found["tas_trend"].values[: len(some)]).max()
    p = np.abs([t.p for t in theirs] - found["tas_trend_pvalue"].values[: len(some)]).max()
    print(f"  largest difference: slope {slope:.2g}, p-value {p:.2g}")
    begin = time.perf_counter()
    lines = [stats.linregress(np.arange(years), one) for one in some]
    wall = time.perf_counter() - begin
    found, own, _ = timing["ols"]
    print(f"scipy.stats.linregress: {1e6 * wall / len(some):.0f} us a cell; ", end="")
    print(f"{wall / len(some) / own:.0f} x wall", end="; ")
    slope = np.abs([x.slope * 10 for x in lines] - found["tas_trend"].values[: len(some)]).max()
    print(f"largest difference {slope:.2g}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
