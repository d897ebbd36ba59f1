"""Write the SREX and Giorgi regions as GeoJSON; run from the clone's root, needs `regionmask`.

The corner points are those of the publications, as the package regionmask (MIT) holds them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import regionmask
import shapely

FOLDER = Path(__file__).parent.parent / "catalog" / "regions"
SETS = {"ipcc-srex": regionmask.defined_regions.srex, "giorgi": regionmask.defined_regions.giorgi}


def main() -> None:
    """Write both files and print their sha256."""
    for name, regions in SETS.items():
        features = [
            {
                "type": "Feature",
                "properties": {"id": region.abbrev.lower(), "name": region.name},
                "geometry": json.loads(shapely.to_geojson(region.polygon)),
            }
            for region in regions
        ]
        collection = {"type": "FeatureCollection", "features": features}
        text = json.dumps(collection, separators=(",", ":"), ensure_ascii=False) + "\n"
        path = FOLDER / f"{name}.geojson"
        path.write_text(text, encoding="utf-8")
        print(f"{path.name}: sha256 {hashlib.sha256(text.encode()).hexdigest()}")


if __name__ == "__main__":
    main()
