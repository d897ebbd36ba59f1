"""Long tables, Parquet, GeoJSON and CF time series: the same numbers in four forms."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

from sco_pipeline.errors import OutputError
from sco_pipeline.outputs import describe, with_outlines, writers
from sco_pipeline.outputs.long_table import LABELS

OUTLINES = {
    "nino3": shapely.box(-150, -5, -90, 5).difference(shapely.box(-120, -1, -119, 1)),
    "nino34": shapely.union_all([shapely.box(-170, -5, -140, 5), shapely.box(-130, -5, -120, 5)]),
}


@pytest.fixture
def described(product, recipe, catalog, records):
    """Monthly anomalies with uncertainties and gaps, a trend with its limits, a climatology."""
    time = pd.date_range("2004-04-01", periods=48, freq="MS")
    rng = np.random.default_rng(1)
    values = np.round(rng.normal(size=(48, 2)), 1)
    values[47, 1] = np.nan
    about = {"units": "degC", "units_metadata": "temperature: difference", "long_name": "Mean"}
    series = ("time", "region")
    ds = xr.Dataset(
        {
            "a_regional": (series, values, about),
            "a_valid_fraction": (series, np.full((48, 2), 0.75)),
            "a_uncertainty_uncorrelated_regional": (series, np.full((48, 2), 0.1)),
            "a_uncertainty_correlated_regional": (series, np.full((48, 2), 0.5)),
            "a_trend_regional": ("region", [0.2, 0.1], {**about, "units": "degC (10 years)-1"}),
            "a_trend_lower_regional": ("region", [0.1, -0.1]),
            "a_trend_upper_regional": ("region", [0.3, 0.3]),
            "a_trend_pvalue_regional": ("region", [0.01, 0.4]),
            "a_climatology_regional": (("month", "region"), np.arange(24.0).reshape(12, 2), about),
        },
        {
            "time": time,
            "time_bnds": (("time", "nv"), np.stack([time, time + pd.DateOffset(months=1)], 1)),
            "month": np.arange(1, 13),
            "region": ("region", ["nino3", "nino34"], {"geometry_sha256": "ab"}),
            "region_name": ("region", ["Niño 3", "Niño 3.4"]),
            "region_set": ("region", ["nino-boxes", "nino-boxes"]),
        },
    )
    return with_outlines(describe(ds, recipe, catalog, records), OUTLINES)


def rows(described: xr.Dataset) -> np.ndarray:
    return described["a_regional"].transpose("region", "time").values.ravel()


def test_tables_open_in_pandas(described, recipe, tmp_path):
    writers["series"](described, recipe, tmp_path)
    place = tmp_path / "series"
    table = pd.read_csv(place / "a_table.csv", parse_dates=["start", "end"])
    np.testing.assert_allclose(table["value"], rows(described), rtol=1e-8)
    assert table["region"].tolist() == ["nino3"] * 48 + ["nino34"] * 48
    assert (table["end"] - table["start"]).dt.days.between(27, 30).all()
    assert (table["uncertainty_correlated"] == 0.5).all()
    assert (table["valid_fraction"] == 0.75).all()
    june = table[(table["region"] == "nino3") & (table["start"].dt.month == 6)]
    assert june["ranked"].tolist() == [4] * 4
    expected = june["value"].rank(method="min", ascending=False)
    assert june["rank_highest"].tolist() == expected.tolist()
    trend = pd.read_csv(place / "a_trend_table.csv")
    assert trend[["value", "lower", "upper", "pvalue"]].to_numpy().tolist() == [
        [0.2, 0.1, 0.3, 0.01],
        [0.1, -0.1, 0.3, 0.4],
    ]
    names = {path.stem for path in place.glob("*.csv")}
    assert "a_trend_lower" not in names and "a_uncertainty_correlated" not in names
    explained = pd.read_csv(place / "columns.csv")["column"].tolist()
    assert set(table.columns) - {"region", "region_name", "start", "end"} <= set(explained)


def test_numbers_of_a_table_are_no_text_in_a_spreadsheet(described, recipe, tmp_path):
    writers["series"](described, recipe, tmp_path)
    text = (tmp_path / "series" / "a_table.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbfregion,region_name,start,end,value")
    line = text.decode("utf-8-sig").splitlines()[1].split(",")
    assert line[:4] == ["nino3", "Niño 3", "2004-04-01", "2004-04-30"]
    assert "." in line[4] and line[8].isdigit()


def test_parquet_opens_in_pandas(described, recipe, tmp_path):
    described["region"].attrs["geometry_sha256"] = "cd" * 32
    pytest.importorskip("pyarrow")
    (path,) = writers["parquet"](described, recipe, tmp_path)
    code = (  # pandas finds its Parquet reader when it is first loaded
        "import pandas as pd, sys; t = pd.read_parquet(sys.argv[1]);"
        "a = t[t.variable == 'a']; print(a['value'].to_json(orient='values', double_precision=15));"
        "print(a['rank_highest'].dtype, *a['units'].unique(), *t['variable'].unique())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    read = np.array(json.loads(done[0]), dtype=float)
    np.testing.assert_allclose(read, rows(described), rtol=0, atol=1e-14)
    assert done[1] == "float64 degC a a_trend a_climatology"
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    assert json.loads(schema.metadata[b"product"])["license"] == "CC-BY-4.0"
    assert schema.metadata[b"geometry_sha256"] == b"cd" * 32
    assert schema.field("normal").metadata[b"label"].decode() == LABELS["normal"]
    first = path.read_bytes()
    writers["parquet"](described, recipe, tmp_path)
    assert path.read_bytes() == first


def test_without_pyarrow_the_extra_is_named(described, recipe, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OutputError, match=r"needs pyarrow; install sco-pipeline\[parquet\]"):
        writers["parquet"](described, recipe, tmp_path)


def test_geojson_holds_the_latest_values(described, recipe, tmp_path):
    (path,) = writers["geojson"](described, recipe, tmp_path)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["variables"]["a"] == {"long_name": "Mean", "units": "degC"}
    assert content["geometry_sha256"] == "ab"
    first, second = content["features"]
    assert first["id"] == "nino3" and first["properties"]["name"] == "Niño 3"
    values = described["a_regional"].transpose("region", "time").values
    assert first["properties"]["a"] == values[0, 47]
    assert first["properties"]["a_time"] == "2008-03-01"
    assert second["properties"]["a"] == values[1, 46]  # the last month is missing
    assert second["properties"]["a_time"] == "2008-02-01"
    assert second["properties"]["a_trend_upper"] == 0.3
    assert isinstance(first["properties"]["a_rank_highest"], int)
    assert not any(key.startswith("a_climatology") for key in first["properties"])
    for feature, shape in zip((first, second), OUTLINES.values(), strict=True):
        assert shapely.geometry.shape(feature["geometry"]).equals(shape)


def test_time_series_follow_cf(described, recipe, tmp_path):
    (path,) = writers["timeseries"](described, recipe, tmp_path)
    with xr.open_dataset(path, engine="h5netcdf") as ds:
        assert ds.attrs["featureType"] == "timeSeries"
        assert ds["region"].attrs["cf_role"] == "timeseries_id"
        assert ds["region"].attrs["geometry_sha256"] == "ab"
        assert ds["region"].astype(str).values.tolist() == list(OUTLINES)
        assert ds["a"].dims == ("region", "time")
        np.testing.assert_array_equal(ds["a"].values.ravel(), rows(described))
        assert ds["a"].attrs["geometry"] == "region_geometry"
        assert {"a_rank_highest", "a_normal", "a_to_date", "a_trend_upper"} <= set(ds)
        assert set(ds["a"].attrs["ancillary_variables"].split()) <= set(ds)
        assert ds["a_normal"].attrs["units"] == "degC"
        for i, shape in enumerate(OUTLINES.values()):
            assert shape.contains(shapely.Point(ds["lon"].values[i], ds["lat"].values[i]))
        import cf_xarray

        read = cf_xarray.cf_to_shapely(ds, container="region_geometry")
        for ours, shape in zip(read.values, OUTLINES.values(), strict=True):
            assert ours.equals(shape)


def test_time_series_pass_the_compliance_checker(described, recipe, tmp_path):
    (path,) = writers["timeseries"](described, recipe, tmp_path)
    checker = Path(sys.executable).with_name("compliance-checker")
    report = tmp_path / "report.json"
    subprocess.run(
        [checker, "-t", "cf:1.11", "-c", "lenient", "-f", "json", "-o", report, path],
        capture_output=True,
        check=False,
    )
    (found,) = json.loads(report.read_text(encoding="utf-8")).values()
    checks = found["high_priorities"]
    assert len(checks) > 5
    assert [message for check in checks for message in check["msgs"]] == []


@pytest.mark.parametrize("kind", ["geojson", "timeseries"])
def test_a_product_without_regions_is_refused(station, recipe, catalog, records, tmp_path, kind):
    plain = describe(station, recipe, catalog, records)
    with pytest.raises(OutputError, match="needs 'regions:'"):
        writers[kind](plain, recipe, tmp_path)
    assert not list(tmp_path.iterdir())
