"""What holds for every file, whatever the protocol: cache, locks, checks, renaming, records."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TypeVar

from .. import files
from ..catalog.models import DatasetEntry, FetchedFile, MissingFile
from ..errors import AccessError, ChecksumError
from ..settings import Settings
from . import download, storage
from .absence import NotThereError
from .client import Client
from .granules import Granule
from .inspection import Unchecked, inspect, inspect_all, warm
from .ledger import Ledger
from .locks import locked
from .progress import Reporter
from .publishing import Arrived, Publisher
from .receive import Received, Receiver
from .revisions import has_changed, is_due, reason_of

Item = TypeVar("Item")
Result = TypeVar("Result")
logger = logging.getLogger(__name__)
# After this many files that failed although waiting may help, the rest is left for a later run.
_FAILURES = 3


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
        self.cache_dir = Path(settings.cache_dir).absolute()
        self.directory = self.cache_dir / entry.id
        self.ledger = Ledger(self.cache_dir, entry.id)
        self.client = Client(entry, settings)
        self._publisher = Publisher(
            self.ledger, partial(inspect_all, entry=entry, settings=settings)
        )
        self._failures: list[AccessError] = []
        self._reporter = reporter
        self._refresh = refresh
        self._started = dt.datetime.now(dt.UTC)

    def all(self, granules: Sequence[Granule]) -> list[FetchedFile | MissingFile]:
        """Fetch all granules, several at a time; raise the failure that decides at the end."""
        if any(granule.path is None for granule in granules) and not self.settings.offline:
            storage.prepare(self.directory, self.entry.id)
        width = min(self.settings.limits.connections_per_host, len(granules))
        one = partial(self._guarded, self._one)
        try:
            if width <= 1:
                found = [one(granule) for granule in granules]
            else:
                with ThreadPoolExecutor(width, thread_name_prefix="fetch") as pool:
                    found = list(pool.map(one, granules))
            self._guarded(self._ask_again, True)
        finally:
            self.client.close()
            self._publisher.close()
        items = [item.file if isinstance(item, Arrived) else item for item in found]
        if self._failures:
            raise _one_error(self.entry, self._failures, items.count(None))
        return [item for item in items if item is not None]

    def _guarded(self, action: Callable[[Item], Result], item: Item) -> Result | None:
        """Do something, unless too much failed before; note its failure and return None."""
        failures = self._failures
        if len(failures) >= _FAILURES or any(not e.retryable for e in failures):
            return None
        try:
            return action(item)
        except AccessError as error:
            failures.append(error)
        except OSError as error:
            failures.append(storage.unusable(self.directory, self.entry.id, error))
        return None

    def _one(self, granule: Granule) -> FetchedFile | MissingFile | Arrived:
        """Return the file of a granule from this machine, the cache or the archive."""
        self._guarded(self._ask_again, False)
        found = self._in_place(granule) if granule.path else self._best(granule)
        self._reporter.done(granule.url.rpartition("/")[2])
        return found

    def _best(self, granule: Granule) -> FetchedFile | MissingFile | Arrived:
        """Return the final file of a period, else the preliminary one."""
        final = self._of_series(granule)
        if granule.fallback is None or isinstance(final, Arrived):
            return final
        if isinstance(final, MissingFile):
            early = self._of_series(granule.fallback)
            return final if isinstance(early, MissingFile) else early
        old = self.ledger.latest(granule.fallback.url)
        if old is not None:
            self.ledger.supersede(old, final.sha256)
        return final

    def _in_place(self, granule: Granule) -> FetchedFile:
        """Return a file of this machine; one whose hash nobody promised is opened with care."""
        path = granule.path
        assert path is not None
        try:
            stat = path.stat()
            digest = files.sha256(path)
        except OSError as error:
            raise AccessError(
                f"dataset {self.entry.id!r}: {path} cannot be read ({error.strerror}); "
                "put the file there or correct 'access' in the catalog entry"
            ) from error
        self._compare(granule, digest)
        if granule.sha256 is None:
            inspect(Unchecked(path, granule.url), self.entry, self.settings)
        return FetchedFile(
            url=granule.url, path=str(path.absolute()), sha256=digest, size=stat.st_size,
            status=granule.status, period=granule.period, mtime_ns=stat.st_mtime_ns,
        )  # fmt: skip

    def _of_series(self, granule: Granule) -> FetchedFile | MissingFile | Arrived:
        # of what was read when this began; asked again under the lock
        cached = self._cached(granule, again=False)
        if cached is not None and (self.settings.offline or not self._is_due(cached, granule)):
            return cached
        missing = MissingFile(
            url=granule.url, period=granule.period, reason=reason_of(granule, self.entry)
        )
        if self.settings.offline:
            return missing
        path = self.directory / storage.cache_name(granule.url)
        with ExitStack() as held:
            held.enter_context(locked(path))
            # Another process may have fetched it while this one waited.
            cached = self._cached(granule)
            if cached is not None and not self._is_due(cached, granule):
                return cached
            if cached is not None and not has_changed(self.client, granule, cached):
                return self._checked_again(cached)
            warm(self.settings)
            part = storage.temporary(path)
            held.callback(storage.remove, part)
            arrived = Arrived(granule, part, self._candidates(granule, part))
            try:
                self._receive(arrived)
            except NotThereError:
                return cached or missing
            arrived.held = held.pop_all()
        self._publisher.submit(arrived)
        return arrived

    def _is_due(self, file: FetchedFile, granule: Granule) -> bool:
        return is_due(file, granule, self.settings, self._started, self._refresh)

    def _checked_again(self, file: FetchedFile) -> FetchedFile:
        again = file.model_copy(update={"checked": dt.datetime.now(dt.UTC)})
        self.ledger.add(again)
        return again

    def _cached(self, granule: Granule, *, again: bool = True) -> FetchedFile | None:
        """Return the recorded file if it is intact."""
        file = self.ledger.latest(granule.url, again=again)
        if file is None:
            return None
        path = Path(file.path)
        try:
            same = self._is_trusted(file, path.stat()) or self._has_its_hash(file, path)
        except FileNotFoundError:
            return None
        if not same:
            logger.warning(
                "dataset %s: %s was damaged after it was checked; it is fetched again",
                self.entry.id, path,
            )  # fmt: skip
        return self.ledger.latest(granule.url) if same else None

    def _is_trusted(self, file: FetchedFile, stat: os.stat_result) -> bool:
        """Tell whether a large file is believed without reading it: same size, time, and lately."""
        if file.size < storage.HASHED_AT_EACH_USE or file.hashed is None:
            return False
        age = abs((self._started - file.hashed).total_seconds())  # clocks are set back, too
        lately = age <= self.settings.rehash_days * 86400
        return lately and (stat.st_size, stat.st_mtime_ns) == (file.size, file.mtime_ns)

    def _has_its_hash(self, file: FetchedFile, path: Path) -> bool:
        stat = path.stat()
        if stat.st_size != file.size or files.sha256(path) != file.sha256:
            return False
        if file.size >= storage.HASHED_AT_EACH_USE:
            now = dt.datetime.now(dt.UTC)
            seen = {"hashed": now, "mtime_ns": stat.st_mtime_ns}
            self.ledger.add(file.model_copy(update=seen))
        return True

    def _ask_again(self, wait: bool) -> None:
        """Receive again, or from elsewhere, what was refused when it was opened."""
        while (arrived := self._publisher.refused(wait)) is not None:
            self._again(arrived)

    def _again(self, arrived: Arrived) -> None:
        arrived.file = None
        with arrived.held as held:
            try:
                self._receive(arrived)
            except NotThereError as error:
                raise arrived.fault or AccessError(str(error)) from error
            arrived.held = held.pop_all()
        self._publisher.submit(arrived)

    def _receive(self, arrived: Arrived) -> None:
        """Receive the next candidate of a file that has the right hash, and describe it."""
        granule, part = arrived.granule, arrived.part
        received, digest = self._next(arrived)
        path = self._place(granule, self.directory / storage.cache_name(granule.url), digest)
        stat = part.stat()
        now = dt.datetime.now(dt.UTC)
        arrived.sized = received.sized
        arrived.file = FetchedFile(
            url=granule.url, path=str(path), sha256=digest, size=stat.st_size,
            etag=granule.version or received.etag, last_modified=received.last_modified,
            retrieved=now.replace(microsecond=0), status=granule.status,
            served_by=received.served_by, period=granule.period, checked=now,
            mtime_ns=stat.st_mtime_ns, hashed=now,
        )  # fmt: skip

    def _next(self, arrived: Arrived) -> tuple[Received, str]:
        while True:
            if arrived.fault is None:
                received = next(arrived.candidates)
            else:
                received = arrived.candidates.throw(arrived.fault)
            digest = received.sha256 or files.sha256(arrived.part)
            try:
                self._compare(arrived.granule, digest)
            except ChecksumError as error:
                arrived.fault = error
            else:
                return received, digest

    def _place(self, granule: Granule, path: Path, digest: str) -> Path:
        """Return the final name: a new version gets its own, so that the old one stays whole."""
        old = self.ledger.latest(granule.url, again=False)  # its lock is held
        if old is None:
            return path
        if old.sha256 == digest:
            return Path(old.path)
        return self.directory / storage.cache_name(granule.url, digest[:10])

    def _candidates(self, granule: Granule, part: Path) -> Generator[Received, AccessError, None]:
        """Receive the bytes of a granule, again after each fault that is thrown."""
        name = granule.url.rpartition("/")[2]

        def arrived(count: int) -> None:
            self._reporter.arrived(count, name)

        if granule.receive is not None:
            yield granule.receive(Receiver(self.client, arrived), part)
            return
        form = str(self.entry.access.options.get("archive", self.entry.format))
        addresses = (granule.address or granule.url, *granule.mirrors)
        yield from download.candidates(
            self.client, addresses, part, form=form, arrived=arrived, headers=granule.headers
        )

    def _compare(self, granule: Granule, found: str) -> None:
        if granule.sha256 is not None and found != granule.sha256:
            raise ChecksumError(
                f"dataset {self.entry.id!r}: {granule.url} has sha256 {found}, expected "
                f"{granule.sha256}; if its producer published a new version, correct the catalog "
                "entry"
            )


def _one_error(entry: DatasetEntry, failures: list[AccessError], absent: int) -> AccessError:
    """Return the failure that decides whether waiting may help, with the number of the others."""
    first = next((e for e in failures if not e.retryable), failures[0])
    if absent <= 1:
        return first
    message = f"{first}; {absent} files of dataset {entry.id!r} are still to be fetched"
    error = type(first)(message, retryable=first.retryable)
    error.__cause__ = first.__cause__
    return error
