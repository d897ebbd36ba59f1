"""Find the grid of a DataArray."""

from __future__ import annotations

import xarray as xr

from ..errors import RegionError
from .cells import CellGrid, as_rows, cell_grid
from .grid import Grid, data_name, find_coordinate, rectilinear_grid


def grid_of(da: xr.DataArray, bounds: xr.Dataset | None = None) -> Grid | CellGrid:
    """Return the grid of a DataArray.

    Parameters
    ----------
    da : DataArray (..., lat, lon) or (..., y, x)
        With latitudes and longitudes along one dimension each, or for every cell.
    bounds : Dataset, optional
        Holds `lat_bnds` and `lon_bnds`, which a DataArray cannot carry; without them the edges
        of cells are put midway between the centres.

    Returns
    -------
    Grid or CellGrid

    Raises
    ------
    RegionError
        If there is no such grid.
    """
    name = data_name(da)
    lat, lon = find_coordinate(da, "lat", name), find_coordinate(da, "lon", name)
    if lat.ndim == lon.ndim == 1 and lat.dims != lon.dims:
        dims = (lat.dims[0], lon.dims[0])
    elif lat.ndim == 2 and set(lat.dims) == set(lon.dims):
        lon = lon.transpose(*lat.dims)
        dims = (lat.dims[0], lat.dims[1])
    else:
        raise RegionError(
            f"{name} has {lat.name!r} along {lat.dims} and {lon.name!r} along {lon.dims}; "
            "expected a grid"
        )
    if not set(dims) <= set(da.dims):
        raise RegionError(f"{name} has the dimensions {da.dims}; expected {dims} among them")
    area = None
    if "cell_area" in da.coords and set(da["cell_area"].dims) == set(dims):
        area = da["cell_area"].transpose(*dims).to_numpy().astype("float64")
    if lat.ndim == 1:
        return rectilinear_grid(da, lat, lon, bounds, area)
    cells = cell_grid(da, lat, lon, bounds, area)
    return as_rows(cells) or cells
