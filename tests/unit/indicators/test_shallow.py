"""Thresholds of many cells at once are those of sorting, and of NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sco_pipeline.indicators.kernels.percentiles import sorted_thresholds, thresholds
from sco_pipeline.indicators.kernels.shallow import LANES, shallow_thresholds
from sco_pipeline.indicators.percentile import METHODS, numbers

ROWS = 9


def record(cells, years, seed, share_missing, dtype):
    """Base days of several years with ties and gaps (cell, day), their rows and years."""
    random = np.random.default_rng(seed)
    series = np.round(random.normal(size=(cells, ROWS * years)), 1).astype(dtype)
    series[random.random(series.shape) < share_missing] = np.nan
    series[0] = np.nan
    days = np.arange(ROWS * years)
    return series, days, days % ROWS, days // ROWS


def by_numpy(series, years, probability, window, fraction, method="median_unbiased"):
    """The quantile of each window, wrapped within the year."""
    table = series.reshape(series.shape[0], years, ROWS).astype(float)
    out = np.full((series.shape[0], ROWS), np.nan)
    for row in range(ROWS):
        near = [(row + step - window // 2) % ROWS for step in range(window)]
        for cell, values in enumerate(table[:, :, near].reshape(series.shape[0], -1)):
            held = values[np.isfinite(values)]
            if held.size and held.size >= fraction * values.size:
                out[cell, row] = np.quantile(held, probability, method=method)
    return out


@settings(max_examples=60, deadline=None)
@given(
    cells=st.sampled_from([1, 3, LANES, LANES + 1, 2 * LANES + 5]),
    years=st.integers(1, 12),
    seed=st.integers(0, 10**6),
    share_missing=st.sampled_from([0.0, 0.1, 0.9]),
    probability=st.sampled_from([0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98]),
    window=st.sampled_from([1, 3, 5]),
    dtype=st.sampled_from(["f4", "f8"]),
    method=st.sampled_from(list(METHODS)),
)
def test_any_base(cells, years, seed, share_missing, probability, window, dtype, method):
    series, days, row, column = record(cells, years, seed, share_missing, dtype)
    rest = ((ROWS, years), numbers(probability, method), window, 0.1)
    found = shallow_thresholds(series, days, row, *rest)
    np.testing.assert_array_equal(found, sorted_thresholds(series, days, row, column, *rest))
    expected = by_numpy(series, years, probability, window, 0.1, method)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_near_the_middle_whole_days_are_sorted(probability):
    """The choice of a way does not show."""
    years = 30
    series, days, row, column = record(4, years, 1, 0.05, "f4")
    quantile = numbers(probability, "median_unbiased")
    found = thresholds(series, days, row, column, (ROWS, years), quantile, 5, 0.1)
    expected = by_numpy(series, years, probability, 5, 0.1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
