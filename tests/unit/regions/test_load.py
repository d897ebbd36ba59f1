"""Region sets of the catalog: every entry loads and says what it should."""

from pathlib import Path

import numpy as np
import pytest
import shapely
import xarray as xr

from sco_pipeline.catalog.load import validate
from sco_pipeline.catalog.models import RegionSet
from sco_pipeline.catalog.yaml_file import YamlFile
from sco_pipeline.errors import RegionError
from sco_pipeline.regions import aggregate, combine, load_region_set, make_regions

CATALOG = Path(__file__).parents[3] / "catalog"
ENTRIES = sorted((CATALOG / "regions").glob("*.yaml"))


def entry(name):
    file = YamlFile(CATALOG / "regions" / f"{name}.yaml")
    return validate(RegionSet, {**file.content, "id": name}, file.where)


def load(name):
    return load_region_set(entry(name), CATALOG)


@pytest.mark.parametrize("name", [p.stem for p in ENTRIES])
def test_every_set_loads_without_repair(name):
    if entry(name).access is not None:
        pytest.skip("downloaded; its loading has a test of its own")
    regions = load(name)
    assert len(regions) > 0
    assert regions.notes == ()
    assert set(regions.set_ids) == {name}


def test_nino_boxes_have_the_published_bounds():
    regions = load("climate-index-boxes")
    assert regions.select(["nino34"]).bbox().model_dump() == {
        "west": -170.0,
        "south": -5.0,
        "east": -120.0,
        "north": 5.0,
    }
    across = regions.select(["nino4"]).bbox()
    assert (across.west, across.east) == (160.0, -150.0)


def test_nino_boxes_on_a_strip_state_what_is_covered():
    lat = np.linspace(-5, 40 / 9, 18)
    lon = np.arange(0, 360, 5 / 6)
    da = xr.DataArray(np.ones((18, 432)), dims=("lat", "lon"), coords={"lat": lat, "lon": lon})
    result = aggregate(da, load("nino-boxes"))
    top = 40 / 9 + 5 / 18
    expected = (np.sin(np.radians(top)) + np.sin(np.radians(5))) / (2 * np.sin(np.radians(5)))
    np.testing.assert_allclose(result.covered_fraction, expected, rtol=1e-9)
    np.testing.assert_allclose(result, 1, rtol=1e-12)


def test_mediterranean_basins_part_the_sea():
    west, east, whole = load("mediterranean-basins").geometries
    assert shapely.intersection(west, east).area < 1e-3
    assert west.area + east.area == pytest.approx(whole.area, rel=1e-3)
    for place, basin in [((5, 40), west), ((12, 40), west), ((15, 43), east), ((27, 34), east)]:
        assert basin.contains(shapely.Point(place))
    for place in [(-7, 36), (33, 43.5), (28, 40.7), (2, 47)]:
        assert not whole.contains(shapely.Point(place))


def test_coastal_seas_hug_their_coasts():
    regions = load("mediterranean-coastal-seas")
    assert {"fra", "ita", "esp", "grc", "tun", "svn", "egy", "mlt", "syr"} <= set(regions.ids)
    france = regions.geometries[regions.ids.index("fra")]
    assert france.contains(shapely.Point(5, 43))
    assert not france.contains(shapely.Point(5, 41.5))


def test_file_with_another_hash_is_refused(tmp_path):
    (tmp_path / "regions").mkdir()
    (tmp_path / "regions" / "mediterranean-basins.geojson").write_text("{}")
    with pytest.raises(RegionError, match=r"'mediterranean-basins'.*expected"):
        load_region_set(entry("mediterranean-basins"), tmp_path)


def test_combine_keeps_order_and_qualifies_equal_ids():
    one = make_regions(["a", "b"], ["A", "B"], [shapely.box(0, 0, 1, 1)] * 2, "one")
    two = make_regions(["b", "c"], ["B", "C"], [shapely.box(2, 0, 3, 1)] * 2, "two")
    both = combine([one, two])
    assert both.ids == ("a", "one.b", "two.b", "c")
    assert both.set_ids == ("one", "one", "two", "two")
    with pytest.raises(RegionError, match="given twice"):
        combine([one, one])


def test_unknown_region_names_the_nearest():
    with pytest.raises(RegionError, match="Did you mean 'nino34'"):
        load("nino-boxes").select(["nino-34"])


def test_find_searches_names():
    assert load("countries").find("franc").ids == ("fra",)
