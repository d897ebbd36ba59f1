"""Outlines of regions, carried by a product to its maps; no file holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from ..catalog import MapRequest
from ..errors import OutputError, unknown

OUTLINE = "region_outline"


def with_outlines(product: xr.Dataset, outlines: Mapping[str, Any]) -> xr.Dataset:
    """Return a product whose regions know their outlines.

    Parameters
    ----------
    product : Dataset
        With dimension ``region``.
    outlines : mapping of str to shapely geometry
        Region id to its outline in longitude and latitude, degrees.

    Returns
    -------
    Dataset
        With the coordinate ``region_outline``, which writers of files leave out.
    """
    shapes = np.empty(product.sizes["region"], dtype=object)
    for i, region in enumerate(product["region"].values):
        shapes[i] = outlines.get(str(region))
    return product.assign_coords({OUTLINE: ("region", shapes)})


def without_outlines(product: xr.Dataset) -> xr.Dataset:
    """Return a product as it can be written to a file."""
    return product.drop_vars(OUTLINE, errors="ignore")


def outlines_of(product: xr.Dataset, request: MapRequest) -> list[Any]:
    """Return the outlines that a map asks for.

    Raises
    ------
    OutputError
        If the product does not hold that region set with outlines.
    """
    if request.regions is None:
        return []
    sets = [str(name) for name in product["region_set"].values] if "region_set" in product else []
    if request.regions not in sets or OUTLINE not in product.coords:
        raise OutputError(
            f"map of {request.variable!r} asks for outlines: "
            f"{unknown('region set', request.regions, set(sets) if OUTLINE in product else ())}; "
            "it must be among the 'regions:' of the recipe"
        )
    chosen = [name == request.regions for name in sets]
    shapes = product[OUTLINE].values[np.array(chosen)]
    return [shape for shape in shapes if shape is not None]
