"""A file is the old one or the new one, whole, whatever happens in between."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sco_pipeline.errors import OutputError
from sco_pipeline.outputs import replacing, write_bytes, write_text
from sco_pipeline.outputs.atomic import remove_leftovers


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*"))


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "new" / "a.txt"
    write_text(path, "één")
    write_text(path, "two")
    assert path.read_text(encoding="utf-8") == "two"
    assert names(path.parent) == ["a.txt"]


def test_an_error_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(KeyError), replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyError("defect")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_full_disk_is_one_sentence(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(
        OutputError, match=r"no space left for .*a\.txt: about 5\.0 MB needed, .*free"
    ):
        with replacing(path, 5_000_000):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert path.read_text() == "old"


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode != 0,
    reason="needs a private mount",
)
def test_really_full_disk(tmp_path):
    code = """
        import sys
        from pathlib import Path
        from sco_pipeline.errors import OutputError
        from sco_pipeline.outputs import write_bytes
        path = Path(sys.argv[1]) / "a.bin"
        write_bytes(path, b"old")
        try:
            write_bytes(path, bytes(3_000_000))
        except OutputError as error:
            print(error)
        print(path.read_bytes(), [p.name for p in path.parent.iterdir()])
    """
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(code))
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=1m none {disk} && {sys.executable} {script} {disk}"
    done = subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True, text=True)
    first, second = done.stdout.strip().splitlines()
    assert first.startswith(f"no space left for {tmp_path}/disk/a.bin: about 3.0 MB needed, ")
    assert second == "b'old' ['a.bin']"


def test_unwritable_directory(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        write_bytes(tmp_path / "file" / "a.txt", b"")


def test_a_killed_run_is_cleaned_up(tmp_path):
    code = """
        import sys, time
        from pathlib import Path
        from sco_pipeline.outputs import replacing
        with replacing(Path(sys.argv[1]) / "maps" / "a.nc") as temporary:
            temporary.write_bytes(b"half")
            print("ready", flush=True)
            time.sleep(60)
    """
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "a.nc").write_bytes(b"old")
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"ready\n"
        assert remove_leftovers(tmp_path / "maps") == []  # it still runs
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert len(names(tmp_path / "maps")) == 2
    write_text(tmp_path / "maps" / "b.txt", "another file")
    assert names(tmp_path / "maps") == ["a.nc", "b.txt"]
    assert (tmp_path / "maps" / "a.nc").read_bytes() == b"old"


def test_files_of_others_are_left_alone(tmp_path):
    (tmp_path / ".thing.part").write_text("")
    (tmp_path / f".a.nc.otherhost.{os.getpid()}.1.0.part").write_text("")
    assert remove_leftovers(tmp_path) == []
