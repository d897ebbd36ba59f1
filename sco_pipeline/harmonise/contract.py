"""The contract of a harmonised Dataset, checked by one function."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import HarmonisationError

LAYOUTS = (("lat", "lon"), ("y", "x"), ("station",), ())


def check_contract(ds: xr.Dataset) -> None:
    """Check that a Dataset is harmonised; no data value is read.

    Dimensions are ``time, lat, lon``, or ``time, y, x`` with 2-D ``lat`` and ``lon`` and a ``crs``
    grid mapping, or ``time, station``, or ``time`` alone. ``lat`` rises, ``lon`` rises within
    [-180, 180), ``time`` is unique and rising, is the start of the period and has bounds in the
    coordinate ``time_bnds``. Grids have the coordinate ``cell_area`` in m2. Variables carry units
    and are floating point, so that NaN can mean missing.

    Parameters
    ----------
    ds : Dataset
        To be checked.

    Raises
    ------
    HarmonisationError
        Naming the dataset, what was found and what was expected.
    """
    label = f"dataset {ds.attrs.get('dataset', 'without id')!r}"
    if "dataset" not in ds.attrs:
        raise HarmonisationError(f"{label}: attribute 'dataset' is missing; set it to the id")
    if not ds.data_vars:
        raise HarmonisationError(f"{label} has no variable; a harmonised Dataset has at least one")
    layouts = {tuple(str(dim) for dim in da.dims) for da in ds.data_vars.values()}
    if len(layouts) > 1:
        raise HarmonisationError(f"{label}: variables have different dimensions {sorted(layouts)}")
    dims = layouts.pop()
    if dims[:1] != ("time",) or dims[1:] not in LAYOUTS:
        raise HarmonisationError(
            f"{label} has dimensions {dims}, expected 'time' and then one of "
            f"{[layout for layout in LAYOUTS if layout]} or nothing"
        )
    for name, da in ds.data_vars.items():
        if da.dtype.kind != "f" or not da.attrs.get("units"):
            raise HarmonisationError(
                f"{label}: variable {name!r} is {da.dtype} in units {da.attrs.get('units')!r}, "
                "expected floating point with canonical units"
            )
    _check_time(ds, label)
    _check_space(ds, dims[1:], label)


def _check_time(ds: xr.Dataset, label: str) -> None:
    if "time" not in ds.coords or "time_bnds" not in ds.coords:
        raise HarmonisationError(f"{label}: coordinates 'time' and 'time_bnds' are needed")
    time, bounds = ds["time"].values, ds["time_bnds"].values
    if bounds.shape != (time.size, 2) or bounds.dtype.kind != time.dtype.kind:
        raise HarmonisationError(
            f"{label}: 'time_bnds' is {bounds.dtype} of shape {bounds.shape}, expected "
            f"{time.dtype} of shape ({time.size}, 2)"
        )
    if time.dtype != np.dtype("datetime64[ns]") and time.dtype.kind != "O":
        raise HarmonisationError(
            f"{label}: time is {time.dtype}, expected datetime64[ns] or cftime"
        )
    if not (time[1:] > time[:-1]).all():
        raise HarmonisationError(f"{label}: time is not unique and rising")
    if not (bounds[:, 0] == time).all() or not (bounds[:, 1] > bounds[:, 0]).all():
        raise HarmonisationError(
            f"{label}: time must be the start of periods that have a length; 'time_bnds' says else"
        )


def _check_space(ds: xr.Dataset, dims: tuple[str, ...], label: str) -> None:
    if not dims:
        return
    wanted = {
        ("lat", "lon"): ("lat", "lon", "lat_bnds", "lon_bnds", "cell_area"),
        ("y", "x"): ("lat", "lon", "y", "x", "cell_area", "crs"),
        ("station",): ("lat", "lon", "station"),
    }[dims]
    missing = [name for name in wanted if name not in ds.coords]
    if missing:
        raise HarmonisationError(f"{label}: coordinates {missing} are missing")
    lat, lon = ds["lat"].values, ds["lon"].values
    with np.errstate(invalid="ignore"):
        inside = not (np.abs(lat) > 90).any() and not ((lon < -180) | (lon >= 180)).any()
    if not inside:
        raise HarmonisationError(f"{label}: lat or lon leave [-90, 90] or [-180, 180)")
    if dims == ("lat", "lon"):
        if not ((np.diff(lat) > 0).all() and (np.diff(lon) > 0).all()):
            raise HarmonisationError(f"{label}: lat and lon must rise")
    if dims != ("station",):
        area = ds["cell_area"]
        if tuple(area.dims) != dims or area.attrs.get("units") != "m2":
            raise HarmonisationError(
                f"{label}: 'cell_area' has dimensions {area.dims} in {area.attrs.get('units')!r}, "
                f"expected {dims} in 'm2'"
            )
