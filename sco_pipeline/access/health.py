"""Whether the addresses of the catalog still answer, asked politely."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..catalog.geometry import geometry_entry
from ..catalog.load import Catalog
from ..catalog.models import DatasetEntry, Request
from ..errors import AccessError, ScoError
from ..settings import Settings
from .addresses import clean, through_mirror
from .client import Client, OfflineError
from .credentials import source_of
from .granules import likely_files
from .health_question import ask, verdict_of
from .health_report import (
    AddressHealth,
    HealthReport,
    Part,
    Verdict,
    latest_report,
    write_report,
)
from .method import doors, methods

# An archive that does not answer a small question soon is not waited for; one question at a time.
_POLITE = {
    "connect_seconds": 10.0, "gap_seconds": 20.0, "rate_window_seconds": 30.0,
    "granule_seconds": 60.0, "attempts": 2, "connections_per_host": 1, "requests_per_second": 1.0,
}  # fmt: skip
_HOSTS_AT_A_TIME = 16
_ON_THIS_MACHINE = ("local", "package")
_Key = tuple[str, Part, str]


@dataclass(frozen=True)
class _Question:
    """One part of a dataset, and the addresses of which one has to be there."""

    client: Client
    part: Part
    addresses: tuple[str, ...]
    credential: str | None

    @property
    def host(self) -> str:
        return urlsplit(_mirrored(self.addresses[0], self.client.settings)).netloc


def check_catalog(
    catalog: Catalog,
    settings: Settings,
    directory: Path | None = None,
    *,
    progress: Callable[[AddressHealth], None] | None = None,
) -> tuple[HealthReport, Sequence[Path]]:
    """Ask every address of a catalog if it answers, and leave a dated report.

    Parameters
    ----------
    catalog : Catalog
        Its datasets, and its region sets that are downloaded.
    settings : Settings
        Mirrors, private hosts and credentials are used as `fetch` uses them.
    directory : Path, optional
        Where reports lie; by default ``catalog-health`` in the outputs.
    progress : callable, optional
        Told of every address that was asked, from any thread.

    Returns
    -------
    HealthReport, sequence of Path
        The answers, and the files that hold them as JSON and as text.
    """
    directory = directory or settings.output_dir / "catalog-health"
    geometries = map(geometry_entry, catalog.region_sets.values())
    entries = [*catalog.datasets.values(), *(entry for entry in geometries if entry)]
    previous = latest_report(directory)
    report = check_health(entries, settings, previous=previous, progress=progress)
    return report, write_report(report, directory)


def check_health(
    entries: Iterable[DatasetEntry],
    settings: Settings,
    *,
    previous: HealthReport | None = None,
    progress: Callable[[AddressHealth], None] | None = None,
) -> HealthReport:
    """Ask every address of some datasets if it answers; a dead archive is a line, never an error.

    Each is asked for its head, or for one byte where that is refused; hosts side by side, the
    addresses of one host one after another and at most one a second.

    Parameters
    ----------
    entries : iterable of DatasetEntry
        The datasets.
    settings : Settings
        Mirrors, private hosts and credentials are used as `fetch` uses them.
    previous : HealthReport, optional
        An earlier report; the versions that it tells make questions conditional.
    progress : callable, optional
        Told of every address that was asked, from any thread.

    Returns
    -------
    HealthReport
        In the order of the datasets.

    Raises
    ------
    AccessError
        If the settings forbid to ask anybody.
    """
    if settings.offline:
        raise OfflineError("no address is asked, because SCO_OFFLINE is set; unset it")
    limits = settings.limits
    polite = {name: min(value, getattr(limits, name)) for name, value in _POLITE.items()}
    settings = settings.model_copy(update={"limits": limits.model_copy(update=polite)})
    known = {(a.dataset, a.part, a.url): a for a in previous.addresses} if previous else {}
    found = [item for entry in entries for item in _questions(entry, settings)]
    by_host: dict[str, list[int]] = {}
    for i, item in enumerate(found):
        if isinstance(item, _Question):
            by_host.setdefault(item.host, []).append(i)

    def ask_in_turn(numbers: Sequence[int]) -> None:
        for i in numbers:
            question = found[i]
            assert isinstance(question, _Question)
            answered = found[i] = _answered(question, known)
            if progress is not None:
                progress(answered)

    with ThreadPoolExecutor(_HOSTS_AT_A_TIME, thread_name_prefix="health") as pool:
        list(pool.map(ask_in_turn, by_host.values()))
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    answers = tuple(item for item in found if isinstance(item, AddressHealth))
    return HealthReport(checked=now, addresses=answers)


def _questions(entry: DatasetEntry, settings: Settings) -> Iterator[_Question | AddressHealth]:
    """Yield what is to be asked, or what is known without asking."""
    access = entry.access
    if not entry.fetchable:
        yield _said(entry, access.url, "not fetchable", note=entry.not_fetchable or "")
        return
    if access.method in _ON_THIS_MACHINE:
        yield _on_this_machine(entry, settings)
        return
    try:
        source = source_of(entry, settings)
    except ScoError as error:
        yield _said(entry, access.url, "unreachable", note=str(error))
        return
    credential = source or ("not set" if entry.needs_login else None)
    for part, url in _parts(entry):
        # a credential that is there goes to the host of the data only
        has_key = source is not None and urlsplit(url).netloc == urlsplit(access.url).netloc
        there = {"url": url, "credential": access.credential if has_key else None}
        asked = entry.model_copy(update={"access": access.model_copy(update=there)})
        client = Client(asked, settings)
        try:
            is_door = access.method in doors
            addresses = doors[access.method](client) if is_door else likely_files(asked)
        except ScoError as error:
            yield _said(entry, url, "unreachable", part=part, note=str(error))
            continue
        yield _Question(client, part, tuple(addresses), credential)


def _parts(entry: DatasetEntry) -> Iterator[tuple[Part, str]]:
    yield "data", entry.access.url
    for mirror in entry.access.mirrors:
        yield "mirror", mirror
    if entry.preliminary is not None and entry.preliminary.url is not None:
        yield "preliminary", entry.preliminary.url


def _on_this_machine(entry: DatasetEntry, settings: Settings) -> AddressHealth:
    try:
        request = Request(variables=tuple(entry.variables))
        granules = methods[entry.access.method](entry, request, settings)
    except ScoError as error:
        return _said(entry, entry.access.url, "gone", note=str(error))
    missing = [g.url for g in granules if g.path is None or not g.path.is_file()]
    note = f"{missing[0]} does not exist" if missing else "on this machine"
    return _said(entry, entry.access.url, "gone" if missing else "ok", note=note)


def _answered(question: _Question, known: Mapping[_Key, AddressHealth]) -> AddressHealth:
    """Ask for one address after another until one is there."""
    answers: list[AddressHealth] = []
    try:
        for address in question.addresses:
            answers.append(_one_answer(question, address, known))
            if answers[-1].verdict != "gone":
                break
    finally:
        question.client.close()
    last = answers[-1]
    if len(answers) == 1 or last.verdict == "gone":
        return answers[0]
    absent = f"{answers[0].url.rpartition('/')[2]} is not there"
    note = "; ".join(part for part in (absent, last.note) if part)
    return last.model_copy(update={"note": note})


def _one_answer(
    question: _Question, address: str, known: Mapping[_Key, AddressHealth]
) -> AddressHealth:
    client, start = question.client, time.monotonic()
    entry, url = client.entry, _mirrored(address, client.settings)
    told: dict[str, Any] = {"part": question.part, "credential": question.credential}
    told["served_by"] = clean(url) if url != address else None
    before = known.get((entry.id, question.part, clean(address)))
    try:
        answer = ask(client, url, before)
    except AccessError as error:
        told |= {"seconds": time.monotonic() - start, "note": str(error)}
        return _said(entry, address, "unreachable", **told)
    verdict, note = verdict_of(answer, client)
    return _said(
        entry, address, verdict, note=note, status=answer.status,
        seconds=time.monotonic() - start, etag=answer.etag or (before and before.etag),
        last_modified=answer.last_modified or (before and before.last_modified), **told,
    )  # fmt: skip


def _said(entry: DatasetEntry, address: str, verdict: Verdict, **more: Any) -> AddressHealth:
    return AddressHealth(dataset=entry.id, url=clean(address), verdict=verdict, **more)


def _mirrored(address: str, settings: Settings) -> str:
    return through_mirror(address, settings.mirrors) or address
