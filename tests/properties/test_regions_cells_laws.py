"""Laws of regions on projected and curvilinear grids, against points strewn over the cells."""

import numpy as np
import shapely
import xarray as xr
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from sco_pipeline.errors import RegionError
from sco_pipeline.regions import aggregate, make_regions
from sco_pipeline.regions.locate import grid_of
from sco_pipeline.regions.weights import compute_coverage

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
LON = st.floats(-180, 180, allow_nan=False, width=32)
LAT = st.floats(-90, 90, allow_nan=False, width=32)
FINE = 24
"""Pieces of a cell in each direction."""


def vectors(lat, lon):
    lat, lon = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def degrees(vector):
    x, y, z = np.moveaxis(vector, -1, 0)
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def lattice_of_a_turned_grid(draw):
    """Corners of a regular grid whose pole lies anywhere: a part of the sphere, or all of it."""
    rows, columns = draw(st.integers(2, 7)), draw(st.integers(2, 9))
    if draw(st.booleans()):
        lat, lon = np.linspace(-90, 90, 13), np.linspace(0, 360, 25)
    else:
        step = draw(st.floats(0.2, 8))
        lat = draw(st.floats(-60, 60 - 7 * 2)) + step * np.arange(rows + 1) / 4
        lon = step * np.arange(columns + 1)
    turn, tilt = np.radians(draw(st.floats(0, 360))), np.radians(draw(st.floats(5, 175)))
    about_y = [[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]]
    about_z = [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    corner = vectors(*np.meshgrid(lat, lon, indexing="ij"))
    return corner @ (np.array(about_z) @ np.array(about_y)).T


def lattice_of_a_projection(draw):
    """Corners of a grid on an equal-area plane that touches the sphere anywhere."""
    lat, lon = draw(st.floats(-90, 90)), draw(st.floats(-180, 180))
    crs = CRS(f"+proj=laea +lat_0={lat} +lon_0={lon} +R=6371007.181")
    x, y = (
        draw(st.floats(2e4, 4e5)) * np.arange(draw(st.integers(3, 8))) + draw(st.floats(-1e6, 1e6))
        for _ in range(2)
    )
    back = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    lon, lat = back.transform(*np.meshgrid(x, y))
    return vectors(lat, lon)


@st.composite
def grids(draw):
    """A field, the bounds of its cells and their corners (row, column, 4, xyz)."""
    make = draw(st.sampled_from([lattice_of_a_turned_grid, lattice_of_a_projection]))
    lattice = make(draw)
    corner = np.stack(
        [lattice[:-1, :-1], lattice[:-1, 1:], lattice[1:, 1:], lattice[1:, :-1]], axis=2
    )
    lat, lon = degrees(corner)
    centre = degrees(corner.mean(axis=2))
    dims = ("y", "x")
    bounds = xr.Dataset({"lat_bnds": ((*dims, "nv"), lat), "lon_bnds": ((*dims, "nv"), lon)})
    values = np.random.default_rng(0).normal(size=lat.shape[:2])
    coords = {"lat": (dims, centre[0]), "lon": (dims, centre[1])}
    return xr.DataArray(values, dims=dims, coords=coords, name="f"), bounds, corner


@st.composite
def polygons(draw):
    """A ring of any kind near anything, with a hole now and then."""
    ring = draw(st.lists(st.tuples(LON, LAT), min_size=3, max_size=7))
    if draw(st.booleans()):  # a small one
        lon, lat = draw(st.floats(-150, 150)), draw(st.floats(-70, 70))
        ring = [(lon + x / 9, lat + y / 9) for x, y in ring]
    holes = [draw(st.lists(st.tuples(LON, LAT), min_size=3, max_size=4))] * draw(st.booleans())
    return shapely.Polygon(ring, holes)


def made(*shapes):
    """Make regions, or skip what is refused by name."""
    try:
        return make_regions(
            [f"r{i}" for i in range(len(shapes))], [""] * len(shapes), shapes, "m", "literal"
        )
    except RegionError as error:
        assert "of 'm'" in str(error)
        assume(False)


def shares_of(da, bounds, regions):
    coverage = compute_coverage(grid_of(da, bounds), regions)
    shares = np.zeros((len(regions), da.size))
    for i in range(len(regions)):
        mine = slice(coverage.starts[i], coverage.starts[i + 1])
        shares[i, coverage.cells[mine]] = coverage.shares[mine]
    return shares, coverage


def strewn(corner, shape):
    """Share of each cell inside a shape by its pieces, and the share of pieces on the edge.

    A cell's interior is the normalised bilinear mix of its corners, whose edges are great circles.
    """
    part = np.linspace(0, 1, FINE + 1)
    u, v = np.meshgrid(part, part, indexing="ij")
    mix = np.stack([(1 - u) * (1 - v), (1 - u) * v, u * v, u * (1 - v)], axis=-1)
    nodes = np.einsum("uvc,nci->nuvi", mix, corner.reshape(-1, 4, 3))
    nodes /= np.linalg.norm(nodes, axis=-1, keepdims=True)
    a, b, c, d = nodes[:, :-1, :-1], nodes[:, :-1, 1:], nodes[:, 1:, 1:], nodes[:, 1:, :-1]
    area = np.linalg.norm(np.cross(c - a, d - b), axis=-1) / 2
    lat, lon = degrees(nodes)
    shapely.prepare(shape)
    inside = shapely.contains_xy(shape, lon, lat)
    around = np.stack(
        [inside[:, :-1, :-1], inside[:, :-1, 1:], inside[:, 1:, 1:], inside[:, 1:, :-1]]
    )
    lat, lon = degrees(a + b + c + d)
    middle = shapely.contains_xy(shape, lon, lat)
    mixed = ~((around == middle).all(axis=0))
    whole = area.sum(axis=(1, 2))
    return (area * middle).sum(axis=(1, 2)) / whole, (area * mixed).sum(axis=(1, 2)) / whole


@FEW
@given(grids(), polygons())
def test_shares_equal_those_of_points(grid, shape):
    da, bounds, corner = grid
    regions = made(shape)
    shares, _ = shares_of(da, bounds, regions)
    assert ((shares >= 0) & (shares <= 1)).all()
    expected, edge = strewn(corner, regions.geometries[0])
    off = np.abs(shares[0] - expected)
    assert (off <= edge + 0.03).all(), off.max()
    assert off.mean() <= 0.5 * edge.mean() + 0.005


@FEW
@given(grids(), polygons())
def test_region_and_the_rest_of_the_globe_make_each_cell_whole(grid, shape):
    da, bounds, _ = grid
    (kept,) = made(shape).geometries
    rest = shapely.box(-180, -90, 180, 90).difference(kept)
    assume(rest.area > 1e-9)
    shares, _ = shares_of(da, bounds, made(kept, rest))
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-6)


@FEW
@given(grids(), polygons(), st.floats(-50, 50, allow_nan=False))
def test_mean_of_a_constant_is_that_constant_or_the_region_is_outside(grid, shape, value):
    da, bounds, corner = grid
    regions = made(shape)
    try:
        found = aggregate(xr.full_like(da, value), regions, bounds=bounds, min_valid_fraction=0)
    except RegionError as error:
        assert "'r0'" in str(error) and "outside 'f'" in str(error)
        assert strewn(corner, regions.geometries[0])[0].max() < 1e-3
        return
    np.testing.assert_allclose(found, value, rtol=1e-12, atol=1e-300)
    assert 0 < found.covered_fraction.item() <= 1
