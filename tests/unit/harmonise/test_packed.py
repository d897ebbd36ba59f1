"""Stored numbers with a table of their values stand for what decoding gives."""

from __future__ import annotations

import numpy as np
import pytest

from sco_pipeline.compiled import ends
from sco_pipeline.harmonise.decoding import Decoding

ONE = np.ones(3)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2"])
@pytest.mark.parametrize("more", [{}, {"missing": (7.0, 9.0), "stored_range": (-3.0, 100.0)}])
def test_the_table_gives_the_bits_of_decoding(dtype, more):
    decode = Decoding("x", "degC", "float32", factor=0.013, offset=-2.7, **more)
    stored = np.random.default_rng(1).integers(0, 127, (3, 40)).astype(dtype)
    found = decode.packed(stored, np.dtype("float32"))
    assert found.table.dtype == np.float32
    np.testing.assert_array_equal(found.table[found.values], decode(stored, ONE))


def test_reinterpreted_numbers_have_their_own_table():
    decode = Decoding("x", "degC", "float32", stored="u1", missing=(255.0,), factor=0.5)
    stored = np.array([[-1, -2, 3]], dtype="i1")
    found = decode.packed(stored, np.dtype("float64"))
    np.testing.assert_array_equal(found.table[found.values], [[np.nan, 127.0, 1.5]])


def test_values_out_of_range_are_left_to_decoding():
    decode = Decoding("x", "degC", "float32", valid_range=(-80.0, 60.0), out_of_range="mask")
    assert decode.packed(np.array([[10, 61]], dtype="i2"), np.dtype("float32")) is None
    assert decode.packed(np.array([[10, 60]], dtype="i2"), np.dtype("float32")) is not None


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2"])
def test_ends_are_those_of_valid_numbers(dtype):
    info = np.iinfo(dtype)
    whole, none = np.array([info.min, info.max], dtype), np.array([], dtype)
    stored = np.array([5, info.min, 90, 17, info.max, 90], dtype)
    assert ends(stored, none, whole) == (info.min, info.max)
    assert ends(stored, stored[1:2], whole) == (5, info.max)
    assert ends(stored, stored[1:2], np.array([6, 80], dtype)) == (17, 17)
    low, high = ends(stored[1:2], stored[1:2], whole)
    assert low > high
