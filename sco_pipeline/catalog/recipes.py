"""What a recipe may say: which indicators of which datasets, for which regions, how delivered."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import Field, model_validator

from .models import BBox, Cadence, Id, Model, Period, Text, VariableId


class IndicatorRequest(Model):
    """One indicator of a recipe, with the variable it is taken of and its options."""

    id: VariableId
    of: VariableId | None = Field(
        None, description="input or earlier result, for an indicator of any variable"
    )
    name: VariableId | None = Field(None, description="name in the product, if not the default")
    options: dict[str, Any] = Field({})

    @property
    def output(self) -> str:
        """Name of the result in the product: `name`, else ``<of>_<id>``, else ``<id>``."""
        return self.name or (f"{self.of}_{self.id}" if self.of else self.id)


class RegionalRequest(Model):
    """One statistic over the regions, beside the mean that every result on the grid gets."""

    of: VariableId = Field(description="a result of the recipe, or one of its inputs")
    statistic: VariableId = Field("mean", description="see `sco_pipeline.regions.aggregate`")
    name: VariableId | None = Field(None, description="name in the product, if not the default")
    units: str | None = Field(None, description="of a sum or an area, such as km2 or Gt")
    min_valid_fraction: float | None = Field(
        None, ge=0, le=1, description="if not that of the recipe"
    )
    options: dict[str, Any] = Field({})

    @property
    def output(self) -> str:
        """Name of the result in the product: `name`, else ``<of>_<statistic>``."""
        return self.name or f"{self.of}_{self.statistic}"


class MapRequest(Model):
    """One map of a recipe."""

    variable: VariableId
    select: dict[str, str | int | dt.date] = Field(
        {}, description="dimension -> label, e.g. time: 2007-12"
    )
    title: Text | None = None
    extent: BBox | None = None
    projection: Literal["auto", "plate-carree", "north-polar", "south-polar", "robinson"] = "auto"
    regions: Id | None = Field(None, description="region set whose outlines are drawn")


class Recipe(Model):
    """One product: which indicators of which datasets, for which regions, how often."""

    id: Id
    title: Text
    summary: Text
    indicators: tuple[IndicatorRequest, ...] = Field(min_length=1)
    inputs: dict[VariableId, Id]
    period: Period = Period()
    baseline: tuple[int, int] | Period | None = Field(
        None, description="first and last year, or days"
    )
    frequency: Literal["day", "month", "season", "year"] = "year"
    regions: tuple[Id, ...] = ()
    regional: tuple[RegionalRequest, ...] = Field(
        (), description="further statistics over the regions"
    )
    min_valid_fraction: float = Field(
        0.5, ge=0, le=1, description="share of a region that must hold valid values"
    )
    bbox: BBox | None = None
    grid: Id | None = None
    cadence: Cadence
    formats: tuple[Id, ...] = ("netcdf", "maps", "series")
    maps: tuple[MapRequest, ...] = ()
    quality: bool = Field(
        True, description="whether the inputs are checked as they pass, with counts in the product"
    )
    caveats: tuple[Text, ...] = Field((), description="what a reader must know; on every output")

    @model_validator(mode="after")
    def _regional_has_regions(self) -> Recipe:
        names = [request.output for request in self.regional]
        if names and not self.regions:
            raise ValueError("'regional' needs 'regions'; name at least one region set")
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two of 'regional' are called {name!r}; give one a 'name'")
        return self
