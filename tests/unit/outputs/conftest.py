"""A small product of every kind of axis, with its recipe, catalog and records."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.catalog import (
    Agency,
    Catalog,
    DatasetEntry,
    FetchedFile,
    FetchRecord,
    Recipe,
    Table,
    Variable,
)

LAT = np.arange(-4.0, 5.0, 2.0)
LON = np.arange(-170.0, -100.0, 5.0)


def table(kind: str, *entries: Any) -> Table[Any]:
    filled: Table[Any] = Table(kind)
    filled.update({entry.id: entry for entry in entries})
    return filled


@pytest.fixture
def recipe() -> Recipe:
    return Recipe.model_validate(
        {
            "id": "demo-sst",
            "title": "Demo of sea surface temperature",
            "summary": "Sea surface temperature of a demo.",
            "indicators": [
                {"id": "climatology", "of": "tos"},
                {"id": "anomaly", "of": "tos"},
                {"id": "warm_months", "of": "tos"},
                {"id": "variability", "of": "tos"},
            ],
            "inputs": {"tos": "demo-dataset"},
            "baseline": {"start": "2006-04-01", "end": "2008-03-31"},
            "cadence": "monthly",
            "caveats": ["A demo."],
        }
    )


@pytest.fixture
def catalog(recipe: Recipe) -> Catalog:
    agency = Agency(
        id="agency",
        acronym="AG",
        name="An Agency",
        country="Nowhere",
        url="https://agency.example",
        membership="none",
    )
    variable = Variable(
        id="tos",
        standard_name="sea_surface_temperature",
        long_name="Sea surface temperature",
        units="degC",
        ecv="Sea-surface temperature",
        difference_units=True,
    )
    dataset = DatasetEntry.model_validate(
        {
            "id": "demo-dataset",
            "agency": "agency",
            "role": "producer",
            "title": "Demo dataset",
            "license": "CC-BY-4.0",
            "citation": "Author (2006)",
            "credit": "Contains data of An Agency",
            "doi": "10.1000/demo",
            "documentation": "https://agency.example/doc",
            "coverage": {"start": "2006-04-01", "end": "2008-03-31"},
            "frequency": "month",
            "format": "netcdf",
            "access": {"method": "package", "url": "demo.nc"},
            "variables": {"tos": {"name": "sst"}},
        }
    )
    return Catalog(
        Path("catalog"),
        table("agency", agency),
        table("variable", variable),
        table("dataset", dataset),
        table("region set"),
        table("recipe", recipe),
    )


@pytest.fixture
def records() -> list[FetchRecord]:
    file = FetchedFile(
        url="https://agency.example/demo.nc",
        path="demo.nc",
        sha256="ab" * 32,
        size=3,
        last_modified="Wed, 21 Oct 2015 07:28:00 GMT",
        retrieved=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    return [FetchRecord(dataset="demo-dataset", files=(file,))]


@pytest.fixture
def product() -> xr.Dataset:
    time = pd.date_range("2006-04-01", periods=24, freq="MS")
    random = np.random.default_rng(0)

    def field(size: int) -> np.ndarray:
        values = random.normal(size=(size, LAT.size, LON.size))
        values[:, 0, 0] = np.nan
        return values

    def about(indicator: str, units: str, cell_methods: str, **more: str) -> dict[str, str]:
        named = {"long_name": f"{indicator} of sea surface temperature", "indicator": indicator}
        return {"units": units, "cell_methods": cell_methods, **named, **more}

    grid = ("lat", "lon")
    difference = {"units_metadata": "temperature: difference"}
    within = "time: mean within years time: mean over years"
    fields = {
        "tos_climatology": (
            ("month", *grid),
            25 + field(12),
            about("climatology", "degC", within, standard_name="sea_surface_temperature"),
        ),
        "tos_anomaly": (
            ("time", *grid),
            field(24),
            about("anomaly", "degC", "time: mean", **difference),
        ),
        "tos_warm_months": (
            ("year", *grid),
            np.round(field(2)),
            about("warm_months", "1", "time: sum"),
        ),
        "tos_variability": (
            grid,
            np.abs(field(1)[0]),
            about("variability", "degC", "time: standard_deviation", **difference),
        ),
        "tos_anomaly_regional": (
            ("time", "region"),
            random.normal(size=(24, 2)),
            about("anomaly", "degC", "time: mean area: mean", **difference),
        ),
        "tos_anomaly_valid_fraction": (("time", "region"), np.full((24, 2), 0.75)),
    }
    coordinates = {
        "lat": LAT,
        "lon": LON,
        "time": time,
        "month": np.arange(1, 13),
        "year": pd.to_datetime(["2006-01-01", "2007-01-01"]),
        "time_bnds": (("time", "nv"), np.stack([time, time + pd.DateOffset(months=1)], 1)),
        "lat_bnds": (("lat", "nv"), np.stack([LAT - 1, LAT + 1], 1)),
        "lon_bnds": (("lon", "nv"), np.stack([LON - 2.5, LON + 2.5], 1)),
        "cell_area": (grid, np.full((LAT.size, LON.size), 1e10)),
        "region": ["nino3", "nino34"],
        "region_name": ("region", ["Niño 3", "Niño 3.4"]),
        "tos_warm_months_threshold": ((), 0.5, {"units": "degC", "long_name": "threshold"}),
    }
    return xr.Dataset(fields, coordinates)


@pytest.fixture
def station() -> xr.Dataset:
    """Return a product of one series without a map."""
    time = pd.date_range("1866-01-01", periods=240, freq="MS")
    values = np.sin(np.arange(240) / 7.0)
    values[30:40] = np.nan
    about = {"units": "1", "long_name": "Southern Oscillation Index", "indicator": "anomaly"}
    return xr.Dataset(
        {"soi_anomaly": ("time", values, {**about, "cell_methods": "time: mean"})},
        {
            "time": time,
            "time_bnds": (("time", "nv"), np.stack([time, time + pd.DateOffset(months=1)], 1)),
            "lat": -12.4,
            "lon": 130.9,
        },
    )


@pytest.fixture
def model_years() -> xr.Dataset:
    """Return a product on a calendar of 360 days that ends with a 30 February."""
    time = xr.date_range("2000-01-01", periods=26, freq="MS", calendar="360_day", use_cftime=True)
    ends = np.append(time.values[1:], time.values[-1] + (time.values[1] - time.values[0]))
    lat, lon = np.arange(35.0, 40.0), np.arange(-10.0, -4.0)
    grid = ("lat", "lon")
    values = np.random.default_rng(0).normal(size=(366, 5, 6))
    name = {"standard_name": "air_temperature_anomaly", "units": "degC", "indicator": "anomaly"}
    within = {"cell_methods": "time: mean within years time: mean over years", "units": "degC"}
    return xr.Dataset(
        {
            "tas_anomaly": (("time", *grid), values[:26], {**name, "long_name": "Anomaly"}),
            "tas_normal": (("season", *grid), values[:4], {**within, "long_name": "Normal"}),
            "tas_daily": (("dayofyear", *grid), values, {**within, "long_name": "Daily"}),
        },
        {
            "time": time,
            "time_bnds": (("time", "nv"), np.stack([time.values, ends], 1)),
            "season": ["DJF", "MAM", "JJA", "SON"],
            "dayofyear": np.arange(1, 367),
            "lat": lat,
            "lon": lon,
        },
    )


@pytest.fixture
def projected() -> xr.Dataset:
    """Return a product on a Lambert azimuthal grid (EPSG:3035) with a threshold."""
    import pyproj

    y, x = np.arange(20) * 5e4 + 2.3e6, np.arange(30) * 5e4 + 3.2e6
    back = pyproj.Transformer.from_crs(3035, 4326, always_xy=True)
    lon, lat = back.transform(*np.meshgrid(x, y))
    days = np.random.default_rng(0).integers(0, 90, size=(3, 20, 30)).astype("f4")
    about = {
        "units": "days",
        "long_name": "Summer days",
        "standard_name": "number_of_days_with_air_temperature_above_threshold",
        "cell_methods": "time: maximum within days time: sum over days",
    }
    axes = {
        name: (
            name,
            values,
            {
                "standard_name": f"projection_{name}_coordinate",
                "long_name": name,
                "units": "m",
                "axis": name.upper(),
            },
        )
        for name, values in (("y", y), ("x", x))
    }
    return xr.Dataset(
        {"su": (("time", "y", "x"), days, about)},
        {
            **axes,
            "time": pd.date_range("2001-01-01", periods=3, freq="YS"),
            "lat": (("y", "x"), lat),
            "lon": (("y", "x"), lon),
            "crs": ((), 0, pyproj.CRS(3035).to_cf()),
            "cell_area": (("y", "x"), np.full((20, 30), 2.5e9)),
            "su_threshold": ((), 25.0, {"units": "degC", "standard_name": "air_temperature"}),
        },
    )
