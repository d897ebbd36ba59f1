"""NetCDF-4 and HDF5: what a file declares is read before any of its values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
from h5py import h5a, h5d, h5f, h5g, h5l, h5o, h5p, h5t, h5z

_MOST_OBJECTS = 100_000
_ATTRIBUTE_BYTES = 16 * 2**20


def _reading() -> Any:
    """Return how files are opened: without locks, and without a cache of chunks."""
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_file_locking(False, True)
    access.set_cache(0, 0, 0, 0.0)
    access.set_fclose_degree(h5f.CLOSE_STRONG)
    return access


_READING = _reading()


def fault_of(path: Path, head: bytes, task: dict[str, Any]) -> str | None:
    """Return what is wrong with a file; None if nothing is."""
    file = h5f.open(bytes(path), h5f.ACC_RDONLY, fapl=_READING)
    try:
        return _fault_in(file, path, task)
    finally:
        file.close()


def _fault_in(file: h5f.FileID, path: Path, task: dict[str, Any]) -> str | None:
    datasets = []
    for name, item in _objects(file, task):
        if isinstance(item, str):
            return item
        fault = _attributes(name, item)
        if fault is None and isinstance(item, h5d.DatasetID):
            fault = _layout(name, item, task)
            datasets.append((name, item))
        if fault is not None:
            return fault
    fault = _declared(path, datasets, task)
    if fault is not None:
        return fault
    for name, item in datasets:
        try:
            _reach_end(item, path)
        except MemoryError:
            raise
        except Exception as error:
            return f"it is damaged: the end of {name!r} cannot be read ({error})"[:500]
    return None


def _objects(file: h5f.FileID, task: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every object by name; a sentence instead of the object for a link that is refused.

    Objects are opened by the library's own interface: for a small file, that of h5py's objects
    takes several times as long as all reading.
    """
    root = h5g.open(file, b"/")
    seen = {h5o.get_info(root).addr}
    waiting = [("/", root)]
    while waiting:
        path, group = waiting.pop()
        yield path, group
        names: list[bytes] = []
        group.links.iterate(names.append)
        for name in names:
            full = f"{path.rstrip('/')}/{_text(name)}"
            refusal, item = _follow(root, group, name, full, task)
            if refusal is not None:
                yield full, refusal
                return
            address = h5o.get_info(item).addr if item is not None else None
            if address is None or address in seen:
                continue
            seen.add(address)
            if len(seen) > _MOST_OBJECTS:
                yield full, f"it holds more than {_MOST_OBJECTS} objects"
                return
            if isinstance(item, h5g.GroupID):
                waiting.append((full, item))
            else:
                yield full, item


def _follow(
    root: h5g.GroupID, group: h5g.GroupID, name: bytes, full: str, task: dict[str, Any]
) -> tuple[str | None, Any]:
    """Return why a link is refused, else the object, or nothing for a link that may stay."""
    kind = group.links.get_info(name).type
    if kind == h5l.TYPE_HARD:
        return None, h5o.open(group, name)
    if kind == h5l.TYPE_EXTERNAL:
        place = _text(group.links.get_val(name)[0])
        return f"{full!r} is a link to another file, {place!r}", None
    if kind != h5l.TYPE_SOFT:
        return f"{full!r} is a link of an unknown kind", None
    target = _text(group.links.get_val(name))
    if "soft-links" in task["allow"] and target in h5py.Group(root):
        return None, None
    return f"{full!r} is a soft link to {target!r}", None


def _text(name: bytes) -> str:
    return name.decode(errors="replace")


def _attributes(name: str, item: Any) -> str | None:
    for i in range(h5a.get_num_attrs(item)):
        attribute = h5a.open(item, index=i)
        size = attribute.get_storage_size()
        if size > _ATTRIBUTE_BYTES:
            return f"attribute {_text(attribute.name)!r} of {name!r} has {size} bytes"
    return None


def _layout(name: str, item: h5d.DatasetID, task: dict[str, Any]) -> str | None:
    """Refuse values that live in other files, and chunks too large to decode."""
    plist = item.get_create_plist()
    count = plist.get_external_count()
    if count:
        places = [plist.get_external(i)[0].decode(errors="replace") for i in range(count)]
        return f"the values of {name!r} are said to lie in other files, {places}"
    layout = plist.get_layout()
    if layout == h5d.VIRTUAL:
        places = [source.file_name for source in h5py.Dataset(item).virtual_sources()]
        return f"{name!r} is a virtual dataset over other files, {places}"
    if layout == h5d.CHUNKED and "large-chunks" not in task["allow"]:
        size = math.prod(plist.get_chunk()) * item.get_type().get_size()
        if size > task["chunk_bytes"]:
            return (
                f"one chunk of {name!r} has {size} bytes, over {task['chunk_bytes']}; if that is "
                "right, add 'large-chunks' to access.options.allow"
            )
    return None


def _declared(
    path: Path, datasets: list[tuple[str, h5d.DatasetID]], task: dict[str, Any]
) -> str | None:
    """Refuse a file that declares far more than it stores."""
    if "sparse" in task["allow"] or not datasets:
        return None
    stored = path.stat().st_size
    sizes = [math.prod(item.shape or (0,)) * item.get_type().get_size() for _, item in datasets]
    total = sum(sizes)
    if total > task["declared_bytes"] and total > task["declared_ratio"] * stored:
        name, largest = datasets[sizes.index(max(sizes))]
        return (
            f"it declares {total} bytes and stores {stored} (largest: {name!r} of shape "
            f"{largest.shape}); if that is right, add 'sparse' to access.options.allow"
        )
    return None


def _reach_end(item: h5d.DatasetID, path: Path) -> None:
    """Raise unless a file holds a dataset to its end."""
    start = item.get_offset()
    # Plain numbers in one piece need not be read: they are there if the file is long enough.
    if start is None or item.get_type().get_class() not in (h5t.INTEGER, h5t.FLOAT):
        _read_last(h5py.Dataset(item))
    elif start + item.get_storage_size() > path.stat().st_size:
        raise OSError("the file ends before it")


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
    if not all(h5z.filter_avail(code) for code in filters):
        item.id.read_direct_chunk(chunk.chunk_offset)
        return
    item[
        tuple(
            slice(start, min(start + length, most))
            for start, length, most in zip(chunk.chunk_offset, item.chunks, item.shape, strict=True)
        )
    ]
