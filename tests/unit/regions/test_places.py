"""The user's own areas: files of every kind, boxes, circles, frames."""

import json
import os
import sqlite3
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import shapely
import xarray as xr

from sco_pipeline.catalog.models import RegionSet
from sco_pipeline.errors import RegionError
from sco_pipeline.regions import (
    aggregate,
    box,
    from_frame,
    load_region_set,
    make_regions,
    point,
    read_regions,
)
from sco_pipeline.regions.coverage import areas_of, edges_of
from sco_pipeline.regions.grid import EARTH_RADIUS

SQUARE = shapely.box(2, 40, 4, 44)
HOLED = shapely.Polygon(shapely.box(0, 0, 9, 9).exterior, [shapely.box(3, 3, 4, 4).exterior])


def steradian(regions):
    return areas_of(edges_of(regions.geometries), len(regions))


def write_geojson(path, *shapes, **extra):
    features = [
        {
            "type": "Feature",
            "properties": {"code": f"C{i}", "title": f"Shape {i}"},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for i, shape in enumerate(shapes)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **extra}))
    return path


def write_shapefile(path, *shapes, prj=None):
    import shapefile

    with shapefile.Writer(str(path)) as writer:
        writer.field("code", "C")
        writer.field("title", "C")
        for i, shape in enumerate(shapes):
            writer.shape(shape.__geo_interface__)
            writer.record(f"C{i}", f"Shape {i}")
    if prj:
        path.with_suffix(".prj").write_text(prj)
    return path.with_suffix(".shp")


def write_geopackage(path, *shapes, srs=("EPSG", 4326), layer="areas"):
    with sqlite3.connect(path) as database:
        database.executescript(
            "CREATE TABLE gpkg_spatial_ref_sys (srs_id, organization, organization_coordsys_id,"
            " definition);"
            "CREATE TABLE gpkg_geometry_columns (table_name, column_name, srs_id);"
            f'CREATE TABLE "{layer}" (fid INTEGER PRIMARY KEY, code TEXT, title TEXT, geom BLOB);'
        )
        database.execute("INSERT INTO gpkg_spatial_ref_sys VALUES (1, ?, ?, '')", srs)
        database.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 1)", (layer,))
        for i, shape in enumerate(shapes):
            envelope = struct.pack("<4d", *np.array(shape.bounds)[[0, 2, 1, 3]])
            blob = b"GP\x00\x03" + struct.pack("<i", 1) + envelope + shapely.to_wkb(shape)
            row = (f"C{i}", f"Shape {i}", blob)
            database.execute(f'INSERT INTO "{layer}" (code, title, geom) VALUES (?, ?, ?)', row)
    database.close()
    return path


@pytest.mark.parametrize("kind", ["geojson", "shp", "zip", "gpkg"])
def test_every_kind_of_file_gives_the_same_regions(tmp_path, kind):
    if kind == "geojson":
        path = write_geojson(tmp_path / "mine.geojson", SQUARE, HOLED)
    elif kind == "gpkg":
        path = write_geopackage(tmp_path / "mine.gpkg", SQUARE, HOLED)
    else:
        path = write_shapefile(tmp_path / "mine", SQUARE, HOLED)
    if kind == "zip":
        with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
            for part in ("shp", "shx", "dbf"):
                archive.write(tmp_path / f"mine.{part}", f"mine.{part}")
        path = tmp_path / "mine.zip"
    regions = read_regions(path, id_field="code", name_field="title")
    assert regions.ids == ("c0", "c1")
    assert regions.names == ("Shape 0", "Shape 1")
    assert regions.set_ids == ("mine", "mine")
    for found, expected in zip(regions.geometries, (SQUARE, HOLED), strict=True):
        assert shapely.equals(found, expected)


