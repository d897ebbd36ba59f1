"""Trends against the reference runs of pymannkendall, SciPy and R, and against slow twins."""

import csv
import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from sco_pipeline.indicators.kernels import trend_lines, trend_tests
from sco_pipeline.indicators.kernels.trend_seasons import seasonal_mann_kendall
from sco_pipeline.indicators.slopes import limits_of, slope_error
from tests.unit.indicators.trend_cases import NORMAL, TESTS, make_red_noise, one_cell

R_TESTS = {
    "trend::mk.test": "original",
    "trend::sens.slope": "original",
    "Kendall::MannKendall": "original",
    "modifiedmk::mmkh": "hamed_rao",
    "modifiedmk::mmkh3lag": "hamed_rao_lag3",
    "modifiedmk::mmky": "yue_wang",
    "modifiedmk::pwmk": "pre_whitening",
    "modifiedmk::tfpwmk": "tfpw",
}
R_NAMES = {"z": "z", "Corrected Zc": "z", "Z-Value": "z", "S": "s", "p": "p", "new P-value": "p"}
R_NAMES |= {"P-value": "p", "varS": "variance", "new.variance": "variance", "Var(S)": "variance"}
R_NAMES |= {"Tau": "tau", "slope": "slope", "Sen's slope": "slope", "Old Sen's Slope": "slope"}
R_NAMES |= {"old. Sen's Slope": "slope", "low": "lower", "high": "upper"}


def rows(path):
    with path.open() as lines:
        return list(csv.DictReader(lines))


def number(text):
    return float(text) if text not in ("", "NA") else math.nan


@pytest.fixture(scope="module")
def referee(shared):
    return shared / "referee" / "trend"


@pytest.fixture(scope="module")
def series(referee):
    found = {}
    for row in rows(referee / "series.csv"):
        found.setdefault(row["series"], []).append((number(row["time"]), number(row["value"])))
    return {name: np.array(pairs).T.copy() for name, pairs in found.items()}


def agree(found, expected, where, tolerance=1e-9):
    if math.isnan(expected):
        assert math.isnan(found), where
    else:
        assert abs(found - expected) <= tolerance * max(1.0, abs(expected)), where


@pytest.mark.shared
def test_the_mann_kendall_family_equals_pymannkendall(referee, series):
    columns = {"s": "s", "var_s": "variance", "z": "z", "p": "p", "tau": "tau"}
    columns |= {"slope": "slope", "intercept": "intercept"}
    compared = 0
    for row in rows(referee / "expected_pymannkendall.csv"):
        name, test = row["series"], row["method"]
        if name == "monotone" and test not in ("original", "pre_whitening"):
            continue  # a straight line: see the test of its own below
        found = one_cell(series[name][1], test=test)
        for theirs, ours in columns.items():
            if name == "constant" and theirs == "var_s":
                assert found[ours] == 0.0
                continue
            agree(found[ours], number(row[theirs]), (name, test, theirs))
            compared += 1
    assert compared == 1232


@pytest.mark.shared
def test_the_mann_kendall_family_equals_r(referee, series):
    compared = 0
    for row in rows(referee / "expected_R.csv"):
        name, method, statistic = row["series"], row["method"], row["statistic"]
        if method not in R_TESTS or statistic not in R_NAMES:
            continue
        if name in ("constant", "monotone"):
            continue  # R gives no answer there; a test of their own is below
        values = series[name][1]
        found = one_cell(values[np.isfinite(values)], test=R_TESTS[method])
        single = method.startswith("Kendall")  # R's Kendall computes in single precision
        agree(found[R_NAMES[statistic]], number(row["value"]), row, 1e-6 if single else 1e-9)
        compared += 1
    assert compared == 909


@pytest.mark.shared
def test_theil_sen_equals_scipy(referee, series):
    for row in rows(referee / "expected_theilslopes.csv"):
        times, values = series[row["series"]]
        reach = stats.norm.ppf(0.5 + float(row["level"]) / 2)
        found = one_cell(values, times, reach=reach)
        agree(found["slope"], number(row["slope"]), row)
        intercept = found["intercept"]
        if row["method"] == "joint":
            intercept = np.nanmedian(values - found["slope"] * times)
        agree(intercept, number(row["intercept"]), row)
        if row["series"] == "short_4" and row["level"] == "0.95":
            # the pairs cannot reach 95 %: R says missing, as we do, and SciPy the whole range
            assert math.isnan(found["lower"]) and math.isnan(found["upper"])
            continue
        agree(found["lower"], number(row["low"]), row)
        agree(found["upper"], number(row["high"]), row)


