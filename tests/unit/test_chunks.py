"""Chunks read without the HDF5 library hold what the library reads."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import xarray as xr

from sco_pipeline.chunks import chunk_map, with_fast_chunks

SHAPE = (11, 7, 9)


def _file(path, dtype="i2", **filters):
    rng = np.random.default_rng(1)
    values = (rng.normal(0, 300, SHAPE)).astype(dtype)
    with h5py.File(path, "w") as file:
        for axis, (name, size) in enumerate(zip(("time", "lat", "lon"), SHAPE, strict=True)):
            file[name] = np.arange(size) + axis
            file[name].make_scale(name)
        stored = file.create_dataset("v", data=values, **filters)
        for axis, name in enumerate(("time", "lat", "lon")):
            stored.dims[axis].attach_scale(file[name])
    return values


def _open(path):
    ds = xr.open_dataset(path, engine="h5netcdf", decode_cf=False, cache=False)
    return with_fast_chunks(ds, path)


def _is_fast(path):
    with h5py.File(path, "r") as file:
        return chunk_map(file["v"], path) is not None


@pytest.mark.parametrize("dtype", ["i1", "i2", "u2", "i4", "f4", "f8"])
@pytest.mark.parametrize(
    "filters",
    [
        {"compression": 4},
        {"compression": 4, "shuffle": True},
        {"shuffle": True},
        {},
    ],
    ids=["deflate", "deflate-shuffle", "shuffle", "plain"],
)
def test_values_are_those_of_the_library(tmp_path, dtype, filters):
    path = tmp_path / "a.nc"
    values = _file(path, dtype, chunks=(2, 3, 4), **filters)
    assert _is_fast(path)
    with _open(path) as ds:
        assert ds.v.dtype == values.dtype
        np.testing.assert_array_equal(ds.v.values, values)


@pytest.mark.parametrize(
    "key",
    [
        {"time": 3},
        {"time": -1, "lon": slice(2, 8)},
        {"time": slice(1, 10, 3), "lat": slice(None, None, -1)},
        {"lat": [4, 1, 1], "lon": 2},
        {"time": slice(5, 5)},
    ],
)
def test_any_selection(tmp_path, key):
    path = tmp_path / "a.nc"
    values = _file(path, chunks=(2, 3, 4), compression=4, shuffle=True)
    expected = xr.DataArray(values, dims=("time", "lat", "lon")).isel(key)
    with _open(path) as ds:
        np.testing.assert_array_equal(ds.v.isel(key).values, expected.values)


def test_chunks_that_were_never_written_hold_the_fill_value(tmp_path):
    path = tmp_path / "a.nc"
    with h5py.File(path, "w") as file:
        stored = file.create_dataset("v", (6, 4), "i2", chunks=(2, 4), compression=4, fillvalue=-9)
        stored[2:4] = 5
        found = chunk_map(stored, path)
        assert found is not None
    with h5py.File(path, "r") as file:
        found = chunk_map(file["v"], path)
        assert found is not None
        np.testing.assert_array_equal(found.read((slice(0, 6), slice(0, 4))), file["v"][()])


@pytest.mark.parametrize(
    "filters",
    [
        {"chunks": (2, 3, 4), "compression": "lzf"},
        {"chunks": (2, 3, 4), "fletcher32": True},
    ],
    ids=["lzf", "fletcher32"],
)
def test_other_layouts_stay_with_the_library(tmp_path, filters):
    path = tmp_path / "a.nc"
    values = _file(path, **filters)
    assert not _is_fast(path)
    with _open(path) as ds:
        np.testing.assert_array_equal(ds.v.values, values)


def test_numbers_in_one_piece_are_read_step_by_step(tmp_path):
    path = tmp_path / "a.nc"
    values = _file(path)
    with h5py.File(path) as file:
        chunks = chunk_map(file["v"], path)
    assert chunks is not None
    assert chunks.chunk_shape == (1, *SHAPE[1:])
    with _open(path) as ds:
        np.testing.assert_array_equal(ds.v.values, values)
        np.testing.assert_array_equal(ds.v[3:5, 2, ::-2].values, values[3:5, 2, ::-2])


def test_numbers_that_were_never_written_are_the_fill_value(tmp_path):
    path = tmp_path / "a.nc"
    _file(path)
    with h5py.File(path, "a") as file:
        empty = file.create_dataset("w", SHAPE, "i2", fillvalue=-7)
        for axis, name in enumerate(("time", "lat", "lon")):
            empty.dims[axis].attach_scale(file[name])
    with _open(path) as ds:
        assert (ds.w.values == -7).all()


def test_foreign_byte_order_stays_with_the_library(tmp_path):
    path = tmp_path / "a.nc"
    values = _file(path, ">i2", chunks=(2, 3, 4), compression=4)
    assert not _is_fast(path)
    with _open(path) as ds:
        np.testing.assert_array_equal(ds.v.values, values)


def test_a_file_that_changed_is_refused(tmp_path):
    path = tmp_path / "a.nc"
    _file(path, chunks=(2, 3, 4), compression=4)
    with _open(path) as ds:
        path.write_bytes(path.read_bytes() + b"x")
        with pytest.raises(OSError, match="has changed since it was opened"):
            ds.v.load()


def test_a_broken_chunk_is_refused(tmp_path):
    path = tmp_path / "a.nc"
    _file(path, chunks=(2, 3, 4), compression=4)
    with h5py.File(path, "r") as file:
        chunk = file["v"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset : chunk.byte_offset + chunk.size] = b"\0" * chunk.size
    path.write_bytes(content)
    with _open(path) as ds, pytest.raises(OSError, match="cannot be inflated"):
        ds.v.load()