@pytest.mark.parametrize("kind", ["geojson", "shp", "gpkg"])
def test_other_coordinate_systems_are_transformed(tmp_path, kind):
    from pyproj import CRS, Transformer

    move = Transformer.from_crs("OGC:CRS84", "EPSG:3035", always_xy=True).transform
    flat = shapely.transform(shapely.segmentize(SQUARE, 0.05), move, interleaved=False)
    if kind == "geojson":
        named = {"type": "name", "properties": {"name": "EPSG:3035"}}
        path = write_geojson(tmp_path / "a.geojson", flat, crs=named)
    elif kind == "shp":
        path = write_shapefile(tmp_path / "a", flat, prj=CRS("EPSG:3035").to_wkt("WKT1_ESRI"))
    else:
        path = write_geopackage(tmp_path / "a.gpkg", flat, srs=("EPSG", 3035))
    (shape,) = read_regions(path).geometries
    assert shapely.symmetric_difference(shape, SQUARE).area < 1e-6


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "x", "of no known kind"),
        ("a.geojson", "{", "cannot be read as .geojson"),
        ("a.geojson", '{"type": "Point", "coordinates": [0, 0]}', "expected a FeatureCollection"),
        ("a.gpkg", "not a database", "cannot be read as .gpkg"),
        ("a.shp", "short", "cannot be read as .shp"),
        ("a.zip", "short", "cannot be read as .zip"),
    ],
)
def test_bad_files_are_refused_by_name(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(RegionError, match=f"{name}.*{message}"):
        read_regions(tmp_path / name)


def test_absent_file_and_field(tmp_path):
    with pytest.raises(RegionError, match="does not exist"):
        read_regions(tmp_path / "a.gpkg")
    with pytest.raises(RegionError, match=r"no 'iso'.*found \['code', 'id', 'title'\]"):
        read_regions(write_geojson(tmp_path / "a.json", SQUARE), id_field="iso")


def test_frame_needs_a_crs_and_keeps_its_columns():
    class Frame:
        """What is used of a GeoDataFrame."""

        columns = ("code", "geometry")
        crs = "EPSG:4326"

        def __init__(self):
            from types import SimpleNamespace

            self.geometry = SimpleNamespace(name="geometry", __iter__=None)
            self.geometry = type("Series", (list,), {"name": "geometry"})([SQUARE])

        def to_crs(self, crs):
            return self

        def iterrows(self):
            yield 0, {"code": "X", "geometry": SQUARE}

    assert from_frame(Frame(), id_field="code").ids == ("x",)
    bare = Frame()
    bare.crs = None
    with pytest.raises(RegionError, match="has no crs"):
        from_frame(bare)
    with pytest.raises(RegionError, match="expected a GeoDataFrame"):
        from_frame(object())


@pytest.mark.parametrize(
    ("lat", "lon", "radius"),
    [(0, 0, 1), (45, 179.9, 500), (-60, -179.99, 3000), (89, 10, 300), (90, 0, 1000), (-90, 0, 1),
     (-85, 100, 2000), (10, 0, 9000)],
)  # fmt: skip
def test_circle_has_the_area_of_the_cap(lat, lon, radius):
    regions = point(lat, lon, radius)
    cap = 2 * np.pi * (1 - np.cos(radius * 1000 / EARTH_RADIUS))
    assert steradian(regions)[0] == pytest.approx(cap, rel=2e-6)
    (shape,) = regions.geometries
    at = (lon + 180) % 360 - 180
    assert shape.buffer(1e-9).covers(shapely.Point(at, lat))


def test_impossible_places_are_refused():
    with pytest.raises(RegionError, match="radius above 0"):
        point(0, 0, 0)
    with pytest.raises(RegionError, match="south <"):
        box(0, 10, 10, 5)


def test_box_across_the_antimeridian():
    assert steradian(box(170, -10, -170, 10)) == pytest.approx(
        np.radians(20) * 2 * np.sin(np.radians(10)), rel=1e-14
    )


def ring(*points):
    return shapely.Polygon(points)


def test_long_edges_are_refused_unless_their_meaning_is_said(tmp_path):
    crossing = ring((170, -10), (-170, -10), (-170, 10), (170, 10))
    path = write_geojson(tmp_path / "a.geojson", crossing)
    with pytest.raises(RegionError, match=r"'0' of 'a' has an edge over more than half a turn"):
        read_regions(path)
    height = 2 * np.sin(np.radians(10))
    short = read_regions(path, antimeridian="shortest")
    assert steradian(short)[0] == pytest.approx(np.radians(20) * height, rel=1e-14)
    literal = read_regions(path, antimeridian="literal")
    assert steradian(literal)[0] == pytest.approx(np.radians(340) * height, rel=1e-14)


@pytest.mark.parametrize("side", [1, -1])
def test_ring_around_a_pole_is_closed_over_it(tmp_path, side):
    lon = np.arange(-170, 180, 20)
    path = write_geojson(tmp_path / "a.geojson", ring(*[(x, side * 70.0) for x in lon]))
    cap = 2 * np.pi * (1 - np.sin(np.radians(70)))
    with pytest.raises(RegionError, match="edge over more than half a turn"):
        read_regions(path)
    assert steradian(read_regions(path, antimeridian="shortest"))[0] == pytest.approx(cap)


def test_wavy_ring_from_date_line_to_date_line_is_not_taken_for_slivers(tmp_path):
    wavy = ring((-180, 80), (-90, 75), (0, 80), (90, 75), (180, 80))
    with pytest.raises(RegionError, match="more than half a turn"):
        read_regions(write_geojson(tmp_path / "a.geojson", wavy))


def test_hole_across_the_antimeridian_stays_a_hole(tmp_path):
    outer = [(160, -20), (-160, -20), (-160, 20), (160, 20)]
    hole = [(-178, -5), (178, -5), (178, 5), (-178, 5)]
    path = write_geojson(tmp_path / "a.geojson", shapely.Polygon(outer, [hole]))
    expected = np.radians(40) * 2 * np.sin(np.radians(20))
    expected -= np.radians(4) * 2 * np.sin(np.radians(5))
    found = steradian(read_regions(path, antimeridian="shortest"))[0]
    assert found == pytest.approx(expected, rel=1e-13)


def test_longitudes_beyond_a_turn_mean_the_same():
    a = box(170, -10, 190, 10).geometries[0]
    b = box(-190, -10, -170, 10).geometries[0]
    assert shapely.equals(a, b)
    assert (a.bounds[0], a.bounds[2]) == (-180, 180)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (shapely.Point(1, 2), "is a Point; expected a polygon"),
        (shapely.Polygon(), "is empty"),
        (ring((0, 0), (1, 1), (2, 2)), "has no area"),
        (ring((0, 0), (500000, 0), (500000, 400000)), "expected degrees"),
        (ring((2000, 0), (2001, 0), (2001, 1)), "expected degrees"),
        (ring((-300, 0), (100, 0), (100, 1), (-300, 1)), "at most 360"),
        (shapely.MultiPolygon([shapely.box(170, 0, 190, 1), shapely.box(-180, 0, -160, 1)]),
         "at most 360"),
    ],
)  # fmt: skip
def test_unusable_geometry_is_refused_by_name(shape, message):
    from sco_pipeline.regions import make_regions

    with pytest.raises(RegionError, match=f"'a' of 'm'.*{message}"):
        make_regions(["a"], ["A"], [shape], "m", "literal")


