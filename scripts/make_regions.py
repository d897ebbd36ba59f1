"""Make the geometry files of the region sets from the vendored land; run from the clone's root.

``python scripts/make_regions.py`` writes ``catalog/regions/*.geojson`` and prints their sha256,
which the entries beside them pin.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from sco_pipeline.geography import countries

FOLDER = Path(__file__).parent.parent / "catalog" / "regions"
DECIMALS = 3
COAST_KM = 100

SOUTH, NORTH = -5.0, 5.0
EQUATORIAL = {
    "indian-west": ("Western equatorial Indian Ocean", 39.0, 70.0),
    "indian-east": ("Eastern equatorial Indian Ocean", 70.0, 100.6),
    "indonesian-seas": ("Indonesian seas", 103.0, 130.0),
    "pacific-west": ("Western equatorial Pacific", 130.0, 180.0),
    "pacific-central": ("Central equatorial Pacific", 180.0, 230.0),
    "pacific-east": ("Eastern equatorial Pacific", 230.0, 283.5),
    "atlantic": ("Equatorial Atlantic", -52.0, 12.0),
}

MEDITERRANEAN = shapely.box(-5.6, 30.0, 36.4, 46.0)
DARDANELLES = shapely.box(26.15, 39.95, 26.45, 40.35)
# Cap Bon, Trapani, inland Sicily, Strait of Messina, then inland along Italy
WEST_OF_SICILY = shapely.Polygon(
    [(10.4, 36.6), (11.05, 37.08), (12.43, 37.85), (14.0, 37.8), (15.5, 38.2), (15.75, 38.28),
     (16.3, 38.9), (16.1, 39.8), (15.5, 40.9), (13.5, 42.3), (12.0, 43.8), (9.0, 45.0),
     (9.0, 46.0), (-6.0, 46.0), (-6.0, 33.0), (9.0, 33.0)]
)  # fmt: skip


def main() -> None:
    """Write every file."""
    land = shapely.union_all([country.geometry for country in countries("50m")])
    sea = mediterranean(land)
    _write("equatorial-oceans", equatorial(land))
    _write("mediterranean-basins", basins(sea))
    _write("mediterranean-coastal-seas", coastal_seas(sea))


def equatorial(land: BaseGeometry) -> Iterator[tuple[str, str, BaseGeometry]]:
    """Yield the seas of the strip from 5 S to 5 N."""
    for name, (title, west, east) in EQUATORIAL.items():
        if west >= 180:
            west, east = west - 360, east - 360
        yield name, title, _large_parts(shapely.box(west, SOUTH, east, NORTH).difference(land))


def mediterranean(land: BaseGeometry) -> BaseGeometry:
    """Return the sea between Gibraltar, the Dardanelles and the Levant."""
    water = MEDITERRANEAN.difference(land).difference(DARDANELLES)
    return max(shapely.get_parts(water), key=lambda part: part.area)


def basins(sea: BaseGeometry) -> Iterator[tuple[str, str, BaseGeometry]]:
    """Yield the two basins, and the whole."""
    yield (
        "western-mediterranean",
        "Western Mediterranean",
        _large_parts(sea.intersection(WEST_OF_SICILY)),
    )
    yield (
        "eastern-mediterranean",
        "Eastern Mediterranean",
        _large_parts(sea.difference(WEST_OF_SICILY)),
    )
    yield "mediterranean-sea", "Mediterranean Sea", sea


def coastal_seas(sea: BaseGeometry) -> Iterator[tuple[str, str, BaseGeometry]]:
    """Yield the sea within 100 km of the coast of each country."""
    shore = sea.buffer(1e-6)
    for country in countries("50m"):
        coast = country.geometry.boundary.intersection(shore)
        if coast.length > 0:
            near = _within(coast, COAST_KM).intersection(sea)
            yield country.id, f"Coastal sea of {country.name}", _large_parts(near)


def _within(line: BaseGeometry, kilometres: float) -> BaseGeometry:
    """Return what lies within a distance, measured in a plane around the middle of the line."""
    middle = line.envelope.centroid
    plane = CRS.from_proj4(f"+proj=aeqd +lon_0={middle.x} +lat_0={middle.y} +R=6371008.8 +units=km")
    there = Transformer.from_crs("EPSG:4326", plane, always_xy=True)
    fine = shapely.segmentize(line, 0.05)
    flat = shapely.transform(fine, there.transform, interleaved=False)
    grown = shapely.segmentize(flat.buffer(kilometres).simplify(0.5), 20.0)
    return shapely.transform(
        grown, lambda x, y: there.transform(x, y, direction="INVERSE"), interleaved=False
    )


def _large_parts(shape: BaseGeometry) -> BaseGeometry:
    """Drop slivers and inland waters that the cutting left."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    largest = max(part.area for part in parts)
    return shapely.union_all([part for part in parts if part.area > 0.02 * largest])


def _write(name: str, regions: Iterator[tuple[str, str, BaseGeometry]]) -> None:
    features = []
    for region, title, shape in regions:
        rounded = shapely.set_precision(shape, 10.0**-DECIMALS)
        geometry = json.loads(shapely.to_geojson(shapely.normalize(rounded)))
        properties = {"id": region, "name": title}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    collection = {"type": "FeatureCollection", "features": features}
    text = json.dumps(collection, separators=(",", ":"), ensure_ascii=False) + "\n"
    path = FOLDER / f"{name}.geojson"
    path.write_text(text, encoding="utf-8")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path.name}: {len(features)} regions, {len(text)} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
