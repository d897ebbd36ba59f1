"""One value per region and time, lazily, in one visit to each block of the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..errors import RegionError
from .grid import grid_of
from .region import Regions
from .weights import Weights, weights_of

MIN_VALID_FRACTION = 0.5
"""Share of a region's area that must hold valid values, unless the caller says otherwise."""
ROUNDING = 1e-9
"""Slack of that comparison."""


def aggregate(
    da: xr.DataArray,
    regions: Regions,
    *,
    bounds: xr.Dataset | None = None,
    min_valid_fraction: float = MIN_VALID_FRACTION,
    cache_dir: Path | None = None,
) -> xr.DataArray:
    """Return the area-weighted mean of each region.

    Parameters
    ----------
    da : DataArray (..., lat, lon)
        NaN is missing; lazy data stay lazy. `cell_area` is used where it is a coordinate,
        else worked out on a sphere.
    regions : Regions
        From `load_region_set`, `box`, `point` and the like.
    bounds : Dataset, optional
        Holds `lat_bnds` and `lon_bnds`, which a DataArray cannot carry; without them the edges
        of cells are put midway between the centres.
    min_valid_fraction : float
        Share of the region's whole area, from 0 to 1, that must lie on the grid and hold valid
        values; below it the result is missing.
    cache_dir : Path, optional
        Where to keep coverage between runs.

    Returns
    -------
    DataArray (..., region), units of `da`
        With the coordinates `region`, `region_name` and `region_set`; `valid_fraction`
        (..., region), the share of the region that holds valid values; and `covered_fraction`
        (region), the share that lies on the grid.

    Raises
    ------
    RegionError
        If a region lies outside the data, naming both, or the data have no known grid.
    """
    if not 0 <= min_valid_fraction <= 1:
        raise RegionError(f"min_valid_fraction is {min_valid_fraction}; expected 0 to 1")
    grid = grid_of(da, bounds)
    weights = weights_of(grid, regions, cache_dir)
    ordered = da.transpose(..., *grid.dims)
    sums = _sums(ordered.data, weights)
    share = sums[..., 0] / weights.totals * weights.covered
    mean = sums[..., 1] / _where(sums[..., 0] > 0, sums[..., 0])
    mean = _where(share >= min_valid_fraction - ROUNDING, mean)
    return _labelled(da, ordered.dims[:-2], mean, share, regions, weights)


def _where(kept: Any, values: Any) -> Any:
    """Return values where kept, else NaN, of NumPy or dask arrays."""
    if isinstance(values, np.ndarray):
        return np.where(kept, values, np.nan)
    import dask.array

    return dask.array.where(kept, values, np.nan)


def _sums(data: Any, weights: Weights) -> Any:
    """Return (..., region, 2): area with valid values, and area times value."""
    if not hasattr(data, "dask"):
        return _block_sums(np.asarray(data), weights)
    import dask.array
    from dask.delayed import delayed

    *outer, rows, columns = data.chunks
    partial = dask.array.map_blocks(
        _place_sums,
        data,
        delayed(weights, pure=True),
        _starts(rows),
        _starts(columns),
        dtype=np.float64,
        chunks=(*outer, (1,) * len(rows), (1,) * len(columns), (len(weights.covered),), (2,)),
        new_axis=[data.ndim, data.ndim + 1],
        meta=np.empty((0,) * (data.ndim + 2)),
    )
    return partial.sum(axis=(data.ndim - 2, data.ndim - 1))


def _starts(chunks: tuple[int, ...]) -> list[int]:
    return [0, *np.cumsum(chunks).tolist()]


def _place_sums(
    block: NDArray[Any],
    weights: Weights,
    rows: list[int],
    columns: list[int],
    block_id: tuple[int, ...],
) -> NDArray[np.float64]:
    """Sum one block with its part of the weights."""
    y, x = block_id[block.ndim - 2], block_id[block.ndim - 1]
    part = weights.block(slice(rows[y], rows[y + 1]), slice(columns[x], columns[x + 1]))
    return _block_sums(block, part)[..., None, None, :, :]


def _block_sums(block: NDArray[Any], weights: Weights) -> NDArray[np.float64]:
    from .kernels import mean_sums

    lines = np.ascontiguousarray(block).reshape(-1, block.shape[-2] * block.shape[-1])
    if lines.dtype not in (np.float32, np.float64):
        lines = lines.astype(np.float64)
    out = np.empty((len(lines), len(weights.covered), 2))
    mean_sums(lines, weights.starts, weights.cells, weights.areas, out)
    return out.reshape(*block.shape[:-2], *out.shape[1:])


def _labelled(
    da: xr.DataArray,
    dims: tuple[Any, ...],
    values: Any,
    share: Any,
    regions: Regions,
    weights: Weights,
) -> xr.DataArray:
    """Put names and attributes back."""
    kept = {k: v for k, v in da.coords.items() if set(v.dims) <= set(dims)}
    attrs = {k: v for k, v in da.attrs.items() if k not in ("grid_mapping", "ancillary_variables")}
    attrs["cell_methods"] = f"{attrs.get('cell_methods', '')} area: mean".strip()
    result = xr.DataArray(values, dims=(*dims, "region"), coords=kept, name=da.name, attrs=attrs)
    names = np.array(regions.names, dtype=object).astype(str)
    return result.assign_coords(
        region=("region", np.array(regions.ids), {"long_name": "region id"}),
        region_name=("region", names, {"long_name": "region name"}),
        region_set=("region", np.array(regions.set_ids), {"long_name": "region set"}),
        valid_fraction=(
            (*dims, "region"),
            share,
            {
                "standard_name": "area_fraction",
                "long_name": "share of the region's area with valid values",
                "units": "1",
            },
        ),
        covered_fraction=(
            "region",
            weights.covered,
            {"long_name": "share of the region's area on the grid", "units": "1"},
        ),
    )
