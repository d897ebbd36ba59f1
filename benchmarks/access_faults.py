"""What download clients do under faults, with sco_pipeline as one of them.

Run ``python -m benchmarks.access_faults [--patience S] [--python PATH] [--page FILE]``. Every cell
is one process against loopback servers, one of which plays one fault. Programs and packages that
are not installed are left out; ``--python`` names the interpreter that has the packages of
``benchmarks/requirements-peers-access.txt``; ``--page`` writes docs/reference/access-faults.md.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
# E402 below: the clone must be on the path before it is imported
sys.path.insert(0, str(ROOT))

from benchmarks.access_peers import REFUSED, Command, ours, peers, versions  # noqa: E402
from tests import servers  # noqa: E402
from tests.sample_files import netcdf4  # noqa: E402
from tests.servers import Content, FaultServer, Play  # noqa: E402

BODY = netcdf4(1, 131_072)
SHA = hashlib.sha256(BODY).hexdigest()
FLIPPED = BODY[:-1000] + bytes([BODY[-1000] ^ 1]) + BODY[-999:]
LOGIN = b"<!DOCTYPE html><html><body><form><input type='password'></form></body></html>"
KEY = "SECRET"
KEY_ROW = "key header, redirect to another host"
OURS = ("sco_pipeline + sha256", "sco_pipeline")
WITHOUT_CHECKSUM = OURS[1]  # cannot tell one flipped value from data; nobody could
SIDE_BY_SIDE = 6
PAGE = """# What download clients do under faults

Made by `python -m benchmarks.access_faults --page docs/reference/access-faults.md`; do not edit.
A server on loopback plays one fault a cell, on a file of 1 MiB. Every client runs with its
defaults, except that redirects are followed, the columns "+ sha256" are told the checksum, curl is
told to retry, and the limits of sco_pipeline are short (5 s of silence, 3 attempts) so that its
cells end. One run a cell; seconds include the start of the client.

- **right**: the true file, and success.
- **clean error**: failure, and nothing wrong under the final name.
- **ACCEPTED**: a wrong file under its final name, and success.
- **NO FILE**: no file at all, and success.
- **HALF LEFT**: failure, and something wrong under the final name.
- **HANG**: still waiting after {patience:.0f} s.
- **KEY SENT ON**: the other host was sent the key of the first one.

{table}

Without a checksum nobody can tell one flipped byte of a whole file from data: there sco_pipeline
too takes the file, and records the sha256 of what it got.

