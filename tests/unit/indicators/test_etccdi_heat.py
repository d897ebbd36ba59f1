"""Heatwaves and degree days against their definitions, day by day, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sco_pipeline.indicators import compute_indicators
from tests.unit.indicators.slow_indices import Slow, runs
from tests.unit.indicators.stations import dataset, station

BASE = (2001, 2005)
WAVES = ["hwn", "hwf", "hwd", "hwm", "hwa"]


def _factors(slow):
    """Excess heat factor of each day, from its formula."""
    t, out = slow.series["tas"], []
    for day in range(len(t)):
        if day < 32:
            out.append(math.nan)
            continue
        three = np.mean(t[day - 2 : day + 1])
        limit = slow.threshold("tas", slow.doy[day], 0.9)
        out.append((three - limit) * max(1, three - np.mean(t[day - 32 : day - 2])))
    return np.array(out)


def _season(slow, factors, year, months):
    """Number, days, longest, mean and peak of the heatwaves of one season."""
    here = np.concatenate([slow.where([month]) for month in months])
    found = [factors[here][a:b] for a, b in runs(factors[here] > 0) if b - a >= 3]
    if not found:
        return [0, 0, 0, math.nan, math.nan]
    hottest = max(found, key=np.mean)
    lengths = [len(wave) for wave in found]
    return [
        len(found),
        sum(lengths),
        max(lengths),
        np.mean([wave.mean() for wave in found]),
        hottest.max(),
    ]


@pytest.mark.parametrize("lat", [45.0, -30.0])
def test_heatwaves_equal_their_definition(lat):
    series = station(11, gaps=False)
    slow = Slow(series, 2000, 2007, "standard", BASE, window=15)
    factors = _factors(slow)
    found = compute_indicators(dataset(series, 2000, 2007, lat=lat), WAVES, baseline=BASE)
    for k, year in enumerate(range(2000, 2008)):
        if lat > 0:
            months = [(year, m) for m in range(5, 10)]
        else:
            months = [(year, 11), (year, 12), *((year + 1, m) for m in (1, 2, 3))]
        if lat < 0 and year == 2007:
            expected = [math.nan] * 5
        else:
            expected = _season(slow, factors, year, months)
        values = [float(found[name][k]) for name in WAVES]
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-9, equal_nan=True)
    assert found.hwn.max() > 1


def test_excess_heat_equals_its_formula():
    series = station(12, gaps=False)
    slow = Slow(series, 2000, 2007, "standard", BASE, window=15)
    factors = _factors(slow)
    found = compute_indicators(dataset(series, 2000, 2007), ["ehf"], baseline=BASE)
    expected = [np.nanmax(factors[slow.where([(y, m) for m in range(1, 13)])])
                for y in range(2000, 2008)]  # fmt: skip
    np.testing.assert_allclose(found.ehf.values, expected, rtol=0, atol=1e-9)


def test_a_season_with_gaps_has_no_heatwaves():
    series = station(13, gaps=False)
    series["tasmax"][366 + 160 : 366 + 165] = np.nan
    found = compute_indicators(dataset(series, 2000, 2007), ["hwn"], baseline=BASE)
    assert np.isnan(found.hwn[1])
    assert np.isfinite(found.hwn[[0, 2, 3, 4, 5, 6, 7]]).all()


def test_degree_days_by_hand():
    """Half a year at 20 degC, half at 4 degC."""
    tas = np.where(np.arange(365) < 182, 20.0, 4.0)
    ds = dataset({"tas": tas}, 2001, 2001)
    found = compute_indicators(ds, ["hddheat", "cddcold", "gddgrow"])
    assert found.hddheat.item() == 183 * 14
    assert found.cddcold.item() == 182 * 2
    assert found.gddgrow.item() == 182 * 10
    colder = compute_indicators(ds, ["hddheat"], base_temperature=15.5)
    assert colder.hddheat.item() == 183 * 11.5


def test_degree_days_of_the_extremes():
    series = station(14)
    ds = dataset(series, 2000, 2007)
    found = compute_indicators(ds, ["gddgrow"], frequency="month")
    mean = (series["tasmax"] + series["tasmin"]) / 2
    slow = Slow(series, 2000, 2007, "standard", BASE)
    for k, months in enumerate(slow.periods("month")):
        if slow.enough("tas", months, "month"):
            expected = np.nansum(np.maximum(mean[slow.where(months)] - 10, 0))
            assert abs(float(found.gddgrow[k]) - expected) < 1e-9
        else:
            assert np.isnan(found.gddgrow[k])


@pytest.mark.parametrize("frequency", ["year", "season", "month"])
def test_means_of_daily_temperature(frequency):
    """Against NumPy, missing where too many days are."""
    series = station(15)
    found = compute_indicators(
        dataset(series, 2000, 2007), ["txm", "tnm", "tmm"], frequency=frequency
    )
    days = {"txm": series["tasmax"], "tnm": series["tasmin"]}
    days["tmm"] = (series["tasmax"] + series["tasmin"]) / 2
    slow = Slow(series, 2000, 2007, "standard", BASE)
    for name, judged in (("txm", "tasmax"), ("tnm", "tasmin"), ("tmm", "tas")):
        for k, months in enumerate(slow.periods(frequency)):
            if slow.enough(judged, months, frequency):
                expected = np.nanmean(days[name][slow.where(months)])
                assert abs(float(found[name][k]) - expected) < 1e-9
            else:
                assert np.isnan(found[name][k])
