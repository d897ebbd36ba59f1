"""NetCDF-4 and HDF5: what a file declares is read before any of its values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

_MOST_OBJECTS = 100_000
_ATTRIBUTE_BYTES = 16 * 2**20


def fault_of(path: Path, head: bytes, task: dict[str, Any]) -> str | None:
    """Return what is wrong with a file; None if nothing is."""
    with h5py.File(path, "r", locking=False, rdcc_nbytes=0) as file:
        datasets = []
        for name, item in _objects(file, task):
            if isinstance(item, str):
                return item
            fault = _attributes(name, item)
            if fault is None and isinstance(item, h5py.Dataset):
                fault = _layout(name, item, task)
                datasets.append((name, item))
            if fault is not None:
                return fault
        fault = _declared(path, [item for _, item in datasets], task)
        if fault is not None:
            return fault
        for name, item in datasets:
            try:
                _read_last(item)
            except MemoryError:
                raise
            except Exception as error:
                return f"it is damaged: the end of {name!r} cannot be read ({error})"[:500]
    return None


def _objects(file: h5py.File, task: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every object by name; a sentence instead of the object for a link that is refused."""
    seen = {h5py.h5o.get_info(file.id).addr}
    waiting = [("/", file["/"])]
    while waiting:
        path, group = waiting.pop()
        yield path, group
        for name in group:
            full = f"{path.rstrip('/')}/{name}"
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                yield full, f"{full!r} is a link to another file, {link.filename!r}"
                return
            if isinstance(link, h5py.SoftLink):
                if "soft-links" not in task["allow"] or link.path not in file:
                    yield full, f"{full!r} is a soft link to {link.path!r}"
                    return
                continue
            if not isinstance(link, h5py.HardLink):
                yield full, f"{full!r} is a link of an unknown kind"
                return
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > _MOST_OBJECTS:
                yield full, f"it holds more than {_MOST_OBJECTS} objects"
                return
            if isinstance(item, h5py.Group):
                waiting.append((full, item))
            else:
                yield full, item


def _attributes(name: str, item: Any) -> str | None:
    for key in item.attrs:
        size = h5py.h5a.open(item.id, key.encode()).get_storage_size()
        if size > _ATTRIBUTE_BYTES:
            return f"attribute {key!r} of {name!r} has {size} bytes"
    return None


def _layout(name: str, item: h5py.Dataset, task: dict[str, Any]) -> str | None:
    """Refuse values that live in other files, and chunks too large to decode."""
    plist = item.id.get_create_plist()
    count = plist.get_external_count()
    if count:
        places = [plist.get_external(i)[0].decode(errors="replace") for i in range(count)]
        return f"the values of {name!r} are said to lie in other files, {places}"
    if plist.get_layout() == h5py.h5d.VIRTUAL:
        places = [source.file_name for source in item.virtual_sources()]
        return f"{name!r} is a virtual dataset over other files, {places}"
    if item.chunks and "large-chunks" not in task["allow"]:
        size = math.prod(item.chunks) * item.dtype.itemsize
        if size > task["chunk_bytes"]:
            return (
                f"one chunk of {name!r} has {size} bytes, over {task['chunk_bytes']}; if that is "
                "right, add 'large-chunks' to access.options.allow"
            )
    return None


def _declared(path: Path, items: list[h5py.Dataset], task: dict[str, Any]) -> str | None:
    """Refuse a file that declares far more than it stores."""
    if "sparse" in task["allow"]:
        return None
    stored = path.stat().st_size
    total = sum(math.prod(item.shape or (0,)) * item.dtype.itemsize for item in items)
    if total > task["declared_bytes"] and total > task["declared_ratio"] * stored:
        largest = max(items, key=lambda item: math.prod(item.shape or (0,)) * item.dtype.itemsize)
        return (
            f"it declares {total} bytes and stores {stored} (largest: {largest.name!r} of shape "
            f"{largest.shape}); if that is right, add 'sparse' to access.options.allow"
        )
    return None


def _read_last(item: h5py.Dataset) -> None:
    """Read the last values of a dataset, through its filters."""
    if item.shape is None or 0 in item.shape:
        return
    if item.dtype.kind == "O" and item.ndim and math.prod(item.shape) > 1000:
        item[tuple(length - 1 for length in item.shape)]
        return
    if item.chunks is None:
        item[tuple(slice(length - 1, length) for length in item.shape)]
        return
    stored = item.id.get_num_chunks()
    if not stored:
        return
    plist = item.id.get_create_plist()
    filters = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())]
    chunk = max(
        (item.id.get_chunk_info(i) for i in (0, stored - 1)), key=lambda info: info.byte_offset
    )
    if not all(h5py.h5z.filter_avail(code) for code in filters):
        item.id.read_direct_chunk(chunk.chunk_offset)
        return
    item[
        tuple(
            slice(start, min(start + length, most))
            for start, length, most in zip(chunk.chunk_offset, item.chunks, item.shape, strict=True)
        )
    ]
