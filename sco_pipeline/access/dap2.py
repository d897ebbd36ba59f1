"""The data access protocol, version 2: its two descriptions and its binary form.

References
----------
.. [1] Gallagher et al. (2007), "The Data Access Protocol - DAP 2.0", NASA ESE-RFC-004.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt

# Type -> dtype of a value, and dtype as it is sent.
_TYPES = {
    "Byte": ("u1", "u1"), "Int16": ("i2", ">i4"), "UInt16": ("u2", ">u4"), "Int32": ("i4", ">i4"),
    "UInt32": ("u4", ">u4"), "Float32": ("f4", ">f4"), "Float64": ("f8", ">f8"),
}  # fmt: skip
_DECLARED = re.compile(
    r"(?P<open>(?:Grid|Structure|Sequence|Dataset)\s*\{)|(?P<close>\}\s*(?P<named>[^;]*);)|"
    r"(?P<type>Byte|U?Int16|U?Int32|Float32|Float64|String|Url)\s+"
    r"(?P<name>[^\s\[;]+)(?P<shape>(?:\s*\[[^\]]*\])*)\s*;"
)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{};,]|[^\s{};,"]+')


@dataclass(frozen=True)
class Declared:
    """An array of a DAP dataset.

    Attributes
    ----------
    name, path : str
        Name, and the name that a request uses.
    dtype : numpy.dtype
        Of its values.
    sent : numpy.dtype
        As they are sent.
    dims : tuple of str
        Names of its dimensions.
    shape : tuple of int
        Lengths.
    """

    name: str
    path: str
    dtype: np.dtype[Any]
    sent: np.dtype[Any]
    dims: tuple[str, ...]
    shape: tuple[int, ...]


def read_dds(text: str) -> dict[str, Declared]:
    """Return the numeric arrays that a dataset descriptor declares, by name."""
    found: dict[str, Declared] = {}
    inside: list[list[tuple[str, str, str]]] = []
    kinds: list[str] = []
    for match in _DECLARED.finditer(text):
        if match["open"]:
            kinds.append(match["open"].split("{")[0].strip())
            inside.append([])
        elif match["close"]:
            if not kinds:
                raise ValueError("the dataset descriptor closes more than it opens")
            kind, members = kinds.pop(), inside.pop()
            for i, member in enumerate(members):
                # The maps of a grid are copies of arrays beside it.
                prefix = f"{match['named'].strip()}." if kind == "Grid" else ""
                if kind in ("Grid", "Dataset") and (kind == "Dataset" or i == 0):
                    _declare(found, member, prefix)
        elif inside:
            inside[-1].append((match["type"], match["name"], match["shape"]))
    return found


def _declare(found: dict[str, Declared], member: tuple[str, str, str], prefix: str) -> None:
    kind, name, shape = member
    if kind not in _TYPES:
        return
    dims, lengths = [], []
    for i, (dim, length) in enumerate(re.findall(r"\[\s*(?:([^=\]]+?)\s*=\s*)?(\d+)\s*\]", shape)):
        dims.append(unquote(dim) or f"{unquote(name)}_{i}")
        lengths.append(int(length))
    dtype, sent = (np.dtype(code) for code in _TYPES[kind])
    plain = unquote(name)
    found.setdefault(
        plain, Declared(plain, f"{prefix}{name}", dtype, sent, tuple(dims), tuple(lengths))
    )


def read_das(text: str) -> dict[str, dict[str, Any]]:
    """Return the attributes of each variable; those of the dataset under ``NC_GLOBAL``."""
    tokens = _TOKEN.findall(text)
    place, attributes = 0, dict[str, dict[str, Any]]()
    path: list[str] = []
    while place < len(tokens):
        token = tokens[place]
        if token == "}":
            if path:
                path.pop()
            place += 1
        elif place + 1 < len(tokens) and tokens[place + 1] == "{":
            path.append(unquote(token))
            place += 2
        else:
            end = place
            while end < len(tokens) and tokens[end] != ";":
                end += 1
            statement = tokens[place:end]
            if len(path) >= 2 and len(statement) >= 3:
                values = [value for value in statement[2:] if value != ","]
                attributes.setdefault(path[1], {})[unquote(statement[1])] = _value(
                    statement[0], values
                )
            place = end + 1
    return attributes


def _value(kind: str, values: list[str]) -> Any:
    if kind in _TYPES:
        numbers = np.array([float(value) for value in values], "f8")
        typed = numbers.astype(_TYPES[kind][0])
        return typed[0] if typed.size == 1 else typed
    texts = [re.sub(r'\\(["\\])', r"\1", value.strip('"')) for value in values]
    return texts[0] if len(texts) == 1 else "\n".join(texts)


def read_data(content: bytes, array: Declared, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Return the first array of a binary answer.

    Parameters
    ----------
    content : bytes
        A ``.dods`` answer.
    array : Declared
        Which array was asked for.
    shape : tuple of int
        How much of it.

    Returns
    -------
    ndarray
        Of `shape`, in the dtype of the array.

    Raises
    ------
    EOFError
        If the answer ends too early.
    ValueError
        If it does not hold what was asked for.
    """
    match = re.search(rb"\r?\nData:\r?\n", content)
    if not match:
        raise ValueError("holds no data")
    place = match.end()
    count = int(np.prod(shape, dtype=np.int64))
    if shape:
        head = np.frombuffer(content[place : place + 8], ">u4")
        if head.size < 2:
            raise EOFError
        if set(head.tolist()) != {count}:
            raise ValueError(f"holds {head[0]} values instead of {count}")
        place += 8
    size = count * array.sent.itemsize
    if len(content) < place + size:
        raise EOFError
    values = np.frombuffer(content[place : place + size], array.sent)
    return values.astype(array.dtype).reshape(shape)
