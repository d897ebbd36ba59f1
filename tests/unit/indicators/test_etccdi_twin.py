"""All ETCCDI indices against a slow implementation of their definitions, on generated stations."""

from __future__ import annotations

import numpy as np
import pytest

from sco_pipeline.indicators import compute_indicators
from tests.unit.indicators.slow_indices import Slow
from tests.unit.indicators.stations import dataset, station

TEMPERATURE = "su id fd tr txx txn tnx tnn dtr tx90p tx10p tn90p tn10p".split()
RAIN = "rx1day rx5day sdii r10mm r20mm rnnmm cdd cwd prcptot r95ptot r99ptot".split()
YEARLY = ["wsdi", "csdi", "gsl"]
BASE = (2001, 2005)
YEARS = {"first_year": 2000, "last_year": 2007}


def _compare(series, calendar, names, frequency, slow_options=None, **options):
    slow = Slow(series, 2000, 2007, calendar, BASE, **(slow_options or {}))
    found = compute_indicators(
        dataset(series, calendar=calendar, **YEARS),
        names,
        baseline=BASE,
        frequency=frequency,
        **options,
    )
    for name in names:
        expected = slow.index(name, frequency)
        assert np.isfinite(expected).any(), name
        np.testing.assert_allclose(
            found[name].values, expected, rtol=0, atol=1e-9, equal_nan=True, err_msg=name
        )


@pytest.mark.parametrize("calendar", ["standard", "noleap", "360_day"])
def test_yearly_indices_equal_their_definition(calendar):
    _compare(station(1, calendar=calendar), calendar, TEMPERATURE + RAIN + YEARLY, "year")


@pytest.mark.parametrize("frequency", ["season", "month"])
def test_seasonal_and_monthly_indices_equal_their_definition(frequency):
    _compare(station(2), "standard", TEMPERATURE + RAIN, frequency)


def test_whole_degrees_that_equal_their_thresholds():
    _compare(station(3, step=1.0), "standard", [*TEMPERATURE, *YEARLY], "year")


def test_other_limits_of_missing_days():
    limits = {"year": 40, "season": 20, "month": 12}
    series = station(4)
    _compare(
        series, "standard", TEMPERATURE + RAIN + YEARLY, "year",
        {"limits": limits}, max_missing_days=limits,
    )  # fmt: skip


def test_other_window_and_share_of_the_base():
    _compare(
        station(5), "standard", ["tx90p", "tn10p", "wsdi"], "year",
        {"window": 15, "fraction": 0.97}, window=15, min_base_fraction=0.97,
    )  # fmt: skip


def test_southern_growing_season_runs_from_july():
    series = station(6)
    slow = Slow(series, 2000, 2007, "standard", BASE)
    found = compute_indicators(dataset(series, lat=-35.0, **YEARS), ["gsl"]).gsl
    expected = slow.index("gsl", "year", south=True)
    assert np.isfinite(expected[:-1]).any()
    assert np.isnan(found[-1])
    np.testing.assert_array_equal(found.values, expected)


@pytest.mark.parametrize("name", ["cdd", "cwd", "wsdi", "csdi"])
@pytest.mark.parametrize("span", [True, False])
def test_spells_at_year_ends(name, span):
    series = station(7, gaps=False)
    slow = Slow(series, 2000, 2007, "standard", BASE)
    found = compute_indicators(
        dataset(series, **YEARS), [name], baseline=BASE, spells_can_span_years=span
    )
    expected = slow.index(name, "year", span=span)
    np.testing.assert_array_equal(found[name].values, expected)


def test_five_days_on_their_last_day():
    series = station(8)
    slow = Slow(series, 2000, 2007, "standard", BASE)
    found = compute_indicators(
        dataset(series, **YEARS), ["rx5day"], frequency="month", center_on_last_day=True
    )
    expected = slow.index("rx5day", "month", last_day=True)
    np.testing.assert_allclose(found.rx5day.values, expected, rtol=0, atol=1e-9)


def test_growing_season_by_hand():
    """Warm from 1 March, six cold days from 10 October: 223 days; in the mode `first` alike."""
    tas = np.where(np.arange(3 * 365) % 365 >= 59, 15.0, 0.0)
    october_10 = 282
    for year in range(3):
        tas[365 * year + october_10 : 365 * (year + 1)] = -1.0
    ds = dataset({"tas": tas}, 2001, 2003)
    assert compute_indicators(ds, ["gsl"]).gsl.values.tolist() == [223.0] * 3
    first = compute_indicators(ds, ["gsl"], gsl_mode="first")
    assert first.gsl.values.tolist() == [223.0] * 3


def test_valid_days_are_written_beside_the_values():
    series = station(10)
    found = compute_indicators(dataset(series, **YEARS), ["su", "dtr"], frequency="month")
    start = int(np.flatnonzero(found.time.values == np.datetime64("2003-02-01"))[0])
    days = slice(365 * 3 + 1 + 31, 365 * 3 + 1 + 31 + 28)
    both = ~np.isnan(series["tasmax"][days]) & ~np.isnan(series["tasmin"][days])
    assert found.tasmax_valid_days[start] == np.count_nonzero(~np.isnan(series["tasmax"][days]))
    assert found.tas_valid_days[start] == np.count_nonzero(both)
    assert found.su.attrs["ancillary_variables"] == "tasmax_valid_days"


@pytest.mark.parametrize(
    ("rule", "missing", "given"),
    [
        ("etccdi", 3, True),
        ("etccdi", 4, False),
        ("wmo", 10, True),
        ("wmo", 11, False),
        ("percent:20", 6, True),
        ("percent:20", 7, False),
        ("at-least:25", 6, True),
        ("at-least:25", 7, False),
    ],
)
def test_missing_day_rules(rule, missing, given):
    tasmax = np.full(366, 30.0)
    tasmax[0 : 2 * missing : 2] = np.nan  # every other day of January, so never two in a row
    ds = dataset({"tasmax": tasmax}, 2000, 2000)
    found = compute_indicators(ds, ["su"], frequency="month", missing=rule)
    assert bool(np.isfinite(found.su[0])) is given
    assert found.su.attrs["definition_options"].startswith(f"missing_days={rule.split(':')[0]}")


def test_wmo_refuses_five_missing_days_in_a_row():
    tasmax = np.full(366, 30.0)
    tasmax[3:7] = np.nan
    ds = dataset({"tasmax": tasmax}, 2000, 2000)
    assert compute_indicators(ds, ["su"], missing="wmo").su[0] == 362
    ds.tasmax[7] = np.nan
    assert np.isnan(compute_indicators(ds, ["su"], missing="wmo").su[0])
