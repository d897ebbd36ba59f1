"""Kill fetches and the making of products at random moments, many times, and check what is left.

Run ``python scripts/soak.py [--kills 200] [--seconds 900] [--seed 1]``. Every second child fetches
from a loopback server that sends slowly enough to be hit in the middle; the others make a product
again and again. After every kill each file under a final name must be one of the right ones, whole;
after every tenth kill, and at the end, a run that is left alone must repair everything. The exit
code tells whether all held.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[1]
# E402 below: the clone must be on the path before it is imported
sys.path.insert(0, str(ROOT))

import sco_pipeline as sco  # noqa: E402
from sco_pipeline.product import MANIFEST, read_manifest  # noqa: E402
from tests import servers  # noqa: E402
from tests.sample_files import entry_for, netcdf4, settings_for  # noqa: E402
from tests.servers import FaultServer  # noqa: E402

FILES = 6
RECIPE = "darwin-soi-trend"
LONGEST = (0.6, 1.2)  # seconds that a fetching and a producing child live at most
COVERAGE = {"start": "2000-01-01", "end": "2000-06-30"}


def main() -> int:
    """Kill, check, repair; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seconds", type=float, default=900.0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--child", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        return _nurse(json.loads(given.child))
    with tempfile.TemporaryDirectory() as folder, FaultServer() as server:
        return _soak(Path(folder), server, given.kills, given.seconds, given.seed)


def _soak(root: Path, server: FaultServer, kills: int, seconds: float, seed: int) -> int:
    chance = random.Random(seed)
    bodies = [netcdf4(i, 40_000 + 1000 * i, packed=bool(i % 2)) for i in range(FILES)]
    fetched = {hashlib.sha256(body).hexdigest() for body in bodies}
    for i, body in enumerate(bodies):
        server.play(f"/{i + 1:02d}.nc", _slowly(body))
    made = {file.path: file.sha256 for file in sco.run(RECIPE, product_settings(root)).files}
    stop = time.monotonic() + seconds
    done = repairs = partial = 0
    with _Nursery(root, server.place) as nursery:
        while done < kills and time.monotonic() < stop:
            longest = LONGEST[done % 2]
            child = nursery.born(("fetch", "produce")[done % 2])
            time.sleep(chance.uniform(0.0, longest))
            os.kill(child, signal.SIGKILL)
            nursery.buried()
            done += 1
            partial += _check_cache(root, fetched) + _check_product(root, made)
            if done % 10 == 0 or done == kills:
                _repair_cache(root, server, fetched)
                _repair_product(root, made)
                repairs += 1
    print(f"{done} kills, {repairs} repairs, {partial} unfinished temporary files met; all held")
    return 0 if done >= kills else 2


def product_settings(root: Path) -> sco.Settings:
    """Return settings whose product is made of the embedded data."""
    return sco.Settings(cache_dir=root / "product-cache", output_dir=root / "outputs")


def _slowly(body: bytes) -> servers.Play:
    def play(handler: servers.Handler) -> None:
        handler.answer(200, {"Content-Length": str(len(body)), "ETag": f'"{len(body)}"'})
        step = len(body) // 8 + 1
        for start in range(0, len(body), step):
            handler.wfile.write(body[start : start + step])
            time.sleep(0.004)

    return play


class _Nursery:
    """A process that has imported everything and forks a working child on request."""

    def __init__(self, root: Path, place: str) -> None:
        task = json.dumps({"root": str(root), "place": place})
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--child", task], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def born(self, work: str) -> int:
        """Return the id of a child that has just begun to fetch or to produce."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{work}\n")
        return int(self._process.stdout.readline())

    def buried(self) -> None:
        """Wait until the killed child is gone."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line != f"{-signal.SIGKILL}\n":
            raise SystemExit(f"a child ended by itself: {line}")


def _nurse(task: dict[str, str]) -> int:
    from sco_pipeline.access import methods

    assert "http" in methods
    sco.run(RECIPE, product_settings(Path(task["root"])), force=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            return _fetch_for_ever(task) if line == "fetch\n" else _produce_for_ever(task)
        print(child, flush=True)
        _, ended = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(ended), flush=True)
    return 0


def _fetch_for_ever(task: dict[str, str]) -> int:
    """Fetch again and again, damaging the cache in between so that there is work."""
    from sco_pipeline.access import fetch
    from sco_pipeline.catalog.models import Request

    root = Path(task["root"])
    settings = settings_for(
        root, task["place"], limits={"gap_seconds": 20, "rate_window_seconds": 20}
    )
    entry = entry_for(f"http://{task['place']}/{{month:%m}}.nc", coverage=COVERAGE)
    while True:
        fetch(entry, Request(variables=("tos",)), settings)
        for path in list((root / "cache/demo").glob("*.nc"))[::2]:
            path.unlink()


def _produce_for_ever(task: dict[str, str]) -> int:
    while True:
        sco.run(RECIPE, product_settings(Path(task["root"])), force=True)


def _check_cache(root: Path, good: set[str]) -> int:
    """Every final name holds a right file; return the number of temporary ones."""
    unfinished = 0
    for path in (root / "cache").rglob("*"):
        if path.name.endswith(".part"):
            unfinished += 1
        elif path.suffix == ".nc":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest not in good:
                raise SystemExit(f"{path} holds wrong bytes")
    return unfinished


def _check_product(root: Path, made: dict[str, str]) -> int:
    """Every file of the product is whole; return the number of unfinished ones beside it."""
    directory = root / "outputs" / RECIPE
    for name, sha256 in made.items():
        if hashlib.sha256((directory / name).read_bytes()).hexdigest() != sha256:
            raise SystemExit(f"{directory / name} holds wrong bytes")
    if read_manifest(directory) is None:
        raise SystemExit(f"{directory} has no manifest")
    return len(list((root / "outputs").glob(".*.staging/*")))


def _repair_product(root: Path, made: dict[str, str]) -> None:
    product = sco.run(RECIPE, product_settings(root), force=True)
    if {file.path: file.sha256 for file in product.files} != made:
        raise SystemExit("the next run made another product")
    found = [path for path in (root / "outputs").rglob("*") if path.is_file()]
    left = {str(path.relative_to(root / "outputs")) for path in found}
    expected = {f".{RECIPE}.lock", *(f"{RECIPE}/{name}" for name in (*made, MANIFEST))}
    if left != expected:
        raise SystemExit(f"the next run left {sorted(left - expected)}")


def _repair_cache(root: Path, server: FaultServer, good: set[str]) -> None:
    from sco_pipeline.access import fetch
    from sco_pipeline.catalog.models import Request

    settings = settings_for(
        root, server.place, limits={"gap_seconds": 20, "rate_window_seconds": 20}
    )
    entry = entry_for(server.url("/{month:%m}.nc"), coverage=COVERAGE)
    record = fetch(entry, Request(variables=("tos",)), settings)
    if {file.sha256 for file in record.files} != good or len(record.files) != FILES:
        raise SystemExit("the next run did not repair the cache")
    left = [p.name for p in (root / "cache").rglob("*") if p.is_file() and p.name.startswith(".")]
    if left:
        raise SystemExit(f"the next run left {left}")
    now = dt.datetime.now(dt.UTC)
    assert all(file.checked and file.checked <= now for file in record.files)


if __name__ == "__main__":
    sys.exit(main())
