"""What a product covers on the Earth, as ACDD attributes."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from ..catalog import BBox


def describe_grid(product: xr.Dataset) -> xr.Dataset:
    """Give latitude, longitude, cell area and regions their CF attributes."""
    for name, standard_name, units, axis in (
        ("lat", "latitude", "degrees_north", "Y"),
        ("lon", "longitude", "degrees_east", "X"),
    ):
        if name not in product.coords:
            continue
        attributes = product[name].attrs
        attributes.update(standard_name=standard_name, units=units)
        attributes.setdefault("long_name", standard_name)
        if name in product.dims:
            attributes["axis"] = axis
        if f"{name}_bnds" in product:
            attributes["bounds"] = f"{name}_bnds"
            product[f"{name}_bnds"].attrs = {}
    if "cell_area" in product:
        product["cell_area"].attrs.update(
            standard_name="cell_area",
            units="m2",
            long_name="area of the grid cell",
            coverage_content_type="auxiliaryInformation",
        )
    for name, long_name in (
        ("region", "region id"),
        ("region_name", "name of the region"),
        ("region_set", "region set"),
    ):
        if name in product.coords:
            product[name].attrs.setdefault("long_name", long_name)
            product[name].attrs.pop("units", None)
    return product


def geospatial(product: xr.Dataset) -> dict[str, Any]:
    """Return the ``geospatial_*`` attributes from the bounds of the cells.

    Parameters
    ----------
    product : Dataset
        With ``lat`` and ``lon`` of one or two dimensions, scalar, or without any.

    Returns
    -------
    dict
        Degrees; empty for a product without place.
    """
    if "lat" not in product.coords or "lon" not in product.coords:
        return {}
    south, north = _extent(product, "lat", -90.0, 90.0)
    west, east = _extent(product, "lon", -180.0, 360.0)
    attributes = _attributes(west, south, east, north)
    for name in ("lat", "lon"):
        if product[name].ndim == 1 and product[name].size > 1:
            step = float(np.median(np.diff(product[name].values.astype(float))))
            attributes[f"geospatial_{name}_resolution"] = f"{step:.5g} degrees"
    return attributes


def geospatial_of_box(box: BBox | None) -> dict[str, Any]:
    """Return the ``geospatial_*`` attributes of a box, for a product without coordinates."""
    return _attributes(box.west, box.south, box.east, box.north) if box else {}


def _attributes(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    corners = ((south, west), (north, west), (north, east), (south, east), (south, west))
    polygon = ", ".join(f"{lat:g} {lon:g}" for lat, lon in corners)
    return {
        "geospatial_lat_min": south,
        "geospatial_lat_max": north,
        "geospatial_lat_units": "degrees_north",
        "geospatial_lon_min": west,
        "geospatial_lon_max": east,
        "geospatial_lon_units": "degrees_east",
        "geospatial_bounds": f"POLYGON (({polygon}))",
        "geospatial_bounds_crs": "EPSG:4326",
    }


def _extent(product: xr.Dataset, name: str, lowest: float, highest: float) -> tuple[float, float]:
    """Return the outer edges of the cells along an axis."""
    bounds = product.get(f"{name}_bnds")
    values = np.asarray(product[name].values if bounds is None else bounds.values, dtype=float)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if bounds is None and product[name].ndim == 1 and product[name].size > 1:
        half = abs(float(np.median(np.diff(product[name].values)))) / 2
        low, high = low - half, high + half
    return round(max(low, lowest), 6), round(min(high, highest), 6)
