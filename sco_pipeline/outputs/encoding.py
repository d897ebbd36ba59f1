"""How a product is stored in NetCDF-4: types, chunks, fill values, time units, CF links."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from .time_axes import CLIMATOLOGICAL_DIMS, PERIOD, REFERENCE_EPOCH, holds_dates, is_time_axis

FILL = float(np.float32(9.969209968386869e36))  # NetCDF's own default for floats
CHUNK_VALUES = 2**18  # 1 MiB of float32
_LEVEL = 4
_SMALL = 4096
_TIME_UNITS = (("days", 86_400), ("hours", 3_600), ("seconds", 1))
_ORIGIN = "1970-01-01"
_FIRST_GREGORIAN = np.datetime64("1582-10-15")
_BOUNDS = "_bnds"


def encodable(product: xr.Dataset) -> tuple[xr.Dataset, dict[str, dict[str, Any]]]:
    """Return a product ready for ``to_netcdf``, and the encoding of every variable.

    Parameters
    ----------
    product : Dataset
        Described; its coordinates that CF links by an attribute (bounds, cell area, grid mapping)
        become plain variables, so that no ``coordinates`` attribute names them.

    Returns
    -------
    Dataset, dict
        A shallow copy and the encoding by variable.
    """
    links = {str(da.name): _coordinates_of(product, da) for da in product.values()}
    fields = set(links)
    if "cell_area" in product.coords:
        links["cell_area"] = _coordinates_of(product, product["cell_area"])
    plain = product.reset_coords(
        [name for name in product.coords if name not in product.dims], drop=False
    )
    encoding: dict[str, dict[str, Any]] = {}
    for name in map(str, plain.variables):
        variable = plain[name].variable
        plain[name].encoding = {}
        encoding[name] = _encoding(variable, is_field=name in fields)
        if "flag_values" in variable.attrs:  # CF: of the type that is stored
            flags = np.asarray(variable.attrs["flag_values"])
            plain[name].attrs["flag_values"] = flags.astype(
                encoding[name].get("dtype", flags.dtype)
            )
        if holds_dates(plain[name].variable):
            encoding[name] |= _time_encoding(plain, name)
        if links.get(name):
            plain[name].attrs["coordinates"] = " ".join(links[name])
    return plain, encoding


def chunk_sizes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return chunks of at most 2**18 values: the longest side is halved until it fits.

    Maps and series of a cell can then both be read without touching the whole file.
    """
    sizes = list(shape)
    while np.prod(sizes, dtype=np.int64) > CHUNK_VALUES:
        longest = sizes.index(max(sizes))
        sizes[longest] = -(-sizes[longest] // 2)
    return tuple(sizes)


def _encoding(variable: xr.Variable, *, is_field: bool) -> dict[str, Any]:
    """Return type, filters and fill value of one variable."""
    encoding: dict[str, Any] = {}
    if variable.dtype.kind == "f":
        gridded = variable.ndim >= 2 and is_field and "region" not in variable.dims
        encoding["dtype"] = "float32" if gridded else variable.dtype.name
        encoding["_FillValue"] = np.dtype(encoding["dtype"]).type(FILL) if is_field else None
    elif variable.dtype.kind in "iu" and variable.dtype.itemsize == 8:
        encoding["dtype"] = "int32" if _fits_int32(variable) else "int64"
    elif variable.dtype.kind == "b":
        encoding["dtype"] = "int8"
    elif variable.dtype.kind in "OU" and not holds_dates(variable):
        encoding["dtype"] = "S1"  # CF has no coordinate variables of type string
    if variable.ndim and variable.size > _SMALL and variable.dtype.kind in "fiub":
        chunks = chunk_sizes(variable.shape)
        encoding |= {"zlib": True, "complevel": _LEVEL, "shuffle": True, "chunksizes": chunks}
    return encoding


def _fits_int32(variable: xr.Variable) -> bool:
    values = variable.values
    return bool(values.size == 0 or np.abs(values).max() < 2**31)


def _time_encoding(ds: xr.Dataset, name: str) -> dict[str, Any]:
    """Return the coarsest units in which every date of an axis and its bounds is whole."""
    family = [ds[other] for other in _time_family(ds, name)]
    if np.issubdtype(ds[name].dtype, np.datetime64):
        stamps = np.concatenate([da.values.ravel() for da in family])
        seconds = stamps.astype("datetime64[s]").astype(np.int64)
        calendar = "standard" if stamps.min() >= _FIRST_GREGORIAN else "proleptic_gregorian"
    else:
        flat = [stamp for da in family for stamp in da.values.ravel()]
        seconds = np.array([s.hour * 3600 + s.minute * 60 + s.second for s in flat])
        calendar = flat[0].calendar
    units = next(unit for unit, length in _TIME_UNITS if not (seconds % length).any())
    return {
        "units": f"{units} since {_ORIGIN}",
        "calendar": calendar,
        "dtype": "float64",
        "_FillValue": None,
    }


def _time_family(ds: xr.Dataset, name: str) -> list[str]:
    """Return a time variable and its bounds, which must share units."""
    for parent in map(str, ds.variables):
        attributes = ds[parent].attrs
        bounds = attributes.get("bounds") or attributes.get("climatology")
        if bounds in ds and name in (parent, bounds):
            return [parent, str(bounds)]
    return [name]


def _coordinates_of(product: xr.Dataset, da: xr.DataArray) -> list[str]:
    """Return the auxiliary and scalar coordinates that belong to a data variable."""
    found = []
    for name in map(str, product.coords):
        coordinate = product[name]
        if name in product.dims or name.endswith(_BOUNDS) or name in ("cell_area", "crs"):
            continue
        if name.startswith("climatology_bounds") or not set(coordinate.dims) <= set(da.dims):
            continue
        if not coordinate.ndim and da.name == "cell_area":
            continue
        if coordinate.ndim or _scalar_belongs(product, name, da):
            found.append(name)
    return sorted(found)


def _scalar_belongs(product: xr.Dataset, name: str, da: xr.DataArray) -> bool:
    if name == REFERENCE_EPOCH:
        return "_anomaly" in str(da.attrs.get("standard_name"))
    if name == PERIOD:  # not of an annual climatology, which is of the base period
        return "cell_methods" in da.attrs and not any(
            d in CLIMATOLOGICAL_DIMS or is_time_axis(da, str(d)) for d in da.dims
        )
    base = str(da.name).removesuffix("_regional").removesuffix("_valid_fraction")
    owners = [str(v) for v in product.data_vars if name.startswith(f"{v}_")]
    return not owners or max(owners, key=len) == base
