"""The cells of a target grid that observations fall into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..catalog import BBox
from .regrid import Target, target_grid
from .regular import columns_in, regular_coords, rows_in


@dataclass(frozen=True)
class Cells:
    """The rows and columns of a target grid that are filled."""

    target: Target
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows.size, self.columns.size

    def find(self, lat: NDArray[Any], lon: NDArray[Any]) -> NDArray[np.intp]:
        """Return the cell of each position, -1 outside or without a position."""
        lat, lon = np.asarray(lat, float), np.asarray(lon, float)
        there = np.isfinite(lat + lon) & (np.abs(lat) <= 90)
        lat, lon = np.where(there, lat, 0.0), np.where(there, lon, 0.0)
        lon = lon - 360.0 * np.floor((lon + 180) / 360)
        rows, columns = self.target.shape
        row = np.searchsorted(self.target.lat_edges, lat, "right") - 1
        row = np.minimum(row, rows - 1)  # the pole belongs to the last row
        column = np.searchsorted(self.target.lon_edges, lon, "right") - 1
        row = _places(self.rows, rows)[row]
        column = _places(self.columns, columns)[column % columns]
        there &= (row >= 0) & (column >= 0)
        return np.where(there, row * self.columns.size + column, -1)

    def coords(self) -> dict[str, xr.Variable]:
        """Return the coordinates of the rows and columns."""
        lat, lon = _bounds(self.target)
        lat, lon = lat[self.rows], lon[self.columns]
        return regular_coords(lat.mean(axis=1), lon.mean(axis=1), lat, lon)


def cells_of(grid: str, bbox: BBox | None) -> Cells:
    """Return the cells of a grid, by name, that touch a box; all without one."""
    target = target_grid(grid)
    rows, columns = _bounds(target)
    if bbox is None:
        return Cells(target, np.arange(len(rows)), np.arange(len(columns)))
    return Cells(
        target, np.flatnonzero(rows_in(rows, bbox)), np.flatnonzero(columns_in(columns, bbox))
    )


def _bounds(target: Target) -> list[NDArray[np.float64]]:
    """Return the bounds of all rows and columns."""
    return [np.stack([e[:-1], e[1:]], axis=1) for e in (target.lat_edges, target.lon_edges)]


def _places(taken: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Return the place of each row or column among those taken, -1 for the others."""
    places = np.full(size, -1, np.intp)
    places[taken] = np.arange(taken.size)
    return places
