"""Series as CF discrete sampling geometry: ``timeSeries`` with the outlines of the regions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely
import xarray as xr

from ..catalog import Recipe
from ..errors import OutputError
from ..geography import geometry_containers
from ..geography.exchange import CONTAINER
from .long_table import COUNTS, LABELS, numbers_of
from .netcdf import write_dataset
from .outlines import OUTLINE, without_outlines
from .series_table import Series, series_of
from .time_axes import is_time_axis
from .writer import writer

_OF_ONE = ("pvalue", "ranked", "tied", "to_date_ranked", "valid_fraction")
_DIFFERENCES = ("anomaly", "to_date_anomaly", "uncertainty_uncorrelated", "uncertainty_correlated")


@writer("timeseries")
def write_timeseries(product: xr.Dataset, recipe: Recipe, directory: Path) -> list[Path]:
    """Write ``<recipe id>-series.nc``: the regional series with all that is known of each value.

    Parameters
    ----------
    product : Dataset
        Described product with outlines.
    recipe : Recipe
        Names the file.
    directory : Path
        Of the product.

    Returns
    -------
    list of Path
        The one file, of the orthogonal multidimensional array representation (CF, H.2.1). Results
        along calendar months are not series and are left to the format ``netcdf``.

    Raises
    ------
    OutputError
        If the product has no series over regions, or the file cannot be written.
    """
    found = [s for s in series_of(product) if s.regions and _is_series(s)]
    if not found or OUTLINE not in product.coords:
        raise OutputError(
            f"recipe {recipe.id!r}: the format 'timeseries' needs 'regions:' and results along "
            "time; name a region set or leave the format out"
        )
    ds = xr.Dataset()
    for series in found:
        ds = ds.merge(_variables(series, product), compat="equals", join="exact")
    axes = {s.axis for s in found} - {None}
    ds = ds.assign_coords(
        {name: product[name] for axis in axes if (name := f"{axis}_bnds") in product.coords}
    )
    ds = without_outlines(ds).merge(_places(product))
    ds.attrs = product.attrs | {"featureType": "timeSeries", "cdm_data_type": "TimeSeries"}
    ds["region"].attrs |= {"cf_role": "timeseries_id", "long_name": "region id"}
    path = directory / f"{recipe.id}-series.nc"
    write_dataset(ds, path)
    return [path]


def _is_series(series: Series) -> bool:
    return series.axis is None or is_time_axis(series.da, series.axis)


def _variables(series: Series, product: xr.Dataset) -> xr.Dataset:
    """Return a series and all that is known beside it, as variables (region, time)."""
    dims = ("region", series.axis) if series.axis else ("region",)
    source = series.da.transpose(*dims)
    links = {"geometry": CONTAINER}
    beside = {}
    for key, values in numbers_of(series, product).items():
        if key == "value":
            continue
        numbers = np.asarray(values.T).reshape(source.shape)
        about = {"long_name": LABELS[key], **_units(key, source), **links}
        beside[f"{series.name}_{key}"] = source.copy(data=numbers).assign_attrs(about)
        beside[f"{series.name}_{key}"].attrs = about
    value = source.assign_attrs(links, ancillary_variables=" ".join(beside))
    for key in ("cell_measures", "grid_mapping"):
        value.attrs.pop(key, None)
    return xr.Dataset({series.name: value, **beside})


def _units(key: str, source: xr.DataArray) -> dict[str, str]:
    """Return the units of a column beside a value."""
    if key in ("place_lat", "place_lon"):
        return {"units": "degrees_north" if key == "place_lat" else "degrees_east"}
    if key in COUNTS or key in _OF_ONE:
        return {"units": "1"}
    about = {k: str(source.attrs[k]) for k in ("units", "units_metadata") if k in source.attrs}
    if key in _DIFFERENCES and "units_metadata" in about:
        about["units_metadata"] = "temperature: difference"
    return about


def _places(product: xr.Dataset) -> xr.Dataset:
    """Return the outlines, and a place inside each region as its coordinates."""
    shapes = list(product[OUTLINE].values)
    ds = geometry_containers([str(name) for name in product["region"].values], shapes)
    inside = shapely.point_on_surface(shapes)
    for name, standard, unit, values in (
        ("lat", "latitude", "degrees_north", shapely.get_y(inside)),
        ("lon", "longitude", "degrees_east", shapely.get_x(inside)),
    ):
        about = {
            "standard_name": standard,
            "long_name": f"{standard} of a place inside the region",
            "units": unit,
            "nodes": f"node_{name}",
        }
        ds = ds.assign_coords({name: ("region", values, about)})
    return ds.drop_vars("region")
