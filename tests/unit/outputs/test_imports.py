"""What is slow to import waits until it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_importing_the_room_is_light():
    slow = ("matplotlib", "cartopy", "cmocean", "netCDF4")
    code = f"import sys, sco_pipeline.outputs; print([m for m in {slow} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_looking_up_a_writer_is_light():
    slow = ("matplotlib", "cartopy", "cmocean", "netCDF4")
    code = (
        "import sys; from sco_pipeline.outputs import writers; assert 'maps' in writers; "
        f"print(sorted(writers), [m for m in {slow} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (
        "['geojson', 'maps', 'netcdf', 'parquet', 'report', 'series', 'timeseries'] []"
    )


def test_nobody_imports_pyplot():
    """It is not safe in threads; import-linter cannot forbid a module of another package."""
    named = set()
    for path in (ROOT / "sco_pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                named |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
    assert not {name for name in named if name.startswith(("matplotlib.pyplot", "pylab"))}
    assert "matplotlib.figure.Figure" in named
