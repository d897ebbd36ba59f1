"""Rotated and projected grids against formulas written out here; axes found by CF."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr

from sco_pipeline import harmonise
from sco_pipeline.errors import HarmonisationError
from sco_pipeline.harmonise.coordinates import find_axes
from tests import synthetic as syn

R = 6371007.181


def rotated(tmp_path, pole_lat: float, pole_lon: float) -> xr.Dataset:
    rlat, rlon = np.arange(-10.0, 10.1, 2), np.arange(-8.0, 8.1, 2)
    ds = xr.Dataset(
        {
            "tas": (("time", "rlat", "rlon"), np.zeros((1, 11, 9)), {
                "units": "degC", "grid_mapping": "pole"}),
            "pole": ((), 0, {
                "grid_mapping_name": "rotated_latitude_longitude",
                "grid_north_pole_latitude": pole_lat, "grid_north_pole_longitude": pole_lon}),
        },
        coords={
            "time": ("time", [0.0], {"units": "days since 2000-01-01"}),
            "rlat": ("rlat", rlat, {"standard_name": "grid_latitude", "units": "degrees"}),
            "rlon": ("rlon", rlon, {"standard_name": "grid_longitude", "units": "degrees"}),
        },
    )  # fmt: skip
    path = syn.write(ds, tmp_path / "a.nc", classic=True)
    return harmonise.open_dataset(
        syn.entry({"tas": "tas"}), syn.VARIABLES, [path], syn.request("tas")
    )


def test_rotated_pole_positions_follow_the_rotation(tmp_path):
    ds = rotated(tmp_path, 39.25, -162.0)  # the grid of the European regional models
    phi, lam = np.meshgrid(np.deg2rad(ds.y), np.deg2rad(ds.x), indexing="ij")
    tilt = np.deg2rad(39.25)
    lat = np.arcsin(np.sin(tilt) * np.sin(phi) + np.cos(tilt) * np.cos(phi) * np.cos(lam))
    east = np.arctan2(
        np.cos(phi) * np.sin(lam),
        np.sin(tilt) * np.cos(phi) * np.cos(lam) - np.cos(tilt) * np.sin(phi),
    )
    np.testing.assert_allclose(ds.lat, np.rad2deg(lat), atol=1e-9)
    np.testing.assert_allclose(ds.lon, np.rad2deg(east) + 18.0, atol=1e-9)
    rows = np.sin(np.deg2rad(ds.y + 1)) - np.sin(np.deg2rad(ds.y - 1))
    np.testing.assert_allclose(ds.cell_area[:, 0], R**2 * np.deg2rad(2) * rows, rtol=1e-12)


def test_polar_stereographic_areas_follow_its_scale():
    import pyproj

    from sco_pipeline.harmonise.projected import positions, projected_area

    # on a sphere the scale at latitude p is (1 + sin 70) / (1 + sin p)
    crs = pyproj.CRS.from_user_input(f"+proj=stere +lat_0=90 +lat_ts=70 +R={R}")
    y = x = np.arange(-2e6, 2.1e6, 1e5)
    lat, lon = positions(crs, y, x)
    scale = (1 + np.sin(np.deg2rad(70))) / (1 + np.sin(np.deg2rad(lat)))
    area = projected_area(crs, y, x, lat, lon)
    np.testing.assert_allclose(area, 1e10 / scale**2, rtol=1e-8)


def test_box_on_a_plane_grid_keeps_its_cells_and_a_margin(tmp_path):
    from sco_pipeline.catalog import BBox

    path = tmp_path / "a.nc"
    lat, lon = np.meshgrid(np.arange(40.0, 50), np.arange(0.0, 12), indexing="ij")
    xr.Dataset(
        {"t": (("time", "j", "i"), np.arange(120.0).reshape(1, 10, 12) / 2, {"units": "degC"})},
        coords={"time": ("time", [0.0], {"units": "days since 2000-01-01"}),
                "lat": (("j", "i"), lat, {"units": "degrees_north"}),
                "lon": (("j", "i"), lon, {"units": "degrees_east"})},
    ).to_netcdf(path, engine="scipy")  # fmt: skip
    box = BBox(west=3.5, east=5.5, south=43.5, north=44.5)
    ds = harmonise.open_dataset(
        syn.entry({"tas": "t"}), syn.VARIABLES, [path], syn.request("tas", bbox=box)
    )
    assert ds.lat.values[:, 0].tolist() == [43, 44, 45]
    assert ds.lon.values[0].tolist() == [3, 4, 5, 6]
    assert ds.tas.values[0, 0].tolist() == [19.5, 20, 20.5, 21]
    far = BBox(west=-40, east=-30, south=43, north=45)
    with pytest.raises(HarmonisationError, match="no cell lies within"):
        harmonise.open_dataset(
            syn.entry({"tas": "t"}), syn.VARIABLES, [path], syn.request("tas", bbox=far)
        )


def test_axes_come_from_standard_names_then_units_then_names():
    def axes(**coords):
        dims = {name: 3 for name in ("a", "b", "c")}
        ds = xr.Dataset({"v": (tuple(dims), np.zeros((3, 3, 3)))})
        for name, (dim, attrs) in coords.items():
            ds[name] = (dim, np.arange(3.0), attrs)
        return find_axes(ds, "v", "a.nc")

    found = axes(
        lat=("a", {}), yy=("b", {"standard_name": "latitude"}), TIME=("c", {}),
        stamp=("c", {"units": "days since 2000-01-01"}),
    )  # fmt: skip
    assert (found.lat, found.time, found.lon) == ("yy", "stamp", None)
    assert found.reasons == {"lat": "standard_name", "time": "units"}
    with pytest.raises(HarmonisationError, match="could each be the lat coordinate"):
        axes(one=("a", {"units": "degrees_north"}), two=("b", {"units": "degrees_north"}))
    ref = {"units": "hours since 1970-01-01", "standard_name": "forecast_reference_time"}
    found = axes(t1=("c", ref), t2=("c", {"units": "days since 1970-01-01"}))
    assert found.time == "t2"


def test_open_any_takes_a_decoded_dataset_as_well(tmp_path):
    source = syn.grid_dataset(units="K", name="t2m")
    source["t2m"] = (source.t2m + 250).assign_attrs(units="K", standard_name="air_temperature")
    path = syn.write(source, tmp_path / "a.nc")
    from_file = harmonise.open_any(path, known=syn.VARIABLES)
    with xr.open_dataset(path, engine="h5netcdf") as decoded:
        from_memory = harmonise.open_any(decoded, known=syn.VARIABLES).load()
    assert set(from_file.data_vars) == {"tas"}  # by standard name, not the maximum or minimum
    np.testing.assert_array_equal(from_file.tas, from_memory.tas)
    assert np.array_equal(from_file.time_bnds, from_memory.time_bnds)


def test_inspection_prints_a_table(tmp_path):
    path = syn.write(syn.grid_dataset(units="K"), tmp_path / "a.nc")
    text = str(harmonise.inspect(path, known=syn.VARIABLES))
    assert text.splitlines()[0] == "a.nc (netcdf; time 5, lat 4, lon 6)"
    assert re.search(r"\n  tas +units 'K' +units 'degC' +canonical\n", text)
    assert text.splitlines()[-1] == "time 2001-01-01 to 2001-01-06, 5 steps"
    refused = harmonise.inspect(tmp_path / "none.nc")
    assert refused.refused and refused.dataset is None and "does not exist" in str(refused)


@pytest.mark.parametrize(
    ("name", "rows", "columns"), [("ease2-global-36km", 406, 964), ("ease2-global-9km", 1624, 3856)]
)
def test_global_ease_grid_is_even_in_longitude_and_in_area(tmp_path, name, rows, columns):
    values = np.zeros((1, rows, columns), "i1")
    values[0, 0, 0] = 7  # north-west
    ds = xr.Dataset(
        {"c": (("time", "r", "c"), values, {"units": "percent"})},
        coords={"time": ("time", [0.0], {"units": "days since 2000-01-01"})},
    )
    path = syn.write(ds, tmp_path / "a.nc")
    entry = syn.entry({"siconc": "c"}, layout={"grid": name})
    got = harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("siconc"))
    assert float(got.siconc[0, -1, 0]) == 7 and float(got.siconc.sum()) == 7
    width = 360 / columns
    expected = -180 + width * (np.arange(columns) + 0.5)
    np.testing.assert_allclose(got.lon[rows // 2], expected, rtol=0, atol=1e-6)
    # rows cut the ellipsoid into belts of equal area, symmetric about the equator
    np.testing.assert_allclose(got.lat[::-1, 0], -got.lat[:, 0], rtol=0, atol=1e-8)
    np.testing.assert_allclose(got.cell_area, float(got.cell_area[0, 0]), rtol=1e-6)
    e = np.sqrt(0.00669437999014)
    sine = np.sin(np.deg2rad(got.lat[:, 0].values))
    q = (1 - e**2) * (sine / (1 - e**2 * sine**2) + np.arctanh(e * sine) / e)
    np.testing.assert_allclose(np.diff(q), np.diff(q).mean(), rtol=1e-6)
