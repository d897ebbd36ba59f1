"""The plain indices by CDO, operators chained by hand: run by `etccdi` as a process of its own.

``python -m benchmarks.etccdi_by_cdo DIRECTORY RESULT``: one call of CDO for each variable or pair,
with all of its operators; each reads the files again, as CDO does.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ONE = {
    "tasmax": {
        "su": "yearsum -gtc,25", "id": "yearsum -ltc,0", "txx": "yearmax", "txn": "yearmin",
    },
    "tasmin": {
        "fd": "yearsum -ltc,0", "tr": "yearsum -gtc,20", "tnx": "yearmax", "tnn": "yearmin",
    },
    "pr": {
        "rx1day": "yearmax", "rx5day": "yearmax -runsum,5", "r10mm": "yearsum -gec,10",
        "r20mm": "yearsum -gec,20", "rnnmm": "yearsum -gec,1",
        "cdd": "yearmax -consects -ltc,1", "cwd": "yearmax -consects -gec,1",
    },
}  # fmt: skip


def main() -> None:
    """Run the operators and save their values."""
    directory, result = Path(sys.argv[1]), sys.argv[2]
    found = {}
    for variable, operators in ONE.items():
        merged = ["-mergetime", *map(str, sorted(directory.glob(f"{variable}_*.nc")))]
        for name, operator in operators.items():
            found[name] = _values([*_dashed(operator), "[", *merged, "]"])
    maxima = ["-mergetime", *map(str, sorted(directory.glob("tasmax_*.nc")))]
    minima = ["-mergetime", *map(str, sorted(directory.glob("tasmin_*.nc")))]
    found["dtr"] = _values(["-yearmean", "-sub", "[", *maxima, "]", "[", *minima, "]"])
    rain = ["-mergetime", *map(str, sorted(directory.glob("pr_*.nc")))]
    wet = ["-mul", "[", *rain, "]", "-gec,1", "[", *rain, "]"]
    found["prcptot"] = _values(["-yearsum", *wet])
    np.savez(result, **found)


def _dashed(operators: str) -> list[str]:
    """Return chained operators with a dash before each."""
    return [part if part.startswith("-") else f"-{part}" for part in operators.split()]


def _values(operators: list[str]) -> np.ndarray:
    """Run CDO and return the values of its result."""
    import h5netcdf

    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out.nc"
        line = ["cdo", "-s", "-O", "-f", "nc4", "-b", "F64", *operators, str(out)]
        subprocess.run(line, check=True, capture_output=True)
        with h5netcdf.File(out, "r") as file:
            name = next(key for key, one in file.variables.items() if one.ndim == 3)
            stored = file.variables[name]
            values = stored[:].astype(float)
            fill = stored.attrs.get("_FillValue")
            return np.where(values == fill, np.nan, values) if fill is not None else values


if __name__ == "__main__":
    main()
