"""Make the country polygons of `sco_pipeline/geography` from the npm package world-atlas.

Run once for a new version of the package, with `pycountry` installed for the ISO 3166 codes::

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python scripts/make_geography.py package

The source is TopoJSON: quantised arcs shared by neighbours, stitched across the antimeridian. Here
every ring is joined, unrolled to continuous longitudes, closed over the pole if it runs around the
globe, cut at the antimeridian and written as GeoJSON (RFC 7946) with one country a line.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pycountry
import shapely

SOURCES = {
    "110m": "2516c915867c7baf18ddec727aec46c315541a07cfb3d79a6559b05d5e94eee8",
    "50m": "04342cdc1e3016bcd7db1630de95684d67b79fe3c8c460321e87aef469502394",
}
TARGET = Path(__file__).parent.parent / "sco_pipeline" / "geography"
DECIMALS = 3  # the source is quantised to 0.0036 degrees of longitude
SLIVER = 1e-6  # square degrees; what quantisation leaves on the wrong side of the antimeridian
FULL_TURN = 360.0


def decode_arcs(topology: dict[str, Any]) -> list[np.ndarray]:
    """Return the arcs as (n, 2) arrays of longitude and latitude."""
    scale = np.array(topology["transform"]["scale"])
    translate = np.array(topology["transform"]["translate"])
    return [np.cumsum(np.array(arc), axis=0) * scale + translate for arc in topology["arcs"]]


def join_ring(indices: list[int], arcs: list[np.ndarray]) -> np.ndarray:
    """Return the ring that a list of arc numbers stands for; ~i is arc i backwards."""
    parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def unroll(ring: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the ring with continuous longitudes, and how often it runs around the globe."""
    steps = (np.diff(ring[:, 0]) + 180.0) % FULL_TURN - 180.0
    lon = ring[0, 0] + np.concatenate([[0.0], np.cumsum(steps)])
    return np.column_stack([lon, ring[:, 1]]), round((lon[-1] - lon[0]) / FULL_TURN)


def close_over_pole(ring: np.ndarray) -> np.ndarray:
    """Return a ring around the globe closed along its nearer pole."""
    pole = np.copysign(90.0, ring[:, 1].mean())
    return np.concatenate([ring, [[ring[-1, 0], pole], [ring[0, 0], pole], ring[0]]])


def is_polar_remnant(ring: np.ndarray, turns: int) -> bool:
    """Tell whether a ring merely circles the pole itself."""
    return turns != 0 and bool(np.abs(ring[:, 1]).min() > 89.99)


def polygon(rings: list[np.ndarray]) -> shapely.Geometry:
    """Return one valid polygon on unrolled longitudes from an outer ring and holes."""
    unrolled = [unroll(ring) for ring in rings]
    kept = [
        close_over_pole(ring) if turns else ring
        for ring, turns in unrolled
        if not is_polar_remnant(ring, turns)
    ]
    shape = shapely.make_valid(shapely.Polygon(kept[0]), method="structure")
    middle = shape.centroid.x
    for hole in kept[1:]:
        turns = round((middle - hole[:, 0].mean()) / FULL_TURN)
        shape = shape.difference(shapely.Polygon(hole + np.array([turns * FULL_TURN, 0.0])))
    return shape


def cut(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """Return the parts of an unrolled shape, each moved to -180..180."""
    west, _, east, _ = shape.bounds
    parts = []
    for turn in range(int((west + 180) // FULL_TURN), int((east + 180) // FULL_TURN) + 1):
        start = -180 + turn * FULL_TURN
        window = shapely.box(start, -90, start + FULL_TURN, 90)
        part = shapely.transform(
            shape.intersection(window), lambda xy, by=turn * FULL_TURN: xy - [by, 0.0]
        )
        parts += [p for p in shapely.get_parts(part) if p.area > SLIVER]
    return parts


def country_shape(
    arcs_of: list[list[list[int]]], arcs: list[np.ndarray]
) -> shapely.Polygon | shapely.MultiPolygon:
    """Return a country: valid, outer rings counter-clockwise, ordinates rounded."""
    parts = [
        part
        for rings in arcs_of
        for part in cut(polygon([join_ring(ring, arcs) for ring in rings]))
    ]
    merged = shapely.union_all(parts)
    rounded = shapely.transform(merged, lambda xy: np.round(xy, DECIMALS))
    valid = shapely.make_valid(rounded, method="structure")
    polygons = [p for p in shapely.get_parts(valid) if p.geom_type == "Polygon" and p.area > SLIVER]
    polygons.sort(key=lambda p: (-p.area, p.bounds))
    oriented = [shapely.geometry.polygon.orient(p) for p in polygons]
    return oriented[0] if len(oriented) == 1 else shapely.MultiPolygon(oriented)


def slug(name: str) -> str:
    """Return a name as a kebab-case id."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def properties(name: str, numeric: str | None) -> dict[str, str | None]:
    """Return the attributes of a country; areas without an ISO code get their name as id."""
    found = pycountry.countries.get(numeric=numeric) if numeric else None
    if numeric and not found:
        raise SystemExit(f"ISO 3166 has no country {numeric} ({name}); update pycountry")
    return {
        "id": found.alpha_3.lower() if found else slug(name),
        "name": name,
        "iso_a3": found.alpha_3 if found else None,
        "iso_n3": numeric,
    }


def features(topology: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the countries as GeoJSON features in the order of their ids."""
    arcs = decode_arcs(topology)
    made = []
    for item in topology["objects"]["countries"]["geometries"]:
        arcs_of = item["arcs"] if item["type"] == "MultiPolygon" else [item["arcs"]]
        shape = country_shape(arcs_of, arcs)
        made.append((shape, properties(item["properties"]["name"], item.get("id"))))
    largest_first = sorted(made, key=lambda pair: -pair[0].area)
    taken: set[str | None] = set()
    for _, about in largest_first:
        if about["id"] in taken:  # a dependency that carries its country's code
            about.update(id=slug(str(about["name"])), iso_a3=None, iso_n3=None)
        taken.add(about["id"])
    made.sort(key=lambda pair: str(pair[1]["id"]))
    return [
        {
            "type": "Feature",
            "properties": about,
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for shape, about in made
    ]


def compact(value: Any) -> str:
    """Return JSON without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def write(collection: list[dict[str, Any]], path: Path) -> None:
    """Write a feature collection with one feature a line."""
    lines = ",\n".join(compact(feature) for feature in collection)
    path.write_text(
        '{"type":"FeatureCollection","features":[\n' + lines + "\n]}\n", encoding="utf-8"
    )


def main() -> None:
    """Convert both resolutions and copy the licence."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="the unpacked npm package")
    package = parser.parse_args().package
    for resolution, sha256 in SOURCES.items():
        raw = (package / f"countries-{resolution}.json").read_bytes()
        if hashlib.sha256(raw).hexdigest() != sha256:
            raise SystemExit(f"countries-{resolution}.json is not that of world-atlas 2.0.2")
        write(features(json.loads(raw)), TARGET / f"countries-{resolution}.geojson")
    (TARGET / "LICENSE-world-atlas").write_bytes((package / "LICENSE").read_bytes())


if __name__ == "__main__":
    main()
