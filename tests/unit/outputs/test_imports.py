"""What is slow to import waits until it is used."""

from __future__ import annotations

import subprocess
import sys


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
    assert done.stdout.strip() == "['maps', 'netcdf', 'series'] []"
