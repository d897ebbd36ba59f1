"""Time axes of one product: none is aligned with another."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators.axes import merge_time_axes


def on(times, name):
    return xr.DataArray(np.arange(len(times)), {"time": times}, ["time"], name=name)


DAYS = pd.date_range("2001-01-01", "2003-12-31", name="time")
MONTHS, YEARS = (DAYS[DAYS.day == 1], pd.date_range("2001", periods=3, freq="YS"))


def test_monthly_and_yearly_results_keep_their_own_axes():
    results = {"su": on(YEARS, "su"), "pet": on(MONTHS, "pet"), "spi": on(MONTHS, "spi")}
    merged = merge_time_axes(results, xr.Dataset(coords={"time": DAYS}), "year")
    assert merged["pet"].dims == merged["spi"].dims == ("time",)
    assert merged["su"].dims == ("year",)
    for name, result in results.items():
        np.testing.assert_array_equal(merged[name], result)
    widths = {axis: np.diff(merged[f"{axis}_bnds"])[:, 0] for axis in ("time", "year")}
    np.testing.assert_array_equal(widths["year"] / np.timedelta64(1, "D"), 365)
    np.testing.assert_array_equal(widths["time"] / np.timedelta64(1, "D"), MONTHS.days_in_month)


def test_three_axes_with_the_data_first():
    results = {"su": on(YEARS, "su"), "dhw": on(DAYS, "dhw"), "pet": on(MONTHS, "pet")}
    merged = merge_time_axes(results, xr.Dataset(coords={"time": DAYS}), "year")
    assert [merged[name].dims[0] for name in results] == ["year", "time", "time_month"]
    np.testing.assert_array_equal(merged["dhw"], results["dhw"])


def test_two_axes_of_one_step_are_refused():
    results = {"su": on(YEARS, "su"), "ice": on(YEARS + pd.DateOffset(months=8), "ice")}
    results["dhw"] = on(DAYS, "dhw")
    with pytest.raises(IndicatorError, match="different times, one a year each"):
        merge_time_axes(results, xr.Dataset(coords={"time": DAYS}), "year")


def test_all_results_share_one_grid_mapping():
    crs = xr.Variable((), 0, {"grid_mapping_name": "lambert_azimuthal_equal_area"})
    results = {}
    for name, threshold in (("su", 25.0), ("tr", 20.0)):
        plane = xr.DataArray(np.ones((3, 1, 1)), {"time": YEARS}, ["time", "y", "x"], name=name)
        results[name] = plane.assign_coords(crs=crs, threshold=threshold)
    merged = merge_time_axes(results, xr.Dataset(coords={"time": DAYS, "crs": crs}), "year")
    assert {"crs", "su_threshold", "tr_threshold"} <= set(merged.coords)
    assert not [name for name in merged.coords if name.endswith("_crs")]
