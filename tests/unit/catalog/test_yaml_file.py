"""Hostile and mistyped YAML is refused with file and line, in bounded time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sco_pipeline.catalog.yaml_file import MAX_BYTES, MAX_DEPTH, MAX_VALUES, YamlFile
from sco_pipeline.errors import CatalogError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "entry.yaml"


def refusal(path: Path, text: str | bytes) -> str:
    """Return the message for a file, without its path."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CatalogError) as caught:
        YamlFile(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:")
    return message.removeprefix(f"{path}:")


def test_content_and_lines(path: Path) -> None:
    path.write_text("a: 1\nb:\n  c: [x, 2.5]\n  d: {e: 2000-01-31}\n")
    file = YamlFile(path)
    assert file.content["b"]["c"] == ["x", 2.5]
    assert str(file.content["b"]["d"]["e"]) == "2000-01-31"
    assert [file.line(key) for key in (("a",), ("b",), ("b", "c"), ("b", "d", "e"))] == [1, 2, 3, 4]
    assert file.line(("b", "c", 7, "z")) == 3
    assert file.where(("b", "d", "e")) == f"{path}:4: b.d.e"


def test_empty_file_is_none(path: Path) -> None:
    path.write_text("# nothing\n")
    assert YamlFile(path).content is None


@pytest.mark.parametrize(
    ("text", "start", "words"),
    [
        ("a: 1\nb: !!python/object/apply:os.system ['touch x']\n", "2: ", "tag"),
        ("a: !ruby x\n", "1: ", "tag"),
        ("a: !!binary aGVsbG8=\n", "1: ", "tag"),
        ("a: &x [1]\nb: 2\n", "1: ", "anchors"),
        ("a: 1\nb: *a\n", "2: ", ""),
        ("a: 1\nb: 2\na: 3\n", "3: ", "'a' stands twice (first in line 1)"),
        ("a:\n  b: 1\n  b: 2\n", "3: ", "'b' stands twice"),
        ("a: 1\n<<: {a: 2}\n", "2: ", "special meaning"),
        ("no: x\n", "1: ", "put it in quotes"),
        ("1: x\n", "1: ", "put it in quotes"),
        ("? [a, b]\n: x\n", "1: ", "cannot be a key"),
        ("a: 2000-02-31\n", "1: ", "day is out of range"),
        ("a: [1, 2\nb: 3\n", "2: ", "is not YAML"),
        ("a: 1\n---\nb: 2\n", "2: ", "is not YAML"),
        ("a: 1\n\tb: 2\n", "2: ", "is not YAML"),
        ("a: " + "9" * 5000 + "\n", "1: ", "plain values"),
        (b"a: 1\nb: \xff\xfe\n", "2: ", "UTF-8"),
        ("a: x\x00y\n", " ", "is not YAML"),
    ],
)
def test_refused_with_line(path: Path, text: str | bytes, start: str, words: str) -> None:
    message = refusal(path, text)
    assert message.startswith(start)
    assert words in message


def test_python_tags_run_nothing(path: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    refusal(path, f"a: !!python/object/apply:os.mkdir ['{marker}']\n")
    assert not marker.exists()


def test_billion_laughs_is_refused_at_once(path: Path) -> None:
    lines = ['a: &a ["lol", "lol", "lol", "lol", "lol", "lol", "lol", "lol", "lol"]']
    for name, before in zip("bcdefghi", "abcdefgh", strict=True):
        lines.append(f"{name}: &{name} [{', '.join(['*' + before] * 9)}]")
    start = time.perf_counter()
    assert refusal(path, "\n".join(lines)).startswith("1: anchors")
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_depth_bomb_neither_recurses_nor_hangs(path: Path, opening: str) -> None:
    text = opening * (MAX_BYTES // len(opening) - 1)
    start = time.perf_counter()
    message = refusal(path, text)
    assert "deeper" in message or "is not YAML" in message
    assert time.perf_counter() - start < 5


def test_depth_limit_is_exact(path: Path) -> None:
    path.write_text("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert isinstance(YamlFile(path).content, list)
    assert "deeper than" in refusal(path, "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_many_values_are_refused(path: Path) -> None:
    assert "more than" in refusal(path, "[" + "1," * (MAX_VALUES + 1) + "]")


def test_gigabyte_is_refused_by_size_in_little_memory(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(2**30)
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from sco_pipeline.catalog.yaml_file import YamlFile\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n"
        f"    YamlFile(Path({str(path)!r}))\n"
        "except Exception as error:\n"
        "    print(error)\n"
        "grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
        "sys.exit(grown > 16 * 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"has {2**30} bytes; a catalog file has at most {MAX_BYTES}" in done.stdout


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipe_is_refused_and_does_not_hang(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(CatalogError, match="not a regular file"):
        YamlFile(path)


def test_directory_and_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="not a regular file"):
        YamlFile(tmp_path)
    with pytest.raises(CatalogError, match="cannot be read"):
        YamlFile(tmp_path / "absent.yaml")
