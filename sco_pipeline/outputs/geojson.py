"""Outlines of the regions with the latest values, as GIS programs read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..catalog import Recipe
from ..errors import OutputError
from ..geography import feature_collection
from .atomic import write_text
from .long_table import COUNTS, numbers_of
from .outlines import OUTLINE
from .series_table import Series, series_of
from .text import clean
from .time_axes import CLIMATOLOGICAL_DIMS, iso_stamp
from .writer import writer


@writer("geojson")
def write_geojson(product: xr.Dataset, recipe: Recipe, directory: Path) -> list[Path]:
    """Write ``<recipe id>.geojson``: one feature for each region.

    Parameters
    ----------
    product : Dataset
        Described product with outlines.
    recipe : Recipe
        Names the file.
    directory : Path
        Of the product.

    Returns
    -------
    list of Path
        The one file. Properties are ``<result>``, its latest value that is not missing (of a
        result along calendar months, none), ``<result>_time``, the start of its step, and
        ``<result>_<column>`` for what is known beside it. Units and names stand in the member
        ``variables`` of the collection.

    Raises
    ------
    OutputError
        If the recipe names no regions, or the file cannot be written.
    """
    if OUTLINE not in product.coords:
        raise OutputError(
            f"recipe {recipe.id!r}: the format 'geojson' needs 'regions:'; name a region set or "
            "leave the format out"
        )
    ids = [str(name) for name in product["region"].values]
    properties: list[dict[str, Any]] = [
        {"name": clean(name), "region_set": str(origin)}
        for name, origin in zip(
            product["region_name"].values, product["region_set"].values, strict=True
        )
    ]
    variables = {}
    for series in series_of(product):
        if series.regions and series.axis not in CLIMATOLOGICAL_DIMS:
            variables[series.name] = {
                key: clean(series.da.attrs.get(key, "")) for key in ("long_name", "units")
            }
            for about, latest in zip(properties, _latest(series, product), strict=True):
                about |= latest
    text = feature_collection(
        ids,
        list(product[OUTLINE].values),
        properties,
        name=recipe.id,
        title=clean(recipe.title),
        license=clean(product.attrs.get("license", "")),
        geometry_sha256=product["region"].attrs.get("geometry_sha256", ""),
        variables=variables,
    )
    path = directory / f"{recipe.id}.geojson"
    write_text(path, text)
    return [path]


def _latest(series: Series, product: xr.Dataset) -> list[dict[str, Any]]:
    """Return the latest value of each region and what is known beside it."""
    numbers = numbers_of(series, product)
    found = []
    for column in range(series.values.shape[1]):
        present = np.flatnonzero(np.isfinite(series.values[:, column]))
        row = int(present[-1]) if present.size else -1
        about: dict[str, Any] = {}
        for key, values in numbers.items():
            name = series.name if key == "value" else f"{series.name}_{key}"
            number = float(values[row, column])
            about[name] = int(number) if key in COUNTS and np.isfinite(number) else number
        if series.axis is not None:
            about[f"{series.name}_time"] = iso_stamp(series.da[series.axis].values[row])
        found.append(about)
    return found
