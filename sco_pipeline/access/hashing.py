"""The sha256 of bytes on their way, computed beside the transfer."""

from __future__ import annotations

import hashlib
import queue
import threading
from functools import cached_property

# Smaller files are hashed where they arrive: a thread would cost more than it saves.
_THREAD_FROM = 8 * 2**20
_PIECE = 512 * 2**10
_PIECES = 4


class Hasher:
    """Hashes pieces in the order in which they come; large files in a thread of their own.

    Pieces are read into the buffers that it lends, so that no byte is copied for it.

    Parameters
    ----------
    size : int, optional
        Length of the file, if known: a small one needs no large buffer.
    """

    def __init__(self, size: int | None = None) -> None:
        self._sha = hashlib.sha256()
        self._count = 0
        self._length = max(1, min(_PIECE, size or _PIECE))
        self._current: bytearray | None = None
        self._made = 0
        self._thread: threading.Thread | None = None

    @cached_property
    def _free(self) -> queue.SimpleQueue[bytearray]:
        return queue.SimpleQueue()

    @cached_property
    def _pieces(self) -> queue.SimpleQueue[tuple[bytearray, int] | None]:
        return queue.SimpleQueue()

    def buffer(self) -> memoryview:
        """Return a buffer to fill; wait until an earlier one was hashed, if all are in use."""
        if self._current is None and self._free.empty() and self._made < _PIECES:
            self._current = bytearray(self._length)
            self._made += 1
        elif self._current is None:
            self._current = self._free.get()
        return memoryview(self._current)

    def update(self, count: int) -> None:
        """Take the first `count` bytes of the buffer that was lent last."""
        assert self._current is not None
        piece, self._current = (self._current, count), None
        self._count += count
        if self._thread is None and self._count > _THREAD_FROM:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        if self._thread is None:
            self._hash(*piece)
        else:
            self._pieces.put(piece)

    def hexdigest(self) -> str:
        """Return the hash of all pieces; more may follow."""
        self.close()
        return self._sha.hexdigest()

    def close(self) -> None:
        """Wait for the pieces that are not hashed yet; end the thread, give the buffers up."""
        if self._thread is not None:
            self._pieces.put(None)
            self._thread.join()
            self._thread = None
        self._made, self._current = 0, None
        self.__dict__.pop("_free", None)

    def _run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            self._hash(*piece)

    def _hash(self, buffer: bytearray, count: int) -> None:
        self._sha.update(memoryview(buffer)[:count])
        self._free.put(buffer)
