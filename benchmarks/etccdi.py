"""Time the daily indices against peers and against reading alone.

``python -m benchmarks.etccdi [--data DIRECTORY] [--years N --lats N --lons N] [--works plain ...]
[--peers PYTHON] [--rounds N]``: every piece of work is a process of its own, rounds take turns,
medians are shown: wall and CPU seconds (also relative to ours) and peak memory. Values are compared
in the same run. CDO is used where it is installed; the interpreter of `--peers` has what
``benchmarks/requirements-peers.txt`` names.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.etccdi_data import make
from benchmarks.etccdi_works import WORKS
from benchmarks.turns import compare, print_versions

HERE = Path(__file__).parent


def main() -> None:
    """Run the works and print one table for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "sco-bench")
    parser.add_argument("--years", type=int, default=30)
    parser.add_argument("--lats", type=int, default=90)
    parser.add_argument("--lons", type=int, default=120)
    parser.add_argument("--works", nargs="+", choices=list(WORKS), default=["plain"])
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--who", nargs="+", help="only these")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    directory = options.data / f"{options.years}x{options.lats}x{options.lons}"
    make(directory, options.years, options.lats, options.lons)
    print_versions(options.peers, ("xclim", "icclim", "xarray", "numpy"))
    for work in options.works:
        commands = _commands(work, directory, options.peers)
        if options.who:
            commands = {who: line for who, line in commands.items() if who in options.who}
        title = f"{work}: {len(WORKS[work])} indices"
        compare(title, commands, options.rounds)


def _commands(work: str, directory: Path, peers: Path | None) -> dict[str, list[str]]:
    """Return who does the work, and by which command; the result's path is added."""
    script = str(HERE / "etccdi_works.py")
    found = {who: [sys.executable, script, who, work, str(directory)] for who in ("limit", "ours")}
    if peers:
        for who in ("xclim", "icclim"):
            found[who] = [str(peers), script, who, work, str(directory)]
    if shutil.which("cdo"):
        found["cdo"] = [sys.executable, "-m", "benchmarks.etccdi_by_cdo", work, str(directory)]
    return found


if __name__ == "__main__":
    main()
