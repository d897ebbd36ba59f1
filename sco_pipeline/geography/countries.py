"""Read the vendored countries, and split their outlines into coasts and borders."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from shapely.geometry import MultiPolygon, Polygon

Resolution = Literal["110m", "50m"]

_RESOLUTIONS = ("110m", "50m")
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Country:
    """A country or territory.

    Attributes
    ----------
    id : str
        ISO 3166 alpha-3 code in lower case; a name in kebab-case where ISO has no code.
    name : str
        Short English name of Natural Earth.
    geometry : Polygon or MultiPolygon, degrees
        Longitudes in [-180, 180], cut at the antimeridian; Antarctica is closed along -90.
    """

    id: str
    name: str
    geometry: Polygon | MultiPolygon


@functools.cache
def countries(resolution: Resolution = "50m") -> tuple[Country, ...]:
    """Return all countries in the order of their ids.

    Parameters
    ----------
    resolution : {"110m", "50m"}
        Scale of the outlines: 1:110 million (177 countries) or 1:50 million (241).

    Returns
    -------
    tuple of Country
        Read once a process.

    Raises
    ------
    ValueError
        For any other resolution.
    """
    import shapely

    if resolution not in _RESOLUTIONS:
        raise ValueError(f"no countries at {resolution!r}; choose one of {_RESOLUTIONS}")
    text = (_HERE / f"countries-{resolution}.geojson").read_text(encoding="utf-8")
    features: list[dict[str, Any]] = json.loads(text)["features"]
    return tuple(
        Country(
            feature["properties"]["id"],
            feature["properties"]["name"],
            shapely.geometry.shape(feature["geometry"]),
        )
        for feature in features
    )


@functools.cache
def boundaries(resolution: Resolution = "50m") -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of all countries, split into coasts and borders.

    Edges that only exist because polygons are cut at the antimeridian or closed over the pole
    are left out.

    Parameters
    ----------
    resolution : {"110m", "50m"}
        Scale of the outlines.

    Returns
    -------
    coasts, borders : ndarray (n, 2, 2), degrees
        Edges from (lon, lat) to (lon, lat). An edge of two countries is a border.
    """
    import shapely

    rings = [
        shapely.get_coordinates(ring)
        for country in countries(resolution)
        for ring in shapely.get_rings(shapely.get_parts(country.geometry))
    ]
    edges = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])
    edges = edges[~_is_artificial(edges)]
    swap = (edges[:, 0, 0] > edges[:, 1, 0]) | (
        (edges[:, 0, 0] == edges[:, 1, 0]) & (edges[:, 0, 1] > edges[:, 1, 1])
    )
    edges[swap] = edges[swap][:, ::-1]
    unique, count = np.unique(edges.reshape(-1, 4), axis=0, return_counts=True)
    unique = unique.reshape(-1, 2, 2)
    return unique[count == 1], unique[count > 1]


def _is_artificial(edges: np.ndarray) -> np.ndarray:
    on_antimeridian = (np.abs(edges[:, :, 0]) == 180.0).all(axis=1)
    on_pole = (np.abs(edges[:, :, 1]) == 90.0).all(axis=1)
    return np.asarray(on_antimeridian | on_pole)