Versions: {versions}.
"""


@dataclass(frozen=True)
class Fault:
    """One row: what the server plays, hit after hit; without plays, a redirect to the other one."""

    name: str
    plays: tuple[Play, ...]
    key: str = ""


def faults() -> list[Fault]:
    """Return the rows of the table."""
    good = servers.serve(Content(BODY))
    bomb = gzip.compress(bytes(300 * 2**20), 9)
    packed = Content(bomb, headers={"Content-Encoding": "gzip"})
    busy = servers.status(503, Retry_After="3")
    half = len(BODY) // 2
    return [
        Fault("none", (good,)),
        Fault("short body, length given", (servers.short(BODY, half),)),
        Fault("short body, no length", (servers.unsized(BODY[:half]),)),
        Fault("one byte wrong", (servers.serve(Content(FLIPPED)),)),
        Fault("HTML login page, 200", (servers.serve(Content(LOGIN)),)),
        Fault("503 + Retry-After 3, twice", (busy, busy, good)),
        Fault("429 once", (servers.status(429), good)),
        Fault("silence mid-body", (_silence_mid_body,)),
        Fault("never answers", (_never,)),
        Fault("one byte a second", (servers.drip(BODY, 1.0),)),
        Fault("gzip body, 300 kB to 300 MB", (servers.serve(packed),)),
        Fault("changed between cut and resume", (servers.short(FLIPPED, half, '"old"'), good)),
        Fault(KEY_ROW, (), key=KEY),
    ]


def cell(command: Sequence[str], path: Path, patience: float, is_ours: bool) -> str:
    """Run one client once and say what it did; ours must end on purpose or not at all."""
    path.parent.mkdir(parents=True)
    start = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(path.parent)}
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
    is_right = path.is_file() and path.read_bytes() == BODY
    if code == 0:
        outcome = "right" if is_right else "ACCEPTED" if path.exists() else "NO FILE"
        return f"{outcome} {seconds:.0f} s"
    if is_ours and code != REFUSED:
        return f"BROKEN {seconds:.0f} s"
    return f"{'HALF LEFT' if path.exists() and not is_right else 'clean error'} {seconds:.0f} s"


def fill(
    clients: dict[str, Command], server: FaultServer, other: FaultServer, patience: float
) -> dict[str, dict[str, str]]:
    """Return the table: fault to client to what it did."""
    rows = faults()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        jobs = {}
        for i, fault in enumerate(rows):
            for j, (name, command) in enumerate(clients.items()):
                # a path of its own on the other host shows who sent what
                elsewhere = servers.redirect(other.put(f"/{j}/file.nc", BODY))
                url = server.play(f"/{i}/{j}/file.nc", *(fault.plays or (elsewhere,)))
                path = Path(folder) / f"{i}-{j}" / "file.nc"
                line = command(url, path, fault.key)
                jobs[fault.name, name] = pool.submit(cell, line, path, patience, name in OURS)
        table = {f.name: {n: jobs[f.name, n].result() for n in clients} for f in rows}
        server.stopped.set()
    row = [fault.name for fault in rows].index(KEY_ROW)
    for j, name in enumerate(clients):
        if any(KEY in str(hit.headers) for hit in other.hits(f"/{j}/file.nc")):
            table[KEY_ROW][name] = "KEY SENT ON"
        elif not any(KEY in str(hit.headers) for hit in server.hits(f"/{row}/{j}/file.nc")):
            table[KEY_ROW][name] = "key not sent at all"
    return table


def marks(table: dict[str, dict[str, str]]) -> list[str]:
    """Return the cells of our own columns that hold a mark against them."""
    good = {"none": ("right",), "one byte wrong": ("clean error", "ACCEPTED")}
    return [
        f"{name}, {fault}: {row[name]}"
        for fault, row in table.items()
        for name in OURS
        if not row[name].startswith(good.get(fault, ("right", "clean error")))
        or (row[name].startswith("ACCEPTED") and name != WITHOUT_CHECKSUM)
    ]


def main() -> int:
    """Fill the table and print it; fail if our own columns hold a mark against them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--patience", type=float, default=85.0)
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--page", type=Path)
    given = options.parse_args()
    with FaultServer() as server, FaultServer("127.0.0.2") as other:
        clients = {**ours(SHA, (server.place, other.place)), **peers(given.python, SHA)}
        table = fill(clients, server, other, given.patience)
    lines = ["| Fault | " + " | ".join(clients) + " |", "|" + " --- |" * (len(clients) + 1)]
    lines += [f"| {fault} | " + " | ".join(row.values()) + " |" for fault, row in table.items()]
    print("\n".join(lines))
    if given.page:
        told = ", ".join(f"{name} {number}" for name, number in versions(given.python).items())
        text = PAGE.format(patience=given.patience, table="\n".join(lines), versions=told)
        given.page.write_text(text, encoding="utf-8")
    against = marks(table)
    print(f"marks against sco_pipeline: {'; '.join(against) or 'none'}")
    return 1 if against else 0


def _silence_mid_body(handler: servers.Handler) -> None:
    handler.answer(200, {"Content-Length": str(len(BODY))})
    handler.wfile.write(BODY[: len(BODY) // 2])
    handler.wfile.flush()
    handler.server.owner.stopped.wait(600)


def _never(handler: servers.Handler) -> None:
    handler.server.owner.stopped.wait(600)


if __name__ == "__main__":
    sys.exit(main())
