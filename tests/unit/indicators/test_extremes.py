"""Return levels: a published example, SciPy's distributions, and coverage of the limits."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import optimize, stats

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators
from sco_pipeline.indicators.extreme_samples import cluster_peaks
from sco_pipeline.indicators.kernels import extremes_fit
from sco_pipeline.indicators.kernels.extremes_likelihood import gpd_by_likelihood

PORT_PIRIE = """4.03 3.83 3.65 3.88 4.01 4.08 4.18 3.80 4.36 3.96 3.98 4.69 3.85 3.96 3.85 3.93
3.75 3.63 3.57 4.25 3.97 4.05 4.24 4.22 3.73 4.37 4.06 3.71 3.96 4.06 4.55 3.79 3.89 4.11 3.85 3.86
3.86 4.21 4.01 4.11 4.24 3.96 4.21 3.74 3.85 3.88 3.66 4.11 3.71 4.18 3.90 3.78 3.91 3.72 4.00 3.66
3.62 4.33 4.55 3.75 4.08 3.90 3.88 3.94 4.33"""


def yearly(values, start="1923-01-01"):
    values = np.asarray(values, dtype=float)
    time = pd.date_range(start, periods=values.shape[0], freq="YS")
    dims = ("time", "cell")[: values.ndim]
    return xr.Dataset({"zos": (dims, values, {"units": "m", "long_name": "level"})}, {"time": time})


def test_port_pirie_as_published():
    # fits of Coles (2001), section 3.4.1, by maximum likelihood; L-moments come close
    ds = yearly([float(v) for v in PORT_PIRIE.split()])
    found = compute_indicators(ds, ["return_level:zos"], return_period=100)
    assert float(found["zos_return_level_location"]) == pytest.approx(3.87, abs=0.01)
    assert float(found["zos_return_level_scale"]) == pytest.approx(0.198, abs=0.01)
    assert float(found["zos_return_level_shape"]) == pytest.approx(-0.05, abs=0.06)
    assert float(found["zos_return_level"]) == pytest.approx(4.69, abs=0.05)
    assert 4.3 < float(found["zos_return_level_lower"]) < 4.6
    assert 4.8 < float(found["zos_return_level_upper"]) < 5.3
    assert float(found["zos_return_level_ks_pvalue"]) > 0.1
    ten = compute_indicators(ds, ["return_level:zos"], return_period=10)
    assert float(ten["zos_return_level"]) == pytest.approx(4.30, abs=0.02)
    assert found["zos_return_level"].attrs["units"] == "m"


def test_port_pirie_by_the_profile_likelihood_as_published():
    # R's ismev (gev.fit, gev.prof), whose author is Coles: location 3.8747, scale 0.1980, shape
    # -0.0501; limits of 10 years 4.20 and 4.44 m, of 100 years (4.69 m) 4.49 and 5.26 m
    ds = yearly([float(v) for v in PORT_PIRIE.split()])
    found = compute_indicators(ds, ["return_level:zos"], return_period=100, method="likelihood")
    ours = [float(found[f"zos_return_level_{part}"]) for part in ("location", "scale", "shape")]
    np.testing.assert_allclose(ours, [3.8747, 0.1980, -0.0501], atol=6e-5)
    levels = [float(found[f"zos_return_level{part}"]) for part in ("_lower", "", "_upper")]
    np.testing.assert_allclose(levels, [4.49, 4.69, 5.26], atol=5.1e-3)
    ten = compute_indicators(ds, ["return_level:zos"], return_period=10, method="likelihood")
    limits = [float(ten[f"zos_return_level{part}"]) for part in ("_lower", "_upper")]
    np.testing.assert_allclose(limits, [4.20, 4.44], atol=5.1e-3)


def fall_of_the_profile(cost, limit, best, others):
    """Twice the fall of the log-likelihood at a limit, by another optimiser."""
    at_limit = optimize.minimize(cost, others, args=(limit,), method="Powell", tol=1e-10).fun
    overall = optimize.minimize(
        lambda point: cost(point[1:], point[0]), [best, *others], method="Powell", tol=1e-10
    ).fun
    return 2 * (at_limit - overall)


def test_profile_limits_equal_an_independent_optimisation():
    sample = stats.genextreme.rvs(-0.1, 20, 4, size=50, random_state=11)
    found = compute_indicators(
        yearly(sample), ["return_level:zos"], return_period=20, method="likelihood"
    )

    def cost(rest, value):
        location = value - stats.genextreme.isf(1 / 20, -rest[1], 0, abs(rest[0]))
        logs = stats.genextreme.logpdf(sample, -rest[1], location, abs(rest[0]))
        return min(-logs.sum(), 1e6)

    best = float(found["zos_return_level"])
    for part in ("lower", "upper"):
        limit = float(found[f"zos_return_level_{part}"])
        fall = fall_of_the_profile(cost, limit, best, [4.0, 0.1])
        assert fall == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-3)


def test_profile_limits_of_peaks_equal_an_independent_optimisation():
    excess = stats.genpareto.rvs(0.1, 0, 3, size=120, random_state=12)
    level, lower, upper, (scale, shape) = gpd_by_likelihood(excess, 1 / 200, 0.95)
    fitted = stats.genpareto.fit(excess, 0.1, floc=0, scale=3)
    np.testing.assert_allclose([shape, scale], [fitted[0], fitted[2]], atol=1e-3)
    assert level == pytest.approx(stats.genpareto.isf(1 / 200, shape, 0, scale))

    def cost(rest, value):
        scale = value / stats.genpareto.isf(1 / 200, rest[0], 0, 1)
        return min(-stats.genpareto.logpdf(excess, rest[0], 0, scale).sum(), 1e6)

    for limit in (lower, upper):
        fall = fall_of_the_profile(cost, limit, level, [0.1])
        assert fall == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-3)


def test_likelihood_mirrors_and_leaves_out_what_cannot_be_fitted():
    sample = stats.gumbel_r.rvs(20, 4, size=(30, 3), random_state=6)
    sample[:, 1] = np.nan
    sample[:, 2] = 3.0
    high = compute_indicators(yearly(sample), ["return_level:zos"], method="likelihood")
    low = compute_indicators(yearly(-sample), ["return_level:zos"], method="likelihood", tail="low")
    assert float(low["zos_return_level_lower"][0]) == -float(high["zos_return_level_upper"][0])
    assert high["zos_return_level"][1:].isnull().all()
    with pytest.raises(IndicatorError, match="unknown method 'profile'"):
        compute_indicators(yearly(sample), ["return_level:zos"], method="profile")


def test_fits_return_the_parameters_of_large_samples():
    random = np.random.default_rng(0)
    for shape in (-0.3, -0.1, 0.0, 0.2):
        sample = stats.genextreme.rvs(-shape, 10, 3, size=(1, 200_000), random_state=random)
        location, scale, found = extremes_fit.fit_gev(sample)
        np.testing.assert_allclose([location[0], scale[0], found[0]], [10, 3, shape], atol=0.03)
        excess = stats.genpareto.rvs(shape, 0, 2, size=(1, 200_000), random_state=random)
        scale, found = extremes_fit.fit_gpd(excess)
        np.testing.assert_allclose([scale[0], found[0]], [2, shape], atol=0.03)


def test_probabilities_levels_and_distance_equal_scipy():
    values = np.linspace(-2, 25, 40)[None]
    for shape in (-0.2, 0.0, 0.15):
        gev = stats.genextreme(-shape, 5, 2)
        parameters = [np.array([p]) for p in (5.0, 2.0, shape)]
        found = extremes_fit.gev_probability(values, *parameters)
        np.testing.assert_allclose(found, gev.cdf(values), atol=1e-5)
        chance = np.array([0.5, 0.02, 0.001])
        levels = extremes_fit.gev_level(*parameters, chance)[0]
        np.testing.assert_allclose(levels, gev.isf(chance), rtol=1e-5)
        gpd = stats.genpareto(shape, 0, 2)
        quantiles = extremes_fit.gpd_quantile(*parameters[1:], chance)[0]
        np.testing.assert_allclose(quantiles, gpd.isf(chance), rtol=1e-5)
        positive = np.abs(values)
        cdf = extremes_fit.gpd_probability(positive, *parameters[1:])
        np.testing.assert_allclose(cdf, gpd.cdf(positive), atol=1e-5)
        sample = gev.rvs(50, random_state=1)
        own = extremes_fit.largest_distance(gev.cdf(sample)[None])[0]
        assert own == pytest.approx(stats.kstest(sample, gev.cdf).statistic)


def test_limits_hold_the_truth_as_often_as_they_say():
    truth = stats.genextreme(0.1, 20, 4)
    sample = truth.rvs((60, 150), random_state=3)
    found = compute_indicators(
        yearly(sample), ["return_level:zos"], return_period=20, confidence=0.9, resamples=150
    )
    level = truth.isf(1 / 20)
    low, high = found["zos_return_level_lower"], found["zos_return_level_upper"]
    hit = float(((low <= level) & (level <= high)).mean())
    assert 0.8 < hit < 0.97  # nominal 0.9; percentile limits fall a little short


def test_low_tail_mirrors_the_high_one():
    sample = stats.genextreme.rvs(0.1, 20, 4, size=60, random_state=5)
    high = compute_indicators(yearly(sample), ["return_level:zos"])
    low = compute_indicators(yearly(-sample), ["return_level:zos"], tail="low")
    for part, mirrored in (("", ""), ("_lower", "_upper"), ("_upper", "_lower")):
        ours = float(low[f"zos_return_level{part}"])
        assert ours == -float(high[f"zos_return_level{mirrored}"])


def test_peaks_are_those_of_clusters():
    series = np.array([0, 5, 7, 0, 0, 6, 0, 0, 0, 0, 9, np.nan, 8, 0])
    np.testing.assert_array_equal(cluster_peaks(series, 4, 3), [7, 9])
    np.testing.assert_array_equal(cluster_peaks(series, 4, 1), [7, 6, 9, 8])
    assert cluster_peaks(series, 10, 1).size == 0


def test_peak_return_level_of_independent_days():
    random = np.random.default_rng(8)
    time = pd.date_range("1961-01-01", "2000-12-31")
    truth = stats.expon(scale=3.0)
    ds = xr.Dataset(
        {"pr": ("time", truth.rvs(time.size, random_state=random), {"units": "mm d-1"})},
        {"time": time},
    )
    found = compute_indicators(ds, ["peak_return_level:pr"], return_period=20, separation=1)
    level = truth.isf(1 / (20 * 365.25))
    assert float(found["pr_peak_return_level"]) == pytest.approx(level, rel=0.12)
    assert float(found["pr_peak_return_level_lower"]) < level
    assert level < float(found["pr_peak_return_level_upper"])
    threshold = np.quantile(ds["pr"].values, 0.95)
    assert float(found["pr_peak_return_level_location"]) == pytest.approx(threshold)
    assert float(found["pr_peak_return_level_ks_pvalue"]) > 0.01


def test_the_same_for_any_chunks_and_missing_where_it_cannot_be():
    sample = stats.gumbel_r.rvs(20, 4, size=(40, 3), random_state=6)
    sample[:, 1] = np.nan
    sample[:35, 2] = np.nan
    ds = yearly(sample)
    whole = compute_indicators(ds, ["return_level:zos"])
    parts = compute_indicators(ds.chunk(time=7, cell=1), ["return_level:zos"])
    xr.testing.assert_identical(parts.compute(), whole)
    assert np.isfinite(whole["zos_return_level"][0])
    assert whole["zos_return_level"][1:].isnull().all()


def test_bad_input_is_one_sentence():
    ds = yearly(np.arange(30.0))
    with pytest.raises(IndicatorError, match="need 10 years or more; found 5"):
        compute_indicators(ds.isel(time=slice(0, 5)), ["return_level:zos"])
    with pytest.raises(IndicatorError, match="expected above 1 year"):
        compute_indicators(ds, ["return_level:zos"], return_period=1)
    with pytest.raises(IndicatorError, match="'high' or 'low'"):
        compute_indicators(ds, ["return_level:zos"], tail="upper")
    with pytest.raises(IndicatorError, match="daily values"):
        compute_indicators(ds, ["peak_return_level:zos"])
