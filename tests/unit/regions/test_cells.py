"""Projected and curvilinear grids: the same cells give the same mean, however they are told."""

import numpy as np
import pytest
import shapely
import xarray as xr
from pyproj import CRS, Transformer

from sco_pipeline.errors import RegionError
from sco_pipeline.geography import countries
from sco_pipeline.regions import aggregate, box, make_regions, point
from sco_pipeline.regions.cells import CellGrid
from sco_pipeline.regions.charts import CHARTS, chart_numbers
from sco_pipeline.regions.grid import EARTH_RADIUS, Grid
from sco_pipeline.regions.locate import grid_of

NORTH = {"ease2": "EPSG:6931", "polar stereographic": "EPSG:3413"}


def projected(epsg, x, y):
    """A field on a projected grid, with its projection and no bounds."""
    crs = CRS(epsg)
    move = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    lon, lat = move.transform(*np.meshgrid(x, y))
    coords = {
        "y": y,
        "x": x,
        "lat": (("y", "x"), lat),
        "lon": (("y", "x"), lon),
        "crs": ((), 0, crs.to_cf()),
    }
    values = np.sin(np.radians(lat)) + 0.2 * np.cos(np.radians(lat)) * np.cos(np.radians(lon))
    return xr.DataArray(values, dims=("y", "x"), coords=coords, name="sic")


def polar(epsg, step=100e3, half=45):
    axis = (np.arange(2 * half) - half + 0.5) * step
    return projected(epsg, axis, axis[::-1])


def corners(da):
    """The corners of the cells, as a file with two-dimensional bounds has them."""
    grid = grid_of(da)
    dims = (*da.dims, "nv")
    return xr.Dataset({"lat_bnds": (dims, grid.lat), "lon_bnds": (dims, grid.lon)})


ARCTIC = make_regions(
    ["grl", "svalbard", "cap", "across", "hole"],
    [""] * 5,
    [
        next(c.geometry for c in countries("110m") if c.id == "grl"),
        shapely.Point(18, 78.5).buffer(3),
        point(90, 0, 1200).geometries[0],
        shapely.box(165, 66, 195, 74),
        shapely.box(30, 75, 80, 83).difference(shapely.box(40, 77, 60, 80)),
    ],
    "m",
)


@pytest.mark.parametrize("kind", NORTH)
def test_projected_and_two_dimensional_cells_give_the_same_mean(kind):
    da = polar(NORTH[kind])
    plain = da.drop_vars(["crs", "x", "y"])
    found = aggregate(da, ARCTIC)
    other = aggregate(plain, ARCTIC, bounds=corners(da))
    np.testing.assert_allclose(found, other, atol=1e-9)
    np.testing.assert_allclose(found.covered_fraction, 1, atol=1e-6)


@pytest.mark.parametrize("kind", NORTH)
def test_cap_over_the_pole_has_its_area_and_mean(kind):
    da = polar(NORTH[kind], 25e3, 120)
    cap = point(90, 0, 2000)
    area = aggregate(xr.ones_like(da).assign_attrs(units="1"), cap, "sum").item()
    angle = 2000e3 / EARTH_RADIUS
    assert area == pytest.approx(2 * np.pi * (1 - np.cos(angle)) * EARTH_RADIUS**2, rel=1e-5)
    exact = (1 + np.cos(angle)) / 2
    assert aggregate(np.sin(np.radians(da.lat)), cap).item() == pytest.approx(exact, abs=1e-5)


def test_cells_of_a_rectilinear_grid_told_one_by_one_are_rows_and_columns():
    lat, lon = np.arange(-87.5, 90, 5), np.arange(-177.5, 180, 5)
    flat = xr.DataArray(
        np.random.default_rng(0).normal(size=(lat.size, lon.size)),
        dims=("lat", "lon"),
        coords={"lat": lat, "lon": lon},
    )
    lats, lons = np.meshgrid(lat, lon, indexing="ij")
    south, north = [-2.5, -2.5, 2.5, 2.5], [-2.5, 2.5, 2.5, -2.5]
    bounds = xr.Dataset(
        {
            "lat_bnds": (("y", "x", "nv"), lats[..., None] + south),
            "lon_bnds": (("y", "x", "nv"), lons[..., None] + north),
        }
    )
    coords = {"lat": (("y", "x"), lats), "lon": (("y", "x"), lons)}
    da = xr.DataArray(flat.to_numpy(), dims=("y", "x"), coords=coords)
    assert isinstance(grid_of(da, bounds), Grid)
    np.testing.assert_allclose(
        aggregate(da, ARCTIC, bounds=bounds), aggregate(flat, ARCTIC), atol=1e-12
    )


