"""Every statistic against NumPy on the same weights, in any blocks."""

import numpy as np
import pytest
import shapely
import xarray as xr

from sco_pipeline.errors import RegionError
from sco_pipeline.regions import aggregate, make_regions, uncertainty_of_mean
from sco_pipeline.regions.locate import grid_of
from sco_pipeline.regions.weights import weights_of

STEP = 5.0
REGIONS = make_regions(
    ["a", "b", "dot"],
    ["A", "B", "Dot"],
    [
        shapely.Polygon([(-41, -33), (77, 12), (3, 71)]),
        shapely.box(163, -20, 201, 46),
        shapely.Point(12.3, 45.6).buffer(0.01),
    ],
    "m",
)


def data(units="mm"):
    rng = np.random.default_rng(3)
    lat, lon = np.arange(-87.5, 90, STEP), np.arange(-177.5, 180, STEP)
    values = rng.normal(10, 3, (6, lat.size, lon.size)).round(1)
    values[rng.random(values.shape) < 0.25] = np.nan
    coords = {"lat": lat, "lon": lon}
    attrs = {"units": units, "dataset": "demo"}
    return xr.DataArray(values, dims=("time", "lat", "lon"), coords=coords, name="pr", attrs=attrs)


def by_hand(da, function):
    """Apply function(values, areas) to the valid cells of every region and time."""
    weights = weights_of(grid_of(da), REGIONS)
    lines = da.transpose("time", "lat", "lon").to_numpy().reshape(da.sizes["time"], -1)
    found = np.full((len(lines), len(REGIONS)), np.nan)
    for region in range(len(REGIONS)):
        mine = slice(weights.starts[region], weights.starts[region + 1])
        for row, line in enumerate(lines):
            values, areas = line[weights.cells[mine]], weights.areas[mine]
            valid = ~np.isnan(values)
            if valid.any():
                found[row, region] = function(values[valid], areas[valid])
    return found


def deviation(values, areas):
    mean = np.average(values, weights=areas)
    return np.sqrt(np.average((values - mean) ** 2, weights=areas))


def quantile(level):
    return lambda v, w: np.quantile(v, level, weights=w, method="inverted_cdf")


CASES = {
    "mean": ({}, lambda v, w: np.average(v, weights=w)),
    "sum": ({}, lambda v, w: (v * w).sum() / 1000),
    "minimum": ({}, lambda v, w: v.min()),
    "maximum": ({}, lambda v, w: v.max()),
    "standard_deviation": ({}, deviation),
    "count": ({}, lambda v, w: v.size),
    "area_above": ({"threshold": 11.0}, lambda v, w: w[v > 11].sum()),
    "area_below": ({"threshold": 11.0}, lambda v, w: w[v < 11].sum()),
    "quantile": ({"q": 0.3}, quantile(0.3)),
}


@pytest.mark.parametrize("blocks", [None, {"time": 4}, {"time": 2, "lat": 7, "lon": 20}])
@pytest.mark.parametrize("how", CASES)
def test_statistic_equals_numpy(how, blocks):
    options, function = CASES[how]
    da = data() if blocks is None else data().chunk(blocks)
    found = aggregate(da, REGIONS, how, min_valid_fraction=0, **options).compute()
    np.testing.assert_allclose(found, by_hand(data(), function), rtol=1e-12, atol=1e-14)
    assert found.dims == ("time", "region")


def test_units_and_methods_are_stated():
    da = data()
    attrs = {how: aggregate(da, REGIONS, how, **CASES[how][0]).attrs for how in CASES}
    assert {how: a["units"] for how, a in attrs.items()} == {
        "mean": "mm", "sum": "m3", "minimum": "mm", "maximum": "mm", "standard_deviation": "mm",
        "count": "1", "area_above": "m2", "area_below": "m2", "quantile": "mm",
    }  # fmt: skip
    assert attrs["maximum"]["cell_methods"] == "area: maximum"


@pytest.mark.parametrize(
    ("own", "target", "factor"),
    [("mm", "km3", 1e-12), ("kg m-2", "Gt", 1e-12), ("1", "km2", 1e-6), ("%", "km2", 1e-8)],
)
def test_sums_become_the_units_that_are_asked_for(own, target, factor):
    plain = by_hand(data(), lambda v, w: (v * w).sum())
    found = aggregate(data(own), REGIONS, "sum", units=target, min_valid_fraction=0)
    np.testing.assert_allclose(found, plain * factor, rtol=1e-12)
    assert found.attrs["units"] == target


def test_areas_become_km2():
    plain = aggregate(data(), REGIONS, "area_above", threshold=11)
    found = aggregate(data(), REGIONS, "area_above", threshold=11, units="km2")
    np.testing.assert_allclose(found, plain / 1e6)


