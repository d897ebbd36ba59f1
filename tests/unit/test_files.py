import hashlib
import multiprocessing
import os
import signal
import time

import pytest

from sco_pipeline import files


def test_sha256_of_a_file_larger_than_one_block(tmp_path):
    content = os.urandom(3 * 2**20 + 17)
    (tmp_path / "a").write_bytes(content)
    assert files.sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()


def test_write_text_replaces_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "new" / "a.json"
    files.write_text(path, "one")
    files.write_text(path, "two")
    assert path.read_text() == "two"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.json"]


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a.json"
    files.write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        files.write_text(path, "new \ud800")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def _hold(path, ready, seconds):
    with files.lock(path):
        ready.set()
        time.sleep(seconds)


@pytest.mark.parametrize("killed", [False, True])
def test_the_lock_waits_for_its_holder_and_not_for_a_dead_one(tmp_path, killed):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    holder = context.Process(target=_hold, args=(tmp_path / "l", ready, 30 if killed else 0.5))
    holder.start()
    assert ready.wait(20)
    start = time.monotonic()
    if killed:
        os.kill(holder.pid, signal.SIGKILL)
    with files.lock(tmp_path / "l"):
        waited = time.monotonic() - start
    holder.join()
    assert waited < 5
    assert killed or waited > 0.3


def test_files_go_to_the_disk_together_until_that_is_slow(tmp_path, monkeypatch):
    """One call for each group; each file alone once another program is writing much."""
    calls = []

    def slow(descriptor):
        calls.append(descriptor)
        time.sleep(0.02)
        return 0

    monkeypatch.setattr(files, "_syncfs", slow)
    for group, patience in (("a", 10.0), ("b", 0.01), ("c", 0.01)):
        monkeypatch.setattr(files, "_PATIENCE", patience)
        pairs = [(tmp_path / f".{group}{n}", tmp_path / f"{group}{n}") for n in range(3)]
        for temporary, _ in pairs:
            temporary.write_text(group)
        files.put_all_in_place(pairs)
        assert [final.read_text() for _, final in pairs] == [group] * 3
    assert len(calls) == 2
    assert not list(tmp_path.glob(".*"))
