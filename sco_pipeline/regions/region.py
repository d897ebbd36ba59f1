"""Named areas on the sphere, checked once and then trusted.

Edges are straight lines in longitude and latitude, as GeoJSON has them; every geometry is kept
cut at the antimeridian, so that its longitudes lie within [-180, 180].
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ..catalog.models import BBox
from ..errors import RegionError, unknown
from .antimeridian import Antimeridian
from .repair import cleaned

_NOT_ID = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, eq=False)
class Regions:
    """Named areas of one or several region sets.

    Attributes
    ----------
    ids : tuple of str
        Unique, in the form of catalog ids; of two equal ids from different sets each is
        written ``set.id``.
    names : tuple of str
        Names for people.
    geometries : tuple of shapely Polygon or MultiPolygon
        Longitude and latitude in degrees, valid, within [-180, 180] x [-90, 90].
    set_ids : tuple of str
        The region set of each region.
    notes : tuple of str
        What was repaired, one sentence each.
    sha256 : str
        Hash of ids and geometries.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    geometries: tuple[BaseGeometry, ...]
    set_ids: tuple[str, ...]
    notes: tuple[str, ...] = ()
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        """Hash ids and geometries."""
        digest = hashlib.sha256()
        for name, geometry in zip(self.ids, shapely.to_wkb(list(self.geometries)), strict=True):
            digest.update(f"{name}:{len(geometry)}:".encode() + geometry)
        object.__setattr__(self, "sha256", digest.hexdigest())

    def __len__(self) -> int:
        """Count the regions."""
        return len(self.ids)

    def __eq__(self, other: object) -> bool:
        """Compare ids, geometries and names."""
        if not isinstance(other, Regions):
            return NotImplemented
        return (self.sha256, self.names, self.set_ids) == (
            other.sha256,
            other.names,
            other.set_ids,
        )

    def __hash__(self) -> int:
        """Hash by content."""
        return hash(self.sha256)

    def select(self, ids: Iterable[str]) -> Regions:
        """Return the regions `ids`, in that order.

        Raises
        ------
        RegionError
            For an id that does not exist, with the nearest one.
        """
        places = {name: i for i, name in enumerate(self.ids)}
        chosen = list(ids)
        for name in chosen:
            if name not in places:
                raise RegionError(unknown("region", name, self.ids))
        return self._take([places[name] for name in chosen])

    def find(self, text: str) -> Regions:
        """Return the regions whose id or name contains `text`, in any case."""
        wanted = text.casefold()
        pairs = enumerate(zip(self.ids, self.names, strict=True))
        return self._take(
            [i for i, (name, title) in pairs if wanted in f"{name}\n{title}".casefold()]
        )

    def bbox(self) -> BBox:
        """Return the smallest box around all regions; `west` > `east` crosses the antimeridian."""
        parts = shapely.bounds(shapely.get_parts(np.array(self.geometries, dtype=object)))
        west, east = _shortest_span(parts[:, [0, 2]])
        return BBox(
            west=west,
            south=float(parts[:, 1].min()),
            east=east,
            north=float(parts[:, 3].max()),
        )

    def _take(self, places: Sequence[int]) -> Regions:
        return Regions(
            tuple(self.ids[i] for i in places),
            tuple(self.names[i] for i in places),
            tuple(self.geometries[i] for i in places),
            tuple(self.set_ids[i] for i in places),
            self.notes,
        )


def make_regions(
    ids: Sequence[str],
    names: Sequence[str],
    geometries: Sequence[BaseGeometry],
    set_id: str,
    antimeridian: Antimeridian = "refuse",
) -> Regions:
    """Check, repair and name areas.

    Parameters
    ----------
    ids : sequence of str
        Turned into lower case with dashes.
    names : sequence of str
        Names for people.
    geometries : sequence of shapely geometry
        Degrees, longitude first; longitudes may run beyond 180 for areas across the antimeridian.
    set_id : str
        What they belong to, for messages and products.
    antimeridian : {"refuse", "literal", "shortest"}
        What an edge over more than half a turn of longitude means: an error, the edge as it
        stands, or the shorter way around.

    Returns
    -------
    Regions

    Raises
    ------
    RegionError
        Naming the region, if it has no area, leaves the sphere or cannot be repaired.
    """
    slugs = tuple(_slug(name, set_id) for name in ids)
    if not slugs:
        raise RegionError(f"region set {set_id!r} holds no region; give it at least one")
    for slug in slugs:
        if slugs.count(slug) > 1:
            raise RegionError(
                f"region {slug!r} stands twice in region set {set_id!r}; ids must differ"
            )
    shapes, notes = [], []
    for slug, geometry in zip(slugs, geometries, strict=True):
        shape, note = cleaned(geometry, f"region {slug!r} of {set_id!r}", antimeridian)
        shapes.append(shape)
        notes.extend([note] if note else [])
    titles = tuple(str(name).strip() or slug for slug, name in zip(slugs, names, strict=True))
    return Regions(slugs, titles, tuple(shapes), (set_id,) * len(slugs), tuple(notes))


def combine(parts: Iterable[Regions]) -> Regions:
    """Return the regions of several sets as one.

    Parameters
    ----------
    parts : iterable of Regions
        At least one; a set given twice is an error.

    Returns
    -------
    Regions
        An id that stands in two sets becomes ``set.id`` in each.
    """
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    pairs = [pair for part in parts for pair in zip(part.set_ids, part.ids, strict=True)]
    if not pairs:
        raise RegionError("no regions to combine; give at least one region set")
    counts: dict[str, int] = {}
    for _, name in pairs:
        counts[name] = counts.get(name, 0) + 1
    ids = tuple(name if counts[name] == 1 else f"{origin}.{name}" for origin, name in pairs)
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise RegionError(f"region {twice!r} is given twice; name each region set once")
    return Regions(
        ids,
        tuple(name for part in parts for name in part.names),
        tuple(geometry for part in parts for geometry in part.geometries),
        tuple(origin for part in parts for origin in part.set_ids),
        tuple(note for part in parts for note in part.notes),
    )


def _slug(name: str, set_id: str) -> str:
    slug = _NOT_ID.sub("-", str(name).casefold()).strip("-")
    if not slug:
        raise RegionError(
            f"region id {name!r} of {set_id!r} holds no letter a-z or digit; rename it"
        )
    return slug


def _shortest_span(spans: np.ndarray) -> tuple[float, float]:
    """Return west and east of the shortest arc that holds all spans of longitude."""
    order = spans[np.argsort(spans[:, 0])]
    reach = np.maximum.accumulate(order[:, 1])
    starts = np.append(order[1:, 0], order[0, 0] + 360.0)
    gaps = starts - reach
    widest = int(np.argmax(gaps))
    if gaps[widest] <= 0:
        return -180.0, 180.0
    if widest == len(gaps) - 1:
        return float(order[0, 0]), float(reach[-1])
    return float(starts[widest]), float(reach[widest])
