"""Bring blocks of data down to numbers per region, of NumPy or dask arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .statistics import Statistic
from .weights import Weights

Floats = NDArray[np.float64]

ROUNDING = 1e-9
"""Slack in comparing the valid share with the least one."""


def reduce(data: Any, weights: Weights, statistic: Statistic, least_share: float) -> Any:
    """Return what is known of each region.

    Parameters
    ----------
    data : array (..., row, column)
        NumPy, or dask in any blocks.
    weights : Weights
        Of the whole grid.
    statistic : Statistic
        What to compute.
    least_share : float
        Share of a region that must hold valid values, else the value is missing.

    Returns
    -------
    array (..., region, number)
        The share with valid values, then the value or values, then the cell where the value is
        if the statistic has a place. Lazy if `data` are.
    """
    if not hasattr(data, "dask"):
        part = _block(np.asarray(data), weights, statistic)
        return _finish(part[..., None, None, :, :], weights, statistic, least_share)
    import dask.array
    from dask.delayed import delayed

    if statistic.whole:
        data = data.rechunk({data.ndim - 2: -1, data.ndim - 1: -1})
    *outer, rows, columns = data.chunks
    count, kept = len(weights.covered), delayed(weights, pure=True)
    parts = dask.array.map_blocks(
        _place,
        data,
        kept,
        statistic,
        np.cumsum([0, *rows]),
        np.cumsum([0, *columns]),
        dtype=np.float64,
        chunks=(*outer, (1,) * len(rows), (1,) * len(columns), (count,), (statistic.width,)),
        new_axis=[data.ndim, data.ndim + 1],
        meta=np.empty((0,) * (data.ndim + 2)),
    ).rechunk({data.ndim - 2: -1, data.ndim - 1: -1})
    return dask.array.map_blocks(
        _finish,
        parts,
        kept,
        statistic,
        least_share,
        dtype=np.float64,
        chunks=(*outer, (count,), (1 + statistic.values + statistic.place,)),
        drop_axis=[data.ndim - 2, data.ndim - 1],
        meta=np.empty((0,) * data.ndim),
    )


def _place(
    block: NDArray[Any],
    weights: Weights,
    statistic: Statistic,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    block_id: tuple[int, ...],
) -> Floats:
    """Sum one block with its part of the weights."""
    y, x = block_id[block.ndim - 2], block_id[block.ndim - 1]
    part = weights.block(slice(rows[y], rows[y + 1]), slice(columns[x], columns[x + 1]))
    return _block(block, part, statistic)[..., None, None, :, :]


def _block(block: NDArray[Any], weights: Weights, statistic: Statistic) -> Floats:
    lines = np.ascontiguousarray(block).reshape(-1, block.shape[-2] * block.shape[-1])
    if lines.dtype not in (np.float32, np.float64):
        lines = lines.astype(np.float64)
    out = np.empty((len(lines), len(weights.covered), statistic.width))
    statistic.block(lines, weights, out)
    return out.reshape(*block.shape[:-2], *out.shape[1:])


def _finish(parts: Floats, weights: Weights, statistic: Statistic, least_share: float) -> Floats:
    """Join the blocks of the grid and leave out what rests on too little."""
    outer, numbers = parts.shape[:-4], parts.shape[-2:]
    sums = statistic.join(parts.reshape(*outer, -1, *numbers))
    share = sums[..., 0] / weights.totals * weights.covered
    kept = (share >= least_share - ROUNDING) & (share > 0)
    value = statistic.value(sums)
    if value.ndim == share.ndim:
        value = value[..., None]
    columns = [share[..., None], np.where(kept[..., None], value, np.nan)]
    if statistic.place:
        columns.append(np.where(kept, sums[..., 2], -1.0)[..., None])
    return np.concatenate(columns, axis=-1)
