"""Time the daily indices against peers and against reading alone.

``python -m benchmarks.etccdi [--data DIRECTORY] [--years N --lats N --lons N] [--works plain ...]
[--peers PYTHON] [--rounds N]``: every piece of work is a process of its own, rounds take turns,
medians are shown: wall and CPU seconds (also relative to ours) and peak memory. Values are compared
in the same run. CDO is used where it is installed; the interpreter of `--peers` has what
``benchmarks/requirements-peers.txt`` names.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.etccdi_data import make
from benchmarks.etccdi_works import WORKS

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
    _print_versions(options.peers)
    for work in options.works:
        commands = _commands(work, directory, options.peers)
        if options.who:
            commands = {who: line for who, line in commands.items() if who in options.who}
        _compare(work, commands, options.rounds)


def _commands(work: str, directory: Path, peers: Path | None) -> dict[str, list[str]]:
    """Return who does the work, and by which command; the result's path is added."""
    script = str(HERE / "etccdi_works.py")
    found = {who: [sys.executable, script, who, work, str(directory)] for who in ("limit", "ours")}
    if peers:
        for who in ("xclim", "icclim"):
            found[who] = [str(peers), script, who, work, str(directory)]
    if shutil.which("cdo") and work == "plain":
        found["cdo"] = [sys.executable, "-m", "benchmarks.etccdi_by_cdo", str(directory)]
    return found


def _compare(work: str, commands: dict[str, list[str]], rounds: int) -> None:
    """Run the commands in turns and print medians and differences of values."""
    times: dict[str, list[tuple[float, float, float]]] = {who: [] for who in commands}
    values: dict[str, dict[str, np.ndarray]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for turn in range(rounds):
            for who, command in commands.items():
                result = Path(scratch) / f"{who}-{turn}.npz"
                times[who].append(_run([*command, str(result)]))
                values[who] = dict(np.load(result))
    ours = [median(column) for column in zip(*times["ours"], strict=True)]
    print(f"\n## {work}: {len(WORKS[work])} indices, median of {rounds}\n")
    print("| who | wall s | x ours | CPU s | x ours | peak MB | largest difference to ours |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    for who, measured in times.items():
        wall, cpu, peak = (median(column) for column in zip(*measured, strict=True))
        print(
            f"| {who} | {wall:.1f} | {wall / ours[0]:.2f} | {cpu:.1f} | {cpu / ours[1]:.2f} | "
            f"{peak:.0f} | {_differences(values[who], values['ours'])} |"
        )


def _differences(found: dict[str, np.ndarray], ours: dict[str, np.ndarray]) -> str:
    """Return the largest differences of the indices that both have."""
    shown = []
    for name in sorted(set(found) & set(ours)):
        both = np.isfinite(found[name]) & np.isfinite(ours[name])
        if both.any():
            largest = np.abs(found[name] - ours[name])[both].max()
            if largest > 1e-3:
                shown.append(f"{name} {largest:.3g}")
    same = len(set(found) & set(ours)) - len(shown)
    return f"{same} equal to 1e-3" + (f"; {', '.join(shown)}" if shown else "")


def _run(command: list[str]) -> tuple[float, float, float]:
    """Run a command; return wall and CPU seconds and the peak memory in MB."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=HERE.parent)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    wall = time.perf_counter() - start
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _print_versions(peers: Path | None) -> None:
    """Print what runs where."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    print(f"numpy {np.__version__}")
    if shutil.which("cdo"):
        done = subprocess.run(["cdo", "--version"], capture_output=True, text=True, check=False)
        print((done.stdout + done.stderr).splitlines()[0])
    if peers:
        code = (
            "from importlib.metadata import version as v;"
            "print(*[f'{n} {v(n)}' for n in ('xclim', 'icclim', 'xarray', 'numpy')], sep=', ')"
        )
        subprocess.run([peers, "-c", code], check=True)


if __name__ == "__main__":
    main()
