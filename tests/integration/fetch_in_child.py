"""Fetch one dataset in a process of its own; tests kill it, starve it or run two of them."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any


def die(*args: Any, **options: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    task = json.loads(sys.argv[1])
    from sco_pipeline import files
    from sco_pipeline.access import fetch, ledger, locks, methods
    from sco_pipeline.errors import ScoError
    from tests.sample_files import REQUEST, entry_for, settings_for

    # The other user may not be able to read the interpreter's own modules.
    assert "http" in methods
    if task.get("user"):
        os.setgid(task["user"])
        os.setuid(task["user"])
    root = Path(task["root"])
    settings = settings_for(root, *task["places"], limits=task.get("limits"))
    entry = entry_for(task["url"], **task.get("entry", {}))
    kill_at = task.get("kill_at")
    if kill_at == "rename":
        files.put_all_in_place = die
    elif kill_at == "record":
        ledger.Ledger.add = die
    elif kill_at == "holding":
        with locks.locked(Path(task["lock"])):
            print("held", flush=True)
            sys.stdin.read()
    if task.get("memory"):
        # What the imports took is not what is tested.
        used = int(Path("/proc/self/statm").read_text().split()[0]) * 4096
        resource.setrlimit(resource.RLIMIT_AS, (used + task["memory"],) * 2)
    try:
        record = fetch(entry, REQUEST, settings)
        print(json.dumps({"files": [file.sha256 for file in record.files]}))
    except ScoError as error:
        retryable = getattr(error, "retryable", None)
        print(json.dumps({"error": str(error), "retryable": retryable}))
        sys.exit(1)


if __name__ == "__main__":
    main()
