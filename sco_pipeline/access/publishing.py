"""From temporary files to checked ones with final names and records, many of them at once.

A disk takes as long to promise that one small file is on it as that a hundred are, and waking the
process that opens files takes longer than opening one. So files wait a moment for others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from .. import files
from ..catalog.models import FetchedFile
from ..errors import AccessError
from .granules import Granule
from .inspection import Unchecked
from .ledger import Ledger
from .receive import Received

_GROUP = 64
_WAIT_SECONDS = 0.1


@dataclass(eq=False)
class Arrived:
    """A file that came and waits to be opened, named and recorded.

    Attributes
    ----------
    granule : Granule
        What was asked for.
    part : Path
        Its temporary name.
    candidates : generator
        Receives it again, or from elsewhere, when it is told why what came is refused.
    held : ExitStack
        What is kept until it is recorded: the lock of its name.
    sized : bool
        Whether the archive said how long it is.
    file : FetchedFile, optional
        Its record, with the final name; None as long as there is no file.
    fault : AccessError, optional
        Why it was refused.
    """

    granule: Granule
    part: Path
    candidates: Generator[Received, AccessError, None]
    held: ExitStack = field(default_factory=ExitStack)
    sized: bool = True
    file: FetchedFile | None = None
    fault: AccessError | None = None


class Publisher:
    """Checks, names and records the files of one dataset in a thread of its own.

    Parameters
    ----------
    ledger : Ledger
        Where the files are recorded, after they have their names.
    inspect : callable
        Opens files with care and returns what is wrong with each.
    """

    def __init__(
        self,
        ledger: Ledger,
        inspect: Callable[[Sequence[Unchecked]], Sequence[AccessError | None]],
    ) -> None:
        self._ledger = ledger
        self._inspect = inspect
        self._waiting: list[Arrived] = []
        self._refused: list[Arrived] = []
        self._changed = threading.Condition()
        self._hurried = 0
        self._busy = self._closed = False
        self._failure: Exception | None = None
        self._thread: threading.Thread | None = None

    def submit(self, arrived: Arrived) -> None:
        """Take a file; its lock is freed when it is recorded, or cannot be."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < 2 * _GROUP)
            self._waiting.append(arrived)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="publish")
                self._thread.start()
            if len(self._waiting) in (1, _GROUP):
                self._changed.notify_all()

    def refused(self, wait: bool) -> Arrived | None:
        """Return a file that was refused and has not been returned before.

        Parameters
        ----------
        wait : bool
            Whether to wait first until every file that was taken is recorded or refused.

        Raises
        ------
        OSError
            If the disk refused a file.
        AccessError
            If the record cannot be written.
        """
        if not (wait or self._refused or self._failure):
            return None
        with self._changed:
            self._hurried += wait
            self._changed.notify_all()
            self._changed.wait_for(lambda: not wait or not (self._waiting or self._busy))
            self._hurried -= wait
            if self._failure is not None:
                raise self._failure
            return self._refused.pop(0) if self._refused else None

    def close(self) -> None:
        """Record what waits, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        for arrived in self._refused:
            arrived.held.close()

    def _run(self) -> None:
        while group := self._next_group():
            refused: list[Arrived] = []
            try:
                if self._failure is None:
                    refused = self._publish(group)
            except Exception as error:  # raised again where it can be reported
                self._failure = error
            for arrived in group:
                if arrived not in refused:
                    arrived.candidates.close()
                    arrived.held.close()
            with self._changed:
                self._refused += refused
                self._busy = False
                self._changed.notify_all()

    def _publish(self, group: list[Arrived]) -> list[Arrived]:
        """Open, name and record files; return those that were refused."""
        unchecked = [Unchecked(one.part, one.granule.url, one.sized) for one in group]
        for arrived, fault in zip(group, self._inspect(unchecked), strict=True):
            arrived.fault = fault
        right = [(one, one.file) for one in group if one.fault is None and one.file is not None]
        if right:
            files.put_all_in_place([(one.part, Path(file.path)) for one, file in right])
            self._ledger.add(*(file for _, file in right))
        for arrived, file in right:
            early = arrived.granule.fallback
            old = self._ledger.latest(early.url) if early is not None else None
            if old is not None:
                self._ledger.supersede(old, file.sha256)
        return [one for one in group if one.fault is not None]

    def _next_group(self) -> list[Arrived]:
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
