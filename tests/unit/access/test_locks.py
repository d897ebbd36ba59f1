"""Locks on names: by a byte of one file, and by a file each where the kernel has no byte locks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sco_pipeline.access import locks


@pytest.fixture(params=[True, False], ids=["byte", "file"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param and not locks._HAS_BYTE_LOCKS:
        pytest.skip("this system has no locks on bytes")
    monkeypatch.setattr(locks, "_HAS_BYTE_LOCKS", request.param)


@pytest.mark.usefixtures("_way")
def test_one_name_is_held_once_and_others_are_free(tmp_path: Path) -> None:
    directory = tmp_path / "new"
    with locks.locked(directory / "a") as first:
        assert first
        with locks.locked(directory / "a", wait=False) as second:
            assert not second
        with locks.locked(directory / "b", wait=False) as other:
            assert other
        locks.tidy(directory)
        with locks.locked(directory / "a", wait=False) as third:
            assert not third
    with locks.locked(directory / "a", wait=False) as again:
        assert again
    locks.tidy(directory)
    assert list(directory.iterdir()) == []


@pytest.mark.usefixtures("_way")
def test_threads_take_turns_while_the_lock_file_comes_and_goes(tmp_path: Path) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with locks.locked(tmp_path / "a"):
                inside += 1
                most = max(most, inside)
                inside -= 1
            locks.tidy(tmp_path)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert list(tmp_path.iterdir()) == []
