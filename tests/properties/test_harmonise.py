"""Laws of harmonising: how a file is laid out changes nothing of what it means."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from sco_pipeline import harmonise
from sco_pipeline.harmonise.area import EARTH_RADIUS, cell_area
from sco_pipeline.harmonise.regular import latitude_bounds, longitude_bounds
from sco_pipeline.harmonise.units import conversion
from tests import synthetic as syn

SPHERE = 4 * np.pi * EARTH_RADIUS**2
ENTRY = syn.entry({"tas": "tas"})
few = settings(max_examples=12, deadline=None)


def harmonised(*parts: xr.Dataset, encoding=None, entry=ENTRY) -> xr.Dataset:
    """Write the parts to files, one each, open them together and load."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, part in enumerate(parts):
            path = Path(folder) / f"{number}.nc"
            paths.append(syn.write(part, path, classic=True, encoding=encoding))
        wanted = syn.request(*entry.variables)
        return harmonise.open_dataset(entry, syn.VARIABLES, paths, wanted).load()


def assert_same(got: xr.Dataset, expected: xr.Dataset, tolerance: float = 0.0) -> None:
    assert got.sizes == expected.sizes and set(got.coords) == set(expected.coords)
    for name, coordinate in expected.coords.items():
        if coordinate.dtype.kind == "f":
            np.testing.assert_allclose(got[name], coordinate, rtol=1e-12, atol=1e-12)
        else:
            assert np.array_equal(got[name], coordinate), name
    np.testing.assert_allclose(got.tas, expected.tas, rtol=0, atol=tolerance)


@few
@given(order=st.permutations(range(5)), seed=st.integers(0, 99))
def test_order_of_time_changes_nothing(order, seed):
    ds = syn.grid_dataset(seed=seed)
    assert_same(harmonised(ds.isel(time=list(order))), harmonised(ds))


@few
@given(seed=st.integers(0, 99), flip=st.booleans(), turn=st.integers(0, 5), start=st.booleans())
def test_direction_of_latitude_and_origin_of_longitude_change_nothing(seed, flip, turn, start):
    ds = syn.grid_dataset(seed=seed)
    other = ds.isel(lat=slice(None, None, -1)) if flip else ds
    other = other.roll(lon=turn, roll_coords=True)
    if start:
        lon = xr.Variable("lon", np.where(other.lon < 0, other.lon + 360, other.lon), ds.lon.attrs)
        other = other.assign_coords(lon=lon)
    assert_same(harmonised(other), harmonised(ds))


@few
@given(
    units=st.sampled_from(
        [("K", 1.0, 273.15), ("degF", 1.8, 32.0), ("Celsius", 1.0, 0.0), ("deg_C", 1.0, 0.0)]
    )
)
def test_units_change_nothing(units):
    name, factor, offset = units
    ds = syn.grid_dataset()
    other = ds.copy()
    other["tas"] = (ds.tas * factor + offset).assign_attrs(units=name)
    assert_same(harmonised(other), harmonised(ds), 1e-12 + 1e-11)


@few
@given(
    dtype=st.sampled_from(["i2", "i4", "u2", "f4"]),
    offset=st.sampled_from([0.0, 10.0, -20.0]),
    seed=st.integers(0, 99),
)
def test_packing_changes_nothing(dtype, offset, seed):
    ds = syn.grid_dataset(seed=seed)
    offset = -20.0 if dtype == "u2" else offset
    encoding = {"dtype": dtype, "scale_factor": 0.01, "add_offset": offset, "_FillValue": 20000}
    if dtype == "f4":
        encoding = {"dtype": dtype, "_FillValue": 1e20}
    with tempfile.TemporaryDirectory() as folder:
        path = syn.write(ds, Path(folder) / "a.nc", encoding={"tas": encoding})
        got = harmonise.open_dataset(ENTRY, syn.VARIABLES, [path], syn.request("tas")).load()
    assert_same(got, harmonised(ds), 4e-6)


@few
@given(cuts=st.sets(st.integers(1, 7), max_size=4), seed=st.integers(0, 99), back=st.booleans())
def test_splitting_into_files_changes_nothing(cuts, seed, back):
    ds = syn.grid_dataset(days=8, seed=seed)
    ends = [0, *sorted(cuts), 8]
    parts = [ds.isel(time=slice(a, b)) for a, b in itertools.pairwise(ends)]
    assert_same(harmonised(*(parts[::-1] if back else parts)), harmonised(ds))


