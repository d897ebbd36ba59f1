"""Laws of regions: any polygon, valid or not, on any grid, is right or refused by name."""

import itertools

import numpy as np
import shapely
import xarray as xr
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sco_pipeline.errors import RegionError
from sco_pipeline.regions import aggregate, box, make_regions, point
from sco_pipeline.regions.coverage import areas_of, edges_of
from sco_pipeline.regions.locate import grid_of
from sco_pipeline.regions.weights import compute_coverage

FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LON = st.floats(-180, 180, allow_nan=False, width=32)
LAT = st.floats(-90, 90, allow_nan=False, width=32)


@st.composite
def grids(draw):
    """A global or regional grid in any order, regular or not."""
    lat = sorted(draw(st.sets(st.integers(-89, 89), min_size=2, max_size=25)))
    lat_edges = np.array([-90.0, *lat, 90.0]) if draw(st.booleans()) else np.array(lat, float)
    west = draw(st.sampled_from([-180.0, 0.0, -37.5, 100.0]))
    columns = draw(st.integers(2, 40))
    span = 360.0 if draw(st.booleans()) else draw(st.floats(10, 350))
    lon_edges = west + np.linspace(0, span, columns + 1)
    lat_bounds = np.array(list(itertools.pairwise(lat_edges)))
    lon_bounds = np.array(list(itertools.pairwise(lon_edges)))
    if draw(st.booleans()):
        lat_bounds = lat_bounds[::-1]
    bounds = xr.Dataset(
        {"lat_bnds": (("lat", "v"), lat_bounds), "lon_bnds": (("lon", "v"), lon_bounds)}
    )
    values = np.random.default_rng(0).normal(size=(len(lat_bounds), columns))
    coords = {"lat": lat_bounds.mean(axis=1), "lon": lon_bounds.mean(axis=1)}
    return xr.DataArray(values, dims=("lat", "lon"), coords=coords, name="f"), bounds


@st.composite
def polygons(draw):
    """A ring of any kind, self-crossing as often as not, with a hole now and then."""
    points = draw(st.lists(st.tuples(LON, LAT), min_size=3, max_size=9))
    holes = []
    if draw(st.booleans()):
        holes = [draw(st.lists(st.tuples(LON, LAT), min_size=3, max_size=5))]
    return shapely.Polygon(points, holes)


def made(*shapes):
    """Make regions, or skip what is refused by name."""
    try:
        return make_regions(
            [f"r{i}" for i in range(len(shapes))], [""] * len(shapes), shapes, "m", "literal"
        )
    except RegionError as error:
        assert "of 'm'" in str(error)
        assume(False)


def dense(da, bounds, regions):
    coverage = compute_coverage(grid_of(da, bounds), regions)
    shares = np.zeros((len(regions), da.size))
    for i in range(len(regions)):
        mine = slice(coverage.starts[i], coverage.starts[i + 1])
        shares[i, coverage.cells[mine]] = coverage.shares[mine]
    return shares.reshape(-1, *da.shape), coverage


def steradian(da, bounds):
    lat = np.sin(np.radians(bounds.lat_bnds.to_numpy()))
    lon = np.radians(bounds.lon_bnds.to_numpy())
    return np.abs(np.diff(lat, axis=1)) * np.diff(lon, axis=1)[:, 0]


@FEW
@given(grids(), polygons())
def test_shares_lie_between_nothing_and_all_and_add_up(grid, shape):
    da, bounds = grid
    regions = made(shape)
    shares, coverage = dense(da, bounds, regions)
    assert ((shares >= 0) & (shares <= 1)).all()
    area = (shares * steradian(da, bounds)).sum()
    whole = areas_of(edges_of(regions.geometries), 1)[0]
    assert area <= whole * (1 + 1e-9) + 1e-12
    np.testing.assert_allclose(area, whole * coverage.covered[0], rtol=1e-6, atol=1e-10)


@FEW
@given(grids(), polygons())
def test_region_and_the_rest_of_the_globe_make_each_cell_whole(grid, shape):
    da, bounds = grid
    (kept,) = made(shape).geometries
    rest = shapely.box(-180, -90, 180, 90).difference(kept)
    assume(rest.area > 1e-9)
    shares, _ = dense(da, bounds, made(kept, rest))
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-6)


