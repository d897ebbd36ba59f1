"""CSV that opens anywhere, and plots of every kind of series."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.outputs import describe, writers
from sco_pipeline.outputs.series import series_of
from sco_pipeline.outputs.series_axes import date_axis, positions, with_absent
from sco_pipeline.outputs.series_figure import draw_series
from sco_pipeline.outputs.series_table import Series
from sco_pipeline.outputs.trend import trend_of


@pytest.fixture
def described(product, recipe, catalog, records):
    return describe(product, recipe, catalog, records)


def test_csv_is_read_back_by_pandas(described, recipe, tmp_path):
    described["tos_anomaly_regional"][0, 3] = np.nan
    described["region"].attrs["geometry_sha256"] = "ab" * 32
    paths = writers["series"](described, recipe, tmp_path)
    assert sorted(path.name for path in paths) == [
        "columns.csv",
        "regions.csv",
        "tos_anomaly.csv",
        "tos_anomaly.png",
        "tos_anomaly_table.csv",
        "variables.csv",
    ]
    table = pd.read_csv(
        tmp_path / "series" / "tos_anomaly.csv", index_col="time", parse_dates=["time"]
    )
    assert table.columns.tolist() == ["nino3", "nino34"]
    assert (table.index == described.indexes["time"]).all()
    expected = described["tos_anomaly_regional"].transpose("time", "region").values
    assert np.isnan(table.iloc[3, 0])
    assert np.nanmax(np.abs(table.to_numpy() - expected)) < 1e-8
    regions = pd.read_csv(tmp_path / "series" / "regions.csv", index_col="region")
    assert regions.loc["nino34", "name"] == "Niño 3.4"
    assert (regions["geometry_sha256"] == "ab" * 32).all()
    units = pd.read_csv(tmp_path / "series" / "variables.csv", index_col="file")["units"]
    assert units["tos_anomaly.csv"] == "degC"


def test_dates_are_iso(described, recipe, tmp_path):
    writers["series"](described, recipe, tmp_path)
    lines = (tmp_path / "series" / "tos_anomaly.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "time,nino3,nino34"
    assert lines[1].startswith("2006-04-01,")


def test_formulas_are_defused(described, recipe, tmp_path):
    names = ["=cmd|'/c calc'!A0", '+1", "@x']
    named = described.assign_coords(region=["=HYPERLINK()", "b"], region_name=("region", names))
    named["tos_anomaly_regional"].attrs["long_name"] = "-2+3"
    writers["series"](named, recipe, tmp_path)
    for path in (tmp_path / "series").glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for cell in (cell for row in csv.reader(file) for cell in row):
                try:
                    float(cell)
                except ValueError:
                    assert not cell.startswith(("=", "+", "-", "@")), (path, cell)


def test_station_has_series_and_no_map(station, recipe, catalog, records, tmp_path):
    described = describe(station, recipe, catalog, records)
    assert writers["maps"](described, recipe, tmp_path) == []
    paths = writers["series"](described, recipe, tmp_path)
    assert [path.name for path in paths] == [
        "soi_anomaly.csv",
        "soi_anomaly_table.csv",
        "variables.csv",
        "columns.csv",
        "soi_anomaly.png",
    ]
    table = pd.read_csv(paths[0])
    assert table.columns.tolist() == ["time", "soi_anomaly"]
    assert table["soi_anomaly"].isna().sum() == 10
    assert table["time"].iloc[0] == "1866-01-01"


def test_every_kind_of_series_is_drawn(described, recipe, tmp_path):
    ids = [f"r{i}" for i in range(30)]
    many = xr.Dataset(
        {
            "a_regional": (("region", "time"), np.random.default_rng(0).normal(size=(30, 24))),
            "a_climatology_regional": (("region", "month"), np.ones((30, 12))),
            "a_mean_regional": ("region", np.arange(30.0)),
            "a_anomaly_regional": ("region", np.arange(30.0) - 15),
            "b_regional": (("region", "time"), np.full((30, 24), np.nan)),
        },
        {"region": ids, "time": described["time"], "month": np.arange(1, 13)},
        described.attrs,
    )
    paths = writers["series"](many, recipe, tmp_path)
    assert len([path for path in paths if path.suffix == ".png"]) == 5
    few = many.isel(region=[0, 1])
    assert len(writers["series"](few, recipe, tmp_path / "few")) == 20
    assert pd.read_csv(tmp_path / "few/series/a_mean.csv").iloc[0, 0] == "2006-04-01/2008-03-31"


def test_only_series_are_taken(described):
    assert [series.name for series in series_of(described)] == ["tos_anomaly"]


def test_the_trend_of_the_product_is_told(station, recipe, catalog, records, tmp_path):
    numbers = {"": -0.02, "_lower": -0.05, "_upper": 0.01, "_pvalue": 0.25}
    for part, value in numbers.items():
        station[f"soi_trend{part}"] = ((), value, {"units": "1 (10 years)-1"})
    described = describe(station, recipe, catalog, records)
    (series,) = series_of(described)
    trend = trend_of(series, described)
    assert trend.per_decade == -0.02
    assert trend.text == "trend −0.02 per decade (−0.05 to +0.01, p = 0.25)"
    paths = writers["series"](described, recipe, tmp_path)
    values = pd.read_csv(paths[0], index_col="variable")["value"]
    assert values.to_dict() == {f"soi_trend{part}": value for part, value in numbers.items()}
    del described["soi_trend"]
    assert trend_of(series, described) is None


def test_positions_of_months():
    time = xr.DataArray(pd.date_range("2000-01-01", periods=13, freq="MS"), dims="time")
    at = positions(time)
    assert at[0] == 2000
    assert at[12] == 2001
    assert np.allclose(np.diff(at), 1 / 12, atol=0.01)


def test_steps_that_a_record_lacks_are_missing():
    x, y = with_absent(np.array([0.0, 1.02, 4.0, 5.0]), np.array([7.0, 8.0, np.nan, 9.0]), 1.0)
    np.testing.assert_allclose(x, [0, 1.02, 2.02, 3.02, 4, 5])
    np.testing.assert_array_equal(y, [7, 8, np.nan, np.nan, np.nan, 9])
    uneven = np.array([0.0, 1e-6, 2e-6, 30.0])
    assert with_absent(uneven, uneven, 1e-6)[0] is uneven


def test_absent_months_are_drawn_as_a_gap(station, recipe, catalog, records):
    """Ten months without a stamp are not a bar as wide as they."""
    station["soi_anomaly"][:] = -0.4
    described = describe(station, recipe, catalog, records)
    described = described.isel(time=np.r_[0:100, 110:200])
    (series,) = series_of(described)
    axes = draw_series(series, described)[0].axes[0]
    x = positions(described["time"])
    drawn = np.concatenate([p.vertices for c in axes.collections for p in c.get_paths()])
    inside = (drawn[:, 0] > x[99] + 0.1) & (drawn[:, 0] < x[100] - 0.02)
    assert inside.any()
    assert (drawn[inside, 1] == 0).all()
    assert (drawn[:, 1] == -0.4).any()


def test_a_trend_is_relative_to_no_base_period(described):
    anomaly = next(one for one in series_of(described) if one.name == "tos_anomaly")
    about = dict(draw_series(anomaly, described)[1])
    assert "relative to April 2006 to March 2008" in about["Description"]
    trend = Series(
        "tos_trend", anomaly.da.rename("tos_trend").assign_attrs(indicator="trend"), "time"
    )
    assert "relative to" not in dict(draw_series(trend, described)[1])["Description"]


def test_what_stands_beside_a_result_has_no_pictures(described, recipe, tmp_path):
    field, mean = described["tos_anomaly"], described["tos_anomaly_regional"]
    for part in ("lower", "pvalue", "significant"):
        described[f"tos_anomaly_{part}"] = field * 1.0
        described[f"tos_anomaly_{part}_regional"] = mean * 1.0
    about = {"standard_name": "number_of_observations"}
    described["tos_valid_days"] = field.assign_attrs(about)
    described["tos_valid_days_regional"] = mean.assign_attrs(about)
    maps = {path.stem for path in writers["maps"](described, recipe, tmp_path)}
    paths = writers["series"](described, recipe, tmp_path)
    beside = ("lower", "pvalue", "significant", "valid_days")
    assert "tos_anomaly" in maps and not any(name.endswith(beside) for name in maps)
    pictures = {path.stem for path in paths if path.suffix == ".png"}
    assert "tos_anomaly" in pictures and not any(name.endswith(beside) for name in pictures)
    assert "tos_valid_days.csv" in {path.name for path in paths}


def test_names_of_regions_are_not_cut_beside_bars(described):
    import matplotlib.text

    name = "Southern middle latitudes, 23.5 to 66.5 S"
    series = next(s for s in series_of(described) if s.axis is not None)
    one = series.da.isel({series.axis: 0}, drop=True)
    described["region_name"] = ("region", [name] * one.sizes["region"])
    one = one.assign_coords(region_name=described["region_name"])
    figure, _ = draw_series(Series("tos_anomaly", one, None), described)
    shown = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    assert name in shown


def test_labels_of_months_do_not_run_into_each_other():
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2))
    FigureCanvasAgg(figure)
    x = 2001 + np.arange(24) / 12
    for width in (0.9, 0.42, 0.27):
        axes = figure.add_axes((0.05, 0.1, width, 0.8))
        date_axis(axes, x, 1 / 12, labels=True)
        for label in axes.get_xticklabels():
            label.set(fontsize=7.5)
        boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
        assert len(boxes) >= 2
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
    date_axis(axes, np.array([2001.0, 2002.0]), 1.0, labels=True)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2001", "2002"]
