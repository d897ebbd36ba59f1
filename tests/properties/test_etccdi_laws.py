"""Laws that the daily indices obey whatever the data."""

from __future__ import annotations

import numpy as np
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from sco_pipeline.indicators import compute_indicators
from tests.unit.indicators.stations import dataset, station

COUNTS = {
    "su": "tasmax", "id": "tasmax", "fd": "tasmin", "tr": "tasmin",
    "r10mm": "pr", "r20mm": "pr", "rnnmm": "pr",
}  # fmt: skip
WITH_BASE = ["tx90p", "tn10p", "wsdi", "csdi", "r95ptot"]
OTHERS = ["txx", "tnn", "dtr", "gsl", "rx1day", "rx5day", "sdii", "cdd", "cwd", "prcptot"]
ALL = [*COUNTS, *OTHERS, *WITH_BASE]
BASE = (2000, 2002)
LAST = 2003

seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=12, deadline=None)


def _station(seed, last=LAST, **options):
    return dataset(station(seed, 2000, last, **options), 2000, last)


@few
@given(seeds, st.sampled_from(["year", "season", "month"]))
def test_counts_lie_between_zero_and_the_valid_days(seed, frequency):
    found = compute_indicators(_station(seed), list(COUNTS), frequency=frequency)
    for name, variable in COUNTS.items():
        values = found[name].values
        given = np.isfinite(values)
        assert (values[given] >= 0).all()
        assert (values[given] <= found[f"{variable}_valid_days"].values[given]).all()
        assert (values[given] == np.round(values[given])).all()


@few
@given(seeds, st.floats(-20, 35), st.floats(0, 10))
def test_counts_fall_as_the_threshold_rises(seed, threshold, more):
    ds = _station(seed)
    for name, sign in (("su", 1), ("tr", 1), ("rnnmm", 1), ("id", -1), ("fd", -1)):
        low = compute_indicators(ds, [name], threshold=threshold)[name]
        high = compute_indicators(ds, [name], threshold=threshold + more)[name]
        assert (sign * (low - high).dropna("time") >= 0).all()


@few
@given(seeds, st.sampled_from([0.8, 0.9, 0.95]))
def test_base_percentiles_are_near_their_share(seed, quantile):
    """With the bootstrap, days of the base lie beyond as often as other days would."""
    rng = np.random.default_rng(seed)
    values = rng.normal(10, 5, 10 * 365)
    ds = dataset({"tasmax": values}, 2001, 2010, "noleap")
    found = compute_indicators(ds, ["tx90p"], baseline=(2001, 2010), quantile=quantile)
    assert abs(float(found.tx90p.mean()) - 100 * (1 - quantile)) < 2


@few
@given(seeds, st.integers(30, 900), st.sampled_from(["year", "season"]))
def test_chunks_change_nothing(seed, days, frequency):
    ds = _station(seed)
    names = [n for n in ALL if frequency == "year" or n not in ("gsl", "wsdi", "csdi")]
    whole = compute_indicators(ds, names, baseline=BASE, frequency=frequency)
    for wanted in (names, [n for n in names if n not in WITH_BASE]):
        found = compute_indicators(ds.chunk(time=days), wanted, baseline=BASE, frequency=frequency)
        for name in wanted:
            xr.testing.assert_identical(found[name].compute(), whole[name])


@few
@given(seeds)
def test_the_order_of_latitudes_changes_nothing(seed):
    stations = [station(seed + k, 2000, 2001) for k in range(3)]
    series = {
        name: np.stack([one[name] for one in stations], axis=1)[:, :, None] for name in stations[0]
    }
    ds = dataset(series, 2000, 2001)
    names = [*COUNTS, *OTHERS]
    turned = compute_indicators(ds.isel(lat=slice(None, None, -1)), names)
    xr.testing.assert_equal(turned.sortby("lat"), compute_indicators(ds, names))


@few
@given(seeds, st.integers(1, 3))
def test_appended_years_change_no_year_that_was_complete(seed, years):
    series = station(seed, 2000, LAST + years)
    long = dataset(series, 2000, LAST + years)
    short = long.sel(time=slice(None, str(LAST)))
    before = compute_indicators(short, ALL, baseline=BASE)
    after = compute_indicators(long, ALL, baseline=BASE)
    # a spell over the end of the short record, and sums over it, end there
    complete = {"time": slice(None, LAST - 2000)}
    for name in ALL:
        xr.testing.assert_equal(before[name].isel(complete), after[name].isel(complete))


@few
@given(seeds, st.integers(0, 3), st.sampled_from(["year", "month"]))
def test_missing_days_never_become_a_number(seed, year, frequency):
    """A year without values has none, whatever lies around it."""
    ds = _station(seed, gaps=False)
    inside = ds.time.dt.year == 2000 + year
    ds = ds.map(lambda da: da.where(~inside).assign_attrs(da.attrs))
    names = [n for n in ALL if frequency == "year" or n not in ("gsl", "wsdi", "csdi")]
    for rule in ("etccdi", "wmo", "percent:90", "at-least:1"):
        found = compute_indicators(ds, names, baseline=BASE, frequency=frequency, missing=rule)
        there = found.time.dt.year == 2000 + year
        for name in names:
            assert np.isnan(found[name].values[there.values]).all(), (name, rule)


@few
@given(seeds)
def test_shares_are_percentages(seed):
    found = compute_indicators(_station(seed), ["tx90p", "tn10p"], baseline=BASE)
    for name in ("tx90p", "tn10p"):
        values = found[name].values[np.isfinite(found[name].values)]
        assert ((values >= 0) & (values <= 100)).all()
