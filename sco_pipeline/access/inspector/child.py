"""Opens files in a process with limits; started by path, it knows nothing of the package.

Reads one JSON task a line and answers ``{"fault": null}`` or a sentence for what is wrong.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import threading
from pathlib import Path
from typing import Any


def limit_this_process(address_space: int) -> None:
    """Bound the memory of this process; it may not write files or dump core either."""
    try:
        import resource
    except ImportError:  # systems without limits still have the time limit of the parent
        return
    for kind, most in (
        (resource.RLIMIT_AS, address_space),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (bound, bound))
        except (ValueError, OSError):  # macOS refuses some of them
            continue


def fault_of(task: dict[str, Any]) -> str | None:
    """Return what is wrong with the file of a task; None if nothing is."""
    path = Path(task["path"])
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
        answer: str | None = importlib.import_module(_scan_for(head)).fault_of(path, head, task)
        return answer
    except MemoryError:
        return "opening it needs more memory than a fetched file may take"
    except Exception as error:
        return f"it is damaged ({type(error).__name__}: {error})"[:500]


def _scan_for(head: bytes) -> str:
    if head == b"\x89HDF\r\n\x1a\n":
        return "hdf5_scan"
    return "netcdf3_scan" if head[:3] == b"CDF" else "other_scans"


def _prepare() -> None:
    with contextlib.suppress(ImportError, MemoryError):
        importlib.import_module("hdf5_scan")


def main() -> None:
    """Answer tasks until the input ends."""
    # Only now, so that modules beside this file cannot hide those of the library.
    sys.path.append(str(Path(__file__).parent))
    limit_this_process(int(sys.argv[1]))
    # While the first file is still on its way, and beside the formats that do not need it.
    threading.Thread(target=_prepare, daemon=True).start()
    for line in sys.stdin:
        fault = fault_of(json.loads(line))
        sys.stdout.write(json.dumps({"fault": fault}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
