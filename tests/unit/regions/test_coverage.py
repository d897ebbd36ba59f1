"""Shares of cells against exactextract, against shapely, and by hand."""

import json

import numpy as np
import pytest
import shapely
import xarray as xr

from sco_pipeline.errors import RegionError
from sco_pipeline.geography import countries
from sco_pipeline.regions import aggregate, make_regions
from sco_pipeline.regions.locate import grid_of
from sco_pipeline.regions.weights import compute_coverage


def data(lat, lon, **coords):
    lat, lon = np.asarray(lat, float), np.asarray(lon, float)
    values = np.arange(lat.size * lon.size, dtype=float).reshape(lat.size, lon.size)
    return xr.DataArray(values, dims=("lat", "lon"), coords={"lat": lat, "lon": lon, **coords})


def shares(da, *shapes, bounds=None):
    regions = make_regions([f"r{i}" for i in range(len(shapes))], [""] * len(shapes), shapes, "m")
    coverage = compute_coverage(grid_of(da, bounds), regions)
    result = np.zeros((len(shapes), da.size))
    for i in range(len(shapes)):
        mine = slice(coverage.starts[i], coverage.starts[i + 1])
        result[i, coverage.cells[mine]] = coverage.shares[mine]
    return result.reshape(-1, *da.shape)


def test_triangle_by_hand():
    """Half a cell at the equator: nearly a half, since rows shrink towards the pole."""
    da = data([0.5, 1.5], [0.5, 1.5])
    triangle = shapely.Polygon([(0, 0), (1, 0), (0, 1)])
    found = shares(da, triangle)[0]
    # integral of (1 - lat) d(mu) over a cell of height sin(1 degree)
    d = np.radians(1)
    expected = (1 - np.cos(d)) / d / np.sin(d)
    assert found[0, 0] == pytest.approx(expected, rel=1e-13)
    assert found.sum() == found[0, 0]


def test_hole_and_island_in_it():
    da = data(np.arange(0.5, 10), np.arange(0.5, 10))
    lake = shapely.box(2, 2, 8, 8)
    land = shapely.box(0, 0, 10, 10).difference(lake).union(shapely.box(4, 4, 6, 6))
    found = shares(da, land)[0]
    expected = np.ones((10, 10))
    expected[2:8, 2:8] = 0
    expected[4:6, 4:6] = 1
    np.testing.assert_allclose(found, expected, atol=1e-13)


@pytest.mark.parametrize("direction", [1, -1])
def test_direction_of_rings_does_not_matter(direction):
    points = [(0.2, 0.3), (7.9, 1.1), (5.5, 8.2)][::direction]
    hole = [(3, 2), (5, 2), (5, 4)][::-direction]
    da = data(np.arange(0.5, 10), np.arange(0.5, 10))
    a = shares(da, shapely.Polygon(points, [hole]))
    b = shares(da, shapely.Polygon(points[::-1], [hole[::-1]]))
    np.testing.assert_array_equal(a > 0, b > 0)
    np.testing.assert_allclose(a, b, atol=1e-14)


def test_edges_on_grid_lines_leave_no_dust():
    da = data(np.arange(-88.75, 90, 2.5), np.arange(-178.75, 180, 2.5))
    found = shares(da, shapely.box(-20, -35, 52.5, 37.5), shapely.box(-180, -90, 180, 90))
    assert (found[0] > 0).sum() == 29 * 29
    np.testing.assert_allclose(found[1], 1, atol=1e-12)
    np.testing.assert_allclose(found[0][found[0] > 0], 1, atol=1e-12)


def test_slivers_and_regions_smaller_than_a_cell():
    da = data(np.arange(-85.0, 90, 10), np.arange(-175.0, 180, 10))
    sliver = shapely.box(12, 31, 12 + 1e-7, 39)
    tiny = shapely.Point(100.3, 55.2).buffer(1e-3)
    found = shares(da, sliver, tiny)
    assert (found > 0).sum(axis=(1, 2)).tolist() == [1, 1]
    height = np.sin(np.radians(39)) - np.sin(np.radians(31))
    cell = np.sin(np.radians(40)) - np.sin(np.radians(30))
    assert found[0].sum() == pytest.approx(1e-8 * height / cell, rel=1e-6)


