"""Files that are either the old one, whole, or the new one, whole.

A file is written under a temporary name in its own directory, flushed to the disk and renamed.
The temporary name tells the process that writes it, so that what a killed process left behind is
removed by the next one that writes into the directory.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import OutputError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_NEARLY_FULL = 64 * 1024
_TEMPORARY = re.compile(r"^\..+\.(?P<host>[^.]+)\.(?P<pid>\d+)\.(?P<start>\d+)\.\d+\.part$")
_counter = itertools.count()


@contextmanager
def replacing(path: Path, needed: int | None = None) -> Iterator[Path]:
    """Yield a temporary path; on success it becomes `path`, on an error it is removed.

    Parameters
    ----------
    path : Path
        The file to make or replace; its directory is made if need be.
    needed : int, optional
        Bytes that are going to be written, for the message about a full disk.

    Yields
    ------
    Path
        Does not exist yet; write and check it inside the ``with`` block.

    Raises
    ------
    OutputError
        If the directory cannot be written or the disk is full; `path` is left as it was.
    """
    temporary = path.with_name(f".{path.name}.{_this_process()}.{next(_counter)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent)
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except OSError as error:
        raise _as_output_error(path, error, needed) from error
    except OutputError:
        raise
    except Exception as error:
        if _free(path.parent) < _NEARLY_FULL:  # libraries hide ENOSPC behind errors of their own
            raise _no_space(path, needed) from error
        raise
    finally:
        with suppress(OSError):  # it was renamed, or never made
            temporary.unlink()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file at once; see `replacing`."""
    with replacing(path, len(content)) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write a UTF-8 text file at once; see `replacing`."""
    write_bytes(path, content.encode("utf-8"))


def remove_leftovers(directory: Path) -> list[Path]:
    """Remove temporary files of processes of this machine that are no more.

    Parameters
    ----------
    directory : Path
        Not searched below itself.

    Returns
    -------
    list of Path
        What was removed.
    """
    removed = []
    for path in sorted(directory.glob(".*.part")):
        found = _TEMPORARY.match(path.name)
        if found and found["host"] == _host() and not _lives(found["pid"], found["start"]):
            path.unlink(missing_ok=True)
            removed.append(path)
    return removed


def _flush(path: Path) -> None:
    """Have the kernel put a file or directory on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _as_output_error(path: Path, error: OSError, needed: int | None) -> OutputError:
    if error.errno in _NO_SPACE or _free(path.parent) < _NEARLY_FULL:
        return _no_space(path, needed)
    reason = error.strerror or str(error)
    return OutputError(f"cannot write {path}: {reason}; choose another SCO_OUTPUT_DIR or free it")


def _no_space(path: Path, needed: int | None) -> OutputError:
    wanted = f"about {_megabytes(needed)} needed" if needed else "more needed"
    return OutputError(
        f"no space left for {path}: {wanted}, {_megabytes(_free(path.parent))} free; "
        "make room or set SCO_OUTPUT_DIR to another disk. What was there before is unchanged"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _free(directory: Path) -> int:
    """Return the bytes free to us where a directory lies, or would lie."""
    while not directory.exists() and directory != directory.parent:
        directory = directory.parent
    return shutil.disk_usage(directory).free


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname()) or "host"


def _this_process() -> str:
    pid = os.getpid()
    return f"{_host()}.{pid}.{_start_of(pid) or 0}"


def _start_of(pid: int) -> int | None:
    """Return when a process began, in clock ticks; None where /proc does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])


def _lives(pid: str, start: str) -> bool:
    """Tell whether the process that began at `start` still runs."""
    if Path("/proc/self/stat").exists():
        return _start_of(int(pid)) == int(start)
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
