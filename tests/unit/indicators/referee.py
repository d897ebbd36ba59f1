"""Reads the reference data of the daily indices beside the project."""

from __future__ import annotations

import csv
import json
import os
from functools import cache
from pathlib import Path

import numpy as np
import xarray as xr

SHARED = Path(os.environ.get("SCO_SHARED", Path(__file__).resolve().parents[4] / "shared"))
REFEREE = SHARED / "referee"
NAMES = {"tmax": "tasmax", "tmin": "tasmin", "prec": "pr", "tavg": "tas"}
FREQUENCIES = {"annual": "year", "seasonal": "season", "monthly": "month"}


def _number(text: str) -> float:
    if text == "":
        return np.nan
    return float(text.replace("Inf", "inf"))


@cache
def read_input(path: Path, calendar: str, variables: tuple[str, ...]) -> xr.Dataset:
    """Read a station series as a harmonised Dataset."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    dates = [row["date"] for row in rows]
    if calendar == "gregorian":
        time = np.array(dates, dtype="datetime64[D]").astype("datetime64[ns]")
    else:
        import cftime

        kind = {"365": "noleap", "360": "360_day"}[calendar]
        time = np.array(
            [cftime.datetime(*map(int, d.split("-")), calendar=kind) for d in dates], dtype=object
        )
    ds = xr.Dataset(coords={"time": time, "lat": 48.9})
    for name in variables:
        units = "mm d-1" if name == "prec" else "degC"
        values = np.array([_number(row[name]) for row in rows])
        ds[NAMES[name]] = xr.DataArray(values, dims="time", attrs={"units": units})
    return ds


def read_values(path: Path) -> np.ndarray:
    """Read the expected values of one index, in the order of the periods."""
    with path.open(newline="") as file:
        return np.array([_number(row["value"]) for row in csv.DictReader(file)])


@cache
def cases() -> dict[str, dict]:
    """Return all cases of the options set, and the exemplar itself."""
    root = REFEREE / "etccdi_options"
    found = json.loads((root / "cases.json").read_text())
    for name, case in found.items():
        case["folder"] = root / "cases" / name
        case["path"] = (root / case["input"]).resolve()
    exemplar = REFEREE / "etccdi_exemplar"
    plain = {
        "path": exemplar / "input.csv",
        "base": [1981, 1990],
        "calendar": "gregorian",
        "variables": ["tmax", "tmin", "prec"],
    }
    found["exemplar"] = {**plain, "folder": exemplar / "expected", "options": {}}
    found["exemplar_southern"] = {
        **plain,
        "folder": exemplar / "expected_southern",
        "options": {"northern.hemisphere": False},
    }
    del found["quantiles_other"]
    return found


def options_of(index: str, options: dict) -> dict:
    """Translate the reference's option names for one index."""
    names = {
        "n": "window",
        "min.base.data.fraction.present": "min_base_fraction",
        "northern.hemisphere": "northern_hemisphere",
        "spells.can.span.years": "spells_can_span_years",
        "center.mean.on.last.day": "center_on_last_day",
        "gsl.mode": "gsl_mode",
        "threshold": "threshold",
    }
    out = {}
    limits = options.get("max.missing.days")
    if limits:
        out["max_missing_days"] = {FREQUENCIES[name]: days for name, days in limits.items()}
    for key, value in {**options, **options.get(index, {})}.items():
        if key in names:
            out[names[key]] = value
    return out
