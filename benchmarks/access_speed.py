"""What the checks cost on 1 GB, and how 2,000 small files compare with other programs.

Run ``python benchmarks/access_speed.py [--size MB] [--files N]``. Everything
stays on loopback. aria2c and wget2 take part where they are installed; nginx serves where it is
installed, so that the server is not what is measured.
"""

from __future__ import annotations

import argparse
import datetime as dt
import functools
import http.client
import http.server
import json
import os
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

ROOT = Path(__file__).parents[1]
CONNECTIONS = 4


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=int, default=1000, help="MB of the large file")
    options.add_argument("--files", type=int, default=2000)
    options.add_argument("--runs", type=int, default=3)
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
        with serving(root, given.server) as place:
            print(f"server: {given.server}; {given.runs} runs, s")
            _large(root, place, given.size, given.runs)
            _small(root, place, given.files, given.runs)


def _server() -> str:
    return "nginx" if shutil.which("nginx") else "python"


def _make_files(www: Path, size: int, count: int) -> None:
    sys.path.insert(0, str(ROOT))
    import h5py
    import numpy as np

    from tests.sample_files import netcdf3, netcdf4

    with h5py.File(www / "large.nc", "w") as file:
        rows = size * 10**6 // 8 // 10**6
        data = file.create_dataset("sst", (rows, 10**6), "f8", chunks=(1, 10**6))
        for i in range(rows):
            data[i] = np.random.default_rng(i).random(10**6)
    for i in range(count):
        day = dt.date(2000, 1, 1) + dt.timedelta(days=i)
        (www / f"{day:%Y%m%d}.nc").write_bytes(netcdf3(i, 500))
        (www / f"h{day:%Y%m%d}.nc").write_bytes(netcdf4(i, 500))


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
    plain, ours = [], []
    for _ in range(runs):  # in turns, so that both see the same machine
        plain.append(_bare(place, root / "bare.nc"))
        ours.append(_ours(root, place, f"http://{place}/large.nc", 1))
    bare = min(run[0] for run in plain)
    bare_cpu = min(run[1] for run in plain)
    seconds = min(run["seconds"] for run in ours)
    cpu = min(run["cpu"] for run in ours)
    memory = max(run["memory"] for run in ours) / 2**20
    print(f"{size} MB, one connection")
    print(f"  same client, no checks     {bare:7.2f}")
    print(f"  sco_pipeline, all checks   {seconds:7.2f}   {seconds / bare - 1:+.1%}")
    print(f"  processor time             {bare_cpu:.2f} and {cpu:.2f}")
    print(f"  memory above the imports   {memory:7.1f} MiB")


def _bare(place: str, path: Path) -> tuple[float, float]:
    """Receive, write and fsync without looking at the bytes."""
    start, cpu = time.perf_counter(), time.process_time()
    connection = http.client.HTTPConnection(place)
    connection.request("GET", "/large.nc")
    response = connection.getresponse()
    with path.open("wb") as stream:
        while piece := response.read1(1 << 18):
            stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())
    connection.close()
    seconds = time.perf_counter() - start
    path.unlink()
    return seconds, time.process_time() - cpu


def _small(root: Path, place: str, count: int, runs: int) -> None:
    for prefix, words in (("", "NetCDF-3"), ("h", "NetCDF-4")):
        pattern = f"http://{place}/{prefix}{{day:%Y%m%d}}.nc"
        ours = [_ours(root, place, pattern, count) for _ in range(runs)]
        seconds = statistics.median(run["seconds"] for run in ours)
        again = statistics.median(run["again"] for run in ours)
        print(f"{count} files of 4 kB ({words}), {CONNECTIONS} connections")
        print(f"  sco_pipeline, all checks   {seconds:7.2f}   second fetch {again:.2f}")
        days = [dt.date(2000, 1, 1) + dt.timedelta(days=i) for i in range(count)]
        urls = root / "urls"
        urls.write_text("".join(f"http://{place}/{prefix}{d:%Y%m%d}.nc\n" for d in days))
        for name, arguments in _others(urls).items():
            if shutil.which(name):
                other = _median(runs, lambda a=arguments: _run(root, a, count))
                print(f"  {name:24}   {other:7.2f}   ours is {seconds / other:.2f} of it")


def _others(urls: Path) -> dict[str, list[str]]:
    return {
        "aria2c": [
            "aria2c",
            "-q",
            "-i",
            str(urls),
            f"-j{CONNECTIONS}",
            "-x1",
            "--file-allocation=none",
        ],
        "wget2": ["wget2", "-q", "-i", str(urls), f"--max-threads={CONNECTIONS}", "--no-robots"],
    }


def _run(root: Path, arguments: list[str], count: int) -> float:
    folder = root / "other"
    folder.mkdir()
    start = time.perf_counter()
    subprocess.run(arguments, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    assert len(list(folder.iterdir())) == count
    shutil.rmtree(folder)
    return seconds


def _ours(root: Path, place: str, url: str, count: int) -> dict[str, float]:
    """Fetch in a fresh process, so that its memory can be told."""
    cache = root / "cache"
    task = json.dumps({"place": place, "url": url, "count": count, "cache": str(cache)})
    done = subprocess.run(
        [sys.executable, __file__, "--child", task], check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    shutil.rmtree(cache)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _child(task: dict[str, str]) -> dict[str, float]:
    from sco_pipeline.access import fetch
    from sco_pipeline.catalog.models import Request
    from sco_pipeline.settings import Limits, Settings
    from tests.sample_files import entry_for

    last = dt.date(2000, 1, 1) + dt.timedelta(days=int(task["count"]) - 1)
    entry = entry_for(task["url"], coverage={"start": "2000-01-01", "end": str(last)})
    settings = Settings(
        cache_dir=Path(task["cache"]), private_hosts=frozenset({task["place"]}),
        limits=Limits(connections_per_host=CONNECTIONS, requests_per_second=1e6),
    )  # fmt: skip
    request = Request(variables=("tos",))
    before = int(Path("/proc/self/statm").read_text().split()[1]) * 4  # KiB now, not the peak
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts here
    start, cpu = time.perf_counter(), time.process_time()
    record = fetch(entry, request, settings)
    middle, used = time.perf_counter(), time.process_time() - cpu
    status = Path("/proc/self/status").read_text()
    after = int(status.partition("VmHWM:")[2].split()[0])
    assert len(record.files) == int(task["count"])
    fetch(entry, request, settings)
    end = time.perf_counter()
    memory = (after - before) * 1024
    return {"seconds": middle - start, "again": end - middle, "memory": memory, "cpu": used}


def _median(runs: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(runs))


if __name__ == "__main__":
    main()