def test_equal_area_cylinder_is_exact():
    """Cells of the global EASE-Grid 2.0 are boxes, so that its halves add up."""
    crs = CRS("EPSG:6933")
    half = crs.area_of_use
    edge = Transformer.from_crs("OGC:CRS84", crs, always_xy=True).transform(180, half.north)[0]
    x = (np.arange(48) - 23.5) * edge / 24
    y = (np.arange(-20, 20) + 0.5) * 330e3
    da = projected("EPSG:6933", x, y)
    grid = grid_of(da)
    assert isinstance(grid, Grid)
    assert np.ptp(grid.lat_bounds) > 120
    both = aggregate(da, make_regions(["a"], [""], [shapely.box(-180, -60, 180, 60)], "m"))
    halves = [box(-180, -60, 0, 60), box(0, -60, 180, 60)]
    parts = [aggregate(da, part).item() for part in halves]
    assert both.item() == pytest.approx(np.mean(parts), abs=1e-12)


def global_curvilinear(rows=36, columns=72):
    """A rotated latitude-longitude grid: covers the sphere, knows no parallel."""
    lat, lon = np.meshgrid(
        -90 + 180 / rows * (np.arange(rows + 1)), -180 + 360 / columns * np.arange(columns + 1),
        indexing="ij",
    )  # fmt: skip
    phi, turn = np.radians(lat), np.radians(lon)
    v = np.stack([np.cos(phi) * np.cos(turn), np.cos(phi) * np.sin(turn), np.sin(phi)], axis=-1)
    tilt = np.radians(37.0)
    m = [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    v = v @ np.array(m)
    lat, lon = (
        np.degrees(np.arcsin(np.clip(v[..., 2], -1, 1))),
        np.degrees(np.arctan2(v[..., 1], v[..., 0])),
    )
    around = [
        lambda a: a[:-1, :-1],
        lambda a: a[:-1, 1:],
        lambda a: a[1:, 1:],
        lambda a: a[1:, :-1],
    ]
    bounds = xr.Dataset(
        {
            "lat_bnds": (("y", "x", "nv"), np.stack([f(lat) for f in around], axis=-1)),
            "lon_bnds": (("y", "x", "nv"), np.stack([f(lon) for f in around], axis=-1)),
        }
    )
    middle = np.stack([f(v) for f in around]).mean(axis=0)
    lats = np.degrees(np.arctan2(middle[..., 2], np.hypot(middle[..., 0], middle[..., 1])))
    lons = np.degrees(np.arctan2(middle[..., 1], middle[..., 0]))
    coords = {"lat": (("y", "x"), lats), "lon": (("y", "x"), lons)}
    return xr.DataArray(np.ones((rows, columns)), dims=("y", "x"), coords=coords), bounds


def test_a_global_curvilinear_grid_covers_the_sphere_and_every_region():
    da, bounds = global_curvilinear()
    grid = grid_of(da, bounds)
    assert isinstance(grid, CellGrid)
    assert grid.steradian.sum() == pytest.approx(4 * np.pi, rel=1e-5)
    land = {c.id: c.geometry for c in countries("110m")}
    shapes = [land[i] for i in ("rus", "ata", "fji", "bra")]
    shapes.append(shapely.box(-180, -90, 180, 90))
    regions = make_regions(["rus", "ata", "fji", "bra", "globe"], [""] * 5, shapes, "m")
    found = aggregate(da.assign_attrs(units="1"), regions, "sum", bounds=bounds)
    np.testing.assert_allclose(found.covered_fraction, 1, atol=1e-4)
    np.testing.assert_allclose(found[-1], 4 * np.pi * EARTH_RADIUS**2, rtol=1e-5)
    partition = make_regions(
        ["a", "b"], ["", ""], [shapes[0], shapes[-1].difference(shapes[0])], "m"
    )
    parts = aggregate(da.assign_attrs(units="1"), partition, "sum", bounds=bounds)
    assert parts.sum().item() == pytest.approx(found[-1].item(), rel=1e-6)


def test_corners_from_centres_come_near_the_true_ones():
    da = polar("EPSG:6931")
    guessed = grid_of(da.drop_vars(["crs", "x", "y"]))
    true = grid_of(da)
    assert np.abs(guessed.lat - true.lat).max() < 0.02
    found = aggregate(da.drop_vars(["crs", "x", "y"]), ARCTIC)
    np.testing.assert_allclose(found, aggregate(da, ARCTIC), atol=2e-4)


def test_cells_without_corners_are_no_cells():
    da = polar("EPSG:6931")
    bounds = corners(da)
    bounds["lat_bnds"][:45] = np.nan
    halved = aggregate(da, ARCTIC.select(["cap"]), bounds=bounds, min_valid_fraction=0)
    assert halved.covered_fraction.item() == pytest.approx(0.5, abs=1e-6)


def test_outline_out_of_order_is_refused():
    da = polar("EPSG:6931")
    bounds = corners(da).isel(nv=[0, 2, 1, 3])
    with pytest.raises(RegionError, match="'sic': the outline of the cell at row"):
        aggregate(da, ARCTIC, bounds=bounds)


def test_region_outside_a_projected_grid_is_an_error():
    with pytest.raises(RegionError, match=r"'box'.*lies outside 'sic'"):
        aggregate(polar("EPSG:6931"), box(0, -60, 20, -40))


def test_blocks_of_a_projected_grid_change_nothing():
    da = polar("EPSG:6931").expand_dims(time=3)
    whole = aggregate(da, ARCTIC)
    lazy = aggregate(da.chunk(time=2, y=30, x=41), ARCTIC)
    np.testing.assert_allclose(lazy.compute(), whole, rtol=1e-13)


def test_axes_that_only_count_cells_are_no_projection():
    da = polar("EPSG:6931")
    counted = da.assign_coords(x=np.arange(90.0), y=np.arange(90.0))
    plain = CRS("EPSG:4326").to_cf()
    for attrs in (plain, da.crs.attrs):
        other = counted.assign_coords(crs=((), 0, attrs))
        expected = aggregate(da.drop_vars(["crs", "x", "y"]), ARCTIC)
        np.testing.assert_allclose(aggregate(other, ARCTIC), expected, atol=1e-12)


def test_kilometres_are_understood():
    da = polar("EPSG:6931")
    short = da.assign_coords({k: (k, da[k].to_numpy() / 1000, {"units": "km"}) for k in "xy"})
    np.testing.assert_allclose(aggregate(short, ARCTIC), aggregate(da, ARCTIC), atol=1e-12)


def test_unknown_grid_mapping_is_refused():
    da = polar("EPSG:6931").assign_coords(crs=((), 0, {"grid_mapping_name": "flat"}))
    with pytest.raises(RegionError, match=r"'sic': 'crs' is no known grid mapping"):
        aggregate(da, ARCTIC)


def test_every_place_has_a_chart():
    lon = np.concatenate([np.nextafter(np.arange(-180.0, 181, 45), side) for side in (-999, 999)])
    for lat in (0.0, 45.0, -45.0, 90.0, -90.0):
        numbers = chart_numbers(lon, np.full(lon.shape, lat))
        assert set(numbers) <= set(range(len(CHARTS)))


def test_a_sliver_thinner_than_numbers_can_tell_is_left_out():
    """An edge a hair beside a meridian at which regions are cut, and a hole no larger."""
    hair = float(np.float32(1.1754944e-38))
    flat = shapely.Polygon([(74, -90), (-hair, 0), (60, 0)])
    straight = shapely.Polygon([(74, -90), (0, 0), (60, 0)])
    da = polar("EPSG:3031", 500e3, 12)
    found, expected = (
        aggregate(da, make_regions(["a"], [""], [shape], "m", "literal"), min_valid_fraction=0)
        for shape in (flat, straight)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    for chart in CHARTS:
        assert sum(part.area for part in chart.draw(flat, 80)) == pytest.approx(
            sum(part.area for part in chart.draw(straight, 80)), abs=1e-12
        )
