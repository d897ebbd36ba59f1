"""Right everywhere on the sphere: partitions add up, and means equal closed forms."""

import functools
import os
from pathlib import Path

import numpy as np
import pytest
import shapely
import xarray as xr
from scipy.spatial import Voronoi

from sco_pipeline.geography import countries
from sco_pipeline.regions import aggregate, make_regions, point, read_regions
from sco_pipeline.regions.grid import EARTH_RADIUS
from sco_pipeline.regions.locate import grid_of
from sco_pipeline.regions.weights import compute_coverage, weights_of

SPHERE = 4 * np.pi * EARTH_RADIUS**2
GLOBE = shapely.box(-180, -90, 180, 90)


def grid(step, west=-180.0, descending=False):
    lat = np.arange(-90 + step / 2, 90, step)
    lon = np.arange(west + step / 2, west + 360, step)
    da = xr.DataArray(
        np.zeros((lat.size, lon.size)), dims=("lat", "lon"), coords={"lat": lat, "lon": lon}
    )
    return da.isel(lat=slice(None, None, -1)) if descending else da


def named(shapes):
    return make_regions([f"r{i}" for i in range(len(shapes))], [""] * len(shapes), shapes, "m")


def voronoi_cells(count, seed):
    """Cells around random places, cut to the globe."""
    places = np.random.default_rng(seed).uniform((-180, -90), (180, 90), (count, 2))
    far = np.array([[-4000, 0], [4000, 0], [0, -4000], [0, 4000]])
    diagram = Voronoi(np.concatenate([places, far]))
    outlines = [diagram.regions[diagram.point_region[i]] for i in range(count)]
    return [shapely.Polygon(diagram.vertices[o]).intersection(GLOBE) for o in outlines]


def world():
    land = [c.geometry for c in countries("50m")]
    return [*land, GLOBE.difference(shapely.union_all(land))]


def boxes():
    return [
        shapely.box(w, s, w + 10, s + 10) for w in range(-180, 180, 10) for s in range(-90, 90, 10)
    ]


def ar6():
    """The 58 regions of the archive, which overlap by 3.9 square degrees, and what they leave."""
    path = SHARED / "data" / "regions" / "IPCC-WGI-reference-regions-v4.zip"
    parts = read_regions(path, id_field="Acronym", antimeridian="literal").geometries
    apart, taken = [], shapely.Polygon()
    for part in parts:
        apart.append(part.difference(taken))
        taken = taken.union(part)
    return [*apart, GLOBE.difference(taken)]


SHARED = Path(os.environ.get("SCO_SHARED", Path(__file__).parents[3] / ".." / "shared"))
ABSENT = pytest.mark.skipif(not (SHARED / "data" / "regions").is_dir(), reason="no reference data")
PARTITIONS = {
    "voronoi": lambda: voronoi_cells(60, 5),
    "boxes": boxes,
    "countries": world,
    "ar6": ar6,
}


@functools.cache
def partition_regions(name):
    return named(PARTITIONS[name]())


@pytest.mark.parametrize(
    "partition",
    ["voronoi", "boxes", "countries", pytest.param("ar6", marks=[pytest.mark.shared, ABSENT])],
)
@pytest.mark.parametrize(
    ("step", "west", "descending"),
    [
        (0.25, -180.0, False),
        (1, 0.0, True),
        (2.5, -37.3, False),
        (10, 0.0, False),
        (7.5, -180, True),
    ],
)
def test_a_partition_of_the_sphere_adds_up(partition, step, west, descending):
    da = grid(step, west, descending)
    weights = weights_of(grid_of(da), partition_regions(partition))
    assert weights.areas.sum() == pytest.approx(SPHERE, rel=1e-9)
    shares = compute_coverage(grid_of(da), partition_regions(partition))
    total = np.bincount(shares.cells, shares.shares, minlength=da.size)
    np.testing.assert_allclose(total, 1, atol=1e-6 if partition in ("countries", "ar6") else 1e-9)


def test_the_grids_edge_inside_a_polygon_takes_the_part_inside():
    da = grid(1.0).sel(lat=slice(-30, 30), lon=slice(100, 179))
    weights = weights_of(grid_of(da), named([GLOBE]))
    south, north = da.lat[0] - 0.5, da.lat[-1] + 0.5
    height = np.sin(np.radians(north)) - np.sin(np.radians(south))
    area = float(np.radians(da.lon.size) * height)
    assert weights.totals[0] == pytest.approx(area * EARTH_RADIUS**2, rel=1e-12)
    assert weights.covered[0] == pytest.approx(area / (4 * np.pi), rel=1e-12)


def harmonic(lon, lat):
    """A sum of spherical harmonics up to degree three."""
    x, y = np.radians(lon), np.radians(lat)
    return (
        np.sin(y)
        + np.cos(y) * np.cos(x)
        + np.cos(y) ** 2 * np.sin(2 * x)
        + 0.5 * (5 * np.sin(y) ** 3 - 3 * np.sin(y))
    )


def eastward(lon, lat):
    """The integral of `harmonic` over longitude, in radians."""
    x, y = np.radians(lon), np.radians(lat)
    flat = np.sin(y) + 0.5 * (5 * np.sin(y) ** 3 - 3 * np.sin(y))
    return x * flat + np.cos(y) * np.sin(x) - np.cos(y) ** 2 * np.cos(2 * x) / 2


