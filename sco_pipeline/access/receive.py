"""What stands between a granule and its bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..catalog.models import DatasetEntry
from ..settings import Settings
from .client import Client


@dataclass(frozen=True)
class Received:
    """What the archive said about the bytes that it sent.

    Attributes
    ----------
    etag, last_modified : str, optional
        Response headers.
    served_by : str, optional
        Address without secrets, if it is not the granule's own.
    sha256 : str, optional
        Hash of the bytes, if it was computed on the way.
    sized : bool
        Whether the archive said how long the file is, by length or by an end mark.
    """

    etag: str | None = None
    last_modified: str | None = None
    served_by: str | None = None
    sha256: str | None = None
    sized: bool = True


@dataclass(frozen=True)
class Receiver:
    """What a method's own ``receive`` function may use.

    Attributes
    ----------
    client : Client
        Talks to the hosts of the dataset.
    arrived : callable
        To be told how many bytes arrived.
    """

    client: Client
    arrived: Callable[[int], None]

    @property
    def entry(self) -> DatasetEntry:
        """The dataset."""
        return self.client.entry

    @property
    def settings(self) -> Settings:
        """Limits, mirrors, credentials."""
        return self.client.settings
