"""The regional part of a product: the mean of every result, and what else a recipe asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import xarray as xr

from ..catalog.recipes import Recipe, RegionalRequest
from ..errors import RegionError, unknown
from .aggregate import aggregate
from .region import Regions
from .statistics import statistic
from .uncertainty import uncertainty_of_mean

REGIONAL, FRACTION, UNCERTAINTY = "_regional", "_valid_fraction", "_uncertainty"
PLACES = ("place_lat", "place_lon")
# verdicts on single cells, of which a mean over a region would say nothing
_OF_A_CELL = ("_pvalue", "_significant")

_WORDS = {
    "sum": "{0}, sum over the region",
    "minimum": "{0}, minimum in the region",
    "maximum": "{0}, maximum in the region",
    "standard_deviation": "{0}, standard deviation in the region",
    "quantile": "{0}, quantile {q:g} of the region's area",
    "area_above": "Area with {1} above {threshold:g} {units}",
    "area_below": "Area with {1} below {threshold:g} {units}",
    "count": "Number of cells with {1}",
}

Series = dict[str, xr.DataArray]


def of_inputs(
    inputs: xr.Dataset, recipe: Recipe, areas: Regions, cache_dir: Path | None = None
) -> Series:
    """Return the statistics that a recipe asks of its inputs.

    Parameters
    ----------
    inputs : Dataset (time, ...)
        Harmonised; ``<variable>_uncertainty`` is the standard uncertainty where the data have one.
    recipe : Recipe
        Its ``regional:`` and ``min_valid_fraction``.
    areas : Regions
        What it is computed for.
    cache_dir : Path, optional
        Where to keep coverage between runs.

    Returns
    -------
    dict of str to DataArray (time, region)
        ``<name>_regional``; ``<name>_valid_fraction``, the share of the region that holds valid
        values; of a mean ``<name>_uncertainty_uncorrelated_regional`` and
        ``<name>_uncertainty_correlated_regional``; of an extreme ``<name>_place_lat_regional``
        and ``<name>_place_lon_regional``. Lazy.

    Raises
    ------
    RegionError
        As `aggregate`.
    """
    over = _over(inputs, recipe, areas, cache_dir)
    asked = [request for request in recipe.regional if request.of in recipe.inputs]
    return {name: da for request in asked for name, da in over(request).items()}


def of_results(
    product: xr.Dataset, recipe: Recipe, areas: Regions, cache_dir: Path | None = None
) -> xr.Dataset:
    """Return the mean of every result on the grid, and the statistics asked of results.

    Parameters
    ----------
    product : Dataset
        Results on the grid.
    recipe, areas, cache_dir
        As in `of_inputs`.

    Returns
    -------
    Dataset (..., region)
        Names as in `of_inputs`; the mean of ``<result>`` is ``<result>_regional``.

    Raises
    ------
    RegionError
        As `aggregate`, or if a statistic is asked of what is no result on the grid.
    """
    over = _over(product, recipe, areas, cache_dir)
    on_grid = [str(name) for name, da in product.data_vars.items() if {"lat", "y"} & set(da.dims)]
    means = [n for n in on_grid if not n.endswith((*_OF_A_CELL, UNCERTAINTY))]
    requests = [RegionalRequest(of=name, name=name) for name in means]
    for request in recipe.regional:
        if request.of in recipe.inputs:
            continue
        if request.of not in on_grid:
            raise RegionError(unknown("result or input on a grid", request.of, on_grid))
        requests.append(request)
    regional = xr.Dataset()
    for request in requests:
        for name, da in over(request).items():
            if name in regional or name in product:
                raise RegionError(f"two results are called {name!r}; give one a 'name:'")
            regional[name] = da
    return regional


def check_regional(recipe: Recipe) -> None:
    """Raise for a statistic, or an option of one, that does not exist.

    Raises
    ------
    RegionError
        Naming it.
    """
    for request in recipe.regional:
        if statistic(request.statistic, **request.options).levels:
            raise RegionError(
                f"{request.output!r} asks for several levels of a quantile; in a recipe each takes "
                "an entry with a 'name:' of its own"
            )


def _over(
    ds: xr.Dataset, recipe: Recipe, areas: Regions, cache_dir: Path | None
) -> Callable[[RegionalRequest], Series]:
    """Return what computes one statistic of a Dataset, with what comes beside it."""
    bounds = ds if "lat_bnds" in ds.coords else None

    def over(request: RegionalRequest) -> Series:
        least = request.min_valid_fraction
        how: dict[str, Any] = {
            "bounds": bounds,
            "min_valid_fraction": recipe.min_valid_fraction if least is None else least,
            "cache_dir": cache_dir,
        }
        units = str(ds[request.of].attrs.get("units", "")).replace("degC", "°C")
        value = aggregate(
            ds[request.of], areas, request.statistic, units=request.units, **how, **request.options
        )
        found = _parts(request.output, _described(value, request, units))
        sigma = ds.get(f"{request.of}{UNCERTAINTY}")
        if sigma is not None and request.statistic == "mean":
            errors = uncertainty_of_mean(sigma, areas, of=ds[request.of], **how)
            for kind, da in errors.data_vars.items():
                name = f"{request.output}{UNCERTAINTY}_{kind}{REGIONAL}"
                found[name] = da.drop_vars("valid_fraction")
        return found

    return over


def _described(value: xr.DataArray, request: RegionalRequest, units: str) -> xr.DataArray:
    """Say in the long name which statistic it is; a mean goes without saying."""
    if request.statistic == "mean":
        return value
    quantity = str(value.attrs.get("long_name", request.of))
    value.attrs["long_name"] = _WORDS[request.statistic].format(
        quantity, quantity[:1].lower() + quantity[1:], units=units, **request.options
    )
    if request.statistic not in ("minimum", "maximum", "quantile"):
        for key in ("standard_name", "units_metadata"):
            value.attrs.pop(key, None)
    return value


def _parts(name: str, value: xr.DataArray) -> Series:
    """Take apart what `aggregate` puts into coordinates."""
    beside = [part for part in PLACES if part in value.coords]
    plain = value.drop_vars(["valid_fraction", *beside])
    found = {f"{name}{REGIONAL}": plain}
    found |= {f"{name}_{part}{REGIONAL}": plain.copy(data=value[part].data) for part in beside}
    for part in beside:
        found[f"{name}_{part}{REGIONAL}"].attrs = value[part].attrs
    found[f"{name}{FRACTION}"] = value.coords["valid_fraction"].drop_vars(
        ["valid_fraction", *beside]
    )
    return found
