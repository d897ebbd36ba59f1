"""One piece of work of the index benchmark, ours or a peer's, run as a process of its own.

``python etccdi_works.py WHO WORK DIRECTORY RESULT``: WHO is ours, limit, xclim or icclim; WORK is
plain, percentile or bootstrap. Peers run in an environment of their own and need nothing of the
package. The result is an ``.npz`` with one array (year, lat, lon) for each index.
"""

from __future__ import annotations

import datetime as dt
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

PLAIN = (
    "su id fd tr txx txn tnx tnn dtr gsl rx1day rx5day sdii r10mm r20mm rnnmm cdd cwd prcptot"
).split()
WORKS = {
    "plain": PLAIN,
    "percentile": "tx90p tx10p tn90p tn10p r95ptot r99ptot wsdi csdi".split(),
    "bootstrap": ["tx90p"],
}
NAMES = ("tasmax", "tasmin", "pr")


def main() -> None:
    """Do the work and save its values."""
    who, work, directory, result = sys.argv[1:]
    found = {"ours": ours, "limit": limit, "xclim": xclim, "icclim": icclim}[who](
        work, Path(directory)
    )
    np.savez(result, **found)


def ours(work: str, directory: Path) -> dict[str, np.ndarray]:
    """Compute with the package, from files to values."""
    import dask

    from sco_pipeline.indicators import compute_indicators

    ds = _opened(directory)
    years = int(ds.time.dt.year[0]), int(ds.time.dt.year[-1])
    options = {"bootstrap": work == "bootstrap"} if work != "plain" else {}
    with dask.config.set(scheduler="threads", num_workers=2):
        found = compute_indicators(ds, WORKS[work], baseline=years, **options).load()
    return {name: found[name].values for name in WORKS[work]}


def limit(work: str, directory: Path) -> dict[str, np.ndarray]:
    """Read and decode every number once with our reader, in two threads, and forget it."""
    from sco_pipeline.indicators.lanes import source_node
    from sco_pipeline.indicators.window import InMemory, Reading

    ds = _opened(directory)
    sources = [source_node(ds[name]).compute() for name in NAMES]
    with ThreadPoolExecutor(2) as pool:
        window, begin = InMemory(Reading(sources, slice(0, ds.sizes["lat"]), pool), 0), 0
        for end in sources[0].files.tolist():
            window.move(begin, end)
            begin = end
    return {"numbers": np.array(begin)}


def _opened(directory: Path) -> Any:
    """Return the data as the package opens them."""
    import xarray as xr

    from sco_pipeline import harmonise
    from sco_pipeline.catalog import Request, load_catalog
    from sco_pipeline.catalog.models import Access, Coverage, DatasetEntry, Source

    variables = load_catalog(Path(__file__).parent.parent / "catalog").variables
    parts = []
    for name in NAMES:
        entry = DatasetEntry(
            id=f"bench-{name}", agency="none", role="none", title=name, license="CC0-1.0",
            citation="generated", coverage=Coverage(start=dt.date(1981, 1, 1)), frequency="day",
            format="netcdf", access=Access(method="local", url="none"),
            variables={name: Source(name=name)},
        )  # fmt: skip
        files = sorted(directory.glob(f"{name}_*.nc"))
        request = Request(variables=(name,))
        parts.append(harmonise.open_dataset(entry, {name: variables[name]}, files, request))
    return xr.merge(parts, join="exact", compat="equals", combine_attrs="drop_conflicts")


def _in_memory(directory: Path) -> Any:
    """Return the data as peers want them: float32 in memory, with units."""
    import xarray as xr

    parts = []
    for name in NAMES:
        files = sorted(directory.glob(f"{name}_*.nc"))
        each = [xr.open_dataset(path, engine="h5netcdf")[name].load() for path in files]
        parts.append(xr.concat(each, dim="time"))
    ds = xr.merge(parts)
    ds["pr"].attrs["units"] = "mm/day"
    return ds


def xclim(work: str, directory: Path) -> dict[str, np.ndarray]:
    """Compute with xclim, data in memory."""
    warnings.simplefilter("ignore")
    from etccdi_by_xclim import FREQUENCIES, compute

    ds = _in_memory(directory)
    years = int(ds.time.dt.year[0]), int(ds.time.dt.year[-1])
    if work == "bootstrap":  # refused where the base is the whole record
        years = years[0], years[1] - 1
    data = {"tmax": ds.tasmax, "tmin": ds.tasmin, "prec": ds.pr}
    data["tavg"] = ((ds.tasmax + ds.tasmin) / 2).assign_attrs(units="degC")
    return {
        name: compute(name, data, years, FREQUENCIES["annual"], work == "bootstrap")
        .transpose("time", "lat", "lon")
        .values
        for name in WORKS[work]
    }


def icclim(work: str, directory: Path) -> dict[str, np.ndarray]:
    """Compute with icclim, one index after the other, data in memory."""
    warnings.simplefilter("ignore")
    import icclim as package

    ds = _in_memory(directory)
    years = int(ds.time.dt.year[0]), int(ds.time.dt.year[-1])
    known = {
        "su": "SU", "id": "ID", "fd": "FD", "tr": "TR", "txx": "TXx", "txn": "TXn",
        "tnx": "TNx", "tnn": "TNn", "dtr": "DTR", "rx1day": "RX1day", "rx5day": "RX5day",
        "sdii": "SDII", "r10mm": "R10mm", "r20mm": "R20mm", "cdd": "CDD", "cwd": "CWD",
        "prcptot": "PRCPTOT", "tx90p": "TX90p", "tx10p": "TX10p", "tn90p": "TN90p",
        "tn10p": "TN10p", "wsdi": "WSDI", "csdi": "CSDI",
    }  # fmt: skip
    found = {}
    for name in WORKS[work]:
        if name not in known:
            continue
        last = years[1] - 1 if work == "bootstrap" else years[1]
        base = [f"{years[0]}-01-01", f"{last}-12-31"]
        result = package.index(
            in_files=ds, index_name=known[name], slice_mode="year",
            base_period_time_range=base if name[1:] in ("x90p", "x10p", "n90p", "n10p") else None,
            logs_verbosity="SILENT",
        )  # fmt: skip
        found[name] = result[known[name]].transpose("time", "lat", "lon").values
    return found


if __name__ == "__main__":
    main()
