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


def test_docstrings_follow_numpydoc():
    files = subprocess.run(
        ["git", "ls-files", "sco_pipeline/*.py", "flows/*.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    done = subprocess.run(
        [Path(sys.executable).with_name("numpydoc"), "lint", *files],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_public_functions_and_indicators_document_every_parameter():
    from numpydoc.docscrape import get_doc_object
    from numpydoc.validate import validate

    import sco_pipeline as sco
    from sco_pipeline.indicators import indicators

    functions = [getattr(sco, name) for name in sco.__all__ if callable(getattr(sco, name))]
    functions += [entry.function for entry in indicators.values()]
    wanted = {"GL08", "PR01", "PR02", "RT01"}
    faults = {}
    for function in functions:
        if isinstance(function, type):
            continue
        found = validate(get_doc_object(function))["errors"]
        faults[function.__name__] = [fault for fault in found if fault[0] in wanted]
    assert {name: fault for name, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("tool", [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]])
def test_lint_format_and_types(tool):
    name, *arguments = tool
    done = subprocess.run(
        [Path(sys.executable).with_name(name), *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
