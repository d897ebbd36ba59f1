"""What a catalog file may say: frozen models that refuse unknown keys.

Ids are kebab-case and equal the file name; variables carry CMIP short names; units follow CF.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from .layout import Layout, Quality

# Control characters and marks that turn the direction of writing have no place in a catalog.
_PLAIN = "^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]*$"

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)]
VariableId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=_PLAIN),
]
Link = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"]+$", max_length=1000)]
Address = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00-\x20\x7f]+$"),
]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Frequency = Literal[
    "hour", "day", "dekad", "month", "season", "year", "irregular", "climatology", "fixed"
]
Cadence = Literal["daily", "monthly", "yearly", "once"]
Role = Literal["producer", "co-producer", "distributor", "contributor", "none"]
NameStatus = Literal["seen", "own knowledge"]
AddressStatus = Literal["seen", "partly seen", "own knowledge"]

PORTAL = "portal"
"""Access method of what only a person can fetch."""


class Model(BaseModel):
    """Base of all catalog models: frozen, strict about keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(Model):
    """A published page that agencies name as evidence of their membership."""

    id: Id
    title: Text
    url: Link


class Agency(Model):
    """A space agency or other producer, and its standing in the Space Climate Observatory."""

    id: Id
    acronym: Text
    name: Text
    country: Text
    country_code: str | None = Field(None, pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")
    kind: Text | None = Field(None, description="national agency, UN body, ...")
    url: Link | None = None
    membership: Literal["certain", "inferred", "none"] = Field(
        description="whether it is a member of the alliance; `none` for other producers"
    )
    member_by: dt.date | None = Field(
        None, description="day by which membership is documented; later members carry theirs"
    )
    joined: Text | None = Field(None, description="what is known of the signature")
    evidence: tuple[Id, ...] = Field((), description="ids of sources.yaml")
    uncertainty: Text | None = Field(None, description="why membership is inferred only")
    open_data: Literal["open", "partial", "none"] | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _inferred_says_why(self) -> Agency:
        if self.membership == "inferred" and not self.uncertainty:
            raise ValueError("an inferred membership needs 'uncertainty'")
        if self.membership == "certain" and not (self.member_by and self.evidence):
            raise ValueError("a certain membership needs 'member_by' and 'evidence'")
        return self


class Variable(Model):
    """A quantity, named by its CMIP short name."""

    id: VariableId
    standard_name: str | None = Field(None, description="CF standard name, if there is one")
    long_name: Text
    units: str = Field(description="canonical units, CF spelling")
    ecv: Text | None = Field(None, description="GCOS Essential Climate Variable")
    valid_range: tuple[Finite, Finite] | None = Field(None, description="in canonical units")
    difference_units: bool = Field(
        False,
        description="whether differences need units_metadata (temperatures)",
    )

    @model_validator(mode="after")
    def _range_in_order(self) -> Variable:
        if self.valid_range and self.valid_range[0] >= self.valid_range[1]:
            raise ValueError(f"valid_range {list(self.valid_range)} is not [lowest, highest]")
        return self


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
    units: str | None = Field(
        None, description="units, where the file is silent or wrong; they win over the file's"
    )
    file_units: str | None = Field(
        None, description="units that the file states, for readers; each file's own are used"
    )
    scale: Finite = Field(1.0, description="multiply the file's value, before units are converted")
    offset: Finite = Field(0.0, description="add to the scaled value")
    missing: tuple[float, ...] = Field((), description="further values that mean missing")
    out_of_range: Literal["error", "mask"] = "error"
    quality: Quality | None = Field(None, description="flags of the file that mask values")
    uncertainty: str | None = Field(
        None, description="name of the variable that holds the standard uncertainty, same units"
    )
    accumulated: Literal["day"] | None = Field(
        None, description="whether values add up since midnight and start anew each day"
    )
    name_status: NameStatus | None = Field(None, description="how the name is known")
    note: Text | None = None


class Access(Model):
    """How the bytes are had; `method` names an access method, which reads `options`."""

    method: Id
    url: Address = Field(
        description="address or pattern; {day:%Y}, {month:%m}, {year:%Y} are expanded"
    )
    mirrors: tuple[Address, ...] = ()
    credential: Id | None = Field(None, description="scope of the credential, see settings.tokens")
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    allowed_hosts: tuple[str, ...] = Field((), description="hosts a redirect may lead to")
    options: dict[str, Any] = {}


class Coverage(Model):
    """What a dataset covers; `end` None is still growing."""

    start: dt.date
    end: dt.date | None = None
    bbox: BBox | None = None
    extent: Text | None = Field(None, description="the same in words")


class Preliminary(Model):
    """How preliminary data of a dataset are told from final ones."""

    rule: Text = Field(description="the rule in words")
    url: Address | None = Field(None, description="address or pattern of preliminary files")
    final_after_days: int | None = Field(None, gt=0, description="usual wait for the final file")


class DatasetEntry(Model):
    """One public dataset."""

    id: Id
    agency: Id
    role: Role = Field(description="what the agency has to do with it")
    role_note: Text | None = None
    producer: Text | None = Field(None, description="who made it, where the agency did not alone")
    supporting: bool = Field(
        False, description="from outside the membership, never counted as a member's"
    )
    sample: bool = Field(False, description="a small extract of a larger dataset, not counted")
    title: Text
    summary: Text | None = None
    version: Text | None = None
    license: Text
    license_basis: Text | None = Field(None, description="how the licence is known")
    citation: Text
    credit: Text | None = Field(None, description="the line that must stand on a picture")
    doi: str | None = Field(None, pattern=r"^10\.\d{4,9}/\S+$")
    documentation: Link | None = None
    ecv: tuple[Text, ...] = Field((), description="GCOS Essential Climate Variables")
    coverage: Coverage
    frequency: Frequency
    cadence: Text | None = Field(None, description="how often new data appear, in words")
    grid: Text | None = None
    resolution: Text | None = None
    latency: Text | None = None
    latency_days: int | None = Field(None, ge=0, description="usual wait for a new granule")
    preliminary: Preliminary | None = None
    format: Id = Field(description="name of a reader")
    access: Access
    address_status: AddressStatus | None = None
    found_in: Text | None = Field(None, description="where the address was read")
    not_fetchable: Text | None = Field(
        None, description="why no script can fetch it; the address is then for a person"
    )
    variables: dict[VariableId, Source] = Field(
        description="empty where nothing in it is a quantity of the catalog"
    )
    layout: Layout = Layout()
    fixes: tuple[Id, ...] = ()
    notes: tuple[Text, ...] = ()

    @property
    def fetchable(self) -> bool:
        """Whether a script can fetch it without a person in between."""
        return self.not_fetchable is None

    @property
    def needs_login(self) -> bool:
        """Whether fetching needs an account."""
        return self.access.credential is not None

    @model_validator(mode="after")
    def _fetchable_or_says_why(self) -> DatasetEntry:
        if (self.access.method == PORTAL) == self.fetchable:
            raise ValueError(f"'not_fetchable' and the access method '{PORTAL}' belong together")
        return self


class RegionSet(Model):
    """Named areas: a geometry file beside the entry, a download, boxes, circles, or countries."""

    id: Id
    title: Text
    source: Text
    license: Text
    summary: Text | None = None
    file: str | None = Field(
        None, description="GeoJSON, zipped shapefile or GeoPackage beside the entry"
    )
    access: Access | None = Field(None, description="where the geometry file is downloaded from")
    layer: Text | None = Field(None, description="layer, in a file that holds several")
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$", description="of the geometry file")
    id_field: str | None = None
    name_field: str | None = None
    antimeridian: Literal["refuse", "literal", "shortest"] = Field(
        "refuse", description="what an edge over more than half a turn of longitude means"
    )
    boxes: dict[Id, Box] | None = None
    circles: dict[Id, Circle] | None = Field(None, description="what lies around a place")
    countries: Literal["110m", "50m"] | None = Field(
        None, description="vendored Natural Earth countries of this scale"
    )
    select: tuple[Text, ...] = Field((), description="ids to keep; none means all")

    @model_validator(mode="after")
    def _one_geometry(self) -> RegionSet:
        kinds = ("file", "access", "boxes", "circles", "countries")
        if sum(getattr(self, kind) is not None for kind in kinds) != 1:
            raise ValueError(f"needs exactly one of {', '.join(map(repr, kinds))}")
        reads_file = self.file is not None or self.access is not None
        if reads_file and not (self.sha256 and self.id_field and self.name_field):
            raise ValueError("a geometry file needs 'sha256', 'id_field' and 'name_field'")
        return self


class Box(BBox):
    """A named box."""

    name: Text


class Circle(Model):
    """A named place and what lies within a distance of it."""

    name: Text
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=360)
    radius_km: float = Field(gt=0, lt=10_000)


