"""What the tests of trends share: the variants of the Mann-Kendall test, and series."""

import numpy as np
from scipy import stats

from sco_pipeline.indicators.kernels import trend_tests

NORMAL = stats.norm.ppf(0.975)
CLOSED = np.empty(0)
TESTS = {
    "original": (trend_tests.NONE, 0),
    "hamed_rao": (trend_tests.HAMED_RAO, 0),
    "hamed_rao_lag3": (trend_tests.HAMED_RAO, 3),
    "yue_wang": (trend_tests.YUE_WANG, 0),
    "yue_wang_lag1": (trend_tests.YUE_WANG, 1),
    "pre_whitening": (trend_tests.PRE_WHITENING, 0),
    "tfpw": (trend_tests.TREND_FREE, 0),
}


def one_cell(values, times=None, test="original", reach=NORMAL, position=CLOSED):
    """One cell through the kernel, as a dictionary."""
    how, lags = TESTS[test]
    values = np.asarray(values, dtype=float)
    times = np.arange(values.size, dtype=float) if times is None else times
    out = trend_tests.mann_kendall(values[None], times, position, how, lags, NORMAL, reach, 2)
    return dict(zip(trend_tests.COLUMNS, out[0], strict=True))


def make_red_noise():
    """Twelve correlated series of 45 values with a trend; half of them have ties."""
    random = np.random.default_rng(7)
    noise = np.zeros((12, 45))
    for i in range(1, 45):
        noise[:, i] = 0.6 * noise[:, i - 1] + random.normal(size=12)
    noise += 0.03 * np.arange(45)
    noise[6:] = np.round(noise[6:] * 2) / 2  # ties
    return noise