@FEW
@given(grids(), polygons())
def test_shares_equal_those_of_small_cells(grid, shape):
    """A cell's share is the mean of the shares of its four quarters, by their area."""
    da, bounds = grid
    regions = made(shape)
    shares, _ = dense(da, bounds, regions)
    lat, lon = (bounds[k].to_numpy() for k in ("lat_bnds", "lon_bnds"))
    halves = [
        np.concatenate([[[a, (a + b) / 2], [(a + b) / 2, b]] for a, b in k]) for k in (lat, lon)
    ]
    fine_bounds = xr.Dataset(
        {"lat_bnds": (("lat", "v"), halves[0]), "lon_bnds": (("lon", "v"), halves[1])}
    )
    coords = {"lat": halves[0].mean(axis=1), "lon": halves[1].mean(axis=1)}
    fine = xr.DataArray(
        np.zeros((len(halves[0]), len(halves[1]))), dims=("lat", "lon"), coords=coords
    )
    small, _ = dense(fine, fine_bounds, regions)
    area = small[0] * steradian(fine, fine_bounds)
    total = area.reshape(da.shape[0], 2, da.shape[1], 2).sum(axis=(1, 3))
    np.testing.assert_allclose(total, shares[0] * steradian(da, bounds), atol=1e-11)


@FEW
@given(grids(), polygons(), st.floats(-50, 50, allow_nan=False))
def test_mean_of_a_constant_is_that_constant_or_the_region_is_outside(grid, shape, value):
    da, bounds = grid
    regions = made(shape)
    try:
        found = aggregate(xr.full_like(da, value), regions, bounds=bounds, min_valid_fraction=0)
    except RegionError as error:
        assert "'r0'" in str(error) and "outside 'f'" in str(error)
        assert dense(da, bounds, regions)[1].covered[0] < 1e-6
        return
    np.testing.assert_allclose(found, value, rtol=1e-12, atol=1e-300)
    assert 0 < found.covered_fraction.item() <= 1


@FEW
@given(polygons(), st.floats(-180, 180, allow_nan=False))
def test_turning_region_and_grid_together_changes_nothing(shape, turn):
    (kept,) = made(shape).geometries
    turned = shapely.affinity.translate(kept, turn)
    assume(turned.bounds[0] >= -540 and turned.bounds[2] <= 540)
    lat, lon = np.arange(-85.0, 90, 10), np.arange(-175.0, 180, 10)
    values = np.random.default_rng(1).normal(size=(18, 36))
    da = xr.DataArray(values, dims=("lat", "lon"), coords={"lat": lat, "lon": lon})
    moved = da.assign_coords(lon=lon + turn)
    assume(areas_of(edges_of((kept,)), 1)[0] > 1e-6)
    a, b = aggregate(da, made(kept)), aggregate(moved, made(turned))
    np.testing.assert_allclose(b, a, atol=1e-6)


@FEW
@given(
    st.floats(-90, 90, allow_nan=False),
    st.floats(-180, 180, allow_nan=False),
    st.floats(0.1, 9900, allow_nan=False),
)
def test_circles_anywhere_have_their_area(lat, lon, radius):
    (found,) = areas_of(edges_of(point(lat, lon, radius).geometries), 1)
    angle = radius * 1000 / 6_371_007.181
    np.testing.assert_allclose(found, 4 * np.pi * np.sin(angle / 2) ** 2, rtol=2e-4)


@FEW
@given(
    st.floats(-180, 360, allow_nan=False),
    st.floats(0.01, 359.99, allow_nan=False),
    st.floats(-90, 89, allow_nan=False),
    st.floats(0.01, 180, allow_nan=False),
)
def test_boxes_anywhere_have_their_area(west, width, south, height):
    north = min(south + height, 90.0)
    (found,) = areas_of(edges_of(box(west, south, west + width, north).geometries), 1)
    rise = np.sin(np.radians(north)) - np.sin(np.radians(south))
    np.testing.assert_allclose(found, np.radians(width) * rise, rtol=1e-9, atol=1e-12)


@FEW
@given(st.data())
def test_missing_cells_and_blocks(data):
    """Blocks change nothing; a missing cell counts as if the region stopped at it."""
    da, bounds = data.draw(grids())
    regions = made(data.draw(polygons()))
    missing = np.random.default_rng(data.draw(st.integers(0, 9))).random(da.shape) < 0.4
    gaps = da.where(~missing)
    assume(dense(da, bounds, regions)[1].covered[0] > 1e-3)
    whole = aggregate(gaps, regions, bounds=bounds, min_valid_fraction=0)
    sizes = {d: data.draw(st.integers(1, da.sizes[d])) for d in da.dims}
    lazy = aggregate(gaps.chunk(sizes), regions, bounds=bounds, min_valid_fraction=0)
    np.testing.assert_allclose(lazy, whole, rtol=1e-9, atol=1e-9)
    shares, _ = dense(da, bounds, regions)
    weights = shares[0] * steradian(da, bounds) * ~missing
    if weights.sum() > 0:
        expected = (weights * da.to_numpy()).sum() / weights.sum()
        np.testing.assert_allclose(whole, expected, rtol=1e-9, atol=1e-9)
    else:
        assert whole.isnull().all()
