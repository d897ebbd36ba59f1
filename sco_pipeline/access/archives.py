"""Files that come packed: zip, tar and gzip, unpacked within limits or refused whole."""

from __future__ import annotations

import fnmatch
import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from ..catalog.models import DatasetEntry
from ..errors import AccessError, CatalogError, unknown
from ..settings import Settings

KINDS = ("gzip", "tar", "zip")
_BLOCK = 1 << 20
_NESTED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
_NESTED_HEADS = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf")


@dataclass(frozen=True)
class Member:
    """A regular file inside an archive.

    Attributes
    ----------
    name : str
        As the archive gives it; never used as a path.
    size : int
        Bytes, as the archive says.
    """

    name: str
    size: int


class Archive:
    """A fetched archive whose members were all found harmless.

    Parameters
    ----------
    path : Path
        The archive.
    url : str
        Its address, for messages.
    entry : DatasetEntry
        ``access.options.archive`` is its kind, ``access.options.members`` a pattern of the names
        that are wanted.
    settings : Settings
        Limits of members, size and ratio.

    Raises
    ------
    AccessError
        If one member is not a regular file with a plain name, or a limit is passed; nothing is
        unpacked then.
    """

    def __init__(self, path: Path, url: str, entry: DatasetEntry, settings: Settings) -> None:
        self._path = path
        self._url = url
        self._entry = entry
        self._limits = settings.limits
        self._kind = str(entry.access.options["archive"])
        if self._kind not in KINDS:
            raise CatalogError(f"dataset {entry.id!r}: {unknown('archive', self._kind, KINDS)}")
        self._most = int(entry.access.options.get("granule_bytes", settings.limits.granule_bytes))
        try:
            self.members = self._checked()
        except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error) as error:
            raise self._refused(f"it cannot be read ({error})") from error

    @property
    def wanted(self) -> list[Member]:
        """The members that the catalog entry asks for, in the order of their names."""
        pattern = str(self._entry.access.options.get("members", "*"))
        chosen = [m for m in self.members if fnmatch.fnmatchcase(m.name, pattern)]
        if not chosen:
            names = sorted(member.name for member in self.members)
            raise self._refused(f"no member matches {pattern!r}; found {names[:5]}")
        return sorted(chosen, key=lambda member: member.name)

    def unpack(self, member: Member, path: Path) -> None:
        """Write one member to `path`, never more bytes than it announced."""
        try:
            with self._opened(member) as source, path.open("wb") as target:
                written = 0
                while block := source.read(_BLOCK):
                    if not written and block.startswith(_NESTED_HEADS):
                        raise self._refused(f"{member.name!r} is an archive itself")
                    written += len(block)
                    self._within(written, "it unpacks to")
                    target.write(block)
        except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
            raise self._refused(f"{member.name!r} cannot be unpacked ({error})") from error

    def _checked(self) -> list[Member]:
        members = []
        total = 0
        for member in self._found():
            members.append(member)
            total += member.size
            if len(members) > self._limits.archive_members:
                raise self._refused(f"it has over {self._limits.archive_members} members")
            self._check_name(member.name)
            self._within(total, "it announces")
        return members

    def _within(self, size: int, words: str) -> None:
        packed = max(1, self._path.stat().st_size)
        if size > self._most:
            raise self._refused(f"{words} over {self._most} bytes")
        if size > 2**20 and size > packed * self._limits.archive_ratio:
            raise self._refused(
                f"{words} over {self._limits.archive_ratio:g} times its size of {packed} bytes"
            )

    def _check_name(self, name: str) -> None:
        parts = PurePosixPath(name).parts
        if (
            not parts or ".." in parts or name.startswith("/") or "\\" in name or ":" in name
            or "\0" in name or len(name) > 1000
        ):  # fmt: skip
            raise self._refused(f"member {name!r:.100} leads out of it")
        if name.lower().endswith(_NESTED):
            raise self._refused(f"member {name!r:.100} is an archive itself")

    def _found(self) -> Iterator[Member]:
        """Yield the regular files; refuse links and devices, skip directories."""
        if self._kind == "zip":
            yield from self._in_zip()
        elif self._kind == "tar":
            with tarfile.open(self._path) as archive:
                for item in archive:
                    if item.isdir():
                        continue
                    if not item.isreg():
                        raise self._refused(f"member {item.name!r:.100} is a link or a device")
                    yield Member(item.name, item.size)
        else:
            yield Member(PurePosixPath(self._url).stem, 0)

    def _in_zip(self) -> Iterator[Member]:
        with zipfile.ZipFile(self._path) as archive:
            for item in archive.infolist():
                kind = (item.external_attr >> 16) & 0o170000
                if item.is_dir():
                    continue
                if kind not in (0, 0o100000):
                    raise self._refused(f"member {item.filename!r:.100} is a link or a device")
                if item.flag_bits & 1:
                    raise self._refused(f"member {item.filename!r:.100} needs a password")
                # zipfile cuts names at NUL and turns backslashes; what was written is judged.
                yield Member(item.orig_filename, item.file_size)

    @contextmanager
    def _opened(self, member: Member) -> Iterator[IO[bytes]]:
        if self._kind == "zip":
            with zipfile.ZipFile(self._path) as archive, archive.open(member.name) as stream:
                yield stream
        elif self._kind == "tar":
            with tarfile.open(self._path) as packed:
                found = packed.extractfile(member.name)
                assert found is not None
                with found:
                    yield found
        else:
            with gzip.open(self._path) as plain:
                yield cast(IO[bytes], plain)

    def _refused(self, why: str) -> AccessError:
        return AccessError(f"dataset {self._entry.id!r}: the archive {self._url} is refused: {why}")
