"""What was fetched when: one line a file, appended, never rewritten.

Every dataset has ``<cache_dir>/<dataset>/ledger.jsonl``. A line is written after its file has its
final name, so that a line without a file or a file without a line only leads to another download.
A line that a killed process left half-written is skipped by readers and closed by the next writer.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..catalog.models import DatasetEntry, FetchedFile, Request
from ..errors import AccessError
from ..settings import Settings
from .granules import Granule, wanted_period
from .locks import lock_descriptor

logger = logging.getLogger(__name__)


class Ledger:
    """The history of one dataset in the cache; safe among threads and processes.

    Parameters
    ----------
    cache_dir : Path
        Root of the cache; paths inside it are kept relative, so that it can be moved.
    dataset : str
        Dataset id.
    """

    def __init__(self, cache_dir: Path, dataset: str) -> None:
        self.dataset = dataset
        self._root = cache_dir
        self._path = cache_dir / dataset / "ledger.jsonl"
        self._asked = False
        self._offset = 0
        self._identity: tuple[int, int] | None = None
        self._files: dict[str, list[FetchedFile]] = {}
        self._guard = threading.Lock()

    def latest(self, url: str, *, again: bool = True) -> FetchedFile | None:
        """Return the newest record of an address that nothing superseded, or None.

        Without looking `again` at the file, what was read so far: enough where the lock of the
        address was held since, or where it is asked again under that lock.
        """
        with self._guard:
            if again or not self._asked:
                self._read_on()
            history = self._files.get(url, [])
            return next((f for f in reversed(history) if f.superseded_by is None), None)

    def history(self) -> list[FetchedFile]:
        """Return every record, also superseded ones, in the order of writing by address."""
        with self._guard:
            self._read_on()
            return [file for files in self._files.values() for file in files]

    def add(self, *files: FetchedFile) -> None:
        """Record files; an older record of the same address with other bytes is superseded."""
        lines = []
        for first, file in enumerate(files):
            old = self.latest(file.url, again=first == 0)
            if old is not None and old.sha256 != file.sha256:
                lines.append(_superseded(old, file.sha256))
            lines.append({"event": "file", **self._stored(file)})
        self._append(lines, files)

    def supersede(self, old: FetchedFile, sha256: str) -> None:
        """Record that the file of another address, with hash `sha256`, took the place of `old`."""
        self._append([_superseded(old, sha256)])

    def _stored(self, file: FetchedFile) -> dict[str, Any]:
        content: dict[str, Any] = file.model_dump(mode="json", exclude_none=True)
        inside = f"{self._root}{os.sep}"
        if file.path.startswith(inside):
            content["path"] = Path(file.path[len(inside) :]).as_posix()
        return content

    def _append(self, lines: list[dict[str, Any]], files: Sequence[FetchedFile] = ()) -> None:
        text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines).encode()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            identity, begin = self._write(text)
        except OSError as error:
            raise AccessError(
                f"dataset {self.dataset!r}: the record {self._path} cannot be written "
                f"({error.strerror}); give SCO_CACHE_DIR a directory that you may write to"
            ) from error
        with self._guard:  # what was just written need not be read, if nobody else wrote
            if len(lines) == len(files) and (identity, begin) == (self._identity, self._offset):
                self._offset += len(text)
                for file in files:
                    self._keep(file)

    def _write(self, text: bytes) -> tuple[tuple[int, int], int]:
        """Write lines at the end; return the identity of the file and where they begin."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            lock_descriptor(descriptor, True)
            stat = os.fstat(descriptor)
            end = stat.st_size
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                text = b"\n" + text
            while text:  # a disk that is nearly full takes a part and refuses the rest
                text = text[os.write(descriptor, text) :]
        finally:
            os.close(descriptor)
        return (stat.st_dev, stat.st_ino), end

    def _read_on(self) -> None:
        """Read the lines that were added since the last look."""
        self._asked = True
        try:
            stat = self._path.stat()
            if self._identity == (stat.st_dev, stat.st_ino) and stat.st_size == self._offset:
                return
            with self._path.open("rb") as stream:
                stat = os.fstat(stream.fileno())
                if self._identity != (stat.st_dev, stat.st_ino) or stat.st_size < self._offset:
                    self._identity, self._offset = (stat.st_dev, stat.st_ino), 0
                    self._files.clear()
                stream.seek(self._offset)
                text = stream.read()
        except FileNotFoundError:
            self._identity, self._offset = None, 0
            self._files.clear()
            return
        except OSError as error:
            raise AccessError(
                f"dataset {self.dataset!r}: the record {self._path} cannot be read "
                f"({error.strerror}); give SCO_CACHE_DIR a directory that you may read"
            ) from error
        whole = text.rfind(b"\n") + 1
        self._offset += whole
        for line in self._parsed(text[:whole]):
            self._apply(line)

    def _parsed(self, text: bytes) -> Iterator[dict[str, Any]]:
        for line in text.splitlines():
            try:
                content = json.loads(line)
            except ValueError:
                if line.strip():
                    logger.warning("%s: skipped a line that was never finished", self._path)
                continue
            yield content

    def _apply(self, line: dict[str, Any]) -> None:
        event = line.pop("event")
        if event == "file":
            line["path"] = str(self._root / line["path"])
            self._keep(FetchedFile.model_validate(line))
        elif event == "superseded":
            known = self._files.get(line["url"], [])
            known[:] = [
                f.model_copy(update={"superseded_by": line["by"]})
                if f.sha256 == line["sha256"] and f.superseded_by is None
                else f
                for f in known
            ]

    def _keep(self, file: FetchedFile) -> None:
        """Remember a record; the same bytes once more are a later check, not a new version."""
        known = self._files.setdefault(file.url, [])
        known[:] = [f for f in known if f.sha256 != file.sha256 or f.superseded_by]
        known.append(file)


def known_granules(entry: DatasetEntry, request: Request, settings: Settings) -> list[Granule]:
    """Return the recorded files that meet a request, in the order of time.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    request : Request
        The period.
    settings : Settings
        The cache.

    Returns
    -------
    list of Granule
        Without members of archives, which are found through their archive.
    """
    ledger = Ledger(Path(settings.cache_dir).absolute(), entry.id)
    wanted = wanted_period(entry, request)
    found = []
    for file in ledger.history():
        if file.superseded_by or ("#" in file.url and "archive" in entry.access.options):
            continue
        period = file.period
        if period and wanted and period.start and period.end:
            if period.end < wanted[0] or period.start > wanted[1]:
                continue
        found.append(Granule(file.url, period, file.status, version=file.etag))
    return sorted(found, key=lambda g: (str(g.period.start) if g.period else "", g.url))


def _superseded(old: FetchedFile, sha256: str) -> dict[str, Any]:
    return {"event": "superseded", "url": old.url, "sha256": old.sha256, "by": sha256}
