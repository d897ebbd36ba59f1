"""What download clients do under faults, with sco_pipeline as one of them.

Run ``python benchmarks/access_faults.py [--patience S] [--python PATH] [--json FILE]``. Every cell
is one process against one loopback server that plays one fault. Programs and packages that are not
installed are left out; ``--python`` names the interpreter that has the packages to compare with.

Cells: ``right`` (the true file), ``ACCEPTED`` (a wrong file and success), ``clean error``,
``HALF LEFT`` (an error, and something under the final name), ``HANG`` (still waiting at the end of
the patience).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests import servers  # noqa: E402
from tests.sample_files import netcdf4  # noqa: E402
from tests.servers import Content, FaultServer, Play  # noqa: E402

BODY = netcdf4(1, 131_072)
SHA = hashlib.sha256(BODY).hexdigest()
FLIPPED = BODY[:-1000] + bytes([BODY[-1000] ^ 1]) + BODY[-999:]
PAGE = b"<!DOCTYPE html><html><body><form><input type='password'></form></body></html>"

# Our own limits are made short, so that a cell ends within the patience of the others.
OURS = """
import sys, shutil
from pathlib import Path
from sco_pipeline.access import fetch
from tests.sample_files import REQUEST, entry_for, settings_for
url, target, sha, place = sys.argv[1:]
quick = dict(gap_seconds=5, rate_window_seconds=5, attempts=3, granule_bytes=50 * 2**20)
entry = entry_for(url, **({"sha256": sha} if sha else {}))
settings = settings_for(Path(target).parent / "state", place, limits=quick)
(file,) = fetch(entry, REQUEST, settings).files
Path(target).hardlink_to(file.path)
"""
PACKAGES = {
    "pooch": """
import os, pooch
url, target, sha = sys.argv[1:]
folder, name = os.path.split(target)
pooch.retrieve(url, sha and "sha256:" + sha or None, name, folder, progressbar=False)
""",
    "earthaccess": """
import pathlib, threading, requests
from earthaccess.store import Store
target = pathlib.Path(sys.argv[2])
store = Store.__new__(Store)
store.auth, store._http_session = None, requests.Session()
store._clone_session_in_local_thread = lambda *given: None
store.set_requests_session = lambda *given, **more: None
store.thread_locals = threading.local()
store.thread_locals.local_thread_session = store._http_session
pathlib.Path(store._download_file(sys.argv[1], target.parent)).rename(target)
""",
    "multiurl": "import multiurl; multiurl.download(sys.argv[1], sys.argv[2])",
    "fsspec": "import fsspec; fsspec.filesystem('http').get_file(sys.argv[1], sys.argv[2])",
    "requests": """
import requests
answer = requests.get(sys.argv[1], stream=True)
answer.raise_for_status()
with open(sys.argv[2], "wb") as file:
    for piece in answer.iter_content(65536):
        file.write(piece)
""",
    "httpx": """
import httpx
with httpx.stream("GET", sys.argv[1]) as answer:
    answer.raise_for_status()
    with open(sys.argv[2], "wb") as file:
        for piece in answer.iter_bytes():
            file.write(piece)