def test_gaps_between_cells_belong_to_nobody():
    da = data([0.5, 2.5], [0.5, 2.5])
    bounds = xr.Dataset(
        {
            "lat_bnds": (("lat", "nv"), [[0, 1], [2, 3]]),
            "lon_bnds": (("lon", "nv"), [[0, 1], [2, 3]]),
        }
    )
    found = shares(da, shapely.box(0, 0, 3, 3), bounds=bounds)
    np.testing.assert_allclose(found[0], 1, atol=1e-13)
    regions = make_regions(["a"], [""], [shapely.box(0, 0, 3, 3)], "m")
    covered = aggregate(da, regions, bounds=bounds, min_valid_fraction=0).covered_fraction.item()
    assert covered == pytest.approx(4 / 9, rel=1e-3)


def test_overlapping_cells_and_second_turns_are_refused():
    square = make_regions(["a"], [""], [shapely.box(0, 0, 3, 3)], "m")
    bounds = xr.Dataset({"lat_bnds": (("lat", "nv"), [[0, 2], [1, 3]])})
    with pytest.raises(RegionError, match="overlap along latitude"):
        aggregate(data([1, 2], [0.5, 1.5]), square, bounds=bounds)
    with pytest.raises(RegionError, match="spans 370 degrees"):
        aggregate(data([1, 2], np.arange(-185.0, 180, 10)), square)
    with pytest.raises(RegionError, match="cells without width along 'lon'"):
        aggregate(data([1, 2], [1.0, 1.0]), square)


def test_centres_in_any_order():
    """Columns that do not rise, as after a careless join of two halves."""
    lon = [5.0, 15.0, -15.0, -5.0]
    edges = [[x - 5, x + 5] for x in lon]
    bounds = xr.Dataset({"lon_bnds": (("lon", "nv"), edges)})
    found = shares(data([0, 10], lon), shapely.box(-10, -5, 5, 5), bounds=bounds)
    np.testing.assert_allclose(found[0][0], [0.5, 0, 0, 1], atol=1e-13)


def test_single_precision_centres_still_close_the_turn():
    step = np.float32(1 / 3)
    lon = (np.arange(1080, dtype=np.float32) * step).astype(float)
    da = data(np.arange(-85.0, 90, 10), lon)
    found = shares(da, shapely.box(-180, -90, 180, 90))
    np.testing.assert_allclose(found[0], 1, atol=2e-4)


def planar_shares(step, split, shapes):
    """Yield shares on a global grid from exactextract, which measures them in the plane.

    Rows are split, so that the plane differs little from the sphere within one of them.
    """
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    rows, columns = int(180 / step), int(360 / step)
    fine = np.linspace(-90, 90, rows * split + 1)
    height = np.diff(np.sin(np.radians(fine))).reshape(rows, split)
    height /= height.sum(axis=1, keepdims=True)
    blank = np.zeros((rows * split, columns))
    raster = NumPyRasterSource(blank, xmin=-180, ymin=-90, xmax=180, ymax=90)
    features = [
        {"type": "Feature", "id": i, "geometry": json.loads(shapely.to_geojson(shape))}
        for i, shape in enumerate(shapes)
    ]
    for row in exact_extract(raster, features, ["cell_id", "coverage"]):
        cells = np.asarray(row["properties"]["cell_id"], dtype=int)
        share = blank.copy()
        share.flat[cells] = row["properties"]["coverage"]
        yield (share[::-1].reshape(rows, split, columns) * height[:, :, None]).sum(axis=1)


def test_shares_and_means_of_countries_equal_exactextract():
    land = [c for c in countries("50m") if c.id not in ("ata", "rus", "can", "usa")]
    shapes = [c.geometry for c in land]
    da = data(np.arange(-89.5, 90), np.arange(-179.5, 180))
    lon, lat = np.radians(da.lon), np.radians(da.lat)
    field = np.sin(lat) + np.cos(lat) * np.cos(lon)
    height = np.diff(np.sin(np.radians(np.arange(-90, 91))))[:, None]
    regions = make_regions([c.id for c in land], [""] * len(land), shapes, "m")
    means = aggregate(field, regions)
    ours = shares(da, *shapes)
    for i, plane in enumerate(planar_shares(1.0, 32, shapes)):
        np.testing.assert_allclose(ours[i], plane, atol=3e-4)
        expected = (plane * height * field.to_numpy()).sum() / (plane * height).sum()
        assert means[i].item() == pytest.approx(expected, abs=1e-6)


def test_bands_of_rows_change_nothing(monkeypatch):
    from sco_pipeline.regions import coverage

    land = [c.geometry for c in countries("110m")[:40]]
    da = data(np.arange(-89.5, 90), np.arange(-179.5, 180))
    whole = shares(da, *land)
    monkeypatch.setattr(coverage, "_WINDOW_CELLS", 1000)
    np.testing.assert_array_equal(shares(da, *land), whole)
