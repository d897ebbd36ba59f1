"""How much of each cell belongs to each region: one sparse matrix for all times and indicators."""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import RegionError
from .coverage import areas_of, binned, cover, edges_of
from .grid import Grid
from .region import Regions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_VERSION = b"1"


@dataclass(frozen=True, eq=False)
class Coverage:
    """Share of each cell inside each region, as a sparse matrix by rows.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of the grid.
    starts : array (region + 1,)
        Where the entries of each region start.
    cells : array (entry,)
        Index into the flattened grid, in the order of the data.
    shares : array (entry,)
        Greater than 0, at most 1.
    covered : array (region,)
        Share of the region's area that lies on the grid.
    """

    shape: tuple[int, int]
    starts: Integers
    cells: Integers
    shares: Floats
    covered: Floats


@dataclass(frozen=True, eq=False)
class Weights:
    """Area of each cell inside each region.

    Attributes
    ----------
    shape, starts, cells, covered
        As in `Coverage`.
    areas : array (entry,), m2
        Weight of each entry.
    """

    shape: tuple[int, int]
    starts: Integers
    cells: Integers
    areas: Floats
    covered: Floats

    @functools.cached_property
    def totals(self) -> Floats:
        """Area of each region on the grid, in m2."""
        region = np.repeat(np.arange(len(self.covered)), np.diff(self.starts))
        return binned(region, self.areas, len(self.covered))

    def block(self, rows: slice, columns: slice) -> Weights:
        """Return the part for a block of the grid, with cells counted within the block."""
        y, x = np.divmod(self.cells, self.shape[1])
        inside = (y >= rows.start) & (y < rows.stop) & (x >= columns.start) & (x < columns.stop)
        before = np.concatenate([[0], np.cumsum(inside)])
        width = columns.stop - columns.start
        cells = (y[inside] - rows.start) * width + x[inside] - columns.start
        shape = (rows.stop - rows.start, width)
        return Weights(shape, before[self.starts], cells, self.areas[inside], self.covered)


def weights_of(grid: Grid, regions: Regions, cache_dir: Path | None = None) -> Weights:
    """Return the weights of regions on a grid.

    Parameters
    ----------
    grid : Grid
        From `grid_of`.
    regions : Regions
        What to weigh.
    cache_dir : Path, optional
        Where to keep coverage between runs, by the hash of grid and geometry.

    Returns
    -------
    Weights

    Raises
    ------
    RegionError
        If a region lies outside the grid.
    """
    coverage = _coverage(grid, regions, cache_dir)
    outside = np.flatnonzero(np.diff(coverage.starts) == 0)
    if len(outside):
        i = int(outside[0])
        others = f" (and {len(outside) - 1} more)" if len(outside) > 1 else ""
        raise RegionError(
            f"region {regions.ids[i]!r} ({regions.names[i]}) of {regions.set_ids[i]!r}{others} "
            f"lies outside {grid.name}, which covers {grid}; "
            "leave the region out or choose data that reach it"
        )
    areas = coverage.shares * grid.area.ravel()[coverage.cells]
    return Weights(coverage.shape, coverage.starts, coverage.cells, areas, coverage.covered)


def _coverage(grid: Grid, regions: Regions, cache_dir: Path | None) -> Coverage:
    key = hashlib.sha256(_VERSION + grid.sha256.encode() + regions.sha256.encode()).hexdigest()
    if key in _RECENT:
        return _RECENT[key]
    path = cache_dir / "coverage" / f"{key}.npz" if cache_dir is not None else None
    coverage = _read(path) if path is not None and path.is_file() else None
    if coverage is None:
        coverage = compute_coverage(grid, regions)
        if path is not None:
            _write(coverage, path)
    while len(_RECENT) >= _KEPT:
        _RECENT.pop(next(iter(_RECENT)), None)
    _RECENT[key] = coverage
    return coverage


_KEPT = 8
_RECENT: dict[str, Coverage] = {}


def compute_coverage(grid: Grid, regions: Regions) -> Coverage:
    """Return the share of each cell inside each region, computed anew."""
    rows, lat_edges = _axis_edges(grid.lat_bounds, "latitude", grid.name)
    columns, lon_edges = _axis_edges(grid.lon_bounds, "longitude", grid.name)
    if lon_edges[-1] - lon_edges[0] > 360 * (1 + 1e-6):
        raise RegionError(
            f"{grid.name} spans {lon_edges[-1] - lon_edges[0]:g} degrees of longitude; "
            "expected at most 360. Remove the columns that come twice"
        )
    lon_edges[-1] = min(lon_edges[-1], lon_edges[0] + 360.0)
    wide = len(lon_edges) - 1
    heights = np.diff(np.sin(np.radians(lat_edges)))
    widths = np.radians(np.diff(lon_edges))
    cells: list[Integers] = []
    shares: list[Floats] = []
    covered: list[float] = []
    starts = [0]
    sphere = areas_of(edges_of(regions.geometries), len(regions))
    for found, share in cover(regions.geometries, lon_edges, lat_edges):
        y, x = np.divmod(found, wide)
        real = (rows[y] >= 0) & (columns[x] >= 0)
        y, x, share = y[real], x[real], share[real]
        covered.append((share * heights[y] * widths[x]).sum() / sphere[len(covered)])
        cells.append(rows[y] * grid.shape[1] + columns[x])
        shares.append(share)
        starts.append(starts[-1] + len(share))
    return Coverage(
        grid.shape,
        np.array(starts, np.int64),
        np.concatenate(cells),
        np.concatenate(shares),
        np.minimum(covered, 1.0),
    )


def _axis_edges(bounds: Floats, axis: str, name: str) -> tuple[Integers, Floats]:
    """Return rising edges and, for each interval between them, the cell of the data or -1."""
    order = np.argsort(bounds[:, 0], kind="stable")
    low, high = bounds[order, 0], bounds[order, 1]
    gap = low[1:] - high[:-1]
    size = np.minimum(high - low, 1.0)
    if (gap < -1e-3 * size[1:]).any():
        i = int(np.argmin(gap))
        raise RegionError(
            f"{name} has cells that overlap along {axis}: {low[i]:g} to {high[i]:g} and "
            f"{low[i + 1]:g} to {high[i + 1]:g}. Correct its bounds"
        )
    apart = gap > 1e-3 * size[1:]
    edges, cells = [low[0]], []
    for i, cell in enumerate(order):
        cells.append(cell)
        edges.append(high[i] if i == len(order) - 1 or apart[i] else low[i + 1])
        if i < len(order) - 1 and apart[i]:
            cells.append(-1)
            edges.append(low[i + 1])
    return np.array(cells, np.int64), np.array(edges)


def _read(path: Path) -> Coverage | None:
    """Return coverage from the cache; a damaged file counts as absent."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            shape = tuple(int(n) for n in kept["shape"])
            return Coverage(
                (shape[0], shape[1]), kept["starts"], kept["cells"], kept["shares"], kept["covered"]
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(coverage: Coverage, path: Path) -> None:
    """Keep coverage whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(
                file,
                shape=np.array(coverage.shape),
                starts=coverage.starts,
                cells=coverage.cells,
                shares=coverage.shares,
                covered=coverage.covered,
            )
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
