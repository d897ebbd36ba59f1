"""Tables from name to entry, filled by decorators when a room imports its modules."""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Generic, TypeVar

from .errors import ScoError, unknown

Entry = TypeVar("Entry")


class Registry(Mapping[str, Entry], Generic[Entry]):
    """A read-only mapping from name to entry that decorators add to.

    Parameters
    ----------
    kind : str
        What an entry is, for messages: ``"indicator"``.
    error : type of ScoError
        The error raised for an unknown name.
    package : str
        The package whose modules register entries, so that nothing is listed by hand. For one
        entry the module of its name is imported, if there is one; for any other question, all
        modules are. A module that cannot be imported stops the program.
    """

    def __init__(self, kind: str, error: type[ScoError], package: str) -> None:
        self.kind = kind
        self._error = error
        self._package = package
        self._entries: dict[str, Entry] = {}
        self._loaded = False
        self._loading = False
        self._lock = threading.RLock()

    def add(self, name: str, entry: Entry) -> None:
        """Register `entry` under `name`; a name is given once."""
        if name in self._entries:
            raise self._error(f"{self.kind} {name!r} is registered twice; rename one of them")
        self._entries[name] = entry

    def __getitem__(self, name: str) -> Entry:
        """Return the entry, or raise the room's error with the nearest known name."""
        if name not in self._entries:
            self._load_module(name)
        if name not in self._entries:
            self._load()
        try:
            return self._entries[name]
        except KeyError:
            raise self._error(unknown(self.kind, name, self._entries)) from None

    def __contains__(self, name: object) -> bool:
        """Tell whether a name is registered."""
        self._load()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        """Yield the names in alphabetical order."""
        self._load()
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        """Count the entries."""
        self._load()
        return len(self._entries)

    def _load_module(self, name: str) -> None:
        """Import the module that is called as an entry, if there is one."""
        inside = name.replace("-", "_")
        if self._loaded or self._loading or not inside.isidentifier():
            return
        with self._lock:
            if find_spec(f"{self._package}.{inside}") is not None:
                importlib.import_module(f"{self._package}.{inside}")

    def _load(self) -> None:
        """Import the modules once; other threads wait until all of them have registered."""
        if self._loaded:
            return
        with self._lock:
            if self._loaded or self._loading:
                return
            self._loading = True
            try:
                package = importlib.import_module(self._package)
                for module in pkgutil.walk_packages(package.__path__, f"{self._package}."):
                    importlib.import_module(module.name)
                self._loaded = True
            finally:
                self._loading = False
