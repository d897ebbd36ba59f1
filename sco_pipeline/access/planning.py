"""What a fetch would do, before it does it; and what is known of a dataset's files."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..catalog.models import DatasetEntry, FetchedFile, Period, Request
from ..settings import Settings
from .absence import NotThereError
from .addresses import clean, through_mirror
from .client import Client
from .fetching import granules_for
from .granules import Granule
from .ledger import Ledger
from .revisions import head, is_due, reason_of

State = Literal["here", "new", "late", "missing", "preliminary", "superseded"]
# So many files are asked for their size; the others are taken to be alike.
_SAMPLES = 5
# Assumed where nothing was fetched from a dataset before.
_BYTES_PER_SECOND = 5e6


@dataclass(frozen=True)
class PlannedFile:
    """One file that a fetch would bring.

    Attributes
    ----------
    url : str
        Without secrets.
    period : Period, optional
        Days that it covers.
    size : int, optional
        Bytes, stated or estimated; None if nothing is known.
    """

    url: str
    period: Period | None
    size: int | None


@dataclass(frozen=True)
class Plan:
    """What a fetch of one dataset would do.

    Attributes
    ----------
    dataset : str
        Dataset id.
    here : int
        Files that are in the cache already.
    files : tuple of PlannedFile
        Files to fetch.
    size : int, optional
        Bytes to fetch; None if the archive tells no size.
    seconds : float, optional
        Estimated time.
    """

    dataset: str
    here: int
    files: tuple[PlannedFile, ...]
    size: int | None
    seconds: float | None


@dataclass(frozen=True)
class FileStatus:
    """What is known of one file.

    Attributes
    ----------
    url : str
        Without secrets.
    period : Period, optional
        Days that it covers.
    state : str
        ``here``, ``preliminary``: fetched; ``new``: to be fetched; ``late``: not published yet;
        ``missing``: a gap of the archive; ``superseded``: an older version.
    file : FetchedFile, optional
        Its record.
    """

    url: str
    period: Period | None
    state: State
    file: FetchedFile | None = None


def plan(entry: DatasetEntry, request: Request, settings: Settings) -> Plan:
    """Say what `fetch` would bring, without bringing it.

    The sizes of a few files are asked for; the others are taken to be alike.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    request : Request
        Variables, period and box.
    settings : Settings
        Cache, limits, mirrors, credentials.

    Returns
    -------
    Plan
        Files, bytes and seconds.

    Raises
    ------
    AccessError
        If the archive has to be asked and cannot.
    """
    ledger = Ledger(Path(settings.cache_dir).absolute(), entry.id)
    wanted = [g for g in granules_for(entry, request, settings) if g.path is None]
    new = [granule for granule in wanted if _known(granule, ledger) is None]
    known = [file.size for file in ledger.history()]
    sizes = _sizes(entry, settings, new)
    told = [size for size in sizes.values() if size is not None]
    typical = round(statistics.mean(told or known)) if told or known else None
    files = tuple(
        PlannedFile(clean(g.url), g.period, sizes.get(g.url) or typical)
        for g in new
        if sizes.get(g.url, typical) is not None or not told
    )
    size = sum(file.size or 0 for file in files) if typical is not None or not files else None
    return Plan(entry.id, len(wanted) - len(new), files, size, _seconds(settings, files, size))


def status(
    entry: DatasetEntry, request: Request, settings: Settings, *, ask: bool = True
) -> list[FileStatus]:
    """List the files of a request and what is known of each.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    request : Request
        Variables, period and box.
    settings : Settings
        Cache, limits, mirrors, credentials.
    ask : bool
        Whether the archive is asked about files that are not here.

    Returns
    -------
    list of FileStatus
        In the order of time; superseded versions last.
    """
    ledger = Ledger(Path(settings.cache_dir).absolute(), entry.id)
    client = Client(entry, settings)
    now = dt.datetime.now(dt.UTC)
    try:
        found = [
            _status(granule, ledger, client, ask and not settings.offline, now)
            for granule in granules_for(entry, request, settings)
        ]
    finally:
        client.close()
    old = [file for file in ledger.history() if file.superseded_by]
    return found + [FileStatus(file.url, file.period, "superseded", file) for file in old]


def _status(
    granule: Granule, ledger: Ledger, client: Client, ask: bool, now: dt.datetime
) -> FileStatus:
    if granule.path is not None:
        state: State = "here" if granule.path.is_file() else "missing"
        return FileStatus(granule.url, granule.period, state)
    file = _known(granule, ledger)
    if file is not None:
        changed = granule.version is not None and is_due(file, granule, client.settings, now, False)
        early: State = "preliminary" if file.status == "preliminary" else "here"
        return FileStatus(granule.url, granule.period, "new" if changed else early, file)
    state = "new"
    if ask and granule.receive is None:
        try:
            _head_of(client, granule)
        except NotThereError:
            state = reason_of(granule, client.entry)
    return FileStatus(granule.url, granule.period, state)


def _known(granule: Granule, ledger: Ledger) -> FetchedFile | None:
    """Return the record of a granule, or of its preliminary file, whose file is here."""
    for candidate in (granule, granule.fallback):
        file = ledger.latest(candidate.url) if candidate else None
        if file is not None and Path(file.path).is_file():
            return file
    return None


def _sizes(
    entry: DatasetEntry, settings: Settings, granules: Sequence[Granule]
) -> dict[str, int | None]:
    """Return the sizes that listings told or the archive tells of a few files; None if absent."""
    sizes = {g.url: g.size for g in granules if g.size is not None}
    others = [g for g in granules if g.size is None and g.receive is None]
    if settings.offline or not others:
        return dict(sizes)
    found: dict[str, int | None] = dict(sizes)
    client = Client(entry, settings)
    step = max(1, len(others) // _SAMPLES)
    try:
        for granule in others[::step]:
            try:
                size = _head_of(client, granule)
            except NotThereError:
                found[granule.url] = None
                continue
            if size is not None:
                found[granule.url] = size
    finally:
        client.close()
    return found


def _head_of(client: Client, granule: Granule) -> int | None:
    address = granule.address or granule.url
    url = through_mirror(address, client.settings.mirrors) or address
    return client.retry(url, lambda: head(client, url))[2]


def _seconds(settings: Settings, files: Sequence[PlannedFile], size: int | None) -> float | None:
    if size is None:
        return None
    return max(size / _BYTES_PER_SECOND, len(files) / settings.limits.requests_per_second)
