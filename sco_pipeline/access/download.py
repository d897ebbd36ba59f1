"""One file over HTTP: streamed, watched, resumed where that is safe."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from .. import files
from ..errors import AccessError, ChecksumError
from . import signatures, storage
from .absence import NotThereError
from .addresses import clean, parse, through_mirror
from .client import Client, TransientError
from .hashing import Hasher
from .receive import Received
from .response import Response, Unpacked

logger = logging.getLogger(__name__)
_HEAD = 512
_KEPT_HEAD = 4096
# So many bytes are on their way to the disk while the next ones come, and not all at the end.
_WRITTEN = 32 * 2**20


class Download:
    """The bytes of one file on their way to a temporary name.

    Parameters
    ----------
    client : Client
        Talks to the hosts of the dataset.
    part : Path
        Temporary name.
    form : str
        Format that the bytes must look like.
    arrived : callable
        Told of every piece that came.
    limit : int
        Largest size, decoded.
    """

    def __init__(
        self, client: Client, part: Path, form: str, arrived: Callable[[int], None], limit: int
    ) -> None:
        self._client = client
        self._part = part
        self._form = form
        self._arrived = arrived
        self._limit = limit
        self._head = b""
        self._sha = Hasher()
        self._done = 0
        self._validator: str | None = None
        self._total: int | None = None

    def run(self, url: str, headers: dict[str, str]) -> Received:
        """Receive the file from one address, with retries.

        Raises
        ------
        AccessError
            If the file cannot be had from there, or is not what was expected.
        NotThereError
            If there is no such file.
        """
        self._start_over()
        deadline = time.monotonic() + self._client.limits.granule_seconds
        try:
            return self._client.retry(url, lambda: self._attempt(url, headers, deadline))
        finally:
            self._sha.close()

    def _attempt(self, url: str, headers: dict[str, str], deadline: float) -> Received:
        sent = dict(headers)
        if self._done and self._validator:
            sent |= {"Range": f"bytes={self._done}-", "If-Range": self._validator}
        elif self._done:
            self._start_over()
        with self._client.open(url, headers=sent, deadline=deadline) as response:
            if response.status == 416:
                self._start_over()
                raise TransientError("cannot continue where the last attempt ended")
            unpacked = self._begin(url, response)
            with self._part.open("r+b" if self._done else "wb") as stream:
                stream.seek(self._done)
                with self._client.watched():
                    self._stream(url, unpacked or response, stream)
            self._end(unpacked)
            if not signatures.fits(self._head, self._form):
                raise wrong_kind(self._client, url, self._head, self._form)
            return self._received(response)

    def _begin(self, url: str, response: Response) -> Unpacked | None:
        """Prepare for an answer's body; return what unpacks it, if it came packed unasked."""
        encoding = (response.getheader("Content-Encoding") or "identity").lower().strip()
        if response.status == 206:
            self._check_range(response)
        elif response.status == 200:
            self._start_over(response.length)
        else:
            raise self._client.error(url, f"answered {response.status} to a request for a file")
        if self._total is not None:
            self._check_size(url, self._total)
            storage.need_space(self._part.parent, self._total - self._done, self._client.entry.id)
        self._validator = _validator(response)
        if encoding in ("identity", ""):
            return None
        self._validator = None
        if encoding not in ("gzip", "x-gzip", "deflate") or response.status == 206:
            raise self._client.error(
                url, f"came in the encoding {encoding!r}, which was not asked for"
            )
        # A packed file that is announced as an encoding is kept as it is.
        packed = parse(url, self._client.entry.id).target.partition("?")[0]
        return None if packed.endswith((".gz", ".tgz")) else Unpacked(response)

    def _check_range(self, response: Response) -> None:
        said = response.getheader("Content-Range") or ""
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", said.strip())
        if (
            not match
            or int(match[1]) != self._done
            or (self._total is not None and int(match[3]) != self._total)
            or int(match[2]) + 1 != int(match[3])
        ):
            self._start_over()
            raise TransientError(f"continued at the wrong place ({said[:80]!r})")
        self._total = int(match[3])

    def _stream(self, url: str, body: Response | Unpacked, stream: BinaryIO) -> None:
        written = self._done
        while count := body.readinto(buffer := self._sha.buffer()):
            piece = buffer[:count]
            if not self._done:
                self._refuse_page(url, bytes(piece[:_KEPT_HEAD]))
            if len(self._head) < _KEPT_HEAD:
                self._head += piece[: _KEPT_HEAD - len(self._head)]
            stream.write(piece)
            self._sha.update(count)
            self._done += count
            if self._done > self._limit:
                self._check_size(url, self._done)
            if self._done - written >= _WRITTEN:
                files.start_writing(stream.fileno(), written, self._done - written)
                written = self._done
            self._arrived(count)

    def _end(self, unpacked: Unpacked | None) -> None:
        """Raise unless the body is whole, as far as the answer tells."""
        if unpacked is not None:
            if not unpacked.ended:
                raise TransientError("sent a packed body that ends too early")
        elif self._total is not None and self._done != self._total:
            raise TransientError(f"sent {self._done} of {self._total} bytes")
        if not self._done:
            raise TransientError("sent an empty file")

    def _received(self, response: Response) -> Received:
        return Received(
            etag=response.getheader("ETag"),
            last_modified=response.getheader("Last-Modified"),
            sha256=self._sha.hexdigest(),
            sized=self._total is not None or response.chunked,
        )

    def _start_over(self, total: int | None = None) -> None:
        self._sha.close()
        self._sha = Hasher(total)
        self._head = b""
        self._done = 0
        self._total = total
        self._validator = None

    def _check_size(self, url: str, size: int) -> None:
        if size > self._limit:
            raise self._client.error(
                url,
                f"has {size} bytes or more, over the limit of {self._limit}; if that is right, "
                "set access.options.granule_bytes in the catalog entry",
            )

    def _refuse_page(self, url: str, head: bytes) -> None:
        if len(head) >= _HEAD and not signatures.fits(head, self._form):
            raise wrong_kind(self._client, url, head, self._form)


