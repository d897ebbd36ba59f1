"""GeoTIFF and cloud-optimised GeoTIFF by rasterio; bands become steps of time.

Rasterio is used directly and not through rioxarray, whose engine would load GDAL and PROJ in every
`xr.open_dataset` of the process.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from ...errors import HarmonisationError
from .reader import needs, reader

if TYPE_CHECKING:
    from ...catalog import DatasetEntry

_DATE_TAGS = ("TIFFTAG_DATETIME", "time_coverage_start", "DATE", "date", "time")
_LOCK = threading.Lock()


@reader("geotiff")
def read_geotiff(path: Path, entry: DatasetEntry | None) -> xr.Dataset:
    """Open a GeoTIFF: one variable with dimensions ``band, y, x`` and its projection."""
    needs("pyproj", "geotiff")
    rasterio = needs("rasterio", "geotiff")
    with _LOCK, rasterio.open(path) as file:
        if file.crs is None or file.transform.b or file.transform.d:
            raise HarmonisationError(
                f"{path.name} has {'no projection' if file.crs is None else 'rotated rows'}; "
                "convert it to a GeoTIFF with a projection and straight rows"
            )
        if len(set(file.dtypes)) > 1:
            raise HarmonisationError(f"{path.name} has bands of types {set(file.dtypes)}; split it")
        x = file.transform.c + file.transform.a * (np.arange(file.width) + 0.5)
        y = file.transform.f + file.transform.e * (np.arange(file.height) + 0.5)
        geographic, wkt = file.crs.is_geographic, file.crs.to_wkt()
        attrs = _attributes(file)
        tags = {key: value for key, value in file.tags().items() if key in _DATE_TAGS}
        shape = (file.count, file.height, file.width)
        dtype, names = np.dtype(file.dtypes[0]), [text or "" for text in file.descriptions]
        blocks = (1, *file.block_shapes[0])
    array = indexing.LazilyIndexedArray(_Bands(path, shape, dtype))
    rows, columns = ("lat", "lon") if geographic else ("y", "x")
    band = xr.Variable(
        ("band", rows, columns),
        array,
        attrs,
        {"preferred_chunks": dict(zip(("band", rows, columns), blocks, strict=True))},
    )
    if not geographic:
        band.attrs["grid_mapping"] = "spatial_ref"
    units = ("degrees_north", "degrees_east") if geographic else ("m", "m")
    ds = xr.Dataset(
        {_name(entry): band, "spatial_ref": ((), 0, {"crs_wkt": wkt})},
        coords={rows: (rows, y, {"units": units[0]}), columns: (columns, x, {"units": units[1]})},
        attrs={_ACDD.get(key, key): _as_iso(value) for key, value in tags.items()},
    )
    return _dated(ds, names)


def _name(entry: DatasetEntry | None) -> str:
    """Name the bands as the entry does; a GeoTIFF has no name for what it holds."""
    if entry is not None and len(entry.variables) == 1:
        return next(iter(entry.variables.values())).name
    return "band_values"


_ACDD = {"TIFFTAG_DATETIME": "time_coverage_start"}


def _as_iso(text: str) -> str:
    """Return a date as ISO 8601; TIFF writes ``2001:05:01 00:00:00``."""
    match = re.fullmatch(r"(\d{4}):(\d\d):(\d\d)( .*)?", text.strip())
    return text if match is None else "-".join(match.groups()[:3]) + (match[4] or "")


def _attributes(file: Any) -> dict[str, Any]:
    """Return fill value, packing and units as CF writes them."""
    attrs: dict[str, Any] = {}
    if file.nodata is not None:
        attrs["_FillValue"] = np.array(file.nodata)
    if any(scale != 1 for scale in file.scales) or any(offset != 0 for offset in file.offsets):
        attrs["scale_factor"], attrs["add_offset"] = file.scales[0], file.offsets[0]
    if file.units and file.units[0]:
        attrs["units"] = file.units[0]
    return attrs


def _dated(ds: xr.Dataset, names: list[str]) -> xr.Dataset:
    """Give the bands their dates, where their descriptions are dates."""
    try:
        dates = np.array([np.datetime64(name.strip()) for name in names], dtype="datetime64[s]")
    except ValueError:
        return ds
    if np.isnat(dates).any():
        return ds
    seconds = dates.astype(np.int64)
    attrs = {"units": "seconds since 1970-01-01", "standard_name": "time"}
    return ds.assign_coords(time=("band", seconds, attrs))


class _Bands(BackendArray):
    """The bands of a GeoTIFF as a lazy array (band, rows, columns)."""

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._path, self.shape, self.dtype = path, shape, dtype

    def __getitem__(self, key: Any) -> NDArray[Any]:
        return np.asarray(
            indexing.explicit_indexing_adapter(
                key, self.shape, indexing.IndexingSupport.BASIC, self._read
            )
        )

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        rasterio = needs("rasterio", "geotiff")
        bands = np.arange(self.shape[0])[key[0]]
        with _LOCK, rasterio.open(self._path) as file:
            values = file.read((np.atleast_1d(bands) + 1).tolist())
        values = values if np.ndim(bands) else values[0]
        return np.asarray(values[(..., *key[1:])])