@few
@given(
    chunks=st.tuples(st.integers(1, 8), st.integers(1, 4), st.integers(1, 6)),
    block=st.sampled_from([64, 400, 2**25]),
)
def test_chunks_of_file_and_of_memory_change_nothing(chunks, block):
    from sco_pipeline.harmonise import join

    ds = syn.grid_dataset(days=8)
    patch = pytest.MonkeyPatch()
    with tempfile.TemporaryDirectory() as folder, patch.context() as context:
        context.setattr(join, "BLOCK_BYTES", block)
        context.setattr(join, "SHARED_BLOCK_BYTES", block // 8)
        path = syn.write(
            ds, Path(folder) / "a.nc", encoding={"tas": {"chunksizes": chunks, "zlib": True}}
        )
        got = harmonise.open_dataset(ENTRY, syn.VARIABLES, [path], syn.request("tas"))
        again = got.chunk(time=3, lat=2).load()
        assert_same(got.load(), harmonised(ds))
    assert_same(again, got)


@few
@given(seed=st.integers(0, 99))
def test_round_trip_through_a_written_file_is_equal(seed):
    first = harmonised(syn.grid_dataset(seed=seed))
    first.time.encoding["units"] = "days since 1970-01-01"
    with tempfile.TemporaryDirectory() as folder:
        path = syn.write(first.drop_vars("cell_area"), Path(folder) / "a.nc")
        again = harmonise.open_dataset(ENTRY, syn.VARIABLES, [path], syn.request("tas")).load()
    assert_same(again, first)


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(2, 400), columns=st.integers(2, 700), origin=st.floats(-180, 179))
def test_areas_of_a_global_grid_add_up_to_the_sphere(rows, columns, origin):
    lat = (np.arange(rows) + 0.5) * 180 / rows - 90
    lon = np.sort((origin + np.arange(columns) * 360 / columns + 180) % 360 - 180)
    area = cell_area(latitude_bounds(lat), longitude_bounds(lon))
    assert abs(area.sum() / SPHERE - 1) < 1e-9 and (area > 0).all()


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(8, 200), poles=st.booleans())
def test_areas_of_gaussian_rows_and_of_rows_on_the_poles_add_up_too(rows, poles):
    gauss = np.rad2deg(np.arcsin(np.polynomial.legendre.leggauss(rows)[0]))
    lat = np.linspace(-90, 90, rows) if poles else gauss
    area = cell_area(latitude_bounds(lat), longitude_bounds(np.arange(-180.0, 180, 10)))
    assert abs(area.sum() / SPHERE - 1) < 1e-9


def authalic_part(lat: float) -> float:
    """Return the part of the WGS 84 ellipsoid between `lat` south and north."""
    e = np.sqrt(0.00669437999014)

    def q(s: float) -> float:
        return (1 - e**2) * (s / (1 - e**2 * s**2) + np.arctanh(e * s) / e)

    return float(q(np.sin(np.deg2rad(lat))) / q(1.0))


@pytest.mark.parametrize(
    ("crs", "half_height", "half_width", "covered", "tolerance"),
    [
        # EASE-Grid 2.0 reaches from 85.0445664 south to north
        ("EPSG:6933", 7_314_540.83, 17_367_530.45, authalic_part(85.0445664), 1e-6),
        # the sinusoidal grid of MODIS covers all; its cells at the edge are cut by their centres
        ("+proj=sinu +R=6371007.181", 10_007_554.68, 20_015_109.36, 1.0, 1e-4),
    ],
)
def test_areas_of_projected_grids_cover_the_sphere(
    crs, half_height, half_width, covered, tolerance
):
    import pyproj

    from sco_pipeline.harmonise.projected import positions, projected_area

    projection = pyproj.CRS.from_user_input(crs)
    y = (np.arange(400) + 0.5) / 400 * 2 * half_height - half_height
    x = (np.arange(800) + 0.5) / 800 * 2 * half_width - half_width
    lat, lon = positions(projection, y, x)
    area = projected_area(projection, y, x, lat, lon)
    if "sinu" in crs:
        width = np.pi * EARTH_RADIUS * np.cos(y / EARTH_RADIUS)
        area = np.where(np.abs(x)[None, :] <= width[:, None], area, 0.0)
    assert np.nansum(area) / SPHERE == pytest.approx(covered, abs=tolerance)


@settings(max_examples=80, deadline=None)
@given(
    pair=st.sampled_from(
        [("K", "degC"), ("kg m-2 s-1", "mm d-1"), ("m s-1", "mm d-1"), ("%", "1"), ("Pa", "hPa"),
         ("g/kg", "1"), ("mm/hr", "mm d-1"), ("M/S", "m s-1"), ("degF", "K")]
    ),
    value=st.floats(-1e4, 1e4),
)  # fmt: skip
def test_units_there_and_back_are_the_same(pair, value):
    there, back = conversion(*pair), conversion(pair[1], pair[0])
    turned = back.factor * (there.factor * value + there.offset) + back.offset
    assert turned == pytest.approx(value, rel=1e-9, abs=1e-7)
