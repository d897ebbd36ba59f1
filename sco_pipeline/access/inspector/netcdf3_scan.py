"""NetCDF-3 (classic, 64-bit offset, 64-bit data): the header says how long the file must be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8}
_DIMENSION, _VARIABLE, _ATTRIBUTE = 10, 11, 12
_STREAMING = (2**32 - 1, 2**64 - 1)


@dataclass
class _Variable:
    name: str
    size: int
    begin: int
    records: bool


class _Header:
    """Reads the header of a file; every count is bounded by the size of the file."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size
        version = stream.read(4)[3]
        if version not in (1, 2, 5):
            raise ValueError(f"version {version} is not known")
        self._wide = 8 if version == 5 else 4
        self._offset = 4 if version == 1 else 8
        self.records = self._number(self._wide)
        self._lengths = [self._dimension() for _ in range(self._list(_DIMENSION))]
        self._skip_attributes()
        self.variables = [self._variable() for _ in range(self._list(_VARIABLE))]
        self.end = stream.tell()

    def _number(self, width: int) -> int:
        content = self._stream.read(width)
        if len(content) != width:
            raise ValueError("the header ends too early")
        return int.from_bytes(content, "big")

    def _count(self, least: int) -> int:
        """Return a count of things that take at least so many bytes each."""
        count = self._number(self._wide)
        if count * least > self._size:
            raise ValueError(f"the header counts {count} things, more than the file can hold")
        return count

    def _list(self, tag: int) -> int:
        found = self._number(4)
        count = self._count(4)
        if found != tag and (found or count):
            raise ValueError(f"the header has the tag {found} instead of {tag}")
        return count

    def _skip(self, count: int) -> None:
        if count > self._size:
            raise ValueError("the header is longer than the file")
        self._stream.seek((count + 3) // 4 * 4, 1)

    def _name(self) -> str:
        length = self._count(1)
        name = self._stream.read((length + 3) // 4 * 4)[:length]
        return name.decode("utf-8", errors="replace")

    def _dimension(self) -> int:
        self._name()
        return self._number(self._wide)

    def _skip_attributes(self) -> None:
        for _ in range(self._list(_ATTRIBUTE)):
            self._name()
            kind = self._kind()
            self._skip(self._count(1) * kind)

    def _kind(self) -> int:
        code = self._number(4)
        if code not in _SIZES:
            raise ValueError(f"the header has the type {code}, which does not exist")
        return _SIZES[code]

    def _variable(self) -> _Variable:
        name = self._name()
        axes = [self._number(self._wide) for _ in range(self._count(4))]
        if any(axis >= len(self._lengths) for axis in axes):
            raise ValueError(f"variable {name!r} has a dimension that does not exist")
        self._skip_attributes()
        kind = self._kind()
        self._number(self._wide)
        begin = self._number(self._offset)
        lengths = [self._lengths[axis] for axis in axes]
        records = bool(lengths) and lengths[0] == 0
        size = kind * math.prod(lengths[1:] if records else lengths)
        return _Variable(name, size, begin, records)


def fault_of(path: Path, head: bytes, task: dict[str, Any]) -> str | None:
    """Return what is wrong with a file; None if nothing is."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        header = _Header(stream, size)
    growing = [variable for variable in header.variables if variable.records]
    # A lone record variable is packed without padding.
    padded = [v.size if len(growing) == 1 else (v.size + 3) // 4 * 4 for v in growing]
    records = header.records
    if records in _STREAMING:
        records = max(0, size - min((v.begin for v in growing), default=size)) // max(
            1, sum(padded)
        )
    for variable in header.variables:
        if variable.begin < header.end and variable.size:
            return f"it is damaged: {variable.name!r} starts inside the header"
        last = variable.size + (sum(padded) * (records - 1) if variable.records else 0)
        if variable.records and not records:
            continue
        if variable.begin + last > size:
            return (
                f"it is damaged: {variable.name!r} ends at byte {variable.begin + last}, "
                f"the file at {size}"
            )
    return None
