"""Normals, anomalies and trends by one program, run by `monthly` as a process of its own.

``python monthly_works.py WHO DIRECTORY RESULT``: WHO is one of `WORKS`. Peers run
in an environment of their own and need nothing of the package. Everything is written to a NetCDF
file; the result is an ``.npz`` with what is compared, the anomalies of the last year only.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

BASE = 1981, 2010
VARIABLES = ("tasmin", "tasmax", "pr")
NORMALS = ("climatology", "anomaly", "standardised_anomaly")


def main() -> None:
    """Do the work and save what is compared."""
    who, data, result = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory() as scratch:
        np.savez(result, **WORKS[who](data, Path(scratch)))


def ours(data: Path, scratch: Path) -> dict[str, np.ndarray]:
    """Compute with the package, from the file to a file."""
    from sco_pipeline import harmonise
    from sco_pipeline.catalog import IndicatorRequest, Request, load_catalog
    from sco_pipeline.catalog.models import Access, Coverage, DatasetEntry, Source
    from sco_pipeline.indicators.calculate import calculate

    variables = load_catalog(Path(__file__).parent.parent / "catalog").variables
    wanted, read = [], []
    for name in VARIABLES:
        entry = DatasetEntry(
            id="bench", agency="none", role="none", title=name, license="CC0-1.0",
            citation="generated", coverage=Coverage(start=dt.date(1981, 1, 1)), frequency="day",
            format="netcdf", access=Access(method="local", url="none"),
            variables={name: Source(name=name)},
        )  # fmt: skip
        known, request = {name: variables[name]}, Request(variables=(name,))
        files = sorted(data.glob(f"{name}_*.nc"))
        read.append(harmonise.open_dataset(entry, known, files, request))
        monthly = f"{name}_mean"
        wanted.append(IndicatorRequest(id="mean", of=name))
        for normal in NORMALS:
            wanted.append(IndicatorRequest(id=normal, of=monthly, name=f"{name}_{normal}"))
        for method in ("ols", "theil-sen"):
            options = {"method": method, "season": "average"}
            output = f"{name}_{method.replace('-', '_')}"
            wanted.append(IndicatorRequest(id="trend", of=monthly, name=output, options=options))
    made = calculate(_merged(read), wanted, baseline=BASE, frequency="month")
    made = made.rename({f"{name}_theil_sen_pvalue": f"{name}_pvalue" for name in VARIABLES})
    whats = (*NORMALS, "ols", "theil_sen", "pvalue")
    return _written(made[[f"{name}_{what}" for name in VARIABLES for what in whats]], scratch)


def _merged(read: list[Any]) -> Any:
    """Put the variables into one Dataset; they share grid and days."""
    import xarray as xr

    return xr.merge(read, join="exact", compat="override", combine_attrs="override")


def cdo(data: Path, scratch: Path) -> dict[str, np.ndarray]:
    """Compute with CDO, operators chained where that saves reading."""
    import xarray as xr

    found = {}
    for name in VARIABLES:
        for what, path in _by_cdo(data, name, scratch).items():
            with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as ds:
                found[f"{name}_{what}"] = ds[name].squeeze()[..., :, :][-12:].values
        found[f"{name}_ols"] = 10 * found[f"{name}_ols"]
    return found


def _by_cdo(data: Path, name: str, scratch: Path) -> dict[str, Path]:
    """Compute all of a variable; return the files."""
    first, last = BASE
    path = {
        what: scratch / f"{name}-{what}.nc"
        for what in ("months", "spread", "level", "ols", *NORMALS)
    }
    base, months = f"-selyear,{first}/{last}", path["months"]
    files = " ".join(map(str, sorted(data.glob(f"{name}_*.nc"))))
    normal, anomaly = path["climatology"], path["anomaly"]
    for chain in (
        f"-monmean -mergetime [ {files} ] {months}",
        f"-ymonmean {base} {months} {normal}",
        f"-ymonstd1 {base} {months} {path['spread']}",
        f"-ymonsub {months} {normal} {anomaly}",
        f"-ymondiv {anomaly} {path['spread']} {path['standardised_anomaly']}",
        f"-trend -yearmean {months} {path['level']} {path['ols']}",
    ):
        subprocess.run(
            ["cdo", "-s", "-O", "-f", "nc4", "-b", "F32", *chain.split()],
            check=True, capture_output=True,
        )  # fmt: skip
    return {what: path[what] for what in (*NORMALS, "ols")}


WHOLE_FILES = {"time": -1}
"""Chunks of dask that suit the files best; by default they are the stored ones, a day each."""


def flox_tuned(data: Path, scratch: Path) -> dict[str, np.ndarray]:
    """Compute as `flox` does, with one chunk a file."""
    return flox(data, scratch, WHOLE_FILES)


def flox(data: Path, scratch: Path, chunks: Any = "default") -> dict[str, np.ndarray]:
    """Compute the climatology, the anomaly and least squares with xarray and flox."""
    import xarray as xr

    made = {}
    first, last = BASE
    for name in VARIABLES:
        monthly = _monthly(data, name, chunks)
        normal = monthly.sel(time=slice(str(first), str(last))).groupby("time.month").mean()
        made[f"{name}_climatology"] = normal
        made[f"{name}_anomaly"] = monthly.groupby("time.month") - normal
        yearly = monthly.groupby("time.year").mean()
        slope = yearly.polyfit("year", 1)["polyfit_coefficients"].sel(degree=1, drop=True)
        made[f"{name}_ols"] = slope * 10
    return _written(xr.Dataset(made), scratch)


def _monthly(data: Path, name: str, chunks: Any) -> Any:
    """Return the monthly means of all files with xarray and flox, in memory."""
    import xarray as xr

    files = sorted(data.glob(f"{name}_*.nc"))
    how = {} if chunks == "default" else {"chunks": chunks}
    da = xr.open_mfdataset(files, engine="h5netcdf", **how)[name]
    return da.resample(time="MS").mean().load()


def pymannkendall(data: Path, scratch: Path) -> dict[str, np.ndarray]:
    """Compute Theil-Sen and the Mann-Kendall test of each cell's yearly means."""
    import pymannkendall as package
    import xarray as xr

    made = {}
    for name in VARIABLES:
        yearly = _monthly(data, name, WHOLE_FILES).groupby("time.year").mean().values
        slope, pvalue = np.full((2, *yearly.shape[1:]), np.nan)
        for cell in np.argwhere(np.isfinite(yearly).all(axis=0)):
            found = package.original_test(yearly[:, cell[0], cell[1]])
            slope[tuple(cell)], pvalue[tuple(cell)] = found.slope * 10, found.p
        made[f"{name}_theil_sen"] = ("lat", "lon"), slope
        made[f"{name}_pvalue"] = ("lat", "lon"), pvalue
    return _written(xr.Dataset(made), scratch)


def _written(made: Any, scratch: Path) -> dict[str, np.ndarray]:
    """Write a Dataset as CDO does, and return what is compared."""
    import xarray as xr

    warnings.simplefilter("ignore")
    path = scratch / "made.nc"
    kind = {name: {"dtype": "float32"} for name in made.data_vars}
    made.drop_attrs().to_netcdf(path, engine="h5netcdf", encoding=kind)
    with xr.open_dataset(path, engine="h5netcdf") as ds:
        return {str(name): da[..., :, :][-12:].values for name, da in ds.data_vars.items()}


WORKS = {
    "ours": ours,
    "cdo": cdo,
    "flox": flox,
    "flox-tuned": flox_tuned,
    "pymannkendall": pymannkendall,
}

if __name__ == "__main__":
    main()
