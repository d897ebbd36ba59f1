"""Geometry files that are downloaded, described as what they are to a fetch: datasets."""

from __future__ import annotations

import datetime as dt
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from .models import Coverage, DatasetEntry, RegionSet


def geometry_entry(region_set: RegionSet) -> DatasetEntry | None:
    """Return the entry by which the geometry file of a region set is fetched.

    Parameters
    ----------
    region_set : RegionSet
        Entry of the catalog.

    Returns
    -------
    DatasetEntry or None
        Pinned to the sha256 of the region set; None if the set is not downloaded.
    """
    if region_set.access is None:
        return None
    path = PurePosixPath(urlsplit(region_set.access.url).path)
    return DatasetEntry(
        id=f"regions-{region_set.id}",
        agency="none",
        role="none",
        title=region_set.title,
        license=region_set.license,
        citation=region_set.source,
        coverage=Coverage(start=dt.date.min),
        frequency="fixed",
        format=path.suffix.removeprefix("."),
        access=region_set.access.model_copy(update={"sha256": region_set.sha256}),
        variables={},
    )
