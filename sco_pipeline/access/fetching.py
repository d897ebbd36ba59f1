"""What holds for every file, whatever the protocol: cache, locks, checks, renaming, records."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ..catalog.models import DatasetEntry, FetchedFile, FetchRecord, MissingFile, Request
from ..errors import AccessError, ChecksumError
from ..settings import Settings
from . import storage
from .granules import Granule
from .ledger import Ledger
from .locks import locked
from .method import methods
from .progress import ProgressCallback, Reporter
from .receive import NotThereError, Received, Receiver

logger = logging.getLogger(__name__)
# After this many files that failed although waiting may help, the rest is left for a later run.
_FAILURES = 3


def fetch(
    entry: DatasetEntry,
    request: Request,
    settings: Settings,
    *,
    progress: ProgressCallback | None = None,
    refresh: bool = False,
) -> FetchRecord:
    """Bring the files of a request into the cache, checked and recorded.

    Files that are in the cache and intact are not fetched again; the archive is asked from time to
    time (``settings.recheck_days``) whether they changed.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    request : Request
        Variables, period and box.
    settings : Settings
        Cache, limits, mirrors, credentials.
    progress : callable, optional
        Called with a `Progress` whenever bytes or a file arrived, from any thread.
    refresh : bool
        Ask the archive about every file, however lately it was asked.

    Returns
    -------
    FetchRecord
        The files in the order of time, and those that the archive does not have.

    Raises
    ------
    AccessError
        If a file cannot be had; ``retryable`` says whether waiting may help. The files that did
        arrive stay in the cache.
    """
    granules = methods[entry.access.method](entry, request, settings)
    fetcher = Fetcher(entry, settings, Reporter(entry.id, len(granules), progress), refresh)
    found = fetcher.all(granules)
    files = tuple(item for item in found if isinstance(item, FetchedFile))
    missing = tuple(item for item in found if isinstance(item, MissingFile))
    _judge(entry, request, files, missing)
    return FetchRecord(dataset=entry.id, files=files, missing=missing)


class Fetcher:
    """Fetches the granules of one dataset.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    settings : Settings
        Cache, limits, mirrors, credentials.
    reporter : Reporter
        Is told of bytes and files.
    refresh : bool
        Ask the archive about every file.
    """

    def __init__(
        self, entry: DatasetEntry, settings: Settings, reporter: Reporter, refresh: bool = False
    ) -> None:
        self.entry = entry
        self.settings = settings
        self.reporter = reporter
        self.refresh = refresh
        self.cache_dir = Path(settings.cache_dir).absolute()
        self.directory = self.cache_dir / entry.id
        self.ledger = Ledger(self.cache_dir, entry.id)
        self.receiver = Receiver(entry, settings, reporter)

    def all(self, granules: Sequence[Granule]) -> list[FetchedFile | MissingFile]:
        """Fetch all granules, several at a time; raise the first failure at the end."""
        if any(granule.path is None for granule in granules) and not self.settings.offline:
            storage.prepare(self.directory, self.entry.id)
        width = max(1, min(self.settings.limits.connections_per_host, len(granules)))
        failures: list[AccessError] = []

        def guarded(granule: Granule) -> FetchedFile | MissingFile | None:
            if len(failures) >= _FAILURES or any(not e.retryable for e in failures):
                return None
            try:
                return self.one(granule)
            except AccessError as error:
                failures.append(error)
                return None

        if width == 1:
            found = [guarded(granule) for granule in granules]
        else:
            with ThreadPoolExecutor(width, thread_name_prefix="fetch") as pool:
                waiting: list[Future[FetchedFile | MissingFile | None]] = [
                    pool.submit(guarded, granule) for granule in granules
                ]
                found = [future.result() for future in waiting]
        if failures:
            raise _one_error(self.entry, failures, found.count(None))
        return [item for item in found if item is not None]

    def one(self, granule: Granule) -> FetchedFile | MissingFile:
        """Return the file of a granule from the cache or the archive."""
        try:
            found = self._in_place(granule) if granule.path else self._cached_or_new(granule)
        except OSError as error:
            raise storage.unusable(self.directory, self.entry.id, error) from error
        self.reporter.done(Path(found.path).name if isinstance(found, FetchedFile) else granule.url)
        return found

    def _in_place(self, granule: Granule) -> FetchedFile:
        """Return a file of this machine; its hash is computed anew only if it changed."""
        path = granule.path
        assert path is not None
        try:
            stat = path.stat()
            found = storage.sha256_of(path)
        except OSError as error:
            raise AccessError(
                f"dataset {self.entry.id!r}: {path} cannot be read ({error.strerror}); "
                "put the file there or correct 'access' in the catalog entry"
            ) from error
        self._compare(granule, found, granule.sha256)
        return FetchedFile(
            url=granule.url,
            path=str(path.absolute()),
            sha256=found,
            size=stat.st_size,
            status=granule.status,
            period=granule.period,
            mtime_ns=stat.st_mtime_ns,
        )

    def _cached_or_new(self, granule: Granule) -> FetchedFile | MissingFile:
        cached = self._cached(granule)
        if cached is not None and (self.settings.offline or not self._is_due(cached)):
            return cached
        if self.settings.offline:
            return MissingFile(url=granule.url, period=granule.period)
        path = self.directory / storage.cache_name(granule.url)
        with locked(storage.lock_of(path)):
            # Another process may have fetched it while this one waited.
            cached = self._cached(granule)
            if cached is not None and not self._is_due(cached):
                return cached
            try:
                return self._receive(granule, path)
            except NotThereError:
                return MissingFile(url=granule.url, period=granule.period)

    def _cached(self, granule: Granule) -> FetchedFile | None:
        """Return the recorded file if it is intact."""
        file = self.ledger.latest(granule.url)
        if file is None:
            return None
        try:
            stat = Path(file.path).stat()
            same = stat.st_size == file.size
            if same and file.size >= storage.HASHED_AT_EACH_USE:
                same = stat.st_mtime_ns == file.mtime_ns
            elif same:
                same = storage.sha256_of(Path(file.path)) == file.sha256
        except FileNotFoundError:
            return None
        if not same:
            logger.warning(
                "dataset %s: %s was damaged after it was checked; it is fetched again",
                self.entry.id,
                file.path,
            )
        return file if same else None

    def _is_due(self, file: FetchedFile) -> bool:
        return self.refresh

    def _receive(self, granule: Granule, path: Path) -> FetchedFile:
        """Receive, check, rename and record one file."""
        part = storage.temporary(path)
        try:
            received = self._bytes(granule, part)
            digest = received.sha256 or storage.sha256_of(part)
            self._compare(granule, digest, granule.sha256)
            storage.publish(part, path)
        finally:
            storage.remove(part)
        stat = path.stat()
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        file = FetchedFile(
            url=granule.url,
            path=str(path),
            sha256=digest,
            size=stat.st_size,
            etag=received.etag,
            last_modified=received.last_modified,
            retrieved=now,
            status=granule.status,
            served_by=received.served_by,
            period=granule.period,
            checked=now,
            mtime_ns=stat.st_mtime_ns,
        )
        self.ledger.add(file)
        return file

    def _bytes(self, granule: Granule, part: Path) -> Received:
        if granule.receive is None:
            raise AccessError(f"dataset {self.entry.id!r}: nothing says how to receive a file")
        return granule.receive(self.receiver, part)

    def _compare(self, granule: Granule, found: str, expected: str | None) -> None:
        if expected is not None and found != expected:
            raise ChecksumError(
                f"dataset {self.entry.id!r}: {granule.url} has sha256 {found}, expected "
                f"{expected}; if its producer published a new version, correct the catalog entry"
            )


def _one_error(entry: DatasetEntry, failures: list[AccessError], absent: int) -> AccessError:
    """Return the failure that decides whether waiting may help, with the number of the others."""
    first = next((e for e in failures if not e.retryable), failures[0])
    if absent <= 1:
        return first
    message = f"{first}; {absent} files of dataset {entry.id!r} are still to be fetched"
    return type(first)(message, retryable=first.retryable)


def _judge(
    entry: DatasetEntry,
    request: Request,
    files: tuple[FetchedFile, ...],
    missing: tuple[MissingFile, ...],
) -> None:
    """Raise if nothing at all was found."""
    if files:
        return
    if missing:
        raise AccessError(
            f"dataset {entry.id!r}: none of its {len(missing)} files of {request.period} is there, "
            f"for example {missing[0].url}"
        )
    raise AccessError(
        f"dataset {entry.id!r} covers {entry.coverage.start}..{entry.coverage.end or ''} and has "
        f"no file of {request.period}; ask for a period inside its coverage"
    )
