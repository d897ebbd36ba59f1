"""What the checks cost on 1 GB, and how 2,000 small files compare with other programs.

Run ``python -m benchmarks.access_speed [--size MB] [--files N] [--runs N]``. Everything stays on
loopback. nginx serves where it is installed, so that the server is not what is measured; curl,
wget2 and aria2c take part where they are installed. All programs take turns and nothing is removed
between turns: a file system makes new files more slowly for a while after many were removed.

*Overhead of all checks* compares two whole downloads of one HDF5 file to the same disk, from the
first request until the bytes are on the disk: with another program and one fsync, and with
``fetch``, which also hashes every byte, opens the file in a process of its own, syncs, renames and
records it. The time of the other program without its fsync is shown as well, and our own client
with everything but receiving and writing left out.
"""

from __future__ import annotations

import argparse
import datetime as dt
import functools
import http.server
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CONNECTIONS = 4
LARGE = "large.nc"
Measured = dict[str, float]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=int, default=1000, help="MB of the large file")
    options.add_argument("--files", type=int, default=2000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--server", choices=("nginx", "python"), default=_server())
    options.add_argument("--child", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        print(json.dumps(_child(json.loads(given.child))))
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "www").mkdir()
        _make_files(root / "www", given.size, given.files)
        _print_versions(given.server, given.runs)
        with serving(root, given.server) as place:
            _large(root, place, given.size, given.runs)
            for prefix, words in (("", "NetCDF-3"), ("h", "NetCDF-4")):
                _small(root, place, prefix, words, given.files, given.runs)


def _server() -> str:
    return "nginx" if shutil.which("nginx") else "python"


def _print_versions(server: str, runs: int) -> None:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"server {server}, {os.cpu_count()} cores, load {load}; {runs} turns; seconds")
    print(f"Python {sys.version.split()[0]}")
    for name, flag in (("nginx", "-v"), ("curl", "-V"), ("wget2", "-V"), ("aria2c", "-v")):
        if shutil.which(name):
            said = subprocess.run([name, flag], check=True, capture_output=True, text=True)
            print((said.stdout + said.stderr).splitlines()[0])


def _make_files(www: Path, size: int, count: int) -> None:
    import h5py
    import numpy as np

    from tests.sample_files import netcdf3, netcdf4

    with h5py.File(www / LARGE, "w") as file:
        rows = size * 10**6 // 8 // 10**6
        data = file.create_dataset("sst", (rows, 10**6), "f8", chunks=(1, 10**6))
        for i in range(rows):
            data[i] = np.random.default_rng(i).random(10**6)
    for i, day in enumerate(_days(count)):
        (www / f"{day:%Y%m%d}.nc").write_bytes(netcdf3(i, 500))
        (www / f"h{day:%Y%m%d}.nc").write_bytes(netcdf4(i, 500))


def _days(count: int) -> list[dt.date]:
    return [dt.date(2000, 1, 1) + dt.timedelta(days=i) for i in range(count)]


@contextmanager
def serving(root: Path, kind: str) -> Iterator[str]:
    """Serve ``root/www`` on a free loopback port."""
    if kind == "python":
        handler = functools.partial(_Quiet, directory=str(root / "www"))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = "user root;" if os.getuid() == 0 else ""
    (root / "nginx.conf").write_text(
        f"{user} daemon off; pid {root}/pid; error_log {root}/error.log; worker_processes 1; "
        f"events {{}} http {{ access_log off; sendfile on; keepalive_requests 100000; "
        f"server {{ listen 127.0.0.1:{port}; root {root}/www; }} }}"
    )
    process = subprocess.Popen(["nginx", "-c", str(root / "nginx.conf"), "-e", f"{root}/error.log"])
    time.sleep(0.5)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass


def _large(root: Path, place: str, size: int, runs: int) -> None:
    url = f"http://{place}/{LARGE}"
    ways: dict[str, Callable[[Path], Measured]] = {
        name: functools.partial(_by_program, [*words, url])
        for name, words in (("curl", ["curl", "-sO"]), ("wget2", ["wget2", "-q", "--no-robots"]))
        if shutil.which(name)
    }
    ways["same client, no checks"] = functools.partial(_ours, place, url, 1, checked=False)
    ways["sco_pipeline, all checks"] = functools.partial(_ours, place, url, 1)
    found = _in_turns(root, ways, runs)
    print(f"\n{size} MB, one connection" + " " * 13 + "best  median     CPU  without fsync")
    for name, measured in found.items():
        seconds = [one["seconds"] for one in measured]
        without = [one["unsynced"] for one in measured if "unsynced" in one]
        shown = f"{min(without):15.2f}" if without else ""
        cpu = min(one["cpu"] for one in measured)
        print(
            f"  {name:26} {min(seconds):8.2f} {statistics.median(seconds):7.2f} {cpu:7.2f}{shown}"
        )
    *others, ours = found
    for other in others:
        print(f"  overhead of all checks against {other}: {_ratio(found, ours, other) - 1:+.0%}")
    for name, words in (("grown", "streaming added"), ("peak", "process"), ("child", "inspector")):
        memory = max(one[name] for one in found[ours]) / 2**20
        print(f"  memory, {words}: {memory:.0f} MiB")


