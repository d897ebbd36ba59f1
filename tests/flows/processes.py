"""Real Prefect processes for the tests: a server, a worker, commands."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def wait_until(happens: Callable[[], Any], seconds: float, what: str) -> Any:
    """Return the first true value of a function, or fail after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := happens():
            return value
        time.sleep(0.25)
    raise AssertionError(f"within {seconds:.0f} s this did not happen: {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(home: Path, **more: str) -> dict[str, str]:
    """Environment of a process that knows nothing of this user's Prefect."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    return {
        **kept,
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "default",
        **more,
    }


@contextmanager
def process(
    arguments: list[str], env: dict[str, str], log: Path, cwd: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended with SIGTERM, at the latest with this context.

    SIGINT is set to its default: what a shell starts in the background ignores it, and a Prefect
    worker that ignores it passes over its first SIGTERM.
    """
    with log.open("ab") as out:
        started = subprocess.Popen(
            [sys.executable, *arguments], cwd=cwd, env=env, stdout=out, stderr=out,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        try:
            yield started
        finally:
            if started.poll() is None:
                started.send_signal(signal.SIGTERM)
                try:
                    started.wait(30)
                except subprocess.TimeoutExpired:
                    started.kill()
                    started.wait()


@contextmanager
def server(home: Path, log: Path) -> Iterator[str]:
    """A Prefect server on a free port of loopback; gives its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/api"
    env = environment(
        home,
        PREFECT_SERVER_UI_ENABLED="false",
        PREFECT_API_SERVICES_SCHEDULER_LOOP_SECONDS="5",
    )
    command = ["-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with process(command, env, log):
        wait_until(lambda: answers(f"{address}/health"), 120, "the server answers")
        yield address


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def run(arguments: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a Python command to its end."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True,
        check=False, timeout=180,
    )  # fmt: skip
