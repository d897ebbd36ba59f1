"""Observations gathered on a grid: swaths and points; answers worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from sco_pipeline import harmonise
from sco_pipeline.catalog import BBox
from sco_pipeline.errors import HarmonisationError
from tests import synthetic as syn

SWATHS = syn.entry({"tos": "sst"}, "irregular", layout={"observations": "mean"})


def swath(path, lat, lon, values, seconds, units="degC", **attrs):
    """Write a swath (scan, pixel) whose scan lines are made at seconds of 1 January 2001."""
    dims = ("scan", "pixel")
    ds = xr.Dataset(
        {"sst": (dims, np.array(values, float), {"units": units, **attrs})},
        coords={
            "lat": (dims, np.array(lat, float), {"units": "degrees_north"}),
            "lon": (dims, np.array(lon, float), {"units": "degrees_east"}),
            "time": ("scan", np.array(seconds, float), {"units": "seconds since 2001-01-01"}),
        },
    )
    return syn.write(ds.reset_coords(), path)


def gathered(paths, entry=SWATHS, grid="latlon-10deg", **wanted):
    request = syn.request(*entry.variables, **wanted)
    ds = harmonise.open_observations(entry, syn.VARIABLES, paths, request, grid)
    assert ds[next(iter(entry.variables))].chunks is not None
    harmonise.check_contract(ds)
    return ds.load()


def test_a_cell_is_the_mean_of_its_observations_not_of_its_swaths(tmp_path):
    # three observations of 10 in one swath, one of 20 in the other: 12.5, not 15
    one = swath(tmp_path / "1.nc", [[1, 2, 3]], [[1, 2, 3]], [[10, 10, 10]], [100])
    two = swath(tmp_path / "2.nc", [[4, 45]], [[5, 5]], [[293.15, 280.15]], [200], units="K")
    ds = gathered([two, one])
    cell = ds.sel(lat=5, lon=5)
    assert cell.tos.values.tolist() == [12.5] and cell.tos_observations.values.tolist() == [4.0]
    assert float(ds.tos[0].sel(lat=45, lon=5)) == pytest.approx(7.0, abs=1e-12)
    assert int(ds.tos.count()) == 2 and float(ds.tos_observations.sum()) == 5
    assert ds.sizes["time"] == 1 and ds.tos.attrs["ancillary_variables"] == "tos_observations"
    assert ds.tos_observations.attrs["standard_name"].endswith(" number_of_observations")


def test_scan_lines_past_midnight_belong_to_the_next_day(tmp_path):
    path = swath(tmp_path / "1.nc", [[5], [6]], [[5], [6]], [[1], [3]], [86399, 86401])
    ds = gathered([path])
    assert [str(t)[:10] for t in ds.time.values] == ["2001-01-01", "2001-01-02"]
    assert ds.tos.sel(lat=5, lon=5).values.tolist() == [1.0, 3.0]
    assert gathered([path], start="2001-01-02").tos.sel(lat=5, lon=5).values.tolist() == [3.0]


def test_the_date_line_the_poles_and_missing_positions(tmp_path):
    lat = [[90, -90, 5, 5, np.nan, 5, 1e20, np.nan]]
    lon = [[0, 359.9, 180, -180.0, 7, np.nan, 7, np.nan]]
    ds = gathered([swath(tmp_path / "1.nc", lat, lon, [[1, 2, 3, 5, 49, 49, 49, 49]], [0])])
    assert float(ds.tos[0].sel(lat=85, lon=5)) == 1 and float(ds.tos[0].sel(lat=-85, lon=-5)) == 2
    assert float(ds.tos[0].sel(lat=5, lon=-175)) == 4  # 180 and -180 are one meridian
    assert float(ds.tos_observations.sum()) == 4


def test_missing_values_and_rejected_ones_are_no_observations(tmp_path):
    path = swath(tmp_path / "1.nc", [[1, 2, 3]], [[1, 2, 3]], [[10, -99, 30]], [0],
                 missing_value=-99.0)  # fmt: skip
    ds = gathered([path])
    assert float(ds.tos[0].sel(lat=5, lon=5)) == 20 and float(ds.tos_observations.sum()) == 2


def test_a_box_keeps_its_cells_only(tmp_path):
    path = swath(tmp_path / "1.nc", [[1, 45]], [[175, -175]], [[1, 2]], [0])
    ds = gathered([path], bbox=BBox(west=170, south=0, east=-170, north=10))
    assert sorted(ds.lon.values.tolist()) == [-175, 175] and ds.lat.values.tolist() == [5]
    assert ds.tos.sel(lat=5, lon=175).values.tolist() == [1] and int(ds.tos.count()) == 1


def test_many_random_swaths_equal_a_plain_loop(tmp_path):
    rng = np.random.default_rng(3)
    paths, rows = [], []
    for number in range(5):
        lat, lon = rng.uniform(-90, 90, (30, 20)), rng.uniform(-180, 360, (30, 20))
        values, seconds = rng.normal(15, 5, (30, 20)), rng.uniform(0, 3 * 86400, 30)
        paths.append(swath(tmp_path / f"{number}.nc", lat, lon, values, seconds))
        for at in np.ndindex(30, 20):
            rows.append((int(seconds[at[0]] // 86400), lat[at], lon[at], values[at]))
    expected = {}
    for day, lat, lon, value in rows:
        key = (day, int((lat + 90) // 10), int((lon + 180) % 360 // 10))
        expected.setdefault(key, []).append(value)
    ds = gathered(paths)
    assert int(ds.tos.count()) == len(expected) and float(ds.tos_observations.sum()) == 3000
    for key, values in expected.items():
        assert float(ds.tos[key]) == pytest.approx(np.mean(values), abs=1e-12)
        assert int(ds.tos_observations[key]) == len(values)


def test_the_mean_of_all_cells_is_that_of_all_observations(tmp_path):
    rng = np.random.default_rng(4)
    lat, lon = rng.uniform(-90, 90, (40, 30)), rng.uniform(-180, 180, (40, 30))
    values = rng.normal(15, 5, (40, 30))
    path = swath(tmp_path / "1.nc", lat, lon, values, np.arange(40))
    for grid in ("latlon-10deg", "latlon-1deg"):
        ds = gathered([path], grid=grid)
        total = float((ds.tos * ds.tos_observations).sum() / ds.tos_observations.sum())
        assert total == pytest.approx(values.mean(), abs=1e-12)


def test_a_swath_without_geolocation_is_refused(tmp_path):
    ds = xr.Dataset({"sst": (("scan", "pixel"), np.zeros((5, 4)), {"units": "K"})},
                    attrs={"time_coverage_start": "2001-01-01"})  # fmt: skip
    path = syn.write(ds, tmp_path / "a.nc")
    with pytest.raises(HarmonisationError, match=r"^a\.nc has no latitude and longitude"):
        gathered([path])


def test_without_a_grid_it_is_asked_for(tmp_path):
    path = swath(tmp_path / "1.nc", [[1]], [[1]], [[1]], [0])
    with pytest.raises(HarmonisationError, match="name a 'grid:' in the recipe"):
        harmonise.open_dataset(SWATHS, syn.VARIABLES, [path], syn.request("tos"))
    plain = syn.entry({"tos": "sst"}, "irregular")
    other = swath(tmp_path / "2.nc", [[30, 31], [32, 33]], [[1, 2], [3, 4]], [[1, 1], [1, 1]],
                  [0, 1])  # fmt: skip
    first = swath(tmp_path / "3.nc", [[1, 2], [3, 4]], [[1, 2], [3, 4]], [[1, 1], [1, 1]], [0, 1])
    with pytest.raises(HarmonisationError, match="observations: mean"):
        harmonise.open_dataset(plain, syn.VARIABLES, [first, other], syn.request("tos"))


FIRES = {
    **syn.VARIABLES,
    "fires": syn.VARIABLES["soi"].model_copy(
        update={"id": "fires", "long_name": "Active fires", "standard_name": None}
    ),
}


def test_fires_in_a_table_of_points_are_counted(tmp_path):
    entry = syn.entry({"fires": "lat, lon"}, "day", "points", layout={"observations": "count"})
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text("lat,lon,data_hora_gmt\n-5,-45,2024-08-01 03:00:00\n"
                     "-6,-44,2024-08-01 17:00:00\n-55,-45,2024-08-01 18:00:00\n")  # fmt: skip
    second.write_text("lat,lon,data_hora_gmt\n-5,-45,2024-08-02 03:00:00\n")
    ds = harmonise.open_observations(
        entry, FIRES, [first, second], syn.request("fires"), "latlon-10deg"
    ).load()
    assert [str(t)[:10] for t in ds.time.values] == ["2024-08-01", "2024-08-02"]
    assert ds.fires.sel(lat=-5, lon=-45).values.tolist() == [2, 1]
    assert ds.fires.sum(("lat", "lon")).values.tolist() == [3, 1] and not ds.fires.isnull().any()


def test_a_day_without_fires_is_a_day_of_zeros(tmp_path):
    layout = {"observations": "count", "date_in_name": r"(?P<date>\d{8})"}
    entry = syn.entry({"fires": "features"}, "day", "geojson", layout=layout)
    quiet, busy = tmp_path / "20240801.json", tmp_path / "20240802.json"
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [100.5, 13.5]},
             "properties": {"frp": "7.5"}}  # fmt: skip
    for path, features in ((quiet, []), (busy, [point])):
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    ds = harmonise.open_observations(
        entry, FIRES, [quiet, busy], syn.request("fires"), "latlon-1deg"
    ).load()
    assert ds.fires.sum(("lat", "lon")).values.tolist() == [0, 1]
    assert float(ds.fires.sel(lat=13.5, lon=100.5)[1]) == 1


def test_areas_are_no_points(tmp_path):
    entry = syn.entry({"fires": "features"}, "day", "geojson", layout={"observations": "count"})
    path = tmp_path / "a.geojson"
    area = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": []}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [area]}))
    with pytest.raises(HarmonisationError, match="holds a Polygon, and only points are read"):
        harmonise.open_observations(entry, FIRES, [path], syn.request("fires"), "latlon-1deg")
