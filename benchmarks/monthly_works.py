"""Normals, anomalies and trends by one program, run by `monthly` as a process of its own.

``python monthly_works.py WHO DIRECTORY RESULT``: WHO is ours, cdo, flox or pymannkendall. Peers run
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
COMPARED = ("climatology", "anomaly", "standardised_anomaly", "ols", "theil_sen", "pvalue")


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
    entry = DatasetEntry(
        id="bench", agency="none", role="none", title="tasmax", license="CC0-1.0",
        citation="generated", coverage=Coverage(start=dt.date(1981, 1, 1)), frequency="day",
        format="netcdf", access=Access(method="local", url="none"),
        variables={"tasmax": Source(name="tasmax")},
    )  # fmt: skip
    known, request = {"tasmax": variables["tasmax"]}, Request(variables=("tasmax",))
    ds = harmonise.open_dataset(entry, known, sorted(data.glob("tasmax_*.nc")), request)
    wanted = [IndicatorRequest(id="txm")]
    wanted += [IndicatorRequest(id=name, of="txm", name=name) for name in COMPARED[:3]]
    for name, method in (("ols", "ols"), ("theil_sen", "theil-sen")):
        options = {"method": method, "season": "average"}
        wanted.append(IndicatorRequest(id="trend", of="txm", name=name, options=options))
    made = calculate(ds, wanted, baseline=BASE, frequency="month")
    names = {"theil_sen_pvalue": "pvalue", "ols_trend": "ols", "theil_sen_trend": "theil_sen"}
    return _written(made.rename({k: v for k, v in names.items() if k in made}), scratch)


def cdo(data: Path, scratch: Path) -> dict[str, np.ndarray]:
    """Compute with CDO, operators chained where that saves reading."""
    import xarray as xr

    first, last = BASE
    base, normal, spread = f"-selyear,{first}/{last}", scratch / "mean.nc", scratch / "spread.nc"
    anomaly, line, months = scratch / "anomaly.nc", scratch / "slope.nc", scratch / "months.nc"
    files = " ".join(map(str, sorted(data.glob("tasmax_*.nc"))))
    for chain in (
        f"-monmean -mergetime [ {files} ] {months}",
        f"-ymonmean {base} {months} {normal}",
        f"-ymonstd1 {base} {months} {spread}",
        f"-ymonsub {months} {normal} {anomaly}",
        f"-ymondiv {anomaly} {spread} {scratch / 'standardised_anomaly.nc'}",
        f"-trend -yearmean {months} {scratch / 'level.nc'} {line}",
    ):
        subprocess.run(
            ["cdo", "-s", "-O", "-f", "nc4", "-b", "F32", *chain.split()],
            check=True, capture_output=True,
        )  # fmt: skip
    names = {"climatology": normal, "anomaly": anomaly, "ols": line}
    names["standardised_anomaly"] = scratch / "standardised_anomaly.nc"
    found = {}
    for name, path in names.items():
        with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as ds:
            found[name] = ds["tasmax"].squeeze()[..., :, :][-12:].values
    return found | {"ols": 10 * found["ols"]}


def flox(data: Path, scratch: Path) -> dict[str, np.ndarray]:
    """Compute the climatology, the anomaly and least squares with xarray and flox."""
    import xarray as xr

    tas = _monthly(data)
    first, last = BASE
    normal = tas.sel(time=slice(str(first), str(last))).groupby("time.month").mean()
    anomaly = tas.groupby("time.month") - normal
    yearly = tas.groupby("time.year").mean()
    slope = yearly.polyfit("year", 1)["polyfit_coefficients"].sel(degree=1) * 10
    made = {"climatology": normal, "anomaly": anomaly, "ols": slope}
    return _written(
        xr.Dataset({k: v.drop_vars("degree", errors="ignore") for k, v in made.items()}), scratch
    )


def _monthly(data: Path) -> Any:
    """Return the monthly means of all files with xarray and flox, in memory."""
    import xarray as xr

    each = [xr.open_dataset(path, engine="h5netcdf") for path in sorted(data.glob("tasmax_*.nc"))]
    return xr.concat([ds["tasmax"].resample(time="MS").mean() for ds in each], dim="time")


def pymannkendall(data: Path, scratch: Path) -> dict[str, np.ndarray]:
    """Compute Theil-Sen and the Mann-Kendall test of each cell's yearly means."""
    import pymannkendall as package
    import xarray as xr

    yearly = _monthly(data).groupby("time.year").mean().values
    slope, pvalue = np.full((2, *yearly.shape[1:]), np.nan)
    for cell in np.argwhere(np.isfinite(yearly).all(axis=0)):
        found = package.original_test(yearly[:, cell[0], cell[1]])
        slope[tuple(cell)], pvalue[tuple(cell)] = found.slope * 10, found.p
    cells = ("lat", "lon")
    return _written(xr.Dataset({"theil_sen": (cells, slope), "pvalue": (cells, pvalue)}), scratch)


def _written(made: Any, scratch: Path) -> dict[str, np.ndarray]:
    """Write a Dataset as CDO does, and return what is compared."""
    import xarray as xr

    warnings.simplefilter("ignore")
    path = scratch / "made.nc"
    made = made[[name for name in COMPARED if name in made]]
    kind = {name: {"dtype": "float32"} for name in made.data_vars}
    made.drop_attrs().to_netcdf(path, engine="h5netcdf", encoding=kind)
    with xr.open_dataset(path, engine="h5netcdf") as ds:
        return {str(name): da[..., :, :][-12:].values for name, da in ds.data_vars.items()}


WORKS = {"ours": ours, "cdo": cdo, "flox": flox, "pymannkendall": pymannkendall}

if __name__ == "__main__":
    main()
