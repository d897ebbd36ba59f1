"""Choose agencies and datasets of the catalog."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ..errors import CatalogError, unknown
from .load import Catalog
from .models import Agency, BBox, DatasetEntry, Period
from .vocabulary import GCOS_ECVS

COUNT_DAY = dt.date(2021, 1, 31)
"""The day for which the list of members was fixed."""


def members(catalog: Catalog, on: dt.date | None = COUNT_DAY) -> list[Agency]:
    """Return the members of the Space Climate Observatory.

    Parameters
    ----------
    catalog : Catalog
        From `load_catalog`.
    on : date, optional
        Day of the membership, by default 31 January 2021; None for any day. An inferred member
        without a day counts on every day.

    Returns
    -------
    list of Agency
        In the order of the catalog.
    """
    return [
        agency
        for agency in catalog.agencies.values()
        if agency.membership != "none"
        and (on is None or agency.member_by is None or agency.member_by <= on)
    ]


def membership_summary(catalog: Catalog, on: dt.date = COUNT_DAY) -> str:
    """Return one sentence with the count of members and how certain it is.

    Parameters
    ----------
    catalog : Catalog
        From `load_catalog`.
    on : date
        Day of the membership.

    Returns
    -------
    str
        For example ``27 members on 31 January 2021: 26 named and 1 inferred (CSA)``.
    """
    found = members(catalog, on)
    inferred = [agency.acronym for agency in found if agency.membership == "inferred"]
    certainty = f"{len(found) - len(inferred)} named"
    if inferred:
        certainty += f" and {len(inferred)} inferred ({', '.join(inferred)})"
    return f"{len(found)} members on {on.day} {on:%B %Y}: {certainty}"


def select(
    catalog: Catalog,
    *,
    agency: str | None = None,
    ecv: str | None = None,
    variable: str | None = None,
    bbox: BBox | None = None,
    period: Period | None = None,
    login: bool | None = None,
    fetchable: bool | None = None,
    supporting: bool | None = None,
) -> list[DatasetEntry]:
    """Return the datasets that meet all that is asked; what is None is not asked.

    Parameters
    ----------
    catalog : Catalog
        From `load_catalog`.
    agency : str, optional
        Id of an agency.
    ecv : str, optional
        Essential Climate Variable, in any case; of the dataset or of one of its variables.
    variable : str, optional
        Id of a variable.
    bbox : BBox, optional
        Box that the data must meet; a dataset that states no box is kept.
    period : Period, optional
        Days that the data must meet.
    login : bool, optional
        Whether fetching takes an account.
    fetchable : bool, optional
        Whether a script can fetch it.
    supporting : bool, optional
        Whether it comes from outside the membership.

    Returns
    -------
    list of DatasetEntry
        In the order of the catalog.

    Raises
    ------
    CatalogError
        If the agency, the variable or the Essential Climate Variable does not exist.
    """
    if agency is not None:
        agency = catalog.agencies[agency].id
    if variable is not None:
        variable = catalog.variables[variable].id
    if ecv is not None:
        ecv = _ecv(ecv)
    return [
        entry
        for entry in catalog.datasets.values()
        if agency in (None, entry.agency)
        and (variable is None or variable in entry.variables)
        and (ecv is None or ecv in ecvs(catalog, entry))
        and (bbox is None or entry.coverage.bbox is None or meet(bbox, entry.coverage.bbox))
        and (period is None or _in_time(entry, period))
        and login in (None, entry.needs_login and entry.fetchable)
        and (login is None or entry.fetchable)
        and fetchable in (None, entry.fetchable)
        and supporting in (None, entry.supporting)
    ]


def ecvs(catalog: Catalog, entry: DatasetEntry) -> list[str]:
    """Return the Essential Climate Variables of a dataset and of its variables, each once."""
    found = list(entry.ecv)
    for name in entry.variables:
        ecv = catalog.variables[name].ecv
        if ecv and ecv not in found:
            found.append(ecv)
    return found


def parse_bbox(text: str) -> BBox:
    """Return the box that ``west,south,east,north`` names.

    Raises
    ------
    CatalogError
        If the text is not four numbers, or not a box on the globe.
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
        return BBox(west=west, south=south, east=east, north=north)
    except ValueError as error:
        raise CatalogError(
            f"{text!r:.80} is no box; expected west,south,east,north in degrees, "
            "for example -10,35,40,70"
        ) from error


def meet(first: BBox, second: BBox) -> bool:
    """Tell whether two boxes share a point; either may cross the antimeridian."""
    if first.south > second.north or second.south > first.north:
        return False
    return any(
        west <= other_east and other_west <= east
        for west, east in _spans(first)
        for other_west, other_east in _spans(second)
    )


def _spans(box: BBox) -> Iterator[tuple[float, float]]:
    """Yield the longitudes of a box as one or two intervals within [-180, 180]."""
    width = box.east - box.west
    if width < 0:
        width += 360
    if width >= 360:
        yield -180.0, 180.0
        return
    west = (box.west + 180) % 360 - 180
    yield west, min(west + width, 180.0)
    if west + width > 180:
        yield -180.0, west + width - 360


def _in_time(entry: DatasetEntry, period: Period) -> bool:
    coverage = entry.coverage
    begins = period.end is None or coverage.start <= period.end
    lasts = period.start is None or coverage.end is None or coverage.end >= period.start
    return begins and lasts


def _ecv(name: str) -> str:
    """Return the catalog's spelling of an Essential Climate Variable."""
    wanted = name.casefold().replace("-", " ")
    for known in GCOS_ECVS:
        if known.casefold().replace("-", " ") == wanted:
            return known
    raise CatalogError(unknown("Essential Climate Variable", name, GCOS_ECVS))
