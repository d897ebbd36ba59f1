"""The record of what was fetched when."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from sco_pipeline.access import Ledger
from sco_pipeline.catalog.models import FetchedFile


def file(root: Path, sha: str, url: str = "https://x.org/a") -> FetchedFile:
    return FetchedFile(url=url, path=str(root / "demo" / sha), sha256=sha, size=1)


def test_new_bytes_supersede_and_the_old_record_stays(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "demo")
    ledger.add(file(tmp_path, "one"))
    ledger.add(file(tmp_path, "two"))
    assert ledger.latest("https://x.org/a") == file(tmp_path, "two")
    old, new = Ledger(tmp_path, "demo").history()
    assert (old.sha256, old.superseded_by, new.superseded_by) == ("one", "two", None)


def test_same_bytes_again_are_one_version(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "demo")
    ledger.add(file(tmp_path, "one"))
    ledger.add(file(tmp_path, "one").model_copy(update={"etag": "e"}))
    assert [known.etag for known in ledger.history()] == ["e"]


def test_a_line_cut_by_a_kill_is_skipped_and_closed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, "demo")
    ledger.add(file(tmp_path, "one"))
    path = tmp_path / "demo/ledger.jsonl"
    path.write_bytes(path.read_bytes() + b'{"event": "file", "ur')
    again = Ledger(tmp_path, "demo")
    assert again.latest("https://x.org/a") == file(tmp_path, "one")
    again.add(file(tmp_path, "b", "https://x.org/b"))
    urls = [known.url for known in Ledger(tmp_path, "demo").history()]
    assert urls == ["https://x.org/a", "https://x.org/b"]


def test_the_cache_can_be_moved(tmp_path: Path) -> None:
    Ledger(tmp_path / "old", "demo").add(file(tmp_path / "old", "one"))
    (tmp_path / "old").rename(tmp_path / "new")
    (moved,) = Ledger(tmp_path / "new", "demo").history()
    assert moved.path == str(tmp_path / "new/demo/one")


def _add_many(root: Path, who: int) -> None:
    ledger = Ledger(root, "demo")
    for i in range(100):
        ledger.add(file(root, f"{who}-{i}", f"https://x.org/{who}/{i}"))


def test_processes_write_whole_lines(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add_many, args=(tmp_path, who)) for who in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert {writer.exitcode for writer in writers} == {0}
    assert len(Ledger(tmp_path, "demo").history()) == 200
