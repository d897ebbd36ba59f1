"""GRIB, TIFF, zip and gzip: whether a file is whole, told by its own marks."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

_TIFF_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
               16: 8, 17: 8, 18: 8}  # fmt: skip
_OFFSETS, _COUNTS = {273: "strip", 324: "tile"}, {279: "strip", 325: "tile"}
_FEW = 64 * 2**20


def fault_of(path: Path, head: bytes, task: dict[str, Any]) -> str | None:
    """Return what is wrong with a file; None if nothing is."""
    if head[:2] == b"PK":
        return _zip(path, task)
    if head[:2] == b"\x1f\x8b":
        return _gzip(path)
    if head[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return _tiff(path)
    if task["format"] == "grib":
        return _grib(path)
    return None


def _grib(path: Path) -> str | None:
    """Walk from message to message; each says its length and ends with 7777."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        place, count = 0, 0
        while place < size:
            stream.seek(place)
            block = stream.read(4096)
            start = block.find(b"GRIB")
            if start < 0:
                if block.strip(b"\x00\r\n\x03\x01 ") and count:
                    return f"it is damaged: no message where one must start, at byte {place}"
                place += len(block)
                continue
            place += start
            stream.seek(place)
            head = stream.read(16)
            length = (
                int.from_bytes(head[8:16], "big")
                if len(head) > 7 and head[7] == 2
                else int.from_bytes(head[4:7], "big")
            )
            stream.seek(place + max(length, 12) - 4)
            if stream.read(4) != b"7777":
                return f"it is damaged: message {count + 1} does not end with its mark"
            place += length
            count += 1
    return None if count else "it is damaged: it holds no GRIB message"


def _tiff(path: Path) -> str | None:
    """Check that every strip and tile of every image lies inside the file."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(16)
        order = "<" if head[:2] == b"II" else ">"
        big = head[2:4] in (b"+\x00", b"\x00+")
        place = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)[0]
        seen: set[int] = set()
        while place:
            if place in seen or len(seen) > 1000:
                return "it is damaged: its images form a ring"
            seen.add(place)
            tags, place = _directory(stream, place, size, order, big)
            for offset, count in zip(tags.get("offsets", []), tags.get("counts", []), strict=False):
                if offset + count > size:
                    return (
                        f"it is damaged: a tile ends at byte {offset + count}, the file at {size}"
                    )
    return None


def _directory(
    stream: BinaryIO, place: int, size: int, order: str, big: bool
) -> tuple[dict[str, list[int]], int]:
    """Read one image's directory: where its pieces lie, and where the next one starts."""
    width, entry_size, inline = (8, 20, 8) if big else (2, 12, 4)
    stream.seek(place)
    count = int.from_bytes(_exactly(stream, width), "little" if order == "<" else "big")
    if count * entry_size > size:
        raise ValueError(f"a directory of {count} entries is longer than the file")
    block = _exactly(stream, count * entry_size + (8 if big else 4))
    tags: dict[str, list[int]] = {}
    for i in range(count):
        entry = block[i * entry_size : (i + 1) * entry_size]
        tag, kind = struct.unpack_from(order + "HH", entry)
        if tag not in _OFFSETS and tag not in _COUNTS:
            continue
        number = struct.unpack_from(order + ("Q" if big else "I"), entry, 4)[0]
        length = number * _TIFF_SIZES[kind]
        if length > min(size, _FEW):
            raise ValueError(f"tag {tag} is longer than the file")
        data = entry[-inline:][:length]
        if length > inline:
            stream.seek(
                struct.unpack_from(order + ("Q" if big else "I"), entry, 12 if big else 8)[0]
            )
            data = _exactly(stream, length)
        letter = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}[kind]
        values = list(struct.unpack(f"{order}{number}{letter}", data))
        tags["offsets" if tag in _OFFSETS else "counts"] = values
    return tags, int(
        struct.unpack_from(order + ("Q" if big else "I"), block, count * entry_size)[0]
    )


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise ValueError("the file ends too early")
    return data


def _gzip(path: Path) -> str | None:
    """Unpack to nowhere: the end of each member carries its checksum."""
    with gzip.open(path) as stream:
        while stream.read(1 << 20):
            pass
    return None


def _zip(path: Path, task: dict[str, Any]) -> str | None:
    """Check the members; a Zarr store in a zip may not run code when it is decoded."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if task["format"] == "zip" and len(members) > task["members"]:
            return f"it holds {len(members)} members, over the limit of {task['members']}"
        for member in members:
            name = member.filename.rpartition("/")[2]
            if name in (".zarray", "zarr.json", ".zmetadata") and member.file_size < _FEW:
                fault = _zarr_metadata(member.filename, archive.read(member))
                if fault is not None:
                    return fault
        last = max(members, key=lambda m: m.header_offset, default=None)
        if last is not None and last.file_size < _FEW:
            archive.read(last)
    return None


def _zarr_metadata(name: str, content: bytes) -> str | None:
    """Refuse filters that unpickle, and arrays of Python objects."""

    def walk(value: object) -> str | None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in ("id", "name") and inner in ("pickle", "numcodecs.pickle"):
                    return f"{name!r} asks for a pickle filter, which would run code"
                if key in ("dtype", "data_type") and isinstance(inner, str) and "|O" in inner:
                    return f"{name!r} holds Python objects"
                fault = walk(inner)
                if fault:
                    return fault
        elif isinstance(value, list):
            for inner in value:
                fault = walk(inner)
                if fault:
                    return fault
        return None

    return walk(json.loads(content))
