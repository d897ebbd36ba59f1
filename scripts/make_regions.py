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

# From the Arctic to the Southern Ocean, through the land that parts the oceans
AMERICAS = [
    (-168.0, 66.5), (-150.0, 66.5), (-110.0, 60.0), (-110.0, 45.0), (-104.0, 30.0), (-100.0, 22.0),
    (-96.0, 17.3), (-91.5, 15.6), (-87.0, 14.2), (-85.6, 12.4), (-84.0, 10.2), (-82.5, 8.9),
    (-80.2, 8.6), (-79.3, 9.15), (-78.2, 8.6), (-77.4, 7.7), (-76.0, 5.0), (-76.5, 0.0),
    (-75.0, -10.0), (-68.0, -18.0), (-69.5, -33.0), (-71.5, -45.0), (-70.6, -52.0), (-69.5, -54.4),
    (-67.27, -55.98), (-67.27, -60.0),
]  # fmt: skip
AFRICA = [
    (20.0, -60.0), (20.0, -34.0), (25.0, -20.0), (30.0, 0.0), (33.0, 20.0), (32.4, 30.5),
    (32.6, 31.2), (34.5, 30.5), (36.6, 33.0), (37.5, 37.0), (43.0, 42.3),
]  # fmt: skip
ASIA = [
    (43.0, 42.3), (50.0, 50.0), (70.0, 45.0), (95.0, 25.0), (99.0, 16.0), (98.9, 11.0),
    (99.5, 8.5), (101.0, 6.0), (102.5, 3.5), (103.6, 1.45), (103.4, 0.9), (102.5, 0.3),
    (102.5, -2.0), (104.5, -4.5), (105.3, -5.6), (105.85, -5.95), (106.2, -6.3), (110.0, -7.4),
    (114.2, -8.0), (114.5, -8.2), (115.2, -8.4), (116.4, -8.5), (118.0, -8.6), (120.0, -8.6),
    (122.0, -8.6), (123.5, -8.4), (124.5, -8.4), (125.5, -8.9), (127.1, -8.4), (131.0, -9.0),
    (133.0, -12.5), (135.0, -20.0), (145.0, -30.0), (145.5, -38.2), (146.4, -39.0), (146.3, -41.5),
    (146.8, -43.5), (146.9, -60.0),
]  # fmt: skip
INLAND_SEAS = shapely.Polygon(
    [(-5.6, 34.0), (-5.6, 37.5), (-2.0, 41.0), (2.0, 44.0), (9.0, 47.0), (24.0, 46.5), (30.0, 47.5),
     (42.0, 47.8), (43.0, 42.3), (37.5, 37.0), (36.6, 33.0), (34.5, 30.5), (32.6, 30.9),
     (20.0, 29.0), (9.0, 33.0)]
)  # fmt: skip


def main() -> None:
    """Write every file."""
    land = shapely.union_all([country.geometry for country in countries("50m")])
    sea = mediterranean(land)
    _write("equatorial-oceans", equatorial(land))
    _write("ocean-basins", oceans(land))
    _write("mediterranean-basins", basins(sea))
    _write("mediterranean-coastal-seas", coastal_seas(sea))


def equatorial(land: BaseGeometry) -> Iterator[tuple[str, str, BaseGeometry]]:
    """Yield the seas of the strip from 5 S to 5 N."""
    for name, (title, west, east) in EQUATORIAL.items():
        if west >= 180:
            west, east = west - 360, east - 360
        yield name, title, _large_parts(shapely.box(west, SOUTH, east, NORTH).difference(land))


def oceans(land: BaseGeometry) -> Iterator[tuple[str, str, BaseGeometry]]:
    """Yield the oceans, parted at the polar circle, at 60 S and along the land."""
    water = shapely.box(-180, -90, 180, 90).difference(land.simplify(0.02))
    middle = water.intersection(shapely.box(-180, -60, 180, 66.5)).difference(INLAND_SEAS)
    east = [(180.0, -60.0), (180.0, 66.5)]
    west = [(-180.0, 66.5), (-180.0, -60.0)]
    north = [(43.0, 66.5), (43.0, 42.3)]
    atlantic = middle.intersection(shapely.Polygon([*AMERICAS, *AFRICA, *north[::-1]]))
    half = shapely.box(-180, 0, 180, 66.5)
    indian = middle.intersection(shapely.Polygon([*AFRICA, *ASIA[1:]]))
    pacific = middle.intersection(
        shapely.union_all(
            [
                shapely.Polygon([*ASIA, *east, *north]),
                shapely.Polygon([*AMERICAS, *west[::-1]]),
            ]
        )
    )
    yield "north-atlantic", "North Atlantic", _large_parts(atlantic.intersection(half))
    yield "south-atlantic", "South Atlantic", _large_parts(atlantic.difference(half))
    yield "north-pacific", "North Pacific", _large_parts(pacific.intersection(half))
    yield "south-pacific", "South Pacific", _large_parts(pacific.difference(half))
    yield "indian", "Indian Ocean", _large_parts(indian)
    yield (
        "arctic",
        "Arctic Ocean",
        _large_parts(water.intersection(shapely.box(-180, 66.5, 180, 90))),
    )
    yield (
        "southern",
        "Southern Ocean",
        _large_parts(water.intersection(shapely.box(-180, -90, 180, -60))),
    )
    seas = _large_parts(water.intersection(INLAND_SEAS), 0.0005)
    yield "mediterranean-black-sea", "Mediterranean and Black Sea", seas


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


def _large_parts(shape: BaseGeometry, share: float = 0.02) -> BaseGeometry:
    """Drop slivers and inland waters that the cutting left."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    largest = max(part.area for part in parts)
    return shapely.union_all([part for part in parts if part.area > share * largest])


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
