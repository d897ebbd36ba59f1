"""Region sets of the catalog, as geometry."""

from __future__ import annotations

from pathlib import Path

import shapely

from ..catalog.models import Box, Circle, RegionSet
from ..errors import RegionError
from ..files import sha256
from ..geography import countries
from .files import read_features
from .places import from_features, point
from .region import Regions, make_regions


def load_region_set(
    region_set: RegionSet, catalog_dir: Path, *, path: Path | None = None
) -> Regions:
    """Return the regions of a set of the catalog.

    Parameters
    ----------
    region_set : RegionSet
        Entry of the catalog.
    catalog_dir : Path
        Directory of the catalog; geometry files are relative to its folder ``regions``.
    path : Path, optional
        The geometry file of a set that is downloaded.

    Returns
    -------
    Regions

    Raises
    ------
    RegionError
        If the file is absent, is not the one that the entry pins, or holds no usable geometry.
    """
    if region_set.boxes is not None:
        regions = _boxes(region_set.boxes, region_set.id)
    elif region_set.circles is not None:
        regions = _circles(region_set.circles, region_set.id)
    elif region_set.countries is not None:
        land = countries(region_set.countries)
        regions = make_regions(
            [c.id for c in land], [c.name for c in land], [c.geometry for c in land], region_set.id
        )
    else:
        regions = _file(region_set, _checked(region_set, catalog_dir, path))
    return regions.select(region_set.select) if region_set.select else regions


def _boxes(boxes: dict[str, Box], set_id: str) -> Regions:
    shapes = []
    for box in boxes.values():
        east = box.east if box.east > box.west else box.east + 360.0
        shapes.append(shapely.box(box.west, box.south, east, box.north))
    names = [box.name for box in boxes.values()]
    return make_regions(list(boxes), names, shapes, set_id, "literal")


def _circles(circles: dict[str, Circle], set_id: str) -> Regions:
    shapes = [point(c.lat, c.lon, c.radius_km).geometries[0] for c in circles.values()]
    names = [circle.name for circle in circles.values()]
    return make_regions(list(circles), names, shapes, set_id, "literal")


def _checked(region_set: RegionSet, catalog_dir: Path, path: Path | None) -> Path:
    """Return the geometry file once its hash is right."""
    if path is None:
        if region_set.file is None:
            raise RegionError(
                f"region set {region_set.id!r} is downloaded; fetch it first and give its path"
            )
        path = catalog_dir / "regions" / region_set.file
    if not path.is_file():
        raise RegionError(f"region set {region_set.id!r}: {path} does not exist; restore the file")
    found = sha256(path)
    if found != region_set.sha256:
        raise RegionError(
            f"region set {region_set.id!r}: {path} has sha256 {found}; expected "
            f"{region_set.sha256}. Restore the file, or correct 'sha256' if it was meant to change"
        )
    return path


def _file(region_set: RegionSet, path: Path) -> Regions:
    return from_features(
        read_features(path, region_set.layer),
        region_set.id,
        region_set.id_field,
        region_set.name_field,
        region_set.antimeridian,
    )
