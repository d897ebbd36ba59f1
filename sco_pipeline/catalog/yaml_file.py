"""YAML with line numbers: a small, safe subset read strictly.

Tags, aliases and duplicate keys are refused, so that a hostile file can neither run code nor grow,
and a typing error cannot hide behind a later key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ..errors import CatalogError

MAX_BYTES = 2**20
MAX_DEPTH = 20

Location = tuple[str | int, ...]


class YamlFile:
    """The content of one YAML file and the line of every key.

    Parameters
    ----------
    path : Path
        File to read.

    Raises
    ------
    CatalogError
        If the file is too large, is not YAML, or uses tags, aliases or a key twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines: dict[Location, int] = {}
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise CatalogError(f"{path}: has {size} bytes; a catalog file has at most {MAX_BYTES}")
        try:
            text = path.read_text(encoding="utf-8")
            for event in yaml.parse(text, Loader=yaml.SafeLoader):
                self._refuse_alias(event)
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise CatalogError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
        self.content: Any = self._value(root, ()) if root is not None else None

    def line(self, location: Location) -> int:
        """Return the line of the key at `location`, or of the nearest key above it."""
        while location and location not in self._lines:
            location = location[:-1]
        return self._lines.get(location, 1)

    def where(self, location: Location) -> str:
        """Return ``file:line: key`` for a message."""
        key = ".".join(str(part) for part in location)
        return f"{self.path}:{self.line(location)}: {key or 'the file'}"

    def _refuse_alias(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise CatalogError(f"{self.path}:{line}: aliases are not allowed; write the value out")

    def _value(self, node: yaml.Node, location: Location) -> Any:
        self._lines.setdefault(location, _line(node))
        if len(location) > MAX_DEPTH:
            raise CatalogError(f"{self.where(location)}: nested deeper than {MAX_DEPTH} levels")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*location, i)) for i, item in enumerate(node.value)]
        return self._scalar(node, location)

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node, location)
            here = (*location, key)
            if key in result:
                line = _line(key_node)
                raise CatalogError(f"{self.path}:{line}: {key!r} stands twice; remove one")
            self._lines[here] = _line(key_node)
            result[key] = self._value(value_node, here)
        return result

    def _scalar(self, node: yaml.Node, location: Location) -> Any:
        try:
            loader = yaml.SafeLoader("")
            try:
                return loader.construct_object(node)
            finally:
                loader.dispose()
        except (yaml.YAMLError, ValueError) as error:
            line = _line(node)
            raise CatalogError(
                f"{self.path}:{line}: {' '.join(str(error).split())}; only plain values are allowed"
            ) from error


def _line(node: yaml.Node) -> int:
    """Return the line a node starts on, counted from 1."""
    return node.start_mark.line + 1 if node.start_mark else 1
