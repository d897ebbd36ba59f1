"""The shape of the package, held by checks."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted([*(ROOT / "sco_pipeline").rglob("*.py"), *(ROOT / "flows").rglob("*.py")])
SLOW = (
    "cartopy",
    "cmocean",
    "distributed",
    "exactextract",
    "httpx",
    "matplotlib",
    "netCDF4",
    "numba",
    "pint",
    "prefect",
    "rich",
    "scipy",
    "typer",
)


def test_rooms_import_from_left_to_right_only():
    from importlinter.application.use_cases import lint_imports
    from importlinter.configuration import configure

    configure()
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)


def test_importing_the_package_imports_nothing_slow():
    code = "import sys, sco_pipeline; print(' '.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert [name for name in SLOW if name in loaded] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400, "split the module"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            lines = node.end_lineno - node.lineno - docstring.count("\n")
            assert lines <= 60, f"split {node.name}"


def test_dependencies_state_their_reason():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("dependencies = [")
    stated = lines[start + 1 : lines.index("]", start)]
    assert [line for line in stated if line.strip().startswith('"') and "#" not in line] == []


def test_pins_name_no_index_and_carry_hashes():
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")
