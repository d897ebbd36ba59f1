"""Region sets as areas: fetched like any other file where they are downloaded, then loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import access
from .catalog import Catalog, DatasetEntry, Request
from .catalog.geometry import geometry_entry
from .settings import Settings

if TYPE_CHECKING:
    from . import regions

EVERYTHING = Request(variables=())


def load_areas(names: Sequence[str], catalog: Catalog, settings: Settings) -> regions.Regions:
    """Return the regions of some sets of the catalog; what is downloaded is fetched once.

    Parameters
    ----------
    names : sequence of str
        Ids of region sets.
    catalog : Catalog
        The catalog that holds them.
    settings : Settings
        Cache, mirrors and limits of this machine.

    Returns
    -------
    Regions
        Of all sets, in their order.

    Raises
    ------
    AccessError
        If a geometry file cannot be had, or is not the one that the catalog pins.
    RegionError
        If a geometry file holds no usable geometry.
    """
    from . import regions

    loaded = []
    for name in names:
        region_set = catalog.region_sets[name]
        entry = geometry_entry(region_set)
        path = None
        if entry is not None:
            (file,) = access.fetch(entry, EVERYTHING, settings).files
            path = Path(file.path)
        loaded.append(regions.load_region_set(region_set, catalog.directory, path=path))
    return regions.combine(loaded)


def downloads(names: Sequence[str], catalog: Catalog) -> list[DatasetEntry]:
    """Return the entries of the geometry files that some region sets download."""
    entries = (geometry_entry(catalog.region_sets[name]) for name in names)
    return [entry for entry in entries if entry is not None]
