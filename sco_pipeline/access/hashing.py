"""The sha256 of bytes on their way, computed beside the transfer."""

from __future__ import annotations

import hashlib
import queue
import threading

# Smaller files are hashed where they arrive: a thread would cost more than it saves.
_THREAD_FROM = 8 * 2**20
_WAITING = 16


class Hasher:
    """Hashes pieces in the order in which they come; large files in a thread of their own."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self._size = 0
        self._pieces: queue.Queue[bytes | None] | None = None
        self._thread: threading.Thread | None = None

    def update(self, piece: bytes) -> None:
        """Take the next piece."""
        self._size += len(piece)
        if self._pieces is None and self._size > _THREAD_FROM:
            self._pieces = queue.Queue(_WAITING)
            self._thread = threading.Thread(target=self._run, args=(self._pieces,), daemon=True)
            self._thread.start()
        if self._pieces is None:
            self._sha.update(piece)
        else:
            self._pieces.put(piece)

    def hexdigest(self) -> str:
        """Return the hash of all pieces; more may follow."""
        self.close()
        return self._sha.hexdigest()

    def close(self) -> None:
        """Wait for the pieces that are not hashed yet, and end the thread."""
        if self._pieces is not None and self._thread is not None:
            self._pieces.put(None)
            self._thread.join()
            self._pieces = self._thread = None

    def _run(self, pieces: queue.Queue[bytes | None]) -> None:
        while (piece := pieces.get()) is not None:
            self._sha.update(piece)
