"""Generated daily stations with gaps, ties, spells, leap days and other calendars."""

from __future__ import annotations

import numpy as np
import xarray as xr

from tests.unit.indicators.slow_indices import days_of

UNITS = {"tasmax": "degC", "tasmin": "degC", "tas": "degC", "pr": "mm d-1"}


def station(seed, first_year=2000, last_year=2007, calendar="standard", *, gaps=True, step=0.1):
    """Return series by variable, rounded to `step` so that values equal thresholds often."""
    rng = np.random.default_rng(seed)
    count = len(days_of(first_year, last_year, calendar))
    season = 9 - 12 * np.cos(np.arange(count) / 365.25 * 2 * np.pi)
    weather = np.convolve(rng.normal(0, 5, count + 8), np.full(9, 0.33), "valid")
    tasmax = season + 4 + weather + rng.normal(0, 2, count)
    tasmin = season - 4 + weather + rng.normal(0, 2, count)
    wet = np.convolve(rng.random(count + 6), np.full(7, 1 / 7), "valid") > 0.5
    pr = np.where(wet, rng.gamma(0.7, 9, count), 0)
    # spells over the end of years, a dry year and a year without winter
    pr[count // 3 : count // 3 + 500] = 0
    tasmax[count // 2 - 20 : count // 2 + 20] += 15
    tasmin[2 * count // 3 : 2 * count // 3 + 30] -= 15
    series = {"tasmax": tasmax, "tasmin": np.minimum(tasmin, tasmax), "pr": pr}
    series = {name: np.round(values / step) * step for name, values in series.items()}
    if gaps:
        for values in series.values():
            values[rng.integers(0, count, count // 150)] = np.nan
            for start in rng.integers(0, count - 20, 4):
                values[start : start + rng.integers(3, 18)] = np.nan
    return series


def dataset(series, first_year=2000, last_year=2007, calendar="standard", lat=50.0):
    """Return stations as a harmonised Dataset; series are (time,) or (time, lat, lon)."""
    days = days_of(first_year, last_year, calendar)
    if calendar == "standard":
        time = np.array([f"{y:04}-{m:02}-{d:02}" for y, m, d in days], dtype="datetime64[ns]")
    else:
        import cftime

        time = np.array([cftime.datetime(*day, calendar=calendar) for day in days], dtype=object)
    ds = xr.Dataset(coords={"time": time})
    for name, values in series.items():
        values = np.asarray(values)
        dims = ("time", "lat", "lon")[: values.ndim]
        ds[name] = xr.DataArray(values, dims=dims, attrs={"units": UNITS[name]})
    if "lat" not in ds.dims:
        return ds.assign_coords(lat=lat)
    lats = np.linspace(-60, 60, ds.sizes["lat"])
    return ds.assign_coords(lat=lats, lon=np.linspace(0, 20, ds.sizes["lon"]))