@pytest.mark.parametrize(("own", "target"), [("mm", "Gt"), ("degC", None), ("nonsense", None)])
def test_sums_without_a_meaning_are_refused(own, target):
    with pytest.raises(RegionError, match=f"'pr' has the units '{own}'"):
        aggregate(data(own), REGIONS, "sum", units=target)


@pytest.mark.parametrize("blocks", [None, {"lat": 7, "lon": 20}])
def test_extremes_bring_their_place(blocks):
    da = data() if blocks is None else data().chunk(blocks)
    found = aggregate(da, REGIONS, "maximum", min_valid_fraction=0).compute()
    for time in range(6):
        for region in ("a", "b"):
            one = found.isel(time=time).sel(region=region)
            place = data().isel(time=time).sel(lat=one.place_lat, lon=one.place_lon)
            assert place.item() == one.item()


def test_of_equal_extremes_the_first_cell_is_named():
    da = xr.full_like(data(), 1.0)
    whole = aggregate(da, REGIONS, "minimum")
    split = aggregate(da.chunk(lat=5, lon=9), REGIONS, "minimum").compute()
    np.testing.assert_array_equal(whole.place_lat, split.place_lat)
    np.testing.assert_array_equal(whole.place_lon, split.place_lon)


def test_missing_extreme_has_no_place():
    da = data() * np.nan
    found = aggregate(da, REGIONS, "maximum", min_valid_fraction=0)
    assert found.isnull().all()
    assert found.place_lat.isnull().all()


def test_several_quantiles_have_a_dimension():
    found = aggregate(data(), REGIONS, "quantile", q=[0.1, 0.5, 1.0], min_valid_fraction=0)
    assert found.dims == ("time", "region", "quantile")
    top = aggregate(data(), REGIONS, "maximum", min_valid_fraction=0)
    np.testing.assert_array_equal(found.sel(quantile=1.0), top)
    lazy = aggregate(
        data().chunk(lat=9), REGIONS, "quantile", q=[0.1, 0.5, 1.0], min_valid_fraction=0
    )
    np.testing.assert_array_equal(lazy, found)


def test_cutting_cells_changes_no_quantile():
    """The area, not the number of cells, is what a level is a share of."""
    da = data().isel(time=0, lat=slice(10, 20))
    fine = da.isel(lon=np.repeat(np.arange(72), 2)).assign_coords(lon=np.arange(-178.75, 180, 2.5))
    region = REGIONS.select(["b"])
    kwargs = {"min_valid_fraction": 0, "q": [0.05, 0.5, 0.9]}
    expected = aggregate(da, region, "quantile", **kwargs)
    np.testing.assert_array_equal(aggregate(fine, region, "quantile", **kwargs), expected)


@pytest.mark.parametrize(
    ("how", "options", "message"),
    [
        ("avarage", {}, "unknown statistic 'avarage'"),
        ("meam", {}, "Did you mean 'mean'"),
        ("area_above", {}, r"takes the options \['threshold'\]; found \[\]"),
        ("quantile", {"q": 1.5}, "expected 0 to 1"),
        ("mean", {"q": 0.5}, r"found \['q'\]"),
    ],
)
def test_unknown_statistics_and_options_are_refused(how, options, message):
    with pytest.raises(RegionError, match=message):
        aggregate(data(), REGIONS, how, **options)


def test_integers_and_truth_values_are_taken_as_numbers():
    da = data().isel(time=0).fillna(0)
    for kind in ("int16", "bool"):
        found = aggregate(da.astype(kind), REGIONS)
        np.testing.assert_allclose(found, aggregate(da.astype(kind).astype(float), REGIONS))


def test_uncertainty_of_the_mean_by_hand():
    sigma = np.abs(data()).rename("pr_uncertainty")
    found = uncertainty_of_mean(sigma, REGIONS, min_valid_fraction=0)
    apart = by_hand(sigma, lambda u, w: np.sqrt(((w * u) ** 2).sum()) / w.sum())
    together = by_hand(sigma, lambda u, w: (w * u).sum() / w.sum())
    np.testing.assert_allclose(found.uncorrelated, apart, rtol=1e-12)
    np.testing.assert_allclose(found.correlated, together, rtol=1e-12)
    assert (found.uncorrelated <= found.correlated * (1 + 1e-12)).where(apart > 0, True).all()
    lazy = uncertainty_of_mean(sigma.chunk(lat=9, lon=30), REGIONS, min_valid_fraction=0)
    xr.testing.assert_allclose(lazy.compute(), found)


def test_uncertainty_counts_only_cells_with_a_value():
    sigma = xr.full_like(data(), 2.0)
    found = uncertainty_of_mean(sigma, REGIONS, of=data(), min_valid_fraction=0)
    expected = by_hand(data(), lambda v, w: 2 * np.sqrt((w**2).sum()) / w.sum())
    np.testing.assert_allclose(found.uncorrelated, expected, rtol=1e-12)
