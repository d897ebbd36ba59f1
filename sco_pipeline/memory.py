"""How much memory there is, and how much this process holds."""

from __future__ import annotations

import os
from pathlib import Path

_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def installed() -> int:
    """Return the bytes of memory of this machine, or those its container may use."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for name in _CGROUP_LIMITS:
        path = Path(name)
        text = path.read_text(encoding="utf-8").strip() if path.is_file() else "max"
        if text.isdigit():
            pages = min(pages, int(text))
    return pages


def resident() -> int:
    """Return the bytes that this process holds now; 0 where the system does not tell."""
    path = Path("/proc/self/statm")
    if not path.is_file():
        return 0
    return int(path.read_text(encoding="utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")
