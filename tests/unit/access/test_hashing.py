"""The hash of bytes that are read into lent buffers."""

from __future__ import annotations

import hashlib
import os

import pytest

from sco_pipeline.access.hashing import Hasher


@pytest.mark.parametrize("size", [0, 1, 5000, 8 * 2**20, 30 * 2**20 + 7])
@pytest.mark.parametrize("known", [True, False])
def test_sha256_of_pieces(size: int, known: bool) -> None:
    content = os.urandom(size)
    hasher = Hasher(size if known else None)
    place = 0
    while place < size:
        buffer = hasher.buffer()
        count = min(len(buffer), size - place, 300_000)
        buffer[:count] = content[place : place + count]
        hasher.update(count)
        place += count
    assert hasher.hexdigest() == hashlib.sha256(content).hexdigest()


def test_a_buffer_that_was_not_filled_is_lent_again() -> None:
    hasher = Hasher()
    first = hasher.buffer()
    for _ in range(10):  # as many attempts break off
        assert hasher.buffer().obj is first.obj
