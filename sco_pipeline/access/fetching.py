"""From a request to the checked files of a dataset."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ..catalog.models import DatasetEntry, FetchedFile, FetchRecord, MissingFile, Request
from ..errors import AccessError
from ..settings import Settings
from .client import OfflineError
from .fetcher import Fetcher
from .granules import Granule
from .ledger import known_granules
from .locks import tidy
from .method import methods
from .progress import ProgressCallback, Reporter
from .unpacking import unpacked

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
    granules = granules_for(entry, request, settings)
    fetcher = Fetcher(entry, settings, Reporter(entry.id, len(granules), progress), refresh)
    try:
        found = unpacked(fetcher, fetcher.all(granules))
    finally:
        tidy(fetcher.directory)
    here = tuple(item for item in found if isinstance(item, FetchedFile))
    missing = tuple(item for item in found if isinstance(item, MissingFile))
    _judge(entry, request, settings, here, missing)
    return FetchRecord(dataset=entry.id, files=here, missing=missing)


def granules_for(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name the files of a request; offline, those that the ledger knows where a listing is needed.

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
    sequence of Granule
        In the order of time.
    """
    method = methods[entry.access.method]
    try:
        return method(entry, request, settings)
    except OfflineError as error:
        recorded = known_granules(entry, request, settings)
        if recorded:
            return recorded
        raise AccessError(
            f"dataset {entry.id!r}: nothing of {request.period} is in the cache; "
            "unset SCO_OFFLINE to fetch it"
        ) from error


def _judge(
    entry: DatasetEntry,
    request: Request,
    settings: Settings,
    here: tuple[FetchedFile, ...],
    missing: tuple[MissingFile, ...],
) -> None:
    """Raise if nothing was found, or if offline something is missing."""
    if settings.offline and missing:
        raise AccessError(
            f"dataset {entry.id!r}: {len(missing)} of {len(here) + len(missing)} files are not in "
            f"the cache, for example {missing[0].url}; unset SCO_OFFLINE to fetch them"
        )
    late = [item for item in missing if item.reason == "late"]
    if here or late:
        gaps = len(missing) - len(late)
        if gaps:
            logger.warning("dataset %s: the archive lacks %d files", entry.id, gaps)
        return
    if missing:
        raise AccessError(
            f"dataset {entry.id!r}: the archive has none of the {len(missing)} files of "
            f"{request.period} (404), for example {missing[0].url}; check the address"
        )
    raise AccessError(
        f"dataset {entry.id!r} covers {entry.coverage.start}..{entry.coverage.end or ''} and has "
        f"no file of {request.period}; ask for a period inside its coverage"
    )
