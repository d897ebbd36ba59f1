"""From checked temporary files to final names and records, many of them at once.

A disk takes as long to promise that one small file is on it as that a hundred are. So files wait
a moment for others, and the promise is asked for the whole group before any of it gets its name.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .. import files
from ..catalog.models import FetchedFile
from .ledger import Ledger

_GROUP = 64
_WAIT_SECONDS = 0.1


@dataclass(frozen=True)
class Checked:
    """A file that was found right and waits for its name.

    Attributes
    ----------
    part : Path
        Its temporary name.
    file : FetchedFile
        Its record, with the final name.
    held : ExitStack
        What is kept until it is recorded, such as the lock of its name.
    """

    part: Path
    file: FetchedFile
    held: ExitStack


class Publisher:
    """Names and records the files of one dataset in a thread of its own.

    Parameters
    ----------
    ledger : Ledger
        Where the files are recorded, after they have their names.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[Checked] = []
        self._changed = threading.Condition()
        self._hurried = 0
        self._busy = self._closed = False
        self._failure: Exception | None = None
        self._thread: threading.Thread | None = None

    def submit(self, checked: Checked) -> None:
        """Take a file; its lock is freed when it is recorded, or cannot be."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < 2 * _GROUP)
            self._waiting.append(checked)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="publish")
                self._thread.start()
            if len(self._waiting) in (1, _GROUP):
                self._changed.notify_all()

    def flush(self) -> None:
        """Wait until every file that was taken is recorded; raise what prevented it.

        Raises
        ------
        OSError
            If the disk refused a file.
        AccessError
            If the record cannot be written.
        """
        with self._changed:
            self._hurried += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._waiting and not self._busy)
            self._hurried -= 1
            if self._failure is not None:
                raise self._failure

    def close(self) -> None:
        """Do the same as `flush`, and end the thread."""
        try:
            self.flush()
        finally:
            with self._changed:
                self._closed = True
                self._changed.notify_all()
            if self._thread is not None:
                self._thread.join()

    def _run(self) -> None:
        while group := self._next_group():
            try:
                if self._failure is None:
                    files.put_all_in_place([(c.part, Path(c.file.path)) for c in group])
                    self._ledger.add(*(checked.file for checked in group))
            except Exception as error:  # raised again where it can be reported
                self._failure = error
            for checked in group:
                checked.held.close()
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _next_group(self) -> list[Checked]:
        """Return the files that waited, or came in time to join them; none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._changed.wait_for(
                lambda: len(self._waiting) >= _GROUP or self._hurried or self._closed,
                _WAIT_SECONDS,
            )
            group, self._waiting = self._waiting, []
            self._busy = bool(group)
            self._changed.notify_all()
            return group