@pytest.mark.shared
def test_tau_b_equals_scipy(referee, series):
    for row in rows(referee / "expected_kendalltau.csv"):
        values = series[row["series"]][1]
        n = int(np.isfinite(values).sum())
        ties = Counter(values[np.isfinite(values)].tolist())
        pairs = n * (n - 1) / 2
        untied = pairs - sum(t * (t - 1) / 2 for t in ties.values())
        tau_b = one_cell(values)["s"] / math.sqrt(pairs * untied) if untied else math.nan
        agree(tau_b, number(row["tau_b"]), row)


@pytest.mark.shared
def test_least_squares_equals_scipy(referee, series):
    for row in rows(referee / "expected_ols.csv"):
        times, values = series[row["series"]]
        fitted = trend_lines.least_squares(values[None].copy(), times)
        slope, error, freedom = slope_error(fitted, effective=False)
        p = limits_of(slope, error, freedom, 0.95)[3]
        agree(slope[0], number(row["slope"]), row)
        agree(fitted[0, 2], number(row["intercept"]), row)
        agree(error[0], number(row["stderr"]), row)
        agree(p[0], number(row["p"]), row)


@pytest.mark.shared
def test_the_seasonal_tests_equal_pymannkendall(referee):
    months = {}
    for row in rows(referee / "series_monthly.csv"):
        months.setdefault(row["series"], []).append(number(row["value"]))
    for row in rows(referee / "expected_seasonal_pymannkendall.csv"):
        values = np.array(months[row["series"]])
        years = math.ceil(values.size / 12)
        whole = np.full((1, years * 12), np.nan)
        whole[0, : values.size] = values
        correlated = row["method"] == "correlated_seasonal"
        out = seasonal_mann_kendall(whole, years, correlated, NORMAL, 2)[0]
        found = dict(zip(trend_tests.COLUMNS, out, strict=True))
        for theirs, ours in [("s", "s"), ("var_s", "variance"), ("z", "z"), ("p", "p")]:
            agree(found[ours], number(row[theirs]), (row, theirs))
        for column in ("tau", "slope", "intercept"):
            agree(found[column], number(row[column]), (row, column))


@pytest.mark.shared
def test_mauna_loa_annual_growth_as_published(referee, series):
    # NOAA's decadal means of the growth: 1960s 0.86, 1970s 1.22, 1980s 1.58, 1990s 1.55 ppm a-1
    times, values = series["mauna_loa_annual"]
    kept = (times >= 1959) & (times <= 2001)
    slope = one_cell(values[kept], times[kept])["slope"]
    assert 1.2 < slope < 1.5


# ---- slow twins, written from the definitions, which run without the reference data ----


def slow_mann_kendall(x):
    x = np.asarray(x)[np.isfinite(x)]
    n = x.size
    s = sum(np.sign(b - a) for a, b in combinations(x, 2))
    ties = sum(t * (t - 1) * (2 * t + 5) for t in Counter(x.tolist()).values())
    variance = (n * (n - 1) * (2 * n + 5) - ties) / 18
    return s, variance


def slow_residuals(x, slope):
    return x - np.arange(1, x.size + 1) * slope


def slow_rho(y, lag):
    y = y - y.mean()
    return (y[: y.size - lag] * y[lag:]).sum() / (y * y).sum()


