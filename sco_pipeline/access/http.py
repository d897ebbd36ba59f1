"""Files over HTTP(S), named by an address or a pattern of addresses: method ``http``."""

from __future__ import annotations

from collections.abc import Sequence

from ..catalog.models import DatasetEntry, Request
from ..settings import Settings
from .granules import Granule, granules_of
from .method import access_method


@access_method("http")
def http(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name the files of an archive whose addresses follow from the date.

    Parameters
    ----------
    entry : DatasetEntry
        ``access.url`` is an address or a pattern, see `granules.granules_of`.
    request : Request
        Variables and period.
    settings : Settings
        Not used here.

    Returns
    -------
    sequence of Granule
        In the order of time.
    """
    return granules_of(entry, request)