def _small(root: Path, place: str, prefix: str, words: str, count: int, runs: int) -> None:
    pattern = f"http://{place}/{prefix}{{day:%Y%m%d}}.nc"
    urls = root / f"urls{prefix}"
    urls.write_text("".join(f"http://{place}/{prefix}{d:%Y%m%d}.nc\n" for d in _days(count)))
    ways: dict[str, Callable[[Path], Measured]] = {
        name: functools.partial(_by_program, arguments, expected=count)
        for name, arguments in _programs(urls).items()
        if shutil.which(name)
    }
    ways["sco_pipeline, all checks"] = functools.partial(_ours, place, pattern, count)
    found = _in_turns(root, ways, runs)
    *others, ours = found
    for other in others:
        synced = [{**one, "seconds": one["synced"]} for one in found[other]]
        found[f"{other}, then to the disk"] = synced
    # Python and its imports started, too, as the other programs are.
    whole = [{**one, "seconds": one["whole"]} for one in found[ours]]
    found["the same, whole command"] = whole
    found["second fetch"] = [{**one, "seconds": one["again"]} for one in found[ours]]
    heads = " ".join(f"{'of ' + other:>10}" for other in others)
    print(f"\n{count} files of 4 kB ({words}), {CONNECTIONS} connections")
    print(f"{'best':>37}  median {heads}")
    for name, measured in found.items():
        seconds = [one["seconds"] for one in measured]
        ratios = " ".join(f"{_ratio(found, name, other):10.2f}" for other in others)
        print(f"  {name:26} {min(seconds):8.2f} {statistics.median(seconds):7.2f} {ratios}")
    for other in others:
        ratio = _ratio(found, ours, f"{other}, then to the disk")
        print(f"  all checks and on the disk, of {other} and the way to the disk: {ratio:.2f}")


def _programs(urls: Path) -> dict[str, list[str]]:
    threads = str(CONNECTIONS)
    return {
        "aria2c": ["aria2c", "-q", "-i", str(urls), "-j", threads, "-x1", "--file-allocation=none"],
        "wget2": ["wget2", "-q", "-i", str(urls), "--max-threads", threads, "--no-robots"],
    }


def _in_turns(
    root: Path, ways: dict[str, Callable[[Path], Measured]], runs: int
) -> dict[str, list[Measured]]:
    """Call every way once a turn, each time with an empty directory and nothing left to write."""
    found: dict[str, list[Measured]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            folder = Path(tempfile.mkdtemp(dir=root))
            os.sync()
            before = _cpu()
            measured = way(folder)
            found[name].append({"cpu": _cpu() - before, **measured})
            (folder / LARGE).unlink(missing_ok=True)
    return found


def _ratio(found: dict[str, list[Measured]], ours: str, other: str) -> float:
    """Return the median over the turns of our time by the other's in the same turn."""
    pairs = zip(found[ours], found[other], strict=True)
    return statistics.median(mine["seconds"] / theirs["seconds"] for mine, theirs in pairs)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _by_program(arguments: list[str], folder: Path, expected: int = 0) -> Measured:
    """Time another program, and with it the way of its files to the disk, where ours always are."""
    start = time.perf_counter()
    subprocess.run(arguments, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    unsynced = time.perf_counter() - start
    if expected:
        assert len(list(folder.iterdir())) == expected
        os.sync()
        return {"seconds": unsynced, "synced": time.perf_counter() - start}
    with (folder / LARGE).open("rb") as stream:
        os.fsync(stream.fileno())
    return {"seconds": time.perf_counter() - start, "unsynced": unsynced}


def _ours(place: str, url: str, count: int, folder: Path, checked: bool = True) -> Measured:
    """Fetch in a fresh process, so that its memory can be told."""
    task = {"place": place, "url": url, "count": count, "folder": str(folder), "checked": checked}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.access_speed", "--child", json.dumps(task)],
        check=True, capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    whole = time.perf_counter() - start
    found: Measured = json.loads(done.stdout)
    # A second fetch is part of that process, but not of the command.
    return {**found, "whole": whole - found["again"]}


def _child(task: dict[str, Any]) -> Measured:
    from sco_pipeline.access import fetch
    from sco_pipeline.catalog.models import Request
    from sco_pipeline.settings import Limits, Settings
    from tests.sample_files import entry_for

    count, folder = int(task["count"]), Path(task["folder"])
    coverage = {"start": "2000-01-01", "end": str(_days(count)[-1])}
    entry = entry_for(task["url"], coverage=coverage)
    settings = Settings(
        cache_dir=folder, private_hosts=frozenset({task["place"]}),
        limits=Limits(connections_per_host=CONNECTIONS, requests_per_second=1e6),
    )  # fmt: skip
    if not task["checked"]:
        start = time.perf_counter()
        _receive_only(entry, settings, task["url"], folder / LARGE)
        return {"seconds": time.perf_counter() - start, "again": 0.0}
    before = int(Path("/proc/self/statm").read_text().split()[1]) * 4096
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts here
    start = time.perf_counter()
    record = fetch(entry, Request(variables=("tos",)), settings)
    middle = time.perf_counter()
    assert len(record.files) == count
    memory = {"grown": _peak("self") - before, "peak": _peak("self"), "child": _peak_of_children()}
    asked = time.perf_counter()
    fetch(entry, Request(variables=("tos",)), settings)
    return {"seconds": middle - start, "again": time.perf_counter() - asked, **memory}


def _receive_only(entry: Any, settings: Any, url: str, path: Path) -> None:
    """Receive, write and fsync with our own client, without looking at the bytes."""
    from sco_pipeline.access.client import Client

    buffer = memoryview(bytearray(512 * 2**10))
    with Client(entry, settings).open(url) as response, path.open("wb") as stream:
        while count := response.readinto(buffer):
            stream.write(buffer[:count])
        stream.flush()
        os.fsync(stream.fileno())


def _peak(process: str) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _peak_of_children() -> int:
    """Return the peak of the largest process that this one started."""
    threads = Path("/proc/self/task").iterdir()
    children = [pid for thread in threads for pid in (thread / "children").read_text().split()]
    return max((_peak(pid) for pid in children), default=0)


if __name__ == "__main__":
    main()