def slow_test(x, test, lags):
    slope = np.median([(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(enumerate(x), 2)])
    n = x.size
    rest = slow_residuals(x, slope)
    if test == "pre_whitening":
        return slow_mann_kendall(x[1:] - slow_rho(x, 1) * x[:-1])
    if test == "tfpw":
        white = rest[1:] - slow_rho(rest, 1) * rest[:-1]
        return slow_mann_kendall(white + np.arange(1, n) * slope)
    s, variance = slow_mann_kendall(x)
    used = range(1, (lags or n - 1) + 1)
    if test.startswith("hamed"):
        ranked = stats.rankdata(rest)
        rhos = {k: slow_rho(ranked, k) for k in used}
        kept = {k: r for k, r in rhos.items() if abs(r) > NORMAL / math.sqrt(n)}
        total = sum((n - k) * (n - k - 1) * (n - k - 2) * r for k, r in kept.items())
        return s, variance * (1 + 2 * total / (n * (n - 1) * (n - 2)))
    return s, variance * (1 + 2 * sum((1 - k / n) * slow_rho(rest, k) for k in used))


@pytest.fixture(scope="module")
def red_noise():
    return make_red_noise()


@pytest.mark.parametrize("test", [name for name in TESTS if name != "original"])
def test_corrections_equal_a_slow_twin(red_noise, test):
    for x in red_noise:
        s, variance = slow_test(x, test, TESTS[test][1])
        found = one_cell(x, test=test)
        assert found["s"] == s
        assert found["variance"] == pytest.approx(variance, rel=1e-11)


def test_theil_sen_equals_scipy_at_uneven_times_with_gaps(red_noise):
    times = np.sort(np.random.default_rng(1).uniform(1950, 2000, 45))
    for x in red_noise[:, :]:
        x = np.where(np.arange(45) % 7 == 3, np.nan, x)
        held = np.isfinite(x)
        found = one_cell(x, times)
        slope, intercept, low, high = stats.theilslopes(x[held], times[held], 0.95)
        np.testing.assert_allclose(
            [found["slope"], found["intercept"], found["lower"], found["upper"]],
            [slope, intercept, low, high],
            rtol=1e-12,
        )
        s, variance = slow_mann_kendall(x)
        assert (found["s"], found["variance"]) == (s, variance)


def test_least_squares_equals_scipy_with_gaps(red_noise):
    times = np.arange(45) + 1960.0
    for x in red_noise:
        x = np.where(np.arange(45) % 5 == 2, np.nan, x)
        held = np.isfinite(x)
        theirs = stats.linregress(times[held], x[held])
        fitted = trend_lines.least_squares(x[None].copy(), times)
        slope, error, freedom = slope_error(fitted, effective=False)
        ours = [v[0] for v in limits_of(slope, error, freedom, 0.95)]
        reach = stats.t.ppf(0.975, held.sum() - 2) * theirs.stderr
        expected = [theirs.slope, theirs.slope - reach, theirs.slope + reach, theirs.pvalue]
        np.testing.assert_allclose(ours, expected, rtol=1e-9)
        assert fitted[0, 2] == pytest.approx(theirs.intercept, rel=1e-9)


def test_effective_size_follows_santer(red_noise):
    times = np.arange(45.0)
    x = red_noise[0]
    fitted = trend_lines.least_squares(x[None].copy(), times)
    line = np.polynomial.Polynomial.fit(times, x, 1)
    rest = x - line(times)
    r = (rest[1:] * rest[:-1]).sum() / (rest * rest).sum()
    size = 45 * (1 - r) / (1 + r)
    expected = math.sqrt((rest**2).sum() / (size - 2) / ((times - times.mean()) ** 2).sum())
    _, error, freedom = slope_error(fitted, effective=True)
    assert r > 0.2
    assert error[0] == pytest.approx(expected, rel=1e-10)
    assert freedom[0] == pytest.approx(size - 2, rel=1e-10)


def test_the_seasonal_score_sums_the_months(red_noise):
    matrix = np.round(red_noise.T[:20] * 4) / 4  # (year, month)
    matrix[3, 5] = np.nan
    out = seasonal_mann_kendall(matrix.reshape(1, -1), 20, False, NORMAL, 2)[0]
    scores = [slow_mann_kendall(matrix[:, month]) for month in range(12)]
    assert out[1] == sum(s for s, _ in scores)
    assert out[2] == pytest.approx(sum(v for _, v in scores))
    slopes = []
    for month in range(12):
        held = [(i, v) for i, v in enumerate(matrix[:, month]) if np.isfinite(v)]
        slopes += [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(held, 2)]
    assert out[6] == pytest.approx(np.median(slopes))


def test_a_straight_line_is_tested_as_it_is_and_a_constant_has_no_trend():
    line, flat = 1.5 * np.arange(12), np.full(30, 4.2)
    plain = one_cell(line)
    for test in TESTS:
        found = one_cell(line, test=test)
        assert found["slope"] == 1.5
        if test not in ("pre_whitening", "tfpw"):
            assert found["z"] == plain["z"]
        assert found["p"] < 1e-4
        none = one_cell(flat, test=test)
        assert (none["s"], none["p"], none["z"], none["slope"]) == (0.0, 1.0, 0.0, 0.0)
    fitted = trend_lines.least_squares(np.stack([line[:12], flat[:12]]), np.arange(12.0))
    slope, error, freedom = slope_error(fitted, effective=True)
    p = limits_of(slope, error, freedom, 0.95)[3]
    assert p[0] == pytest.approx(0.0, abs=1e-12) and p[1] == 1.0
