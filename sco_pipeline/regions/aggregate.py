"""One value per region and time, lazily, in one visit to each block of the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..errors import RegionError
from .cells import CellGrid
from .grid import Grid
from .locate import grid_of
from .places import as_regions
from .reduce import reduce
from .region import Regions
from .statistics import Statistic, statistic
from .units import converted
from .weights import Weights, weights_of

MIN_VALID_FRACTION = 0.5
"""Share of a region's area that must hold valid values, unless the caller says otherwise."""

_SHARE = {
    "standard_name": "area_fraction",
    "long_name": "share of the region's area with valid values",
    "units": "1",
}
_COVERED = {"long_name": "share of the region's area on the grid", "units": "1"}
_NOT_KEPT = ("grid_mapping", "ancillary_variables", "valid_range", "valid_min", "valid_max")


def aggregate(
    da: xr.DataArray,
    regions: Regions | Any,
    how: str = "mean",
    *,
    units: str | None = None,
    bounds: xr.Dataset | None = None,
    min_valid_fraction: float = MIN_VALID_FRACTION,
    cache_dir: Path | None = None,
    **options: Any,
) -> xr.DataArray:
    """Return one value per region: the area-weighted mean or another statistic.

    Parameters
    ----------
    da : DataArray (..., lat, lon) or (..., y, x)
        NaN is missing; lazy data stay lazy. `cell_area` is used where it is a coordinate,
        else worked out on a sphere.
    regions : Regions, Path, str, GeoDataFrame or object with ``__geo_interface__``
        From `load_region_set`, `box`, `point` and the like; a path is that of a geometry file.
    how : str
        ``mean``; ``sum`` (value times area, over the valid cells); ``minimum``, ``maximum``
        (with `place_lat` and `place_lon`); ``standard_deviation`` (of the area); ``quantile``
        (option `q`: the least value at or below which that share of the area lies);
        ``area_above``, ``area_below`` (option `threshold`); ``count`` (cells).
    units : str, optional
        Units of a sum or an area, for example ``km3``, ``Gt`` or ``km2``.
    bounds : Dataset, optional
        Holds `lat_bnds` and `lon_bnds`, which a DataArray cannot carry; without them the edges
        of cells are put midway between the centres.
    min_valid_fraction : float
        Share of the region's whole area, from 0 to 1, that must lie on the grid and hold valid
        values; below it the result is missing.
    cache_dir : Path, optional
        Where to keep coverage between runs.
    **options
        Of the statistic.

    Returns
    -------
    DataArray (..., region[, quantile])
        With the coordinates `region`, `region_name` and `region_set`; `valid_fraction`
        (..., region), the share of the region that holds valid values; and `covered_fraction`
        (region), the share that lies on the grid. A cell of which less than a millionth of the
        region's largest weight lies inside is left out of counts and extremes.

    Raises
    ------
    RegionError
        If a region lies outside the data, naming both, the data have no known grid, or the
        statistic is unknown.
    """
    chosen = statistic(how, **options)
    scale, unit = converted(chosen.unit, da, units)
    result = reduced(
        da,
        regions,
        chosen,
        bounds=bounds,
        min_valid_fraction=min_valid_fraction,
        cache_dir=cache_dir,
    )
    if scale != 1.0:
        result = result.copy(data=result.data * scale)
    return result.assign_attrs({"units": unit} if unit is not None else {})


def reduced(
    da: xr.DataArray,
    regions: Regions | Any,
    chosen: Statistic,
    *,
    bounds: xr.Dataset | None,
    min_valid_fraction: float,
    cache_dir: Path | None,
) -> xr.DataArray:
    """Return a statistic of each region in its own units; see `aggregate`."""
    if not 0 <= min_valid_fraction <= 1:
        raise RegionError(f"min_valid_fraction is {min_valid_fraction}; expected 0 to 1")
    regions = as_regions(regions)
    grid = grid_of(da, bounds)
    weights = weights_of(grid, regions, cache_dir)
    ordered = da.transpose(..., *grid.dims)
    numbers = reduce(ordered.data, weights, chosen, min_valid_fraction)
    result = _labelled(ordered, numbers, chosen, regions, weights)
    return _placed(result, numbers[..., 2], grid) if chosen.place else result


def _labelled(
    da: xr.DataArray, numbers: Any, chosen: Statistic, regions: Regions, weights: Weights
) -> xr.DataArray:
    """Put names and attributes back."""
    dims = (*da.dims[:-2], "region")
    kept = {k: v for k, v in da.coords.items() if set(v.dims) <= set(dims)}
    attrs = {k: v for k, v in da.attrs.items() if k not in _NOT_KEPT}
    attrs["cell_methods"] = f"{attrs.get('cell_methods', '')} {chosen.method}".strip()
    values = numbers[..., 1:] if chosen.levels else numbers[..., 1]
    levels = ("quantile",) if chosen.levels else ()
    result = xr.DataArray(values, dims=(*dims, *levels), coords=kept, name=da.name, attrs=attrs)
    if chosen.levels:
        result = result.assign_coords(quantile=("quantile", np.array(chosen.levels)))
    return result.assign_coords(
        region=(
            "region",
            np.array(regions.ids),
            {"long_name": "region id", "geometry_sha256": regions.sha256},
        ),
        region_name=("region", np.array(regions.names), {"long_name": "region name"}),
        region_set=("region", np.array(regions.set_ids), {"long_name": "region set"}),
        valid_fraction=(dims, numbers[..., 0], _SHARE),
        covered_fraction=("region", weights.covered, _COVERED),
    )


def _placed(result: xr.DataArray, cells: Any, grid: Grid | CellGrid) -> xr.DataArray:
    """Add latitude and longitude of the cell where the value is."""

    def where(numbers: Any, axis: int) -> Any:
        places = grid.centres(np.maximum(numbers, 0).astype(np.int64))
        return np.where(numbers >= 0, places[axis], np.nan)

    coordinates = {}
    for axis, (name, unit) in enumerate((("lat", "degrees_north"), ("lon", "degrees_east"))):
        if isinstance(cells, np.ndarray):
            values = where(cells, axis)
        else:
            values = cells.map_blocks(
                where, axis, dtype=np.float64, meta=np.empty((0,) * cells.ndim)
            )
        attrs = {"long_name": f"{name} of the cell with the value", "units": unit}
        coordinates[f"place_{name}"] = (result.dims, values, attrs)
    return result.assign_coords(coordinates)
