"""The ETCCDI indices by xclim: run by `etccdi_agreement` in an environment of its own.

Reads cases as JSON on standard input and prints values as JSON. Names nothing of the package.
"""

from __future__ import annotations

import csv
import json
import sys
import warnings
from collections.abc import Sequence

import numpy as np
import xarray as xr

warnings.simplefilter("ignore")

FREQUENCIES = {"annual": "YS", "seasonal": "QS-DEC", "monthly": "MS"}


def main() -> None:
    """Print the values of every case."""
    import xclim

    cases = json.load(sys.stdin)
    out = {"version": xclim.__version__, "cases": {}}
    for name, case in cases.items():
        out["cases"][name] = _case(case)
    json.dump(out, sys.stdout)


def _case(case: dict) -> dict:
    """Return {frequency: {index: values}} of one case."""
    data = _read(case["path"])
    values: dict[str, dict[str, list[float]]] = {}
    for frequency, indices in case["indices"].items():
        found = values.setdefault(frequency, {})
        for index in indices:
            da = compute(index, data, case["base"], FREQUENCIES[frequency], True)
            found[index] = [None if np.isnan(v) else float(v) for v in da.values]
    return values


def _read(path: str) -> dict[str, xr.DataArray]:
    with open(path, newline="") as file:  # noqa: PTH123
        rows = list(csv.DictReader(file))
    time = np.array([row["date"] for row in rows], dtype="datetime64[ns]")
    data = {}
    for name, units in (("tmax", "degC"), ("tmin", "degC"), ("prec", "mm/day")):
        values = [float(row[name]) if row[name] else np.nan for row in rows]
        data[name] = xr.DataArray(
            values, dims="time", coords={"time": time}, attrs={"units": units}
        )
    data["tavg"] = ((data["tmax"] + data["tmin"]) / 2).assign_attrs(units="degC")
    return data


def compute(
    index: str, data: dict[str, xr.DataArray], base: Sequence[int], freq: str, bootstrap: bool
) -> xr.DataArray:
    """Return one index with the options of xclim that come nearest to the definition."""
    from xclim import indices as xc

    tx, tn, pr = data["tmax"], data["tmin"], data["prec"]
    days = tx.fillna(0).resample(time=freq).count()
    if index in ("tx90p", "tx10p", "tn90p", "tn10p"):
        series = tx if index[1] == "x" else tn
        limits = _percentile(series, base, int(index[2:4]))
        function = getattr(xc, index)
        found = function(series, limits, freq=freq, bootstrap=bootstrap)
        return 100 * found / days
    if index == "wsdi":
        return xc.warm_spell_duration_index(tx, _percentile(tx, base, 90), window=6, freq=freq)
    if index == "csdi":
        return xc.cold_spell_duration_index(tn, _percentile(tn, base, 10), window=6, freq=freq)
    if index in ("r95ptot", "r99ptot"):
        inside = pr.sel(time=slice(str(base[0]), str(base[1])))
        limit = inside.where(inside >= 1).quantile(
            int(index[1:3]) / 100, dim="time", keep_attrs=True, method="median_unbiased"
        )
        limit.attrs["units"] = "mm/day"
        share = xc.fraction_over_precip_thresh(pr, limit, thresh="1 mm/day", freq=freq)
        return share.fillna(0) * xc.prcptot(pr, thresh="1 mm/day", freq=freq)
    functions = {
        "su": lambda: xc.tx_days_above(tx, "25 degC", freq=freq),
        "id": lambda: xc.ice_days(tx, freq=freq),
        "fd": lambda: xc.frost_days(tn, freq=freq),
        "tr": lambda: xc.tn_days_above(tn, "20 degC", freq=freq),
        "txx": lambda: xc.tx_max(tx, freq=freq),
        "txn": lambda: xc.tx_min(tx, freq=freq),
        "tnx": lambda: xc.tn_max(tn, freq=freq),
        "tnn": lambda: xc.tn_min(tn, freq=freq),
        "dtr": lambda: xc.daily_temperature_range(tn, tx, freq=freq),
        "gsl": lambda: xc.growing_season_length(
            data["tavg"], thresh="5 degC", window=6, mid_date="07-01", freq=freq, op=">"
        ),
        "rx1day": lambda: xc.max_1day_precipitation_amount(pr, freq=freq),
        "rx5day": lambda: xc.max_n_day_precipitation_amount(pr, window=5, freq=freq),
        "sdii": lambda: xc.daily_pr_intensity(pr, thresh="1 mm/day", freq=freq),
        "r10mm": lambda: xc.wetdays(pr, thresh="10 mm/day", freq=freq, op=">="),
        "r20mm": lambda: xc.wetdays(pr, thresh="20 mm/day", freq=freq, op=">="),
        "rnnmm": lambda: xc.wetdays(pr, thresh="1 mm/day", freq=freq, op=">="),
        "cdd": lambda: xc.maximum_consecutive_dry_days(
            pr, thresh="1 mm/day", freq=freq, resample_before_rl=False
        ),
        "cwd": lambda: xc.maximum_consecutive_wet_days(
            pr, thresh="1 mm/day", freq=freq, resample_before_rl=False
        ),
        "prcptot": lambda: xc.prcptot(pr, thresh="1 mm/day", freq=freq),
    }
    return functions[index]()


def _percentile(series: xr.DataArray, base: Sequence[int], per: int) -> xr.DataArray:
    from xclim.core.calendar import percentile_doy

    inside = series.sel(time=slice(str(base[0]), str(base[1])))
    return percentile_doy(inside, window=5, per=per, alpha=1 / 3, beta=1 / 3).sel(percentiles=per)


if __name__ == "__main__":
    main()
