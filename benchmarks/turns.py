"""Works done in turns, each a process of its own: times beside ours, memory and differences."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

HERE = Path(__file__).parent


def compare(title: str, commands: dict[str, list[str]], rounds: int) -> None:
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
    print(f"\n## {title}, median of {rounds}\n")
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


def print_versions(peers: Path | None, names: tuple[str, ...]) -> None:
    """Print what runs where."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    print(f"numpy {np.__version__}")
    if shutil.which("cdo"):
        done = subprocess.run(["cdo", "--version"], capture_output=True, text=True, check=False)
        print((done.stdout + done.stderr).splitlines()[0])
    if peers:
        code = (
            "from importlib.metadata import version as v;"
            f"print(*[f'{{n}} {{v(n)}}' for n in {names}], sep=', ')"
        )
        subprocess.run([peers, "-c", code], check=True)