def receive(
    client: Client,
    addresses: tuple[str, ...],
    part: Path,
    *,
    form: str,
    arrived: Callable[[int], None],
    check: Callable[[Received], None] = lambda received: None,
) -> Received:
    """Return the first of the `candidates` of a file that `check` raises no `AccessError` for."""
    found = candidates(client, addresses, part, form=form, arrived=arrived)
    received = next(found)
    while True:
        try:
            check(received)
        except AccessError as error:
            received = found.throw(error)
        else:
            return received


def candidates(
    client: Client,
    addresses: tuple[str, ...],
    part: Path,
    *,
    form: str,
    arrived: Callable[[int], None],
    headers: tuple[tuple[str, str], ...] = (),
) -> Generator[Received, AccessError, None]:
    """Receive one file from its addresses in turn, until its receiver is content.

    Whoever finds that what came is not right throws the `AccessError` that says so into the
    generator: damaged bytes (`ChecksumError`) are asked for once more, then the next address is.

    Parameters
    ----------
    client : Client
        Talks to the hosts of the dataset.
    addresses : tuple of str
        The address and its mirrors.
    part : Path
        Temporary name of the file.
    form : str
        Format that the file must have.
    arrived : callable
        Told of every piece that came.
    headers : tuple of pairs
        Further request headers.

    Yields
    ------
    Received
        What the archive said; `served_by` names the mirror, if it was one.

    Raises
    ------
    AccessError
        The failure of the first address, if all fail.
    NotThereError
        If all addresses answer that there is no such file.
    """
    limit = int(client.entry.access.options.get("granule_bytes", client.limits.granule_bytes))
    download = Download(client, part, form, arrived, limit)
    failures: list[AccessError | NotThereError] = []
    for address in addresses:
        url = through_mirror(address, client.settings.mirrors) or address
        served_by = clean(url) if url != addresses[0] else None
        try:
            yield from _twice(client, download, url, dict(headers), served_by)
        except (AccessError, NotThereError) as error:
            failures.append(error)
            if len(addresses) > 1:
                logger.warning("dataset %s: %s", client.entry.id, error)
        else:
            return
    errors = [error for error in failures if isinstance(error, AccessError)]
    # The address itself knows what there is; its mirrors may lag.
    if isinstance(failures[0], NotThereError) or not errors:
        raise failures[0]
    raise next((error for error in errors if error.retryable), errors[0])


def _twice(
    client: Client, download: Download, url: str, headers: dict[str, str], served_by: str | None
) -> Generator[Received, AccessError, None]:
    """Receive from one address; bytes that are damaged are asked for once more."""
    for final in (False, True):
        received = download.run(url, headers)
        try:
            yield replace(received, served_by=served_by)
        except ChecksumError:
            if final:
                raise
            logger.warning("dataset %s: %s came damaged; asked again", client.entry.id, clean(url))
        else:
            return


def wrong_kind(client: Client, url: str, head: bytes, form: str) -> AccessError:
    """Return the sentence for bytes that are not of the expected format."""
    kind = signatures.kind_of(head)
    hint = "set the credential of this dataset" if "login" in kind else "check the address"
    return client.error(url, f"sent {kind} where {signatures.expected(form)} was expected; {hint}")


def _validator(response: Response) -> str | None:
    """Return what tells that a file is still the same: a strong ETag, else the date."""
    etag = response.getheader("ETag")
    if etag and not etag.startswith("W/"):
        return etag
    return None if etag else response.getheader("Last-Modified")
