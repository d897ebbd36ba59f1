"""What metadata of a Zarr store may ask for."""

from __future__ import annotations

import json
import math
from typing import Any

_SIZES = {"bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "float16": 2, "int32": 4,
          "uint32": 4, "float32": 4}  # fmt: skip


def fault_of(key: str, content: bytes, chunk_bytes: int) -> str | None:
    """Return what is wrong with a metadata document; None if nothing is.

    Parameters
    ----------
    key : str
        Its key in the store.
    content : bytes
        JSON.
    chunk_bytes : int
        Largest chunk, decoded.

    Returns
    -------
    str or None
        A sentence.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return f"{key!r} is no JSON"
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            fault = _dangerous(key, value) or _bloated(key, value, chunk_bytes)
            if fault is not None:
                return fault
            waiting.extend(value.values())
    return None


def _dangerous(key: str, value: dict[str, Any]) -> str | None:
    for name in ("id", "name"):
        if str(value.get(name)) in ("pickle", "numcodecs.pickle"):
            return f"{key!r} asks for a pickle filter, which would run code"
    for name in ("dtype", "data_type"):
        if isinstance(value.get(name), str) and "|O" in value[name]:
            return f"{key!r} holds Python objects"
    return None


def _bloated(key: str, value: dict[str, Any], most: int) -> str | None:
    chunks, kind = value.get("chunks"), value.get("dtype")
    grid = value.get("chunk_grid")
    if isinstance(grid, dict):
        chunks = (grid.get("configuration") or {}).get("chunk_shape")
        kind = value.get("data_type")
    if not isinstance(chunks, list) or not all(isinstance(n, int) and n >= 0 for n in chunks):
        return None
    text = str(kind)
    size = _SIZES.get(text) or (int(text[2:]) if text[2:].isdigit() else 8)
    if math.prod(chunks) * size > most:
        return f"{key!r} declares chunks of {math.prod(chunks) * size} bytes, over {most}"
    return None
