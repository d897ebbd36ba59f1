"""Time normals, anomalies and trends of monthly data against peers.

``python -m benchmarks.monthly [--years N --lats N --lons N] [--peers PYTHON] [--who ...]
[--rounds N]``: from one int16 file of monthly temperatures to a NetCDF file with the climatology,
the anomaly, the standardised anomaly and the trends of the yearly means by least squares and by
Theil-Sen with the Mann-Kendall test. CDO has no Theil-Sen; of flox with xarray the climatology, the
anomaly and least squares are asked; of pymannkendall Theil-Sen alone. Rounds take turns.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.turns import compare, print_versions

FIRST_YEAR, MONTHS, FILL = 1961, 12, -32768


def main() -> None:
    """Make the data, run the works and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=60)
    parser.add_argument("--lats", type=int, default=180)
    parser.add_argument("--lons", type=int, default=360)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--who", nargs="+", default=["ours", "cdo", "flox", "pymannkendall"])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print_versions(options.peers, ("xarray", "flox", "pymannkendall", "numpy"))
    script = str(Path(__file__).with_name("monthly_works.py"))
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "tas.nc"
        write(data, options.years, options.lats, options.lons)
        python = {"ours": sys.executable, "cdo": sys.executable}
        commands = {
            who: [str(python.get(who, options.peers)), script, who, str(data)]
            for who in options.who
            if who in python or options.peers
        }
        size = f"{options.years} years x {options.lats} x {options.lons}"
        compare(f"normals, anomalies and trends, {size}", commands, options.rounds)


def write(path: Path, years: int, lats: int, lons: int) -> None:
    """Write months with a season, a trend, noise and no values over 40 % of the cells."""
    import h5netcdf

    random = np.random.default_rng(0)
    lat = (np.arange(lats) + 0.5) * 180 / lats - 90
    lon = (np.arange(lons) + 0.5) * 360 / lons - 180
    sea = random.random((lats, lons)) < 0.4
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"time": years * MONTHS, "lat": lats, "lon": lons}
        for name, values, units in (
            ("time", _middles(years), f"days since {FIRST_YEAR}-01-01"),
            ("lat", lat, "degrees_north"),
            ("lon", lon, "degrees_east"),
        ):
            file.create_variable(name, (name,), data=values).attrs["units"] = units
        stored = file.create_variable(
            "tas", ("time", "lat", "lon"), "i2", chunks=(1, lats, lons), fillvalue=FILL,
            compression="gzip", compression_opts=4, shuffle=True,
        )  # fmt: skip
        stored.attrs.update({"units": "degC", "scale_factor": 0.01, "add_offset": 0.0})
        for step in range(years * MONTHS):
            season = 10 * np.cos(np.pi * (step % MONTHS - 6) / 6) * np.sin(np.radians(lat))
            warming = 0.02 * step / MONTHS
            values = 15 + season[:, None] + warming + random.normal(size=(lats, lons))
            stored[step] = np.where(sea, FILL, np.rint(values * 100)).astype(np.int16)


def _middles(years: int) -> np.ndarray:
    """Return the middle of each month in days since the first."""
    months = np.arange(years * MONTHS + 1) + np.datetime64(f"{FIRST_YEAR}-01", "M")
    starts = (months.astype("datetime64[D]") - np.datetime64(f"{FIRST_YEAR}-01-01")).astype(float)
    middles: np.ndarray = (starts[:-1] + starts[1:]) / 2
    return middles


if __name__ == "__main__":
    main()
