"""Files on the way into the cache: names, temporary names, hashes, space."""

from __future__ import annotations

import errno
import hashlib
import math
import re
import shutil
import time
from functools import lru_cache
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from ..errors import AccessError
from .locks import locked

# Larger files are trusted by size and time between regular checks, see settings.rehash_days.
HASHED_AT_EACH_USE = 10**9

_SMALL, _PLENTY = 2**20, 2**30
_SEEN: dict[Path, tuple[float, int]] = {}
"""When a disk was last asked, and how much was free."""


@lru_cache(maxsize=1024)
def cache_name(url: str, version: str = "") -> str:
    """Return the file name under which the bytes of `url` are kept.

    The name is ours: readable letters of the address, a hash that makes it unique, and the suffix.
    Nothing in an address or a server's answer can lead out of the cache.

    Examples
    --------
    >>> cache_name("https://example.org/a/../../evil file.nc")
    'evil-file-d3ae6e6ba1.nc'
    """
    last = PurePosixPath(urlsplit(url).path).name or "file"
    stem, dot, suffix = last.rpartition(".")
    if not dot or not re.fullmatch(r"[A-Za-z0-9]{1,8}", suffix):
        stem, suffix = last, ""
    stem = re.sub(r"[^A-Za-z0-9_.]+", "-", stem).strip(".-")[:80] or "file"
    unique = hashlib.sha256(url.encode()).hexdigest()[:10]
    parts = (f"{stem}-{unique}", version, suffix.lower())
    return ".".join(part for part in parts if part)


def temporary(path: Path) -> Path:
    """Return the name of `path` while its bytes arrive; used under the lock of `path` only."""
    return path.with_name(f".{path.name}.part")


def prepare(directory: Path, dataset: str) -> None:
    """Make the directory of a dataset and remove what killed processes left in it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        leftovers = list(directory.glob(".*.part*"))
    except OSError as error:
        raise unusable(directory, dataset, error) from error
    for part in leftovers:
        name = part.name[1 : part.name.index(".part")]
        with locked(part.with_name(name), wait=False) as held:
            if held:
                remove(part)


def remove(path: Path) -> None:
    """Remove a file or a directory, if it is there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return
    except OSError:
        shutil.rmtree(path, ignore_errors=True)


def need_space(directory: Path, size: int, dataset: str) -> None:
    """Raise unless `size` bytes fit on the disk of `directory`.

    Where there was plenty a moment ago, the system is not asked again for a small file.
    """
    asked, free = _SEEN.get(directory, (-math.inf, 0))
    if size > _SMALL or free < _PLENTY or time.monotonic() - asked > 1.0:
        free = shutil.disk_usage(directory).free
        _SEEN[directory] = time.monotonic(), free
    if size > free:
        raise AccessError(
            f"dataset {dataset!r}: {size} bytes are needed in {directory} and {free} are free; "
            "make room or set SCO_CACHE_DIR"
        )


def unusable(path: Path, dataset: str, error: OSError) -> AccessError:
    """Return the sentence for a cache directory that cannot be used."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = _free(path)
        return AccessError(
            f"dataset {dataset!r}: the disk of {path} is full ({free} bytes free); "
            "make room or set SCO_CACHE_DIR"
        )
    return AccessError(
        f"dataset {dataset!r}: the cache {path} cannot be written ({error.strerror}); "
        "give SCO_CACHE_DIR a directory that you may write to"
    )


def _free(path: Path) -> int:
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
