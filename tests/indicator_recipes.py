"""A small catalog of generated twins, and recipes that between them ask for every indicator."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import yaml

from sco_pipeline.catalog import load_catalog

LAT, LON = np.array([-25.0, 1.0, 45.0]), np.array([-165.0, -155.0, 12.0])
FIRST_YEAR, LAST_YEAR = 1991, 2002
BASELINE = [1991, 2000]
DAYS = pd.date_range(f"{FIRST_YEAR}-01-01", f"{LAST_YEAR}-12-31", freq="D")
MONTHS = pd.date_range(f"{FIRST_YEAR}-01-01", f"{LAST_YEAR}-12-01", freq="MS")


@dataclass(frozen=True)
class Made:
    """One recipe: its variables, frequency of the data, and indicators as a recipe writes them."""

    frequency: str
    variables: tuple[str, ...]
    indicators: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)


def _of(variable: str, *identifiers: str, **options: dict[str, Any]) -> tuple[Any, ...]:
    """Requests of one variable."""
    return tuple(
        {"id": one, "of": variable, **({"options": options[one]} if one in options else {})}
        for one in identifiers
    )


FEW = {"resamples": 20}
EVERY_FIELD = (
    "climatology seasonal_climatology annual_climatology anomaly departure standardised_anomaly "
    "warm_months period_mean variability year_to_date stripes trend rank record percentile_rank "
    "rate acceleration deseasonalised seasonal_range return_level"
).split()
TEMPERATURE = (
    "su id tr fd txx txn tnx tnn dtr gsl tx90p tx10p tn90p tn10p wsdi csdi hddheat cddcold gddgrow "
    "ehf hwn hwf hwd hwm hwa txm tnm tmm"
).split()
RAIN = (
    "rx1day rx5day sdii r10mm r20mm rnnmm cdd cwd r95ptot r99ptot prcptot r95pfrac r99pfrac".split()
)
YEARLY = (
    "gsl hwn hwf hwd hwm hwa wsdi csdi r95ptot r99ptot r95pfrac r99pfrac prcptot rnnmm"
).split()

RECIPES: dict[str, Made] = {
    "heat-and-rain": Made(
        "day",
        ("tasmax", "tasmin", "pr"),
        (
            *TEMPERATURE,
            *RAIN,
            "pet_hargreaves",
            *_of("tasmax", "daily_climatology"),
            *_of("su", "trend"),
            *_of("tmm", "stripes"),
            *_of("pr", "peak_return_level", peak_return_level=FEW),
        ),
    ),
    "months-of-heat": Made(
        "day",
        ("tasmax", "tasmin", "pr"),
        tuple(one for one in (*TEMPERATURE, *RAIN) if one not in YEARLY),
        {"frequency": "month"},
    ),
    "water-balance": Made(
        "month",
        ("tas", "pr", "evspsblpot"),
        (
            "pet_thornthwaite",
            "spi",
            "spei",
            "drought_area",
            {"id": "spi", "name": "spi48", "options": {"scale": 48, "min_values": 5}},
            *_of("tas", *EVERY_FIELD, return_level=FEW),
        ),
    ),
    "warm-sea": Made(
        "day",
        ("tos",),
        (
            "marine_heatwaves",
            "marine_cold_spells",
            "marine_heatwave_threshold",
            "degree_heating_weeks",
            "sst_index",
            *_of("tos", "mean", "maximum", "minimum"),
            *_of("tos_maximum", "anomaly"),
        ),
    ),
    "sea-level": Made(
        "month",
        ("zos",),
        _of("zos", "sea_level_anomaly", "sea_level_trend", "sea_level_acceleration"),
    ),
    "ice-and-snow": Made(
        "day",
        ("siconc", "snc", "snw"),
        (
            "sea_ice_extent",
            "sea_ice_area",
            "sea_ice_season",
            "snow_covered_area",
            "snow_season",
            "max_swe",
        ),
    ),
    "ice-months": Made("month", ("siconc",), ("sea_ice_extent_anomaly",)),
    "air": Made(
        "day",
        ("od550aer", "pm25", "no2"),
        (
            "aod_exceedance_days",
            "pm25_exceedance_days",
            *_of("no2", "exceedance_days", exceedance_days={"threshold": 60.0}),
        ),
    ),
    "gases": Made(
        "month",
        ("co2", "xch4"),
        (*_of("co2", "growth_rate", "gas_trend"), *_of("xch4", "growth_rate", "gas_trend")),
    ),
    "land": Made(
        "month",
        ("ndvi", "sm", "burned_area", "fires", "chl", "lwe"),
        (
            "vci",
            *_of("ndvi", "phenology"),
            "soil_moisture_class",
            "soil_moisture_drought_area",
            "burned_area_sum",
            "fire_count",
            "chlorophyll_anomaly",
            "water_storage_anomaly",
            "water_storage_mass",
            "water_storage_trend",
        ),
    ),
    "towns": Made("day", ("ts", "built_up"), ("hot_nights", "urban_heat")),
}


def values(name: str, times: pd.DatetimeIndex) -> np.ndarray:
    """Values (time, lat, lon) in canonical units: a season, a slow rise and noise."""
    rng = np.random.default_rng(sum(map(ord, name)))
    shape = (times.size, LAT.size, LON.size)
    season = np.cos(2 * np.pi * (times.day_of_year.to_numpy() - 15) / 365.25)[:, None, None]
    season = season * np.where(LAT < 0, 1.0, -1.0)[:, None]
    rise = np.linspace(0, 1, times.size)[:, None, None]
    noise = rng.normal(0, 1, shape)
    if name == "tos":  # spells need weather that lasts
        noise = np.apply_along_axis(np.convolve, 0, noise, np.full(10, 10**-0.5), "same")
    mean, swing, change, spread = _LEVELS.get(name, (20.0, 8.0, 1.0, 3.0))
    field = mean + swing * season + change * rise + spread * noise
    if name == "pr":
        return (
            np.where(rng.random(shape) < 0.4, rng.gamma(0.8, 8.0, shape), 0.0)
            if times.size > 999
            else 2 + rng.gamma(2.0, 1.5, shape)
        )
    if name == "built_up":
        return np.broadcast_to(np.array([0.0, 0.02, 0.9]), shape).copy()
    if name in ("siconc", "snc"):
        return np.clip(field, 0, 100)
    return np.maximum(field, 0.01) if name in _POSITIVE else field


_LEVELS = {  # mean, amplitude of the season, rise over the record, noise
    "tasmax": (22.0, 10.0, 1.0, 3.0),
    "tasmin": (8.0, 10.0, 1.0, 1.5),
    "zos": (0.3, 0.05, 0.04, 0.02),
    "siconc": (50.0, -60.0, -5.0, 5.0),
    "snc": (40.0, -60.0, -5.0, 5.0),
    "snw": (60.0, -60.0, -5.0, 5.0),
    "od550aer": (0.3, 0.1, 0.0, 0.2),
    "pm25": (12.0, 3.0, 0.0, 6.0),
    "no2": (50.0, 8.0, 0.0, 8.0),
    "co2": (360.0, 3.0, 20.0, 0.3),
    "xch4": (1750.0, 10.0, 60.0, 2.0),
    "ndvi": (0.45, 0.25, 0.0, 0.02),
    "sm": (0.25, 0.05, 0.0, 0.04),
    "burned_area": (40.0, 30.0, 0.0, 10.0),
    "fires": (30.0, 20.0, 0.0, 5.0),
    "chl": (0.6, 0.3, 0.0, 0.1),
    "lwe": (10.0, 40.0, -50.0, 8.0),
    "evspsblpot": (3.0, 1.5, 0.2, 0.3),
}
_POSITIVE = ("snw", "od550aer", "pm25", "no2", "chl", "sm", "burned_area", "fires", "evspsblpot")


def write_catalog(directory: Path) -> Path:
    """Write agencies, variables, one dataset and one recipe for each of `RECIPES`."""
    shipped = load_catalog().directory
    for name in ("agencies.yaml", "variables.yaml", "sources.yaml"):
        (directory / name).write_bytes((shipped / name).read_bytes())
    units = yaml.safe_load((directory / "variables.yaml").read_text(encoding="utf-8"))
    for name in ("datasets/cnes", "recipes", "regions", "samples"):
        (directory / name).mkdir(parents=True)
    for recipe, made in RECIPES.items():
        times = DAYS if made.frequency == "day" else MONTHS
        ds = xr.Dataset(
            {
                v: (("time", "lat", "lon"), values(v, times), {"units": units[v]["units"]})
                for v in made.variables
            },
            {
                "time": times,
                "lat": ("lat", LAT, {"units": "degrees_north"}),
                "lon": ("lon", LON, {"units": "degrees_east"}),
            },
        )
        ds.to_netcdf(directory / "samples" / f"{recipe}.nc", engine="h5netcdf")
        _write(directory / "datasets" / "cnes" / f"{recipe}-twin.yaml", _dataset(recipe, made))
        _write(directory / "recipes" / f"{recipe}.yaml", _recipe(recipe, made))
    return directory


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _dataset(recipe: str, made: Made) -> dict[str, Any]:
    return {
        "agency": "cnes",
        "role": "producer",
        "title": f"Generated twin for {recipe}",
        "license": "CC0-1.0",
        "citation": "Generated for the tests of sco_pipeline",
        "coverage": {"start": str(DAYS[0].date()), "end": str(DAYS[-1].date())},
        "frequency": made.frequency,
        "format": "netcdf",
        "access": {"method": "local", "url": f"samples/{recipe}.nc"},
        "variables": {name: {"name": name} for name in made.variables},
    }


def _recipe(recipe: str, made: Made) -> dict[str, Any]:
    return {
        "title": f"Indicators of {recipe}",
        "summary": f"Every indicator that {', '.join(made.variables)} allow.",
        "inputs": {name: f"{recipe}-twin" for name in made.variables},
        "baseline": BASELINE,
        "indicators": [{"id": one} if isinstance(one, str) else one for one in made.indicators],
        "cadence": "once",
        "formats": ["netcdf"],
        **made.options,
    }
