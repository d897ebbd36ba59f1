"""The indices by CDO, operators chained by hand: run by `etccdi` as a process of its own.

``python -m benchmarks.etccdi_by_cdo WORK DIRECTORY RESULT``: the years of a variable are joined
once, then one call of CDO for each index, with all of its operators. Thresholds that indices share
are computed once. There are as many bins for percentiles as make them exact.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

WINDOW = 5
PLAIN = {
    "su": "-yearsum -gtc,25 {tasmax}",
    "id": "-yearsum -ltc,0 {tasmax}",
    "txx": "-yearmax {tasmax}",
    "txn": "-yearmin {tasmax}",
    "fd": "-yearsum -ltc,0 {tasmin}",
    "tr": "-yearsum -gtc,20 {tasmin}",
    "tnx": "-yearmax {tasmin}",
    "tnn": "-yearmin {tasmin}",
    "dtr": "-yearmean -sub {tasmax} {tasmin}",
    "rx1day": "-yearmax {pr}",
    "rx5day": "-yearmax -runsum,5 {pr}",
    "r10mm": "-yearsum -gec,10 {pr}",
    "r20mm": "-yearsum -gec,20 {pr}",
    "rnnmm": "-yearsum -gec,1 {pr}",
    "cdd": "-yearmax -consects -ltc,1 {pr}",
    "cwd": "-yearmax -consects -gec,1 {pr}",
    "prcptot": "-yearsum -mul {pr} -gec,1 {pr}",
    "sdii": "-div -yearsum -mul {pr} -gec,1 {pr} -yearsum -gec,1 {pr}",
    "gsl": "-selname,thermal_growing_season_length "
           "-eca_gsl -addc,273.15 -mulc,0.5 -add {tasmax} {tasmin} "
           "-setmisstoc,0 -gec,-999 -seltimestep,1 {tasmax}",
}  # fmt: skip
PERCENTILE = {
    "tx90p": "-mulc,100 -yearmean -gtc,0 -ydaysub {tasmax} {tasmax_90}",
    "tx10p": "-mulc,100 -yearmean -ltc,0 -ydaysub {tasmax} {tasmax_10}",
    "tn90p": "-mulc,100 -yearmean -gtc,0 -ydaysub {tasmin} {tasmin_90}",
    "tn10p": "-mulc,100 -yearmean -ltc,0 -ydaysub {tasmin} {tasmin_10}",
    "wsdi": "-selname,warm_spell_days_index_wrt_90th_percentile_of_reference_period "
            "-eca_hwfi,6,freq=year {tasmax} {tasmax_90}",
    "csdi": "-selname,cold_spell_days_index_wrt_10th_percentile_of_reference_period "
            "-eca_cwfi,6,freq=year {tasmin} {tasmin_10}",
    "r95ptot": "-yearsum -mul {pr} -gt {pr} {wet_95}",
    "r99ptot": "-yearsum -mul {pr} -gt {pr} {wet_99}",
}  # fmt: skip
BOOTSTRAP = {"tx90p": "-etccdi_tx90p,{window},{first},{last} {tasmax} {tasmax_low} {tasmax_high}"}


def main() -> None:
    """Run the operators and save their values."""
    work, directory, result = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    chains, prepare = _WORKS[work]
    with tempfile.TemporaryDirectory() as scratch:
        names = _joined(directory, Path(scratch), " ".join(chains.values()))
        years = int(names["last"]) - int(names["first"]) + 1
        os.environ["CDO_PCTL_NBINS"] = str(2 * WINDOW * years + 2)
        prepare(names, Path(scratch))
        # CDO begins the growing season of the south half a year before the record
        found = {name: _values(chain.format_map(names))[-years:] for name, chain in chains.items()}
    np.savez(result, **found)


def _joined(directory: Path, scratch: Path, chains: str) -> dict[str, str]:
    """Join the years of the variables that chains name, packed as they are."""
    names: dict[str, str] = {"window": str(WINDOW)}
    for variable in ("tasmax", "tasmin", "pr"):
        files = sorted(directory.glob(f"{variable}_*.nc"))
        names["first"], names["last"] = files[0].stem[-4:], files[-1].stem[-4:]
        if variable in chains:
            chain = f"-mergetime {' '.join(map(str, files))}"
            names[variable] = _file(chain, scratch / f"{variable}.nc", exact=False)
    return names


def _nothing(names: dict[str, str], scratch: Path) -> None:
    """Prepare nothing."""


def _limits(names: dict[str, str], scratch: Path, variables: tuple[str, ...] = ("tasmax",)) -> None:
    """Compute the limits between which CDO counts."""
    for variable in variables:
        for end, operator in (("low", "ydrunmin"), ("high", "ydrunmax")):
            at = f"{variable}_{end}"
            names[at] = _file(f"-{operator},{WINDOW} {names[variable]}", scratch / f"{at}.nc")


def _thresholds(names: dict[str, str], scratch: Path) -> None:
    """Compute percentiles of the days of the year, and those of wet days."""
    _limits(names, scratch, ("tasmax", "tasmin"))
    for variable in ("tasmax", "tasmin"):
        for share in ("10", "90"):
            at = f"{variable}_{share}"
            inputs = " ".join(names[variable + end] for end in ("", "_low", "_high"))
            names[at] = _file(f"-ydrunpctl,{share},{WINDOW} {inputs}", scratch / f"{at}.nc")
    names["wet"] = _file(f"-setrtomiss,-1,0.9999 {names['pr']}", scratch / "wet.nc")
    os.environ["CDO_PCTL_NBINS"] = "20000"  # all wet days of the record, not those of a window
    for share in ("95", "99"):
        chain = f"-timpctl,{share} {names['wet']} -timmin {names['wet']} -timmax {names['wet']}"
        names[f"wet_{share}"] = _file(chain, scratch / f"wet_{share}.nc")


_Prepare = Callable[[dict[str, str], Path], None]
_WORKS: Mapping[str, tuple[Mapping[str, str], _Prepare]] = {
    "plain": (PLAIN, _nothing),
    "percentile": (PERCENTILE, _thresholds),
    "bootstrap": (BOOTSTRAP, _limits),
}


def _file(chain: str, path: Path, exact: bool = True) -> str:
    """Run CDO and return the path of what it wrote."""
    kind = ["-b", "F64"] if exact else []
    line = ["cdo", "-s", "-O", "-f", "nc4", *kind, *chain.split(), str(path)]
    done = subprocess.run(line, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{chain:.200}: {done.stderr}")
    return str(path)


def _values(chain: str) -> np.ndarray:
    """Run CDO and return the values of its result."""
    import h5netcdf

    with tempfile.TemporaryDirectory() as scratch:
        out = _file(chain, Path(scratch) / "out.nc")
        with h5netcdf.File(out, "r") as file:
            name = next(key for key, one in file.variables.items() if one.ndim == 3)
            stored = file.variables[name]
            values = stored[:].astype(float)
            fill = stored.attrs.get("_FillValue")
            return np.where(values == fill, np.nan, values) if fill is not None else values


if __name__ == "__main__":
    main()