def cell_means(step, west=-180.0, south=-90.0, east=180.0, north=90.0):
    """Means of `harmonic` over cells, by 3-point Gauss-Legendre rules in longitude and sine."""
    lat = np.arange(south + step / 2, north, step)
    lon = np.arange(west + step / 2, east, step)
    low, high = np.sin(np.radians(lat - step / 2)), np.sin(np.radians(lat + step / 2))
    nodes, weights = np.polynomial.legendre.leggauss(3)
    total = 0.0
    for node, weight in zip(nodes, weights, strict=True):
        mu = np.clip((low + high) / 2 + node * (high - low) / 2, -1, 1)
        for other, w in zip(nodes, weights, strict=True):
            phi = np.degrees(np.arcsin(mu))[:, None]
            total = total + weight * w / 4 * harmonic(lon + other * step / 2, phi)
    return xr.DataArray(total, dims=("lat", "lon"), coords={"lat": lat, "lon": lon})


def true_mean(shape):
    """Mean of `harmonic` over a polygon by line integrals around its rings."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    total = area = 0.0
    for part in shapely.get_parts(shapely.segmentize(shape, 2.0)):
        ccw = shapely.geometry.polygon.orient(part)
        for ring in shapely.get_rings(ccw):
            points = shapely.get_coordinates(ring)
            middle, half = (points[1:] + points[:-1]) / 2, np.diff(points, axis=0) / 2
            lon, lat = (middle[:, i, None] + half[:, i, None] * nodes for i in (0, 1))
            rise = np.cos(np.radians(lat)) * np.radians(half[:, 1, None]) * weights
            total += (eastward(lon, lat) * rise).sum()
            area += (np.radians(lon) * rise).sum()
    return total / area


LAND = {c.id: c.geometry for c in countries("50m")}
CHUKOTKA = LAND["rus"].intersection(
    shapely.union_all([shapely.box(158, 61, 180, 75), shapely.box(-180, 61, -165, 75)])
)
ARCTIC_OCEAN = shapely.box(-180, 66.5, 180, 90).difference(shapely.union_all(list(LAND.values())))
PLACES = {
    "antarctica": (LAND["ata"], 0.1),
    "arctic ocean": (ARCTIC_OCEAN, 0.1),
    "russia": (LAND["rus"], 0.25),
    "fiji": (LAND["fji"], 0.02),
    "chukotka": (CHUKOTKA, 0.1),
    "vatican": (LAND["vat"], 0.0005),
}


@pytest.mark.parametrize("place", PLACES)
def test_means_equal_a_line_integral(place):
    """Cells cut by a border hold one value, so small places need small cells."""
    shape, step = PLACES[place]
    region = named([shape])
    box = region.bbox()
    west, east = box.west, box.east if box.east > box.west else box.east + 360
    if east - west > 300:
        west, east = -180.0, 180.0 - step / 2
    da = cell_means(
        step,
        np.floor(west / step) * step,
        max(-90, np.floor(box.south / step) * step),
        east + step,
        min(90, box.north + step),
    )
    found = aggregate(da, region)
    assert found.covered_fraction.item() == pytest.approx(1, abs=1e-9)
    assert found.item() == pytest.approx(true_mean(shape), abs=1e-5)


@pytest.mark.parametrize("place", PLACES)
def test_origin_of_longitude_and_order_of_rows_do_not_matter(place):
    region = named([PLACES[place][0]])
    expected = aggregate(cell_means(2.0), region).item()
    other = cell_means(2.0, 0.0, -90, 360).isel(lat=slice(None, None, -1))
    assert aggregate(other, region).item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("lat", "radius"), [(90, 1500), (-90, 800), (80, 2500), (-75, 3000)])
def test_polar_caps_equal_the_closed_form(lat, radius):
    """The mean of sin(latitude) over a cap is its middle's times (1 + cos angle) / 2."""
    da = cell_means(0.25)
    lat_edges = np.sin(np.radians(np.linspace(-90, 90, da.lat.size + 1)))
    da = da.copy(data=np.broadcast_to((lat_edges[1:] + lat_edges[:-1])[:, None] / 2, da.shape))
    found = aggregate(da, point(lat, 35.0, radius)).item()
    expected = np.sin(np.radians(lat)) * (1 + np.cos(radius * 1000 / EARTH_RADIUS)) / 2
    assert found == pytest.approx(expected, abs=1e-5)


def test_vatican_in_one_degree_cells_takes_the_value_of_its_cell():
    da = cell_means(1.0)
    vatican = LAND["vat"]
    found = aggregate(da, named([vatican]))
    middle = vatican.centroid
    assert found.item() == pytest.approx(
        da.sel(lat=middle.y, lon=middle.x, method="nearest").item()
    )
    assert found.covered_fraction.item() == pytest.approx(1, abs=1e-7)


def test_a_constant_is_a_constant_for_every_country():
    da = grid(2.5, 0.0) + 7.25
    np.testing.assert_allclose(aggregate(da, partition_regions("countries")), 7.25, rtol=1e-13)


def test_whole_globe_equals_xarray_weighted():
    da = cell_means(2.5)
    half = np.radians(1.25)
    weights = np.cos(np.radians(da.lat)) * 2 * np.sin(half)
    expected = da.weighted(weights).mean(("lat", "lon")).item()
    assert aggregate(da, named([GLOBE])).item() == pytest.approx(expected, abs=1e-14)
