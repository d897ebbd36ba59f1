"""Bring a harmonised Dataset onto a regular grid."""

from __future__ import annotations

import functools
import hashlib
import uuid
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ...errors import HarmonisationError
from ...files import put_in_place
from ..area import cell_area
from ..contract import check_contract
from ..regular import regular_coords
from .target import Target, target_grid
from .weights import weights

_VERSION = "1"
_SHARES = ("1", "%")
_FLUXES = ("s-1", "d-1", "W m-2", "kg m-2", "J m-2", "mm")


def regrid(
    ds: xr.Dataset,
    grid: str,
    *,
    methods: Mapping[str, str] | None = None,
    min_coverage: float = 0.5,
    cache_dir: Path | None = None,
) -> xr.Dataset:
    """Bring a harmonised Dataset onto a regular grid.

    Parameters
    ----------
    ds : Dataset (time, lat, lon) or (time, y, x)
        Harmonised.
    grid : str
        Name of the target, see `target_grid`.
    methods : mapping, optional
        Variable -> ``conservative``, ``linear`` or ``nearest``; by default `method_of`.
    min_coverage : float
        Least part of a target cell that valid source cells must cover (conservative), or of the
        weight that they must have (linear); with less the cell is missing.
    cache_dir : Path, optional
        Where matrices are kept between runs.

    Returns
    -------
    Dataset (time, lat, lon)
        Harmonised and lazy, rows and columns that the source touches; the sum of value x covered
        area of a conservative variable equals that of the source.

    Raises
    ------
    HarmonisationError
        If the grid or a method is not known, or the source has no cells.
    """
    label = f"dataset {ds.attrs.get('dataset')!r}"
    if "cell_area" not in ds.coords:
        raise HarmonisationError(f"{label} has no cells (stations or a series); it has no grid")
    target = target_grid(grid)
    chosen = {str(name): (methods or {}).get(str(name)) or method_of(da)
              for name, da in ds.data_vars.items()}  # fmt: skip
    matrices = {m: cached_weights(ds, target, m, cache_dir) for m in set(chosen.values())}
    window = _window(matrices.values(), target, label)
    coords = _coords(target, window)
    keep = {k: v for k, v in ds.coords.items() if set(v.dims) <= {"time", "nv"} and k != "crs"}
    result = xr.Dataset(coords={**{k: v.variable for k, v in keep.items()}, **coords})
    areas = cell_area(coords["lat_bnds"].values, coords["lon_bnds"].values).ravel()
    rows = (window[0][:, None] * target.shape[1] + window[1]).ravel()
    for name, da in ds.data_vars.items():
        method = chosen[str(name)]
        full = areas if method == "conservative" else np.ones(rows.size)
        matrix = matrices[method][rows]
        attrs = {k: v for k, v in da.attrs.items() if k != "grid_mapping"}
        data = _apply(da, matrix, full, min_coverage, (window[0].size, window[1].size))
        result[name] = (("time", "lat", "lon"), data, attrs)
    lines = [
        f"grid: {dict(zip(('rows', 'columns'), ds['cell_area'].shape, strict=True))} -> {grid}"
    ]
    lines += [f"{name}: regridded, {method}" for name, method in chosen.items()]
    before = str(ds.attrs.get("harmonised", ""))
    result.attrs = {**ds.attrs, "harmonised": "\n".join([before, *lines]).strip()}
    check_contract(result)
    return result


def method_of(da: xr.DataArray) -> str:
    """Return the method that suits a quantity.

    Classes (with ``flag_values``) take the nearest cell; fractions, fluxes and amounts per area
    are conserved; states such as temperature are interpolated linearly on a regular grid, and
    averaged conservatively from any other grid.
    """
    if "flag_values" in da.attrs or "flag_masks" in da.attrs:
        return "nearest"
    return "linear" if not is_conserved(da) and da["lat"].ndim == 1 else "conservative"


def is_conserved(da: xr.DataArray) -> bool:
    """Tell whether a quantity is a fraction, a flux or an amount per area, by its units."""
    units = str(da.attrs.get("units", ""))
    flux = units != "m s-1" and any(part in units for part in _FLUXES)
    return flux or units in _SHARES


def cached_weights(ds: xr.Dataset, target: Target, method: str, cache_dir: Path | None) -> Any:
    """Return the matrix of `weights`, from the cache where it is there.

    A damaged file in the cache is made again; a new one comes under its name whole or not at all.
    """
    from scipy import sparse

    if cache_dir is None:
        return weights(ds, target, method)
    path = cache_dir / "weights" / f"{_fingerprint(ds, target, method)}.npz"
    if path.is_file():
        try:
            with path.open("rb") as file:
                return sparse.load_npz(file)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            path.unlink()
    matrix = weights(ds, target, method)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex}.npz")
    try:
        sparse.save_npz(temporary, matrix)
        put_in_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return matrix


def _fingerprint(ds: xr.Dataset, target: Target, method: str) -> str:
    digest = hashlib.sha256(f"{_VERSION} {target.name} {method}".encode())
    for name in ("lat", "lon", "lat_bnds", "lon_bnds", "y", "x"):
        if name in ds.coords:
            digest.update(np.ascontiguousarray(ds[name].values).tobytes())
    if "crs" in ds.coords:
        digest.update(repr(sorted(ds["crs"].attrs.items())).encode())
    return digest.hexdigest()


def _window(matrices: Any, target: Target, label: str) -> tuple[NDArray[np.intp], ...]:
    """Return the rows and columns of the target that hold any weight."""
    touched = np.zeros(target.shape, dtype=bool)
    for matrix in matrices:
        touched |= (np.diff(matrix.indptr) > 0).reshape(target.shape)
    if not touched.any():
        raise HarmonisationError(
            f"{label}: no cell centre of grid {target.name!r} lies in its cells; choose a finer one"
        )
    return np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))


def _coords(target: Target, window: tuple[NDArray[np.intp], ...]) -> dict[str, xr.Variable]:
    bounds = [
        np.stack([edges[:-1], edges[1:]], axis=1)[part]
        for edges, part in zip((target.lat_edges, target.lon_edges), window, strict=True)
    ]
    return regular_coords(bounds[0].mean(axis=1), bounds[1].mean(axis=1), *bounds)


def _apply(
    da: xr.DataArray, matrix: Any, full: NDArray[np.float64], least: float, shape: tuple[int, int]
) -> Any:
    """Apply a matrix to every time step, block by block along time."""
    import dask.array as da_

    data = da_.asarray(da.data).rechunk({1: -1, 2: -1})
    return data.map_blocks(
        functools.partial(_block, matrix=matrix, full=full, least=least, shape=shape),
        dtype=da.dtype,
        chunks=(data.chunks[0], (shape[0],), (shape[1],)),
        meta=np.empty((0, 0, 0), dtype=da.dtype),
    )


def _block(
    values: NDArray[Any], matrix: Any, full: NDArray[np.float64], least: float,
    shape: tuple[int, int],
) -> NDArray[Any]:  # fmt: skip
    """Return weighted means of the valid cells of a block (time, rows, columns)."""
    flat = values.reshape(len(values), -1).T.astype(np.float64)
    valid = np.isfinite(flat)
    total = matrix @ np.where(valid, flat, 0.0)
    weight = matrix @ valid.astype(np.float64)
    enough = (weight > 0) & (weight >= least * full[:, None] * (1 - 1e-9))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(enough, total / weight, np.nan)
    return np.asarray(mean.T.reshape(len(values), *shape).astype(values.dtype))
