"""What was found in the files and what was made of it, for reports and `sco inspect`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """One thing that was found, and what was made of it.

    Attributes
    ----------
    subject : str
        The part it is about: ``"longitude"``, ``"time"``, a variable id.
    found : str
        What stands in the file.
    made : str
        What the harmonised Dataset holds instead.
    reason : str
        Why.
    """

    subject: str
    found: str
    made: str
    reason: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.subject}: {self.found} -> {self.made} ({self.reason})"


class Journal:
    """Changes in the order in which they were made, each with the number of files it was met in."""

    def __init__(self) -> None:
        self._counts: dict[Change, int] = {}

    def add(self, subject: str, found: str, made: str, reason: str) -> None:
        """Note a change; the same one in a further file only adds to its count."""
        change = Change(subject, found, made, reason)
        self._counts[change] = self._counts.get(change, 0) + 1

    def __iter__(self) -> Iterator[Change]:
        """Yield the distinct changes."""
        return iter(self._counts)

    def __len__(self) -> int:
        """Count the distinct changes."""
        return len(self._counts)

    def count(self, change: Change) -> int:
        """Return in how many files a change was made."""
        return self._counts[change]

    def lines(self) -> list[str]:
        """Return one line a change, for the attributes of a Dataset."""
        return [
            str(change) if count == 1 else f"{change}, {count} files"
            for change, count in self._counts.items()
        ]
