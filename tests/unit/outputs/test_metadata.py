"""Attributes follow from recipe, catalog, product and inputs, and from nothing else."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from sco_pipeline.catalog import BBox, Period
from sco_pipeline.outputs import describe
from sco_pipeline.outputs.created import date_created
from sco_pipeline.outputs.metadata import caveats


@pytest.fixture
def described(product, recipe, catalog, records):
    return describe(product, recipe, catalog, records)


def test_the_product_itself_is_not_changed(product, recipe, catalog, records):
    before = product.copy(deep=True)
    describe(product, recipe, catalog, records)
    assert product.identical(before)


def test_who_made_what_from_what(described):
    attributes = described.attrs
    assert attributes["Conventions"] == "CF-1.11, ACDD-1.3"
    assert attributes["institution"] == "An Agency"
    assert attributes["license"] == "CC-BY-4.0"
    assert attributes["acknowledgement"] == "Contains data of An Agency"
    assert (
        attributes["source"] == f"demo-dataset: https://agency.example/demo.nc sha256:{'ab' * 32}"
    )
    assert "doi:10.1000/demo" in attributes["references"]
    assert "preliminary_inputs" not in attributes


def test_extents_come_from_the_bounds(described):
    attributes = described.attrs
    box = [
        attributes[f"geospatial_{name}"] for name in ("lon_min", "lat_min", "lon_max", "lat_max")
    ]
    assert box == [-172.5, -5.0, -102.5, 5.0]
    assert attributes["geospatial_lon_resolution"] == "5 degrees"
    assert attributes["time_coverage_start"] == "2006-04-01T00:00:00Z"
    assert attributes["time_coverage_end"] == "2008-03-31T23:59:59Z"
    assert attributes["time_coverage_resolution"] == "P1M"


def test_climatological_time_holds_the_base_period(described):
    bounds = described["climatology_bounds"].values.astype("datetime64[D]").astype(str)
    assert bounds[0].tolist() == ["2007-01-01", "2008-02-01"]
    assert bounds[3].tolist() == ["2006-04-01", "2007-05-01"]
    middles = described["climatological_time"].values
    assert (middles > described["climatology_bounds"].values[:, 0]).all()
    assert (middles < described["climatology_bounds"].values[:, 1]).all()
    assert described["climatological_time"].dt.month.values.tolist() == list(range(1, 13))


def test_anomalies_have_their_name_and_epoch(described):
    assert described["tos_anomaly"].attrs["standard_name"] == "surface_temperature_anomaly"
    epoch = described["reference_epoch_bnds"].values.astype("datetime64[D]").astype(str)
    assert epoch.tolist() == ["2006-04-01", "2008-04-01"]


def test_differences_and_readings_of_temperature(described):
    kinds = {name: da.attrs.get("units_metadata") for name, da in described.data_vars.items()}
    assert kinds["tos_anomaly"] == "temperature: difference"
    assert kinds["tos_climatology"] == "temperature: on_scale"
    assert kinds["tos_warm_months"] is None


def test_a_coarser_axis_gets_bounds(described):
    bounds = described["year_bnds"].values.astype("datetime64[D]").astype(str).tolist()
    assert bounds == [["2006-01-01", "2007-01-01"], ["2007-01-01", "2008-01-01"]]


def test_a_short_base_period_is_said(recipe):
    assert caveats(recipe)[0] == "A demo."
    assert "2006-04-01 to 2008-03-31 is shorter than the 30 years" in caveats(recipe)[1]
    assert caveats(recipe.model_copy(update={"baseline": (1961, 1990)})) == ["A demo."]


def test_preliminary_inputs_are_named(product, recipe, catalog, records):
    (file,) = records[0].files
    preliminary = file.model_copy(update={"status": "preliminary"})
    changed = records[0].model_copy(update={"files": (preliminary,)})
    attributes = describe(product, recipe, catalog, [changed]).attrs
    assert attributes["preliminary_inputs"] == "demo-dataset: https://agency.example/demo.nc"


def test_date_created_is_never_the_clock(records, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    coverage = Period(start=dt.date(2006, 4, 1), end=dt.date(2008, 3, 31))
    assert date_created(records, coverage) == "2015-10-21T07:28:00Z"
    (file,) = records[0].files
    local = [
        records[0].model_copy(update={"files": (file.model_copy(update={"url": "package:a"}),)})
    ]
    assert date_created(local, coverage) == "2008-03-31T23:59:59Z"
    assert date_created(local, Period()) is None
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert date_created(records, coverage) == "1970-01-01T00:00:00Z"


def test_a_later_download_changes_nothing(product, recipe, catalog, records):
    (file,) = records[0].files
    later = file.model_copy(update={"retrieved": dt.datetime(2030, 1, 1, tzinfo=dt.UTC)})
    again = describe(product, recipe, catalog, [records[0].model_copy(update={"files": (later,)})])
    assert again.identical(describe(product, recipe, catalog, records))


def test_a_station_takes_its_place_from_the_entry(station, recipe, catalog, records):
    placeless = station.drop_vars(["lat", "lon"])
    entry = catalog.datasets["demo-dataset"]
    box = {"west": 130, "south": -13, "east": 131, "north": -12}
    assert "geospatial_lat_min" not in describe(placeless, recipe, catalog, records).attrs
    coverage = entry.coverage.model_copy(update={"bbox": BBox(**box)})
    catalog.datasets["demo-dataset"] = entry.model_copy(update={"coverage": coverage})
    attributes = describe(placeless, recipe, catalog, records).attrs
    assert attributes["geospatial_lat_min"] == -13
    assert np.isclose(
        describe(station, recipe, catalog, records).attrs["geospatial_lat_min"], -12.4
    )
