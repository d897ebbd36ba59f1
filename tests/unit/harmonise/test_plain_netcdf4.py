"""Headers read by ourselves say what h5netcdf says; what is not plain is left to it."""

from __future__ import annotations

import h5py
import netCDF4
import numpy as np
import pytest
import xarray as xr

from sco_pipeline.harmonise.readers import read
from sco_pipeline.harmonise.readers.plain_netcdf4 import read_plain
from tests import synthetic as syn


def _write(path, change=None):
    """Write a file with the library that most archives use; `change` makes it less plain."""
    rng = np.random.default_rng(3)
    with netCDF4.Dataset(path, "w") as nc:
        for name, size in {"time": None, "lat": 5, "lon": 6, "nv": 2}.items():
            nc.createDimension(name, size)
        nc.title, nc.version, nc.levels = "a file", np.int32(3), np.array([1.5, 2.5])
        nc.setncattr_string("words", ["one", "two"])
        time = nc.createVariable("time", "f8", ("time",))
        time.units, time.bounds = "days since 2001-01-01", "time_bnds"
        time[:] = [0, 1, 2]
        nc.createVariable("time_bnds", "f8", ("time", "nv"))[:] = [[0, 1], [1, 2], [2, 3]]
        nc.createVariable("lat", "f4", ("lat",))[:] = np.linspace(-60, 60, 5)
        nc.createVariable("lon", "f4", ("lon",))[:] = np.arange(6) * 60.0
        nc.createVariable("crs", "i4", ()).grid_mapping_name = "latitude_longitude"
        packed = nc.createVariable(
            "t2m", "i2", ("time", "lat", "lon"), zlib=True, fill_value=np.int16(-999)
        )
        packed.set_auto_maskandscale(False)
        packed.scale_factor, packed.add_offset, packed.units = np.float32(0.01), 273.15, "K"
        packed.valid_range = np.array([-500, 500], "i2")
        packed[:] = rng.integers(-500, 500, (3, 5, 6))
        nc.createVariable("whole", "f4", ("lat", "lon"))[:] = rng.normal(size=(5, 6))
        if change is not None:
            change(nc)


def _same(found: xr.Dataset, path) -> None:
    """Compare dimensions, types, attributes and values with those of h5netcdf."""
    with xr.open_dataset(path, engine="h5netcdf", decode_cf=False, cache=False) as expected:
        assert dict(found.sizes) == {k: v for k, v in expected.sizes.items() if k in found.dims}
        assert list(found.variables) == list(expected.variables)
        assert set(found.coords) == set(expected.coords)
        _same_attributes(found.attrs, expected.attrs)
        for name, one in found.variables.items():
            other = expected.variables[name]
            assert (one.dims, one.dtype) == (other.dims, other.dtype)
            _same_attributes(one.attrs, other.attrs)
            np.testing.assert_array_equal(one.values, other.values)
            chunks = other.encoding.get("preferred_chunks")
            assert one.encoding.get("preferred_chunks") == chunks


def _same_attributes(found, expected) -> None:
    assert list(found) == list(expected)
    for name, value in found.items():
        other = expected[name]
        if isinstance(other, str):  # h5netcdf takes UTF-8 that says it is ASCII byte by byte
            other = other.encode("utf-8", "surrogateescape").decode("utf-8")
        assert np.asarray(value).dtype == np.asarray(other).dtype, name
        np.testing.assert_array_equal(value, other)


def test_a_plain_file_is_what_h5netcdf_gives(tmp_path):
    path = tmp_path / "plain.nc"
    _write(path)
    found = read_plain(path)
    assert found is not None
    _same(found, path)


def _text(nc):
    nc.createVariable("station", str, ("lat",))[0] = "Zugspitze"


def _characters(nc):
    nc.createVariable("code", "S1", ("lat",))[0] = b"Z"


def _enumeration(nc):
    cloud = nc.createEnumType(np.int8, "cloud_t", {"clear": 0, "cloudy": 1})
    nc.createVariable("cloud", cloud, ("lat",))[:] = 1


def _short_record(nc):
    nc.createDimension("other", None)
    nc.createVariable("long", "f4", ("other",))[:] = np.arange(4)
    nc.createVariable("short", "f4", ("other", "lat"))[:] = np.ones((2, 5))


def _checksum(nc):
    nc.createVariable("sum", "f4", ("lat", "lon"), fletcher32=True)[:] = 1.0


def _two_dimensional_coordinate(nc):
    nc.createDimension("letters", 4)
    nc.createVariable("letters", "i2", ("letters", "lat"))[:] = 1


@pytest.mark.parametrize(
    "change",
    [_text, _characters, _enumeration, _short_record, _checksum, _two_dimensional_coordinate],
)
def test_what_is_not_plain_is_left_to_h5netcdf(tmp_path, change):
    path = tmp_path / "other.nc"
    _write(path, change)
    assert read_plain(path) is None
    _same(read(path), path)


def test_dimensions_without_names_are_left_to_h5netcdf(tmp_path):
    path = tmp_path / "nameless.nc"
    with h5py.File(path, "w") as file:
        file["v"] = np.ones((3, 4))
    assert read_plain(path) is None
    assert read(path)["v"].shape == (3, 4)


@pytest.mark.shared
def test_reference_files_are_what_h5netcdf_gives():
    paths = [path for path in sorted(syn.SHARED.glob("*.nc")) if h5py.is_hdf5(path)]
    if not paths:
        pytest.skip(f"no reference data at {syn.SHARED}; set SCO_SHARED")
    plain = [path for path in paths if (found := read_plain(path)) and _same(found, path) is None]
    assert len(plain) >= len(paths) // 2  # else the short way would hardly ever be taken
