"""What a catalog file may say: frozen models that refuse unknown keys.

Ids are kebab-case and equal the file name; variables carry CMIP short names; units follow CF.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)]
VariableId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Frequency = Literal["hour", "day", "month", "season", "year", "irregular", "climatology", "fixed"]
Cadence = Literal["daily", "monthly", "yearly", "once"]


class Model(BaseModel):
    """Base of all catalog models: frozen, strict about keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Agency(Model):
    """A space agency or other producer, and its standing in the Space Climate Observatory."""

    id: Id
    acronym: Text
    name: Text
    country: Text
    url: str | None = None
    membership: Literal["certain", "inferred", "none"] = Field(
        description="whether it was a member on 31 January 2021; `none` for other producers"
    )
    joined: Text | None = None
    evidence: tuple[Text, ...] = ()
    note: Text | None = None


class Variable(Model):
    """A quantity, named by its CMIP short name."""

    id: VariableId
    standard_name: str | None = Field(None, description="CF standard name, if there is one")
    long_name: Text
    units: str = Field(description="canonical units, CF spelling")
    ecv: Text | None = Field(None, description="GCOS Essential Climate Variable")
    valid_range: tuple[float, float] | None = Field(None, description="in canonical units")
    difference_units: bool = Field(
        False,
        description="whether differences need units_metadata (temperatures)",
    )


class Period(Model):
    """Whole days from `start` to `end`, both included; None is open."""

    start: dt.date | None = None
    end: dt.date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.start and self.end and self.end < self.start:
            raise ValueError(f"ends ({self.end}) before it starts ({self.start}); swap the dates")
        return self

    def __str__(self) -> str:
        """Return ``start..end``."""
        return f"{self.start or ''}..{self.end or ''}"


class BBox(Model):
    """A box in degrees; `west` > `east` crosses the antimeridian."""

    west: float = Field(ge=-180, le=360)
    south: float = Field(ge=-90, le=90)
    east: float = Field(ge=-180, le=360)
    north: float = Field(ge=-90, le=90)

    @model_validator(mode="after")
    def _south_below_north(self) -> BBox:
        if self.north <= self.south:
            raise ValueError(f"north ({self.north}) is not above south ({self.south})")
        return self


class Request(Model):
    """What is wanted of one dataset."""

    variables: tuple[VariableId, ...]
    period: Period = Period()
    bbox: BBox | None = None


class Source(Model):
    """A variable as it stands in the files of a dataset."""

    name: Text = Field(description="name in the file")
    units: str | None = Field(None, description="units, where the file is silent or wrong")
    scale: float = Field(1.0, description="multiply the file's value, before units are converted")
    offset: float = Field(0.0, description="add to the scaled value")
    missing: tuple[float, ...] = Field((), description="further values that mean missing")
    out_of_range: Literal["error", "mask"] = "error"


class Access(Model):
    """How the bytes are had; `method` names an access method, which reads `options`."""

    method: Id
    url: str = Field(description="address or pattern; {day:%Y}, {month:%m}, {year:%Y} are expanded")
    mirrors: tuple[str, ...] = ()
    credential: Id | None = Field(None, description="scope of the credential, see settings.tokens")
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    allowed_hosts: tuple[str, ...] = Field((), description="hosts a redirect may lead to")
    options: dict[str, Any] = {}


class Coverage(Model):
    """What a dataset covers; `end` None is still growing."""

    start: dt.date
    end: dt.date | None = None
    bbox: BBox | None = None


class DatasetEntry(Model):
    """One public dataset."""

    id: Id
    agency: Id
    role: Text = Field(description="what the agency has to do with it")
    title: Text
    summary: Text | None = None
    version: Text | None = None
    license: Text
    citation: Text
    credit: Text | None = Field(None, description="the line that must stand on a picture")
    doi: str | None = None
    documentation: str | None = None
    coverage: Coverage
    frequency: Frequency
    resolution: Text | None = None
    latency: Text | None = None
    format: Id = Field(description="name of a reader")
    access: Access
    variables: dict[VariableId, Source]
    fixes: tuple[Id, ...] = ()


class RegionSet(Model):
    """Named areas: a geometry file beside the entry, or boxes."""

    id: Id
    title: Text
    source: Text
    license: Text
    file: str | None = Field(None, description="GeoJSON beside the entry")
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    id_field: str | None = None
    name_field: str | None = None
    boxes: dict[Id, Box] | None = None

    @model_validator(mode="after")
    def _file_or_boxes(self) -> RegionSet:
        if (self.file is None) == (self.boxes is None):
            raise ValueError("needs either 'file' or 'boxes'")
        if self.file is not None and not (self.sha256 and self.id_field and self.name_field):
            raise ValueError("a 'file' needs 'sha256', 'id_field' and 'name_field'")
        return self


class Box(BBox):
    """A named box."""

    name: Text


class IndicatorRequest(Model):
    """One indicator of a recipe, with the variable it is taken of and its options."""

    id: VariableId
    of: VariableId | None = Field(None, description="variable, for an indicator of any variable")
    name: VariableId | None = Field(None, description="name in the product, if not the default")
    options: dict[str, Any] = {}

    @property
    def output(self) -> str:
        """Name of the result in the product: `name`, else ``<of>_<id>``, else ``<id>``."""
        return self.name or (f"{self.of}_{self.id}" if self.of else self.id)


class MapRequest(Model):
    """One map of a recipe."""

    variable: VariableId
    select: dict[str, str | int] = Field({}, description="dimension -> label, e.g. time: 2007-12")
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
    bbox: BBox | None = None
    grid: Id | None = None
    cadence: Cadence
    formats: tuple[Id, ...] = ("netcdf", "maps", "series")
    maps: tuple[MapRequest, ...] = ()
    caveats: tuple[Text, ...] = Field((), description="what a reader must know; on every output")


class FetchedFile(Model):
    """One file that was fetched and checked."""

    url: str = Field(description="without secrets")
    path: str
    sha256: str
    size: int
    etag: str | None = None
    last_modified: str | None = None
    retrieved: dt.datetime
    status: Literal["preliminary", "final"] = "final"
    superseded_by: str | None = Field(None, description="sha256 of the file that took its place")


class FetchRecord(Model):
    """The files of one dataset that a request led to."""

    dataset: Id
    files: tuple[FetchedFile, ...]


RegionSet.model_rebuild()