def test_bow_tie_is_repaired_with_a_note():
    from sco_pipeline.regions import make_regions

    regions = make_regions(["a"], ["A"], [ring((0, 0), (2, 2), (2, 0), (0, 2))], "m")
    assert regions.geometries[0].area == pytest.approx(2)
    assert regions.notes[0].startswith("region 'a' of 'm' was repaired: Self-intersection")


def test_ids_are_made_safe_and_must_differ():
    from sco_pipeline.regions import make_regions

    shapes = [SQUARE, SQUARE]
    assert make_regions(["N. America; rm -rf /", "b"], ["", "B"], shapes, "m").ids[0] == (
        "n-america-rm-rf"
    )
    with pytest.raises(RegionError, match="twice"):
        make_regions(["A b", "a-B"], ["", ""], shapes, "m")
    with pytest.raises(RegionError, match="no letter"):
        make_regions(["//", "b"], ["", ""], shapes, "m")


SHARED = Path(os.environ.get("SCO_SHARED", Path(__file__).parents[3] / ".." / "shared"))


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "data" / "regions").is_dir(), reason="no reference data")
def test_ar6_regions_are_read_from_their_pinned_archive():
    from sco_pipeline.catalog import load_catalog

    entry = load_catalog().region_sets["ipcc-ar6"]
    path = SHARED / "data" / "regions" / "IPCC-WGI-reference-regions-v4.zip"
    regions = load_region_set(entry, Path("absent"), path=path)
    assert len(regions) == 58
    assert regions.notes == ()
    assert {"med", "rar", "soo", "nz"} <= set(regions.ids)
    assert steradian(regions).sum() == pytest.approx(4 * np.pi, rel=1e-3)