""",
}
PROGRAMS = {
    "aria2c": "aria2c -q -d {folder} -o {name} {checksum} {url}",
    "wget": "wget -q -O {path} {url}",
    "wget2": "wget2 -q -O {path} {url}",
    "curl": "curl -sfL --retry 3 -o {path} {url}",
    "rclone": "rclone copyurl {url} {path}",
}


def faults() -> dict[str, tuple[tuple[Play, ...], bytes]]:
    """Return the plays of each fault and the bytes that are right."""
    good = servers.serve(Content(BODY))
    bomb = gzip.compress(bytes(300 * 2**20), 9)
    busy = servers.status(503, Retry_After="3")
    return {
        "short body, length given": ((servers.short(BODY, len(BODY) // 2),), BODY),
        "short, no length": ((servers.unsized(BODY[: len(BODY) // 2]),), BODY),
        "one byte wrong": ((servers.serve(Content(FLIPPED)),), BODY),
        "HTML login page, 200": ((servers.serve(Content(PAGE)),), BODY),
        "503 + Retry-After 3, twice": ((busy, busy, good), BODY),
        "429 once": ((servers.status(429), good), BODY),
        "silence mid-body": ((_silence_mid_body,), BODY),
        "never answers": ((_never,), BODY),
        "one byte a second": ((servers.drip(BODY, 1.0),), BODY),
        "gzip body 300 kB -> 300 MB": (
            (servers.serve(Content(bomb, headers={"Content-Encoding": "gzip"})),), BODY,
        ),
        "changed between cut and resume": (
            (servers.short(FLIPPED, len(BODY) // 2, '"old"'), good), BODY,
        ),
    }  # fmt: skip


def _silence_mid_body(handler: servers.Handler) -> None:
    handler.answer(200, {"Content-Length": str(len(BODY))})
    handler.wfile.write(BODY[: len(BODY) // 2])
    handler.wfile.flush()
    handler.server.owner.stopped.wait(600)


def _never(handler: servers.Handler) -> None:
    handler.server.owner.stopped.wait(600)


def clients(python: str) -> dict[str, Callable[[str, Path, str], list[str]]]:
    """Return how each installed client is started, from address, target and place."""
    found: dict[str, Callable[[str, Path, str], list[str]]] = {
        "sco_pipeline": lambda url, path, place: [
            sys.executable, "-c", OURS, url, str(path), "", place
        ],
        "sco_pipeline + sha256": lambda url, path, place: [
            sys.executable, "-c", OURS, url, str(path), SHA, place
        ],
    }  # fmt: skip
    for name, code in PACKAGES.items():
        probe = [python, "-c", f"import {name}"]
        if subprocess.run(probe, check=False, capture_output=True).returncode:
            continue
        script = f"import sys\n{code}"
        found[name] = lambda url, path, place, s=script: [python, "-c", s, url, str(path), ""]
        if name == "pooch":
            found["pooch + sha256"] = lambda url, path, place, s=script: [
                python, "-c", s, url, str(path), SHA
            ]  # fmt: skip
    for name, line in PROGRAMS.items():
        if shutil.which(name):
            checksum = f"--checksum=sha-256={SHA}" if name == "aria2c" else ""
            shown = "aria2c + sha256" if name == "aria2c" else name
            found[shown] = lambda url, path, place, t=line, c=checksum: t.format(
                folder=path.parent, name=path.name, path=path, url=url, checksum=c
            ).split()
    return found


def cell(command: list[str], path: Path, right: bytes, patience: float) -> str:
    """Run one client once and say what it did."""
    path.parent.mkdir(parents=True)
    start = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=path.parent, env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        code = process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "HANG"
    seconds = time.monotonic() - start
    if code == 0:
        is_right = path.is_file() and hashlib.sha256(path.read_bytes()).digest() == (
            hashlib.sha256(right).digest()
        )
        return f"{'right' if is_right else 'ACCEPTED'} {seconds:.0f} s"
    return f"{'HALF LEFT' if path.exists() else 'clean error'} {seconds:.0f} s"


def main() -> int:
    """Fill the table and print it; fail if our own columns hold a mark against them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--patience", type=float, default=85.0)
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    table: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder, FaultServer() as server:
        jobs = []
        with ThreadPoolExecutor(6) as pool:
            for i, (fault, (plays, right)) in enumerate(faults().items()):
                for j, (name, command) in enumerate(clients(given.python).items()):
                    url = server.play(f"/{i}/{j}/file.nc", *plays)
                    path = Path(folder) / f"{i}-{j}" / "file.nc"
                    line = command(url, path, server.place)
                    jobs.append((fault, name, pool.submit(cell, line, path, right, given.patience)))
            for fault, name, job in jobs:
                table.setdefault(fault, {})[name] = job.result()
        server.stopped.set()
    names = list(next(iter(table.values())))
    print("| Fault | " + " | ".join(names) + " |\n|" + " --- |" * (len(names) + 1))
    for fault, row in table.items():
        print(f"| {fault} | " + " | ".join(row[name] for name in names) + " |")
    if given.json:
        given.json.write_text(json.dumps(table, indent=1))
    # Without a checksum, one flipped value of a whole file cannot be told from data.
    bad = [
        (fault, name)
        for fault, row in table.items()
        for name in names[:2]
        if row[name].split()[0] in ("ACCEPTED", "HANG", "HALF")
        and not (fault == "one byte wrong" and name == "sco_pipeline")
    ]
    print(f"marks against sco_pipeline: {bad or 'none'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
