"""Read polygons and their attributes from GeoJSON, shapefiles and GeoPackages."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from ..errors import RegionError

Feature = tuple[dict[str, Any], BaseGeometry]

_LON_LAT = frozenset({"EPSG:4326", "OGC:CRS84", "EPSG:4979", "EPSG:4258"})
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)


def read_features(path: Path, layer: str | None = None) -> list[Feature]:
    """Return attributes and geometry of every feature of a file, in longitude and latitude.

    Parameters
    ----------
    path : Path
        ``.geojson`` or ``.json``, ``.shp`` or a ``.zip`` that holds one, ``.gpkg``. A file in
        another coordinate system is transformed.
    layer : str, optional
        Table of a GeoPackage that holds several.

    Returns
    -------
    list of (dict, geometry)

    Raises
    ------
    RegionError
        If the file is absent, of another kind or damaged.
    """
    reader = _READERS.get(path.suffix.casefold())
    if reader is None:
        raise RegionError(f"{path} is of no known kind; expected one of {', '.join(_READERS)}")
    if not path.is_file():
        raise RegionError(f"{path} does not exist; give the path of a geometry file")
    try:
        return list(reader(path, layer))
    except RegionError:
        raise
    except Exception as error:
        raise RegionError(
            f"{path} cannot be read as {path.suffix}: {' '.join(str(error).split()):.300}"
        ) from error


def _geojson(path: Path, layer: str | None) -> Iterator[Feature]:
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    if content.get("type") not in ("FeatureCollection", "Feature"):
        raise RegionError(
            f"{path} holds a GeoJSON {content.get('type')!r}; expected a FeatureCollection"
        )
    yield from geojson_features(content)


def geojson_features(content: dict[str, Any]) -> list[Feature]:
    """Return attributes and geometry of GeoJSON: a collection, a feature or a bare geometry."""
    kind = content["type"]
    if kind == "FeatureCollection":
        features = content["features"]
    else:
        features = [content if kind == "Feature" else {"geometry": content}]
    named = (content.get("crs") or {}).get("properties", {}).get("name")
    move = _to_lon_lat(named) if named else None
    found = []
    for number, feature in enumerate(features):
        properties = {"id": feature.get("id", number), **(feature.get("properties") or {})}
        shape = shapely.from_geojson(json.dumps(feature["geometry"]))
        found.append((properties, move(shape) if move else shape))
    return found


def _shapefile(path: Path, layer: str | None) -> Iterator[Feature]:
    import shapefile

    with shapefile.Reader(str(path)) as reader:
        definition = _projection(path)
        move = _to_lon_lat(definition) if definition else None
        for record in reader.iterShapeRecords():
            shape = shapely.geometry.shape(record.shape.__geo_interface__)
            yield record.record.as_dict(), move(shape) if move else shape


def _projection(path: Path) -> str | None:
    """Return the text of the ``.prj`` beside a shapefile or in its archive."""
    if path.suffix.casefold() == ".zip":
        import zipfile

        with zipfile.ZipFile(path) as archive:
            inside = [name for name in archive.namelist() if name.casefold().endswith(".prj")]
            return archive.read(inside[0]).decode("utf-8") if inside else None
    beside = path.with_suffix(".prj")
    return beside.read_text(encoding="utf-8") if beside.is_file() else None


def _geopackage(path: Path, layer: str | None) -> Iterator[Feature]:
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as database:
        database.row_factory = sqlite3.Row
        table, column, system = _layer(database, path, layer)
        move = _to_lon_lat(system)
        for row in database.execute(f'SELECT * FROM "{table}"'):
            if row[column] is not None:
                values = {key: row[key] for key in row.keys() if key != column}
                shape = _from_gpkg(row[column])
                yield values, move(shape) if move else shape


def _layer(database: sqlite3.Connection, path: Path, layer: str | None) -> tuple[str, str, str]:
    """Return table, geometry column and coordinate system of the layer."""
    rows = database.execute(
        "SELECT g.table_name, g.column_name, s.organization, s.organization_coordsys_id,"
        " s.definition FROM gpkg_geometry_columns g"
        " LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id"
    ).fetchall()
    names = [row[0] for row in rows]
    chosen = [row for row in rows if layer in (None, row[0])]
    if len(chosen) != 1:
        found = ", ".join(map(repr, names))
        raise RegionError(f"{path} has the layers {found}; name one of them as 'layer'")
    table, column, authority, code, definition = chosen[0]
    known = str(authority).upper() == "EPSG"
    return table.replace('"', '""'), column, f"EPSG:{code}" if known else str(definition)


def _from_gpkg(blob: bytes) -> BaseGeometry:
    if blob[:2] != b"GP":
        raise RegionError("a geometry does not begin with 'GP'; the GeoPackage is damaged")
    size = _ENVELOPE_BYTES[(blob[3] >> 1) & 7]
    return shapely.from_wkb(blob[8 + size :])


def _to_lon_lat(system: str) -> Callable[[BaseGeometry], BaseGeometry] | None:
    """Return what brings a geometry to longitude and latitude; None where it is there."""
    if system.upper() in _LON_LAT or "CRS84" in system.upper():
        return None
    from pyproj import CRS, Transformer

    crs = CRS.from_user_input(system)
    if crs.is_geographic:
        return None
    move = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    return lambda shape: shapely.transform(shape, move.transform, interleaved=False)


_READERS: dict[str, Callable[[Path, str | None], Iterator[Feature]]] = {
    ".geojson": _geojson,
    ".json": _geojson,
    ".shp": _shapefile,
    ".zip": _shapefile,
    ".gpkg": _geopackage,
}