def test_downloaded_set_without_its_file_says_so(tmp_path):
    entry = RegionSet(
        id="far", title="t", source="s", license="l", sha256="0" * 64, id_field="code",
        name_field="title", access={"method": "http", "url": "https://example.org/a.zip"},
    )  # fmt: skip
    with pytest.raises(RegionError, match="'far' is downloaded; fetch it first"):
        load_region_set(entry, tmp_path)
    path = write_geojson(tmp_path / "a.geojson", SQUARE)
    with pytest.raises(RegionError, match="expected 0000"):
        load_region_set(entry, tmp_path, path=path)
    from sco_pipeline.files import sha256

    pinned = entry.model_copy(update={"sha256": sha256(path)})
    assert load_region_set(pinned, tmp_path, path=path).names == ("Shape 0",)


@pytest.mark.parametrize("kind", ["geojson", "shp", "gpkg", "shape", "feature", "collection"])
def test_aggregate_takes_the_users_areas_as_they_are(tmp_path, kind):
    lat, lon = np.arange(-89.5, 90), np.arange(-179.5, 180)
    values = np.random.default_rng(0).normal(size=(180, 360))
    da = xr.DataArray(values, dims=("lat", "lon"), coords={"lat": lat, "lon": lon})
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(SQUARE)}
    areas = {
        "geojson": lambda: str(write_geojson(tmp_path / "a.geojson", SQUARE)),
        "shp": lambda: write_shapefile(tmp_path / "a", SQUARE),
        "gpkg": lambda: write_geopackage(tmp_path / "a.gpkg", SQUARE),
        "shape": lambda: SQUARE,
        "feature": lambda: feature,
        "collection": lambda: {"type": "FeatureCollection", "features": [feature]},
    }[kind]()
    expected = aggregate(da, make_regions(["a"], [""], [SQUARE], "a"))
    np.testing.assert_array_equal(aggregate(da, areas), expected)


def test_what_is_no_area_is_refused():
    da = xr.DataArray(np.zeros((2, 2)), dims=("lat", "lon"), coords={"lat": [0, 1], "lon": [0, 1]})
    with pytest.raises(RegionError, match="a int is no area; expected regions, the path"):
        aggregate(da, 3)


def test_circles_of_the_catalog():
    entry = RegionSet(
        id="towns",
        title="Towns",
        source="A test",
        license="CC0",
        circles={"toulouse": {"name": "Toulouse", "lat": 43.6, "lon": 1.44, "radius_km": 50}},
    )
    found = load_region_set(entry, Path("nowhere"))
    assert (found.ids, found.names, found.set_ids) == (("toulouse",), ("Toulouse",), ("towns",))
    assert shapely.equals(found.geometries[0], point(43.6, 1.44, 50).geometries[0])
