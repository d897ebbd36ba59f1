"""SPI-3 of a grid of monthly rain, against climate_indices and xclim.

Run ``python benchmarks/spi.py [cells] [years]`` in an environment that also holds the peers. All
compute the same gamma SPI of the same series, one after the other; the values are compared.
"""

from __future__ import annotations

import importlib.metadata as metadata
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr


def rain(cells: int, years: int) -> xr.Dataset:
    """Return monthly rates with some dry months."""
    random = np.random.default_rng(0)
    season = 1.5 + np.sin(np.arange(12 * years) * np.pi / 6)[:, None]
    totals = random.gamma(1.5, 40.0, (12 * years, cells)) * season
    totals[random.uniform(size=totals.shape) < 0.05] = 0.0
    stamps = np.arange(np.datetime64("1981-01"), np.datetime64(f"{1981 + years}-01"))
    ds = xr.Dataset(
        {"pr": (("time", "cell"), totals, {"units": "mm d-1"})},
        {"time": stamps.astype("datetime64[ns]")},
    )
    return ds.assign(pr=(ds["pr"] / ds["time"].dt.days_in_month).assign_attrs(units="mm d-1"))


def timed(what: str, compute: Callable[[], Any]) -> tuple[Any, float, float]:
    """Run something; print and return its times."""
    begin, cpu = time.perf_counter(), time.process_time()
    found = compute()
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    print(f"{what}: {wall:.2f} s wall, {cpu:.2f} s CPU")
    return found, wall, cpu


def climate_indices(ds: xr.Dataset, years: int) -> np.ndarray:
    """Return the SPI of climate_indices, cell by cell as its command line does."""
    from climate_indices import compute, indices

    totals = (ds["pr"] * ds["time"].dt.days_in_month).values
    return np.stack(
        [
            indices.spi(
                totals[:, cell],
                3,
                indices.Distribution.gamma,
                1981,
                1981,
                1980 + years,
                compute.Periodicity.monthly,
            )
            for cell in range(totals.shape[1])
        ],
        axis=1,
    )


def xclim_spi(ds: xr.Dataset, years: int) -> np.ndarray:
    """Return the SPI of xclim."""
    from xclim.indices import standardized_precipitation_index

    found = standardized_precipitation_index(
        ds["pr"].assign_attrs(units="mm/day"),
        freq=None,
        window=3,
        dist="gamma",
        method="APP",
        fitkwargs={"floc": 0},
        cal_start="1981-01-01",
        cal_end=f"{1980 + years}-12-31",
    )
    return np.asarray(found.transpose("time", "cell").values)


def main(cells: int = 10_000, years: int = 30) -> None:
    """Print times, ratios and differences."""
    import logging

    from sco_pipeline.indicators import compute_indicators

    logging.disable(logging.CRITICAL)
    names = ("numpy", "scipy", "xarray", "climate_indices", "xclim")
    print("  ".join(f"{name} {metadata.version(name)}" for name in names))
    ds = rain(cells, years)
    baseline = (1981, 1980 + years)

    def ours() -> np.ndarray:
        found = compute_indicators(ds, ["spi"], baseline=baseline, scale=3)
        return np.asarray(found["spi"].compute().values)

    ours()
    found, wall, cpu = timed("ours", ours)
    print(f"  peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")
    for name, run in (("climate_indices", climate_indices), ("xclim", xclim_spi)):
        run(ds.isel(cell=slice(0, 2)), years)
        values, theirs, their_cpu = timed(name, lambda run=run: run(ds, years))
        apart = np.nanmax(np.abs(values - found))
        print(f"  {theirs / wall:.1f} x wall, {their_cpu / cpu:.1f} x CPU; difference {apart:.2g}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
