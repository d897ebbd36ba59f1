"""From fetched archives to their members, each checked and recorded as a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .. import files
from ..catalog.models import FetchedFile, MissingFile
from ..errors import AccessError
from . import signatures, storage
from .archives import Archive
from .fetcher import Fetcher
from .inspection import Unchecked, inspect
from .locks import locked


def unpacked(
    fetcher: Fetcher, found: Sequence[FetchedFile | MissingFile]
) -> list[FetchedFile | MissingFile]:
    """Replace archives by their members; anything else stays as it is.

    Parameters
    ----------
    fetcher : Fetcher
        Cache, ledger and limits of the dataset.
    found : sequence
        What was fetched.

    Returns
    -------
    list
        Files whose address is ``<address of the archive>#<member>``.
    """
    if "archive" not in fetcher.entry.access.options:
        return list(found)
    opened: list[FetchedFile | MissingFile] = []
    for item in found:
        if isinstance(item, MissingFile):
            opened.append(item)
        else:
            opened.extend(_members(fetcher, item))
    return opened


def _members(fetcher: Fetcher, archive: FetchedFile) -> list[FetchedFile]:
    path = fetcher.directory / storage.cache_name(archive.url)
    fetcher.directory.mkdir(parents=True, exist_ok=True)
    with locked(path):
        packed = Archive(Path(archive.path), archive.url, fetcher.entry, fetcher.settings)
        return [_member(fetcher, archive, packed, i) for i in range(len(packed.wanted))]


def _member(fetcher: Fetcher, archive: FetchedFile, packed: Archive, i: int) -> FetchedFile:
    """Return one member from the cache, or unpack, check, rename and record it."""
    member = packed.wanted[i]
    url = f"{archive.url}#{member.name}"
    path = fetcher.directory / storage.cache_name(url, archive.sha256[:10])
    known = fetcher.ledger.latest(url)
    if known is not None and known.path == str(path) and _is_intact(known):
        return known
    part = storage.temporary(path)
    try:
        packed.unpack(member, part)
        with part.open("rb") as stream:
            head = stream.read(4096)
        form = fetcher.entry.format
        if not signatures.fits(head, form):
            raise AccessError(
                f"dataset {fetcher.entry.id!r}: {url} is {signatures.kind_of(head)} where "
                f"{signatures.expected(form)} was expected; correct access.options.members"
            )
        inspect(Unchecked(part, url, form=form), fetcher.entry, fetcher.settings)
        digest, size = files.sha256(part), part.stat().st_size
        files.put_in_place(part, path)
    finally:
        storage.remove(part)
    file = archive.model_copy(
        update={
            "url": url, "path": str(path), "sha256": digest, "size": size,
            "mtime_ns": path.stat().st_mtime_ns,
        }
    )  # fmt: skip
    fetcher.ledger.add(file)
    return file


def _is_intact(file: FetchedFile) -> bool:
    path = Path(file.path)
    return path.is_file() and files.sha256(path) == file.sha256
