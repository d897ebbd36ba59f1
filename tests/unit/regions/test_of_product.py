"""What a recipe asks of its regions, against NumPy over whole cells."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from pydantic import ValidationError

from sco_pipeline import pipeline, sources
from sco_pipeline.catalog import Recipe
from sco_pipeline.errors import RegionError
from sco_pipeline.indicators import compute_indicators
from sco_pipeline.regions import box, check_regional, combine, of_inputs, of_results
from sco_pipeline.settings import Settings

AREAS = combine([box(0, 0, 20, 10, name="west"), box(170, -20, 180, 20, name="east")])
IN = {"west": (slice(0, 10), slice(0, 20)), "east": (slice(-20, 20), slice(170, 180))}


def recipe(*regional, **more):
    return Recipe.model_validate(
        {
            "id": "demo",
            "title": "Demo",
            "summary": "Demo.",
            "indicators": [{"id": "anomaly", "of": "tos"}],
            "inputs": {"tos": "some-dataset"},
            "baseline": [2001, 2002],
            "frequency": "month",
            "regions": ["globe"],
            "regional": list(regional),
            "cadence": "once",
        }
        | more
    )


@pytest.fixture
def inputs():
    """Three years of months on a one-degree grid, with gaps and an uncertainty."""
    lat, lon = np.arange(-89.5, 90), np.arange(-179.5, 180)
    time = pd.date_range("2001-01-01", periods=36, freq="MS")
    rng = np.random.default_rng(0)
    values = rng.normal(15, 5, size=(36, 180, 360))
    values[:, rng.random((180, 360)) < 0.2] = np.nan
    dims = ("time", "lat", "lon")
    about = {"units": "degC", "long_name": "Temperature"}
    return xr.Dataset(
        {"tos": (dims, values, about), "tos_uncertainty": (dims, np.abs(values) / 10, about)},
        {
            "time": time,
            "lat": lat,
            "lon": lon,
            "time_bnds": (("time", "nv"), np.stack([time, time + pd.DateOffset(months=1)], 1)),
        },
    )


def cells(ds, region):
    """Values (time, cell) of whole cells and their areas (cell,)."""
    south, east = IN[region]
    part = ds.tos.sel(lat=south, lon=east).to_numpy()
    edges = np.radians(ds.lat.sel(lat=south).to_numpy()[:, None] + [-0.5, 0.5])
    area = 6371.007181**2 * np.radians(1) * np.diff(np.sin(edges), axis=1)  # km2
    area = np.broadcast_to(area, part.shape[1:])
    return part.reshape(len(part), -1), area.ravel()


def test_statistics_of_inputs_reach_the_recipe(inputs):
    asked = recipe(
        {"of": "tos"},
        {"of": "tos", "statistic": "maximum"},
        {"of": "tos", "statistic": "quantile", "options": {"q": 0.9}},
        {"of": "tos", "statistic": "area_above", "units": "km2", "options": {"threshold": 20},
         "name": "warm_pool"},
        {"of": "tos", "statistic": "count"},
        {"of": "tos", "statistic": "standard_deviation"},
    )  # fmt: skip
    found = of_inputs(inputs, asked, AREAS)
    assert found["warm_pool_regional"].attrs["units"] == "km2"
    title = found["warm_pool_regional"].attrs["long_name"]
    assert title == "Area with temperature above 20 °C"
    assert (
        found["tos_quantile_regional"]
        .attrs["long_name"]
        .endswith("quantile 0.9 of the region's area")
    )
    for region in IN:
        values, area = cells(inputs, region)
        one = {name: da.sel(region=region).to_numpy() for name, da in found.items()}
        weight = np.where(np.isfinite(values), area, 0.0)
        total = weight.sum(axis=1)
        mean = np.nansum(values * weight, axis=1) / total
        expected = {
            "tos_mean_regional": mean,
            "tos_mean_valid_fraction": total / area.sum(),
            "tos_maximum_regional": np.nanmax(values, axis=1),
            "tos_count_regional": np.isfinite(values).sum(axis=1),
            "warm_pool_regional": (weight * (np.nan_to_num(values) > 20)).sum(axis=1),
            "tos_standard_deviation_regional": np.sqrt(
                np.nansum(weight * (values - mean[:, None]) ** 2, axis=1) / total
            ),
            "tos_mean_uncertainty_correlated_regional": np.nansum(
                np.abs(values) / 10 * weight, axis=1
            ) / total,
            "tos_mean_uncertainty_uncorrelated_regional": np.sqrt(
                np.nansum((np.abs(values) / 10 * weight) ** 2, axis=1)
            ) / total,
        }  # fmt: skip
        for name, numbers in expected.items():
            np.testing.assert_allclose(one[name], numbers, rtol=1e-9, err_msg=name)
        at = np.nanargmax(values[0])
        south, east = IN[region]
        grid = inputs.sel(lat=south, lon=east)
        y, x = divmod(at, grid.sizes["lon"])
        assert one["tos_maximum_place_lat_regional"][0] == grid.lat[y]
        assert one["tos_maximum_place_lon_regional"][0] == grid.lon[x]


def test_means_of_results_with_a_fraction_of_their_own(inputs):
    gaps = inputs.tos.isnull()[0].sel(lat=slice(0, 10), lon=slice(0, 20)).mean().item()
    assert 0.1 < gaps < 0.3
    for least, kept in ((0.5, True), (0.95, False)):
        asked = recipe(
            {"of": "a", "statistic": "minimum", "min_valid_fraction": 0.0}, min_valid_fraction=least
        )
        found = of_results(inputs[["tos"]].rename(tos="a"), asked, AREAS)
        assert bool(found["a_regional"].sel(region="west").notnull().all()) is kept
        assert found["a_minimum_regional"].notnull().all()
        assert (found["a_valid_fraction"].sel(region="west") < 0.95).all()


def test_verdicts_and_uncertainties_of_cells_have_no_plain_mean(inputs):
    product = inputs.rename(tos="a", tos_uncertainty="a_uncertainty")
    product["a_pvalue"] = product["a"]
    found = of_results(product, recipe(), AREAS)
    assert set(found) == {
        "a_regional",
        "a_valid_fraction",
        "a_uncertainty_uncorrelated_regional",
        "a_uncertainty_correlated_regional",
    }


@pytest.mark.parametrize(
    ("regional", "message"),
    [
        ({"of": "tos", "statistic": "means"}, "unknown statistic 'means'. Did you mean 'mean'"),
        ({"of": "tos", "statistic": "quantile"}, r"takes the options \['q'\]; found \[\]"),
        ({"of": "tos", "statistic": "quantile", "options": {"q": [0.1, 0.9]}}, "several levels"),
    ],
)
def test_what_cannot_be_computed_is_refused_before_anything_is_fetched(regional, message):
    with pytest.raises(RegionError, match=message):
        check_regional(recipe(regional))
    with pytest.raises(RegionError, match=message):
        sources.plan(recipe(regional), Settings())


def test_a_name_that_is_no_result_is_refused_with_the_nearest(inputs):
    with pytest.raises(RegionError, match="unknown result or input on a grid 'tas'"):
        of_results(inputs, recipe({"of": "tas"}), AREAS)


@pytest.mark.parametrize(
    ("regional", "more", "message"),
    [
        ([{"of": "tos"}], {"regions": []}, "'regional' needs 'regions'"),
        ([{"of": "tos"}, {"of": "tos"}], {}, "two of 'regional' are called 'tos_mean'"),
        ([], {"min_valid_fraction": 1.5}, "less than or equal to 1"),
    ],
)
def test_recipes_that_contradict_themselves(regional, more, message):
    with pytest.raises(ValidationError, match=message):
        recipe(*regional, **more)


def test_the_pipeline_computes_them_and_trends_of_the_means(inputs, tmp_path):
    asked = recipe(
        {"of": "tos", "statistic": "area_above", "options": {"threshold": 20}},
        {"of": "tos_anomaly", "statistic": "minimum"},
        indicators=[{"id": "anomaly", "of": "tos"}, {"id": "trend", "of": "tos"}],
        regions=["hemispheres"],
    )
    settings = Settings(cache_dir=tmp_path / "cache", output_dir=tmp_path / "outputs")
    product = pipeline.compute(asked, inputs.chunk(time=12), settings)
    assert {"tos_area_above_regional", "tos_anomaly_minimum_regional"} <= set(product)
    assert product["tos_area_above_regional"].dims == ("time", "region")
    edges = np.sin(np.radians(inputs.lat.to_numpy()[:, None] + [-0.5, 0.5]))
    weights = xr.DataArray(np.diff(edges, axis=1)[:, 0], dims="lat", coords={"lat": inputs.lat})
    north = inputs.tos.sel(lat=slice(0, 90)).weighted(weights).mean(["lat", "lon"])
    expected = compute_indicators(
        xr.Dataset({"tos": north.assign_attrs(units="degC")}), ["trend:tos"]
    )
    for part in ("", "_lower", "_upper", "_pvalue"):
        ours = product[f"tos_trend{part}_regional"].sel(region="northern").item()
        np.testing.assert_allclose(
            ours, expected[f"tos_trend{part}"].item(), rtol=1e-9, err_msg=part
        )
    cellwise = product["tos_trend_lower"].weighted(weights).mean(["lat", "lon"]).item()
    assert product["tos_trend_lower_regional"].mean() > cellwise + 1  # limits of a mean are nearer
