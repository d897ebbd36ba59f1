"""GeoJSON features that are points: properties become columns of a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from ...errors import HarmonisationError
from .json import as_table, load
from .reader import reader

if TYPE_CHECKING:
    from ...catalog import DatasetEntry


@reader("geojson")
def read_geojson(path: Path, entry: DatasetEntry | None) -> xr.Dataset:
    """Open the points of a FeatureCollection; none is a day on which nothing was seen."""
    from ..tables import as_dataset

    content = load(path)
    features = content.get("features") if isinstance(content, Mapping) else None
    if not isinstance(features, list):
        raise HarmonisationError(
            f"{path.name} has no 'features', which a GeoJSON FeatureCollection has; fetch it again"
        )
    rows = [_row(feature, path.name) for feature in features]
    table = as_table(rows) if rows else pd.DataFrame({"latitude": [], "longitude": []}, dtype=float)
    return as_dataset(table, entry, path.name)


def _row(feature: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """Return the properties of a point, with its position."""
    geometry = feature.get("geometry") or {}
    if geometry.get("type") != "Point":
        raise HarmonisationError(
            f"{origin} holds a {geometry.get('type') or 'feature without geometry'}, and only "
            "points are read as data; read areas as a region set with 'file:'"
        )
    lon, lat = geometry["coordinates"][:2]
    taken = ("latitude", "longitude", "lat", "lon", "x", "y")
    properties = feature.get("properties") or {}
    own = {name: value for name, value in properties.items() if name.lower() not in taken}
    return {**own, "latitude": lat, "longitude": lon}
