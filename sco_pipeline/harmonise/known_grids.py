"""Grids that archives take as known: files on them may come without any coordinates.

The definitions are those of the grids' keepers (NSIDC: polar stereographic and EASE-Grid 2.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ..errors import HarmonisationError, unknown

if TYPE_CHECKING:
    import pyproj


@dataclass(frozen=True)
class KnownGrid:
    """A projected grid by definition; rows run from the top (largest y) down.

    Attributes
    ----------
    crs : str
        Projection, as pyproj reads it.
    left, top : float
        Outer edges of the first column and row, m.
    cell : float
        Size of a cell, m.
    rows, columns : int
    """

    crs: str
    left: float
    top: float
    cell: float
    rows: int
    columns: int


_STEREO_SOUTH = "EPSG:3976"
_STEREO_NORTH = "EPSG:3411"
_EASE2_WEST = -17_367_530.4452
_EASE2 = {"north": "EPSG:6931", "south": "EPSG:6932"}

KNOWN_GRIDS = {
    "nsidc-south-25km": KnownGrid(_STEREO_SOUTH, -3_950_000, 4_350_000, 25_000, 332, 316),
    "nsidc-south-12.5km": KnownGrid(_STEREO_SOUTH, -3_950_000, 4_350_000, 12_500, 664, 632),
    "nsidc-north-25km": KnownGrid(_STEREO_NORTH, -3_850_000, 5_850_000, 25_000, 448, 304),
    "nsidc-north-12.5km": KnownGrid(_STEREO_NORTH, -3_850_000, 5_850_000, 12_500, 896, 608),
    "ease2-north-25km": KnownGrid(_EASE2["north"], -9_000_000, 9_000_000, 25_000, 720, 720),
    "ease2-south-25km": KnownGrid(_EASE2["south"], -9_000_000, 9_000_000, 25_000, 720, 720),
    "ease2-global-36km": KnownGrid(
        "EPSG:6933", _EASE2_WEST, 7_314_540.8306, 36_032.220840584, 406, 964
    ),
    "ease2-global-25km": KnownGrid(
        "EPSG:6933", _EASE2_WEST, 7_307_375.9224, 25_025.2600081, 584, 1388
    ),
    "ease2-global-9km": KnownGrid(
        "EPSG:6933", _EASE2_WEST, 7_314_540.8306, 9_008.055210146, 1624, 3856
    ),
}


def known_grid(name: str) -> KnownGrid:
    """Return a grid by name.

    Raises
    ------
    HarmonisationError
        If there is none of that name.
    """
    if name not in KNOWN_GRIDS:
        raise HarmonisationError(unknown("known grid", name, KNOWN_GRIDS))
    return KNOWN_GRIDS[name]


def add_coordinates(
    raw: xr.Dataset, dims: tuple[str, str], name: str, origin: str
) -> tuple[xr.Dataset, pyproj.CRS]:
    """Return a file without coordinates with those of a known grid, and its projection.

    Parameters
    ----------
    raw : Dataset
        Undecoded.
    dims : tuple of str
        Dimensions of rows and columns.
    name : str
        Name of the grid.
    origin : str
        Name of the file.

    Raises
    ------
    HarmonisationError
        If the file does not have the grid's number of rows and columns.
    """
    import pyproj

    grid = known_grid(name)
    found = tuple(raw.sizes[dim] for dim in dims)
    if found != (grid.rows, grid.columns):
        raise HarmonisationError(
            f"{origin} has {found[0]} x {found[1]} cells, but the grid {name!r} has "
            f"{grid.rows} x {grid.columns}; correct 'grid:' under 'layout:' of its entry"
        )
    y = grid.top - grid.cell * (np.arange(grid.rows) + 0.5)
    x = grid.left + grid.cell * (np.arange(grid.columns) + 0.5)
    located = raw.assign_coords(
        {
            "__y": (dims[0], y, {"units": "m"}),
            "__x": (dims[1], x, {"units": "m"}),
        }
    )
    return located, pyproj.CRS.from_user_input(grid.crs)
