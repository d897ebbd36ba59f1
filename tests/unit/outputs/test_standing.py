"""Rank, normal, band and year to date, against pandas and by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.outputs.series_table import Series
from sco_pipeline.outputs.standing import standing_of

BASE = "1991-01-01 to 2005-12-31"


def series(values: np.ndarray, time: pd.DatetimeIndex, **attrs: str) -> Series:
    da = xr.DataArray(values, dims=("time", "region"), coords={"time": time}, attrs=attrs)
    return Series("a", da.assign_coords(region=[f"r{i}" for i in range(values.shape[1])]), "time")


def random(freq: str, start: str = "1988-01-01", end: str = "2010-08-31") -> Series:
    """Values with ties and gaps."""
    time = pd.date_range(start, end, freq=freq)
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(size=(len(time), 3)), 1)
    values[rng.random(values.shape) < 0.1] = np.nan
    return series(values, time)


def keys(time: pd.DatetimeIndex) -> list[np.ndarray]:
    return [time.month, time.day]


@pytest.mark.parametrize("freq", ["MS", "D", "YS", "QS-DEC"])
def test_standing_equals_pandas(freq):
    made = random(freq)
    found = standing_of(made, BASE)
    time = made.da.indexes["time"]
    frame = pd.DataFrame(made.values, index=time)
    groups = frame.groupby(keys(time))
    base = frame.loc["1991":"2005"].reindex(time)
    normals = base.groupby(keys(time))
    expected = {
        "rank_highest": groups.rank(method="min", ascending=False),
        "rank_lowest": groups.rank(method="min"),
        "ranked": groups.transform("count").where(frame.notna()),
        "tied": (groups.rank(method="max") - groups.rank(method="min")),
        "normal": normals.transform("mean"),
        "low": normals.transform(lambda x: x.quantile(0.1)),
        "high": normals.transform(lambda x: x.quantile(0.9)),
        "least": normals.transform("min"),
        "greatest": normals.transform("max"),
        "anomaly": frame - normals.transform("mean"),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(getattr(found, name), values, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("freq", ["MS", "D"])
def test_year_to_date_equals_pandas(freq):
    made = random(freq)
    found = standing_of(made, BASE)
    time = made.da.indexes["time"]
    frame = pd.DataFrame(made.values, index=time)
    to_date = frame.groupby(time.year).transform(lambda x: x.expanding().mean())
    gap = frame.isna().groupby(time.year).cummax()
    to_date = to_date.where(~gap)
    np.testing.assert_allclose(found.to_date, to_date, atol=1e-12)
    base = to_date.loc["1991":"2005"].reindex(time)
    usual = base.groupby(keys(time)).transform("mean")
    np.testing.assert_allclose(found.to_date_anomaly, to_date - usual, atol=1e-12)
    ranks = to_date.groupby(keys(time)).rank(method="min", ascending=False)
    # sums of the same numbers in another order differ in the last place, and ties with them
    assert np.nanmean(np.abs(found.to_date_rank_highest - ranks)) < 0.05


def test_amounts_are_summed_to_date():
    time = pd.date_range("2001-01-01", periods=24, freq="MS")
    made = series(np.arange(24.0)[:, None], time, units="mm", cell_methods="time: sum")
    found = standing_of(made)
    assert found.to_date[11, 0] == np.arange(12).sum()
    assert found.to_date[23, 0] == np.arange(12, 24).sum()
    area = series(np.arange(24.0)[:, None], time, units="km2", cell_methods="area: sum")
    assert standing_of(area).to_date[11, 0] == np.arange(12).mean()


def test_a_year_that_begins_late_or_has_a_gap_has_no_sum_to_date():
    time = pd.date_range("2000-03-01", periods=34, freq="MS")
    values = np.ones((34, 1))
    values[15] = np.nan  # June 2001
    found = standing_of(series(values, time))
    by_month = pd.Series(found.to_date[:, 0], index=time)
    assert by_month["2000"].isna().all()
    assert by_month["2001-05-01"] == 1
    assert by_month["2001-06":"2001-12"].isna().all()
    assert (by_month["2002"] == 1).all()


def test_missing_everywhere_is_silent():
    time = pd.date_range("2000-01-01", periods=36, freq="MS")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = standing_of(series(np.full((36, 2), np.nan), time), BASE)
    assert all(np.isnan(getattr(found, name)).all() for name in ("rank_highest", "normal", "low"))


def test_other_calendars_and_what_has_no_year():
    time = xr.date_range("2000-01-01", periods=26, freq="MS", calendar="360_day", use_cftime=True)
    da = xr.DataArray(np.arange(26.0)[:, None], dims=("time", "region"), coords={"time": time})
    found = standing_of(Series("a", da.assign_coords(region=["r"]), "time"))
    assert found.rank_highest[[0, 12, 24], 0].tolist() == [3, 2, 1]
    months = xr.DataArray(np.ones((12, 1)), dims=("month", "region"), coords={"month": range(12)})
    assert standing_of(Series("a", months.assign_coords(region=["r"]), "month")) is None
    hours = pd.date_range("2000-01-01", periods=48, freq="h")
    assert standing_of(series(np.ones((48, 1)), hours)) is None
