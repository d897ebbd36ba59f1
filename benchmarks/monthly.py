"""Time normals, anomalies and trends of daily data against peers.

``python -m benchmarks.monthly [--data DIRECTORY] [--years N --lats N --lons N] [--peers PYTHON]
[--who ...] [--rounds N]``: from yearly int16 files of daily tasmin, tasmax and pr to a NetCDF file
with the monthly climatology, the anomaly and the standardised anomaly of the monthly means, and the
trends of their yearly means by least squares and by Theil-Sen with the Mann-Kendall test. CDO
has no Theil-Sen; of flox with xarray the climatology, the anomaly and least squares are asked, once
as `open_mfdataset` opens the files and once with one dask chunk a file; of pymannkendall Theil-Sen
alone. Rounds take turns.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.etccdi_data import make
from benchmarks.turns import compare, print_versions


def main() -> None:
    """Make the data, run the works and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "sco-bench")
    parser.add_argument("--years", type=int, default=30)
    parser.add_argument("--lats", type=int, default=90)
    parser.add_argument("--lons", type=int, default=120)
    parser.add_argument("--peers", type=Path)
    parser.add_argument(
        "--who", nargs="+", default=["ours", "cdo", "flox", "flox-tuned", "pymannkendall"]
    )
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    size = f"{options.years} years x {options.lats} x {options.lons}"
    directory = options.data / size.replace(" years x ", "x").replace(" ", "")
    make(directory, options.years, options.lats, options.lons)
    print_versions(options.peers, ("xarray", "flox", "pymannkendall", "numpy"))
    script = str(Path(__file__).with_name("monthly_works.py"))
    python = {"ours": sys.executable, "cdo": sys.executable}
    commands = {
        who: [str(python.get(who, options.peers)), script, who, str(directory)]
        for who in options.who
        if who in python or options.peers
    }
    compare(f"normals, anomalies and trends, {size}", commands, options.rounds)


if __name__ == "__main__":
    main()
