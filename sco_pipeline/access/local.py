"""Files on this machine, read in place: method ``local``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..catalog.models import DatasetEntry, Request
from ..settings import Settings
from .granules import Granule, granules_of
from .method import access_method


@access_method("local")
def local(entry: DatasetEntry, request: Request, settings: Settings) -> Sequence[Granule]:
    """Name files of this machine.

    ``access.url`` is a path, or a pattern of paths, absolute or relative to the catalog directory.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    request : Request
        Variables and period.
    settings : Settings
        ``catalog_dir`` is the base of relative paths.

    Returns
    -------
    sequence of Granule
        With the address as the catalog gives it and the path on this machine.
    """
    base = Path(settings.catalog_dir)
    return [
        replace(granule, path=base / Path(granule.url).expanduser())
        for granule in granules_of(entry, request)
    ]
