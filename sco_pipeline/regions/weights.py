"""How much of each cell belongs to each region: one sparse matrix for all times and indicators."""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import RegionError
from ..files import put_in_place
from .cells import CellGrid
from .coverage import binned
from .curvilinear import cover_cells
from .grid import Grid
from .rectilinear import cover_rows
from .region import Regions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

COUNTED = 1e-6
"""A cell counts, and can hold the extreme, from this part of the region's largest weight on."""
SAME = 1e-12
"""Relative difference up to which neighbours share one weight."""
_VERSION = b"1"
_KEPT = 8


@dataclass(frozen=True, eq=False)
class Coverage:
    """Share of each cell inside each region, as a sparse matrix by rows.

    Attributes
    ----------
    starts : array (region + 1,)
        Where the entries of each region start.
    cells : array (entry,)
        Rising indices into the flattened grid, in the order of the data.
    shares : array (entry,)
        Greater than 0, at most 1.
    covered : array (region,)
        Share of the region's area that lies on the grid.
    """

    starts: Integers
    cells: Integers
    shares: Floats
    covered: Floats


@dataclass(frozen=True, eq=False)
class Runs:
    """Weights as runs of neighbouring cells of one weight: an inner loop without look-ups.

    Attributes
    ----------
    starts : array (region + 1,)
        Where the runs of each region start.
    cells, lengths : array (run,)
        First cell, and number of cells.
    areas : array (run,), m2
        Weight of each cell of the run.
    """

    starts: Integers
    cells: Integers
    lengths: Integers
    areas: Floats


@dataclass(frozen=True, eq=False)
class Weights:
    """Area of each cell inside each region, as a sparse matrix by rows.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of this block of the grid.
    starts, cells, covered
        As in `Coverage`.
    areas : array (entry,), m2
        Weight of each entry.
    least : array (region,), m2
        Weight from which on a cell counts.
    origin : tuple of int
        Row and column of the grid where this block begins.
    full_width : int
        Columns of the whole grid.
    """

    shape: tuple[int, int]
    starts: Integers
    cells: Integers
    areas: Floats
    covered: Floats
    least: Floats
    origin: tuple[int, int]
    full_width: int

    @functools.cached_property
    def totals(self) -> Floats:
        """Area of each region on the grid, in m2."""
        region = np.repeat(np.arange(len(self.covered)), np.diff(self.starts))
        return binned(region, self.areas, len(self.covered))

    @functools.cached_property
    def runs(self) -> Runs:
        """The same weights by runs; those of a run, equal but for rounding, become their mean."""
        begins = np.ones(len(self.cells), dtype=bool)
        alike = np.abs(np.diff(self.areas)) <= SAME * self.areas[1:]
        begins[1:] = (np.diff(self.cells) != 1) | ~alike
        begins[self.starts[:-1][self.starts[:-1] < len(begins)]] = True
        first = np.flatnonzero(begins)
        lengths = np.diff(np.append(first, len(self.cells)))
        areas = np.add.reduceat(self.areas, first) / lengths if len(first) else self.areas
        return Runs(np.searchsorted(first, self.starts), self.cells[first], lengths, areas)

    def block(self, rows: slice, columns: slice) -> Weights:
        """Return the part for a block of the grid, with cells counted within the block."""
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if (height, width) == self.shape:
            return self
        y, x = np.divmod(self.cells, self.shape[1])
        inside = (y >= rows.start) & (y < rows.stop) & (x >= columns.start) & (x < columns.stop)
        before = np.concatenate([[0], np.cumsum(inside)])
        return replace(
            self,
            shape=(height, width),
            starts=before[self.starts],
            cells=(y[inside] - rows.start) * width + x[inside] - columns.start,
            areas=self.areas[inside],
            origin=(self.origin[0] + rows.start, self.origin[1] + columns.start),
        )


def weights_of(grid: Grid | CellGrid, regions: Regions, cache_dir: Path | None = None) -> Weights:
    """Return the weights of regions on a grid.

    Parameters
    ----------
    grid : Grid or CellGrid
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
    least = COUNTED * np.maximum.reduceat(areas, coverage.starts[:-1])
    shape = grid.shape
    return Weights(
        shape, coverage.starts, coverage.cells, areas, coverage.covered, least, (0, 0), shape[1]
    )


def _coverage(grid: Grid | CellGrid, regions: Regions, cache_dir: Path | None) -> Coverage:
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


_RECENT: dict[str, Coverage] = {}


def compute_coverage(grid: Grid | CellGrid, regions: Regions) -> Coverage:
    """Return the share of each cell inside each region, computed anew."""
    if isinstance(grid, Grid):
        found, covered = cover_rows(grid, regions)
    else:
        found, covered = cover_cells(grid, regions)
    starts = np.cumsum([0, *(len(cells) for cells, _ in found)], dtype=np.int64)
    return Coverage(
        starts,
        np.concatenate([cells for cells, _ in found]),
        np.concatenate([shares for _, shares in found]),
        covered,
    )


def _read(path: Path) -> Coverage | None:
    """Return coverage from the cache; a damaged file counts as absent."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return Coverage(*(kept[name] for name in Coverage.__annotations__))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(coverage: Coverage, path: Path) -> None:
    """Keep coverage whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            arrays = {name: getattr(coverage, name) for name in Coverage.__annotations__}
            np.savez(file, **arrays)
        put_in_place(Path(name), path)
    finally:
        Path(name).unlink(missing_ok=True)