class FetchedFile(Model):
    """One file that was fetched and checked."""

    url: str = Field(description="without secrets")
    path: str
    sha256: str
    size: int
    etag: str | None = None
    last_modified: str | None = None
    retrieved: dt.datetime | None = Field(
        None, description="None for a file that was here already and is read in place"
    )
    status: Literal["preliminary", "final"] = "final"
    superseded_by: str | None = Field(None, description="sha256 of the file that took its place")
    served_by: str | None = Field(None, description="the mirror's address, if one was used")
    period: Period | None = Field(None, description="the days that the file covers, if known")
    checked: dt.datetime | None = Field(
        None, description="when the archive was last asked whether the file changed"
    )
    mtime_ns: int | None = Field(None, description="of the file when it was checked")
    hashed: dt.datetime | None = Field(None, description="when its bytes last had this sha256")


class MissingFile(Model):
    """One file that a request needs and the archive does not have."""

    url: str = Field(description="without secrets")
    period: Period | None = None
    reason: Literal["late", "missing"] = Field(
        "missing", description="late: not published yet, later runs will fill it"
    )


class FetchRecord(Model):
    """The files of one dataset that a request led to, in the order of time."""

    dataset: Id
    files: tuple[FetchedFile, ...]
    missing: tuple[MissingFile, ...] = ()


RegionSet.model_rebuild()
