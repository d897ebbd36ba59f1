"""The vendored countries: whole, valid, rightly cut, of plausible size."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from sco_pipeline.geography import boundaries, countries

RADIUS = 6371.0072  # km, sphere of the same area as WGS84
PUBLISHED_AREA = {  # km2, national statistics; Antarctica: grounded ice (BEDMAP2)
    "rus": 17_098_000,
    "fji": 18_274,
    "ata": 12_295_000,
    "bra": 8_515_770,
    "zaf": 1_221_037,
    "nzl": 268_021,
}


def spherical_area(geometry: shapely.Geometry) -> float:
    """Return the area in km2 under edges that are straight in longitude and latitude."""
    total = 0.0
    for ring in shapely.get_rings(shapely.get_parts(geometry)):
        lon, lat = np.radians(shapely.get_coordinates(ring)).T
        rise = np.diff(lat)
        level = np.abs(rise) < 1e-12
        mean_sine = np.where(
            level, np.sin(lat[:-1]), -np.diff(np.cos(lat)) / np.where(level, 1.0, rise)
        )
        total -= float((mean_sine * np.diff(lon)).sum())
    return abs(total) * RADIUS**2


@pytest.mark.parametrize(("resolution", "count"), [("110m", 177), ("50m", 241)])
def test_all_countries_are_there_once_and_valid(resolution, count):
    found = countries(resolution)
    assert len({country.id for country in found}) == len(found) == count
    assert [country.id for country in found] == sorted(country.id for country in found)
    for country in found:
        assert country.geometry.is_valid, country.id
        west, south, east, north = country.geometry.bounds
        assert -180 <= west < east <= 180
        assert -90 <= south < north <= 90
    for ring in (
        part.exterior for country in found for part in shapely.get_parts(country.geometry)
    ):
        assert shapely.is_ccw(ring)


@pytest.mark.parametrize("name", PUBLISHED_AREA)
def test_area_is_the_published_one(name):
    by_id = {country.id: country.geometry for country in countries("50m")}
    assert spherical_area(by_id[name]) == pytest.approx(PUBLISHED_AREA[name], rel=0.02)


@pytest.mark.parametrize("resolution", ["110m", "50m"])
def test_countries_do_not_overlap(resolution):
    shapes = [country.geometry for country in countries(resolution)]
    together = spherical_area(shapely.union_all(shapes))
    assert together == pytest.approx(sum(map(spherical_area, shapes)), rel=1e-5)
    assert together == pytest.approx(146.5e6, rel=0.01)


def test_cut_at_the_antimeridian_and_closed_over_the_pole():
    by_id = {country.id: country.geometry for country in countries("110m")}
    assert by_id["rus"].contains(shapely.Point(-179.0, 68.0))
    assert by_id["rus"].contains(shapely.Point(179.0, 68.0))
    assert not by_id["rus"].contains(shapely.Point(-150.0, 68.0))
    assert max(part.bounds[2] - part.bounds[0] for part in by_id["fji"].geoms) < 2
    for lon in (-179.99, -90.0, 0.0, 90.0, 179.99):
        assert by_id["ata"].contains(shapely.Point(lon, -89.9))


def test_enclaves_are_holes():
    by_id = {country.id: country.geometry for country in countries("50m")}
    maseru = shapely.Point(27.9, -29.6)
    assert by_id["lso"].contains(maseru)
    assert not by_id["zaf"].contains(maseru)


def test_boundaries_leave_out_the_cuts():
    coasts, borders = boundaries("50m")
    for edges in (coasts, borders):
        assert not (np.abs(edges[:, :, 0]) == 180).all(axis=1).any()
        assert (edges[:, :, 1] > -89).all()
    near = shapely.box(-3.0, 42.3, 3.2, 43.5)  # the Pyrenees: border, no coast inside
    inside = shapely.box(-1.0, 42.6, 2.0, 43.2)
    lines = shapely.MultiLineString(list(borders))
    assert lines.intersection(near).length > 4
    assert shapely.MultiLineString(list(coasts)).intersection(inside).length == 0


def test_unknown_resolution():
    with pytest.raises(ValueError, match="choose one of"):
        countries("10m")  # type: ignore[arg-type]
