"""What a product says of regions: means of its results, and trends of the regions' own series."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from . import indicators, regions
from .catalog import Recipe

# computed anew on the means of regions, where they have limits and a test of their own
_OF_A_SERIES = ("trend",)


def results(
    product: xr.Dataset,
    recipe: Recipe,
    inputs: xr.Dataset,
    wanted: regions.Regions,
    kept: Path,
) -> xr.Dataset:
    """Aggregate the results of a recipe over its regions.

    Parameters
    ----------
    product : Dataset
        Results on the grid.
    recipe : Recipe
        What is wanted.
    inputs : Dataset (time, ...)
        Harmonised inputs.
    wanted : Regions
        For whom.
    kept : Path
        Directory of computed coverages.

    Returns
    -------
    Dataset (region, ...)
        ``<name>_regional`` and ``<name>_valid_fraction``.

    Raises
    ------
    RegionError
        If a region lies outside the data.
    """
    found = regions.of_results(product, recipe, wanted, kept)
    return found.assign(_trends(recipe, inputs, found, wanted, kept).data_vars)


def _trends(
    recipe: Recipe,
    inputs: xr.Dataset,
    regional: xr.Dataset,
    wanted: regions.Regions,
    kept: Path,
) -> xr.Dataset:
    """Compute the trends of a recipe on the means of the regions.

    The mean of the trends of cells has other limits and another p-value than the trend of the mean.
    """
    asked = [request for request in recipe.indicators if request.id in _OF_A_SERIES]
    of_inputs = [request for request in asked if request.of in recipe.inputs]
    trends = xr.Dataset()
    if of_inputs:
        names = [str(request.of) for request in of_inputs]
        of_means = Recipe.model_validate(
            recipe.model_dump() | {"regional": [{"of": name, "name": name} for name in names]}
        )
        found = regions.of_inputs(inputs, of_means, wanted, kept)
        means = xr.Dataset({name: found[f"{name}_regional"] for name in names})
        trends = indicators.calculate(means, of_inputs, frequency=recipe.frequency)
    for request in asked:
        if request not in of_inputs:
            mean = regional[f"{request.of}_regional"]
            (axis,) = (dim for dim in mean.dims if dim != "region")
            means = mean.rename({axis: "time"}).to_dataset(name=str(request.of))
            made = indicators.calculate(means, [request], frequency=recipe.frequency)
            trends = trends.assign(made.data_vars)
    return trends.rename({name: f"{name}_regional" for name in map(str, trends.data_vars)})
