"""YAML with line numbers: a small, safe subset read strictly.

Tags, anchors, aliases, merge keys and duplicate keys are refused, so that a hostile file can
neither run code nor grow, and a typing error cannot hide behind a later key. Size and depth are
checked before anything is built.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import yaml

from ..errors import CatalogError

MAX_BYTES = 2**20
MAX_DEPTH = 20
MAX_VALUES = 50_000

Location = tuple[str | int, ...]

# libyaml, where PyYAML was built with it, reads a catalog seven times faster.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("null", "bool", "int", "float", "timestamp", "str", "map", "seq")
)


class YamlFile:
    """The content of one YAML file and the line of every key.

    Parameters
    ----------
    path : Path
        File to read; at most `MAX_BYTES`, nested at most `MAX_DEPTH` deep.

    Raises
    ------
    CatalogError
        With file and line, if the file is too large, is not YAML, or uses tags, anchors, aliases,
        merge keys, a key that is no text, or a key twice.
    """

    allows_anchors: ClassVar[bool] = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: dict[Location, int] = {}
        text = _read(path)
        try:
            self._survey(yaml.parse(text, Loader=_Loader))
            root = yaml.compose(text, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = error.problem or error.context
            raise CatalogError(
                f"{path}:{mark.line + 1 if mark else 1}: is not YAML: {what}"
            ) from error
        except yaml.YAMLError as error:
            raise CatalogError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
        self._scalars = yaml.SafeLoader("")
        self.content: Any = self._value(root, ()) if root is not None else None
        self._scalars.dispose()

    def line(self, location: Location) -> int:
        """Return the line of the key at `location`, or of the nearest key above it."""
        while location and location not in self._lines:
            location = location[:-1]
        return self._lines.get(location, 1)

    def where(self, location: Location) -> str:
        """Return ``file:line: key`` for a message."""
        key = ".".join(str(part) for part in location)
        return f"{self.path}:{self.line(location)}: {key or 'the file'}"

    def _survey(self, events: Iterator[Any]) -> None:
        """Refuse what could grow or run, before anything is built."""
        depth = values = 0
        for event in events:
            line = event.start_mark.line + 1 if event.start_mark else 1
            anchored = isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None)
            if anchored and not self.allows_anchors:
                raise CatalogError(
                    f"{self.path}:{line}: anchors and aliases are not allowed; write the value out"
                )
            if getattr(event, "tag", None) not in (None, "!"):
                raise CatalogError(
                    f"{self.path}:{line}: the tag {event.tag!r:.80} is not allowed; "
                    "only plain values are"
                )
            values += isinstance(event, yaml.NodeEvent)
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                raise CatalogError(
                    f"{self.path}:{line}: nested deeper than {MAX_DEPTH} levels; make it flatter"
                )
            if values > MAX_VALUES:
                raise CatalogError(
                    f"{self.path}:{line}: holds more than {MAX_VALUES} values; split the file"
                )

    def _value(self, node: Any, location: Location) -> Any:
        self._lines.setdefault(location, _line(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*location, i)) for i, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in result:
                first = self._lines[(*location, key)]
                raise CatalogError(
                    f"{self.path}:{_line(key_node)}: {key!r:.80} stands twice (first in line "
                    f"{first}); remove one"
                )
            self._lines[(*location, key)] = _line(key_node)
            result[key] = self._value(value_node, (*location, key))
        return result

    def _key(self, node: Any) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise CatalogError(f"{self.path}:{_line(node)}: a list or a mapping cannot be a key")
        key = self._scalar(node)
        if isinstance(key, str):
            return key
        raise CatalogError(
            f"{self.path}:{_line(node)}: the key {node.value!r:.80} is read as {key!r:.80}; "
            "put it in quotes"
        )

    def _scalar(self, node: Any) -> Any:
        try:
            if node.tag not in _TAGS:
                raise ValueError(f"{node.value!r:.80} has a special meaning; put it in quotes")
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            reason = " ".join(str(error).split())
            raise CatalogError(
                f"{self.path}:{_line(node)}: {reason}; only plain values are allowed"
            ) from error


def _read(path: Path) -> str:
    """Return the text of a regular file of bounded size."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise CatalogError(f"{path}: is not a regular file; a catalog holds files")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise CatalogError(
                f"{path}: has {found.st_size} bytes; a catalog file has at most {MAX_BYTES}"
            )
        return content.decode("utf-8")
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CatalogError(f"{path}:{line}: is not UTF-8 text; save it as UTF-8") from error


def _line(node: Any) -> int:
    """Return the line a node starts on, counted from 1."""
    return node.start_mark.line + 1 if node.start_mark else 1
