"""Other tools' variants by name: against values that xclim gave, and a slow twin of its windows.

``xclim_values.json`` holds yearly values of xclim 0.62.0 for `station`, with its default options
and percentiles of the years 1993 to 2002; its percentile indices count days.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators
from sco_pipeline.indicators.kernels.rolling import rolling_thresholds, stretched
from sco_pipeline.indicators.percentile import METHODS, numbers

XCLIM = json.loads(Path(__file__).with_name("xclim_values.json").read_text(encoding="utf-8"))
BASE = (1993, 2002)


def station():
    """Sixteen years of a place where nothing is drawn: sums of waves, rounded."""
    days = pd.date_range("1991-01-01", "2006-12-31", freq="D")
    n = np.arange(days.size, dtype=float)
    season = -np.cos(2 * np.pi * (n % 365.2425) / 365.2425)
    weather = np.sin(n * 0.7390851) + np.sin(n * 0.2718281) + np.sin(n * 0.0577215)
    warmest = np.round(14 + 11 * season + 4 * (weather + 0.7 * np.sin(n * n * 0.001)), 3)
    range_ = 6 + 2 * np.sin(n * 0.4142135) + 1.5 * np.sin(n * n * 0.0007)
    rain = np.sin(n * 0.6180339) + np.sin(n * 0.3141592) + np.sin(n * n * 0.0013)
    values = {
        "tasmax": ("degC", warmest),
        "tasmin": ("degC", np.round(warmest - range_, 3)),
        "pr": ("mm d-1", np.round(np.clip(rain - 0.6, 0, None) ** 2 * 9, 2)),
    }
    return xr.Dataset(
        {
            name: xr.DataArray(v, dims="time", coords={"time": days}, attrs={"units": units})
            for name, (units, v) in values.items()
        },
        coords={"lat": 45.0},
    )


@pytest.fixture(scope="module")
def ds():
    return station()


@pytest.fixture(scope="module")
def found(ds):
    return {
        variant: compute_indicators(ds, list(XCLIM), baseline=BASE, variant=variant)
        for variant in ("ETCCDI", "ECA&D", "xclim")
    }


def in_days(found, name):
    """Shares of a year as days, which xclim counts."""
    if name not in ("tx90p", "tx10p", "tn90p", "tn10p"):
        return found[name].values
    return found[name].values * np.where(found["time"].dt.is_leap_year, 366, 365) / 100


@pytest.mark.parametrize("name", XCLIM)
def test_the_variant_of_xclim_gives_its_values(found, name):
    np.testing.assert_allclose(in_days(found["xclim"], name), XCLIM[name], rtol=0, atol=1e-9)


def test_the_choices_of_etccdi_are_others(found):
    """Were they the same here, the test before would show nothing."""
    etccdi = found["ETCCDI"]
    differ = {n for n in XCLIM if not np.allclose(in_days(etccdi, n), XCLIM[n], atol=1e-9)}
    assert {"tx90p", "tx10p", "tn90p", "tn10p", "wsdi", "csdi", "cdd", "rx5day"} == differ


def test_a_product_tells_the_variant(ds, found):
    for variant, results in found.items():
        for name in XCLIM:
            assert results[name].attrs["definition_variant"] == variant
        title = "Warm days" if variant == "ETCCDI" else f"Warm days ({variant})"
        assert results["tx90p"].attrs["long_name"] == title
    assert "windows=rolling" in found["xclim"]["tx90p"].attrs["definition_options"]
    assert "missing_days=percent" in found["xclim"]["su"].attrs["definition_options"]
    own = compute_indicators(ds, ["cdd"], variant="xclim", spells_can_span_years=True)
    assert own["cdd"].attrs["definition_variant"] == "xclim, modified: spells_can_span_years"
    np.testing.assert_array_equal(own["cdd"], found["ETCCDI"]["cdd"])
    south = compute_indicators(ds, ["gsl"], northern_hemisphere=False)  # of the data, no choice
    assert south["gsl"].attrs["definition_variant"] == "ETCCDI"


def test_a_season_of_ecad_may_miss_eight_days(ds):
    """ETCCDI allows six."""
    gaps = ds.copy(deep=True)
    lost = [f"2000-0{month}-0{day}" for month in (6, 7, 8) for day in (1, 2, 3)][:8]
    gaps["tasmax"].loc[{"time": pd.to_datetime(lost)}] = np.nan
    summer = {"time": "2000-06-01"}
    for variant, kept in (("ETCCDI", False), ("ECA&D", True), ("xclim", False)):
        one = compute_indicators(gaps, ["su"], frequency="season", variant=variant)
        assert np.isfinite(one["su"].sel(summer).item()) == kept


def test_a_missing_day_rule_that_is_given_takes_the_place_of_the_variants(ds):
    """The rule and its limits together: ECA&D's limits are not those of another rule."""
    gaps = ds.copy(deep=True)
    gaps["tasmax"][400:404] = np.nan  # four days of February 1992
    for variant, options, kept in (
        ("ECA&D", {}, False),
        ("ECA&D", {"missing": "wmo"}, True),
        ("xclim", {"missing": "wmo"}, True),
        ("xclim", {"max_missing_days": {"year": 9, "season": 9, "month": 9}}, True),
        ("xclim", {"max_missing_days": {"year": 9, "season": 9, "month": 3}}, False),
    ):
        one = compute_indicators(gaps, ["txx"], frequency="month", variant=variant, **options)
        assert np.isfinite(one["txx"].sel(time="1992-02-01").item()) == kept, (variant, options)


