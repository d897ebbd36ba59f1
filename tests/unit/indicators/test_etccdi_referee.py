"""Every value of the reference implementation, climdex.pcic 1.2-0, where its data are at hand."""

from __future__ import annotations

import csv
from datetime import date

import numpy as np
import pytest

from sco_pipeline.catalog import IndicatorRequest, Period
from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import baseline, calculate, indicators
from tests.unit.indicators import referee

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not referee.REFEREE.is_dir(), reason="no reference data beside the project"),
]

NAMES = (
    "base_1961_1990 base_1971_2000 base_before_record base_one_year base_two_years "
    "base_whole_record calendar_360 calendar_365 exemplar exemplar_southern "
    "exemplar_spells_flipped gaps gaps_limits_wide gaps_limits_zero gaps_min_fraction_0p95 "
    "gaps_southern gsl_first gsl_max gsl_sum only_tmax rnnmm_0 rnnmm_0.1 rnnmm_25 rnnmm_5 "
    "rx5day_last_day spells_default spells_flipped spells_southern tavg_given ties ties_coarse "
    "window_15"
).split()
SHARES = ("tx90p", "tx10p", "tn90p", "tn10p")
BASE_YEARS, YEARS_SEEN = 30, 22
WINTER_1980 = 4 * (1980 - 1959) + 4
"""Season with days inside and outside that base, where both ways of dividing mix."""


def test_all_cases_are_named():
    assert sorted(NAMES) == sorted(referee.cases())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frequency", referee.FREQUENCIES)
def test_equals_the_reference(name, frequency):
    case = referee.cases()[name]
    files = sorted(case["folder"].glob(f"*_{frequency}.csv"))
    expected = {
        path.name.removesuffix(f"_{frequency}.csv"): referee.read_values(path)
        for path in files
        if not path.name.startswith("valid")
    }
    if not expected:
        pytest.skip("the reference has no such values")
    requests = [_request(index, case, name) for index in expected]
    ds = referee.read_input(case["path"], case["calendar"], tuple(case["variables"]))
    found = calculate(
        ds, requests, baseline=tuple(case["base"]), frequency=referee.FREQUENCIES[frequency]
    )
    for index, values in expected.items():
        # read infinities as missing, as the set says
        values = np.where(np.isinf(values), np.nan, values)
        got = found[index].values
        if name == "base_before_record" and index in SHARES:
            got = _as_the_reference_divides(got, values)
            if frequency == "seasonal":
                got, values = np.delete(got, WINTER_1980), np.delete(values, WINTER_1980)
        np.testing.assert_allclose(
            got, values, rtol=0, atol=1e-9, err_msg=f"{name} {index}", equal_nan=True
        )


def _request(index, case, name):
    known = indicators[index].options
    options = referee.options_of(index, case["options"])
    options = {key: value for key, value in options.items() if key in known}
    if name == "base_before_record" and "partial_baseline" in known:
        options["partial_baseline"] = True
    return IndicatorRequest(id=index, options=options)


def _as_the_reference_divides(got, values):
    """In the base, the reference divides by the years it sees less one, so shares exceed 100 %.

    Periods outside the base are equal; inside, ours is the share of all resamples.
    """
    quirk = got * (BASE_YEARS - 1) / (YEARS_SEEN - 1)
    return np.where(np.isclose(got, values, rtol=0, atol=1e-9), got, quirk)


def test_a_base_before_the_record_is_refused():
    case = referee.cases()["base_before_record"]
    ds = referee.read_input(case["path"], "gregorian", ("tmax",))
    with pytest.raises(IndicatorError, match=r"1951-1980 is not within the data.*1959-2004"):
        calculate(ds, [IndicatorRequest(id="tx90p")], baseline=(1951, 1980))


@pytest.mark.parametrize("name", ["exemplar", "quantiles_other", "window_15", "calendar_360"])
def test_thresholds_equal_the_reference(name):
    cases = referee.cases()
    options = {}
    if name == "quantiles_other":
        case = {**cases["exemplar"], "folder": cases["gaps"]["folder"].parent / name}
    else:
        case = cases[name]
        options = {"window": case["options"].get("n", 5)}
    first, last = case["base"]
    base = Period(start=date(first, 1, 1), end=date(last, 12, 31))
    ds = referee.read_input(case["path"], case["calendar"], ("tmax", "tmin", "prec"))
    for variable in ("tmax", "tmin"):
        with (case["folder"] / f"thresholds_{variable}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        names = [key for key in rows[0] if key != "day"]
        quantiles = [int(key[1:]) / 100 for key in names]
        found = baseline.day_thresholds(ds[referee.NAMES[variable]], base, quantiles, **options)
        values = [[float(row[key]) for row in rows] for key in names]
        np.testing.assert_allclose(found.values, values, rtol=0, atol=1e-9)
    with (case["folder"] / "thresholds_prec.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    quantiles = [float(row["quantile"][1:]) / 100 for row in rows]
    found = baseline.wet_day_thresholds(ds["pr"], base, quantiles)
    np.testing.assert_allclose(
        found.values, [float(row["value"]) for row in rows], rtol=0, atol=1e-9
    )
