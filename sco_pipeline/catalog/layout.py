"""What the files of a dataset do not say of their axes and flags, or say wrongly."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Calendar = Literal[
    "standard",
    "gregorian",
    "proleptic_gregorian",
    "noleap",
    "365_day",
    "all_leap",
    "366_day",
    "360_day",
    "julian",
]


class Composites(BaseModel):
    """Dates of steps that carry none: one every `days`, counted anew each year if `yearly`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: dt.date = Field(description="first day of the first step")
    days: int = Field(gt=0, le=366, description="length of a step")
    yearly: bool = Field(False, description="whether a step begins on each 1 January")


class Quality(BaseModel):
    """Which values a quality variable of the file keeps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    variable: str = Field(description="name of the flag variable in the file")
    keep: tuple[int | str, ...] = Field(
        (), description="flag values or meanings whose data are kept; all others are masked"
    )
    reject_bits: tuple[int | str, ...] = Field(
        (), description="bits (0 is the lowest) or flag meanings whose data are masked"
    )

    @model_validator(mode="after")
    def _one_rule(self) -> Quality:
        if bool(self.keep) == bool(self.reject_bits):
            raise ValueError("needs either 'keep' or 'reject_bits'")
        return self


class Layout(BaseModel):
    """Axes of the files, where CF attributes do not tell; empty for a file that follows CF."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: str | None = Field(None, description="name of the time coordinate in the file")
    lat: str | None = None
    lon: str | None = None
    x: str | None = None
    y: str | None = None
    calendar: Calendar | None = Field(None, description="takes the place of the file's calendar")
    time_units: str | None = Field(None, description="takes the place of the file's time units")
    stamp: Literal["start", "middle", "end"] | None = Field(
        None, description="where in its period a time stamp stands"
    )
    time_bounds: Literal["trust", "ignore"] = "trust"
    cell_bounds: Literal["trust", "ignore"] = "trust"
    step: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*(s|min|h|D)$")] | None = Field(
        None, description="length of a step of an irregular axis: 7D, 6h"
    )
    date_in_name: str | None = Field(
        None,
        description="regular expression with a group 'date' for granules without time: "
        r"'S(?P<date>\d{7})'",
    )
    date_format: str | None = Field(None, description="of 'date_in_name', e.g. %Y%j")
    date_in_attribute: str | None = Field(
        None, description="global attribute that holds the start of a granule without time"
    )
    composites: Composites | None = Field(None, description="dates of steps that carry none")
    grid: str | None = Field(None, description="name of a known grid, for files without one")
    crs: str | None = Field(None, description="projection, where the file is silent: EPSG:3035")
    position: tuple[float, float] | None = Field(
        None, description="latitude and longitude of a single station"
    )
    observations: Literal["mean", "count"] | None = Field(
        None,
        description="for values at positions of their own (swaths, tracks, points), which are "
        "gathered on the grid of a recipe: what becomes of those in one cell and period",
    )
    select: dict[str, float | str] = Field(
        default={}, description="dimension -> label, for a level or member of a file with many"
    )