def test_any_missing_day_counts_for_xclim(ds):
    gaps = ds.copy(deep=True)
    gaps["pr"][400] = np.nan
    one = compute_indicators(gaps, ["prcptot"], variant="xclim")["prcptot"]
    assert np.isnan(one).values.tolist() == [False, True] + [False] * 14


def test_shares_of_very_wet_days(ds):
    """By their definition, with NumPy's quantile of wet days."""
    pr, years = ds["pr"].values, ds["time"].dt.year.values
    for name, share in (("r95pfrac", 0.95), ("r99pfrac", 0.99)):
        for method in METHODS:
            based = pr[(years >= BASE[0]) & (years <= BASE[1])]
            limit = np.quantile(based[based >= 1], share, method=method)
            expected = [
                100 * pr[(years == y) & (pr > limit)].sum() / pr[(years == y) & (pr >= 1)].sum()
                for y in np.unique(years)
            ]
            one = compute_indicators(ds, [name], baseline=BASE, quantile_method=method)[name]
            np.testing.assert_allclose(one, expected, rtol=0, atol=1e-9)
    dry = ds.assign(pr=xr.zeros_like(ds["pr"]).assign_attrs(units="mm d-1"))
    assert compute_indicators(dry, ["r95pfrac"], baseline=BASE)["r95pfrac"].isnull().all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_windows_that_roll_over_the_record(method, share):
    """Each day's window lies in time; ends of the base cut it; gaps are left out."""
    time = pd.date_range("1999-01-01", "2002-12-31", freq="D")
    draws = np.random.default_rng(5)
    series = np.round(draws.normal(size=(2, time.size)), 1)
    series[1, draws.random(time.size) < 0.3] = np.nan
    based = (time.year >= 2000) & (time.year <= 2001)
    first, last = np.flatnonzero(based)[[0, -1]] + [0, 1]
    ordinal = time.day_of_year.to_numpy() - 1
    args = (365, numbers(share, method), 5, 0.0)
    limits = rolling_thresholds(series, (first, last), ordinal[first:last], *args)
    for cell in (0, 1):
        outside = np.full(2, np.nan)
        cut = np.concatenate([outside, series[cell, first:last], outside])
        windows = np.lib.stride_tricks.sliding_window_view(cut, 5)
        for row in range(365):
            pool = windows[ordinal[first:last] == row].ravel()
            pool = pool[np.isfinite(pool)]
            expected = np.quantile(pool, share, method=method) if pool.size else np.nan
            np.testing.assert_allclose(limits[cell, row], expected, rtol=0, atol=1e-12)


def test_a_year_is_stretched_over_another():
    limits = np.array([np.arange(365.0), np.sin(np.arange(365))])
    found = stretched(limits, 366)
    assert found.shape == (2, 366)
    np.testing.assert_allclose(found[:, [0, -1]], limits[:, [0, -1]], rtol=0, atol=1e-15)
    at = np.linspace(1, 366, 365)
    for one, expected in zip(limits, found, strict=True):
        np.testing.assert_allclose(np.interp(np.arange(1, 367), at, one), expected, atol=1e-12)
    assert stretched(limits, 365) is limits


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variant": "icclim"}, "option 'variant' is 'icclim'; expected one of"),
        ({"quantile_method": "type 7"}, "'quantile_method' is 'type 7'"),
        ({"windows": "weekly", "bootstrap": False}, "'windows' is 'weekly'"),
        ({"windows": "rolling"}, "with windows='rolling' give bootstrap=False"),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_is_read(ds, options, message):
    with pytest.raises(IndicatorError, match=message):
        compute_indicators(ds.chunk(), ["tx90p"], baseline=BASE, **options)
