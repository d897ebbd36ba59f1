"""The entry of the daily rain of South America reads GRIB as its archive writes it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from sco_pipeline import harmonise
from sco_pipeline.catalog import Period, Request, load_catalog

DAY = dt.date(2001, 3, 4)


def write(path: Path, rain: np.ndarray) -> None:
    """Write one day, north to south, as parameter 0-15-5 of GRIB 2."""
    import eccodes

    handle = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
    rows, columns = rain.shape
    facts = {
        "Ni": columns, "Nj": rows, "dataDate": int(f"{DAY:%Y%m%d}"), "dataTime": 1200,
        "latitudeOfFirstGridPointInDegrees": -10.0, "longitudeOfFirstGridPointInDegrees": 300.0,
        "latitudeOfLastGridPointInDegrees": -10.0 - 0.1 * (rows - 1),
        "longitudeOfLastGridPointInDegrees": 300.0 + 0.1 * (columns - 1),
        "iDirectionIncrementInDegrees": 0.1, "jDirectionIncrementInDegrees": 0.1,
        "discipline": 0, "parameterCategory": 15, "parameterNumber": 5, "bitsPerValue": 24,
    }  # fmt: skip
    for key, value in facts.items():
        eccodes.codes_set(handle, key, value)
    eccodes.codes_set_values(handle, rain.ravel())
    with path.open("wb") as stream:
        eccodes.codes_write(handle, stream)
    eccodes.codes_release(handle)


def test_rain_of_a_day(tmp_path: Path) -> None:
    pytest.importorskip("pyproj")  # before ecCodes, see the reader
    pytest.importorskip("eccodes")
    rain = np.random.default_rng(4).gamma(0.5, 9, (5, 7))
    path = tmp_path / f"MERGE_CPTEC_{DAY:%Y%m%d}.grib2"
    write(path, rain)
    catalog = load_catalog()
    entry = catalog.datasets["inpe-merge-precipitation-daily"]
    request = Request(variables=("pr",), period=Period(start=DAY, end=DAY))
    ds = harmonise.open_dataset(entry, {"pr": catalog.variables["pr"]}, [path], request)
    assert ds["pr"].attrs["units"] == "mm d-1"
    assert str(ds.time.values[0])[:10] == str(DAY)
    np.testing.assert_allclose(ds["pr"].values[0], rain[::-1], rtol=0, atol=1e-4)
