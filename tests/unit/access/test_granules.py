"""Address patterns, worked out by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from sco_pipeline.access.granules import granules_of
from sco_pipeline.catalog.models import DatasetEntry, Period, Preliminary, Request
from sco_pipeline.errors import CatalogError


def entry(url: str, start: str = "2000-01-01", end: str | None = None, **access: Any) -> Any:
    return DatasetEntry.model_validate(
        {
            "id": "demo", "agency": "esa", "role": "producer", "title": "Demo", "license": "CC0",
            "citation": "Demo", "coverage": {"start": start, "end": end}, "frequency": "day",
            "format": "netcdf", "variables": {"tas": {"name": "T2"}, "pr": {"name": "RAIN"}},
            "access": {"method": "http", "url": url, **access},
        }
    )  # fmt: skip


def urls(pattern: str, first: str, last: str, **more: Any) -> list[str]:
    period = Period(start=dt.date.fromisoformat(first), end=dt.date.fromisoformat(last))
    request = Request(variables=("tas",), period=period)
    return [granule.url for granule in granules_of(entry(pattern, **more), request)]


def test_days_over_a_leap_february() -> None:
    found = urls("h/{day:%Y}/{day:%m}/r_{day:%Y%m%d}.nc", "2000-02-28", "2000-03-01")
    assert found == [
        "h/2000/02/r_20000228.nc",
        "h/2000/02/r_20000229.nc",
        "h/2000/03/r_20000301.nc",
    ]


def test_the_finest_field_is_the_step() -> None:
    assert urls("{year:%Y}/{month:%Y%m}", "2000-12-05", "2001-01-02") == [
        "2000/200012",
        "2001/200101",
    ]


def test_other_steps() -> None:
    assert urls("{year:%Y}", "2000-06-01", "2001-06-01") == ["2000", "2001"]
    assert urls("{day:%Y.%j}", "2000-12-30", "2001-01-01") == ["2000.365", "2000.366", "2001.001"]
    assert urls("{dekad:%m%d}", "2000-02-09", "2000-03-01") == ["0201", "0211", "0221", "0301"]
    hours = urls("{hour:%Y%m%d%H}", "2000-01-01", "2000-01-01")
    assert (len(hours), hours[0], hours[-1]) == (24, "2000010100", "2000010123")


def test_composites_of_16_days_start_anew_each_year() -> None:
    found = urls("{day:%Y%j}", "2000-12-01", "2001-01-17", options={"every_days": 16})
    assert found == ["2000321", "2000337", "2000353", "2001001", "2001017"]


def test_request_is_cut_to_the_coverage() -> None:
    assert urls("{year:%Y}", "1990-01-01", "2030-01-01", end="2002-12-31") == [
        "2000",
        "2001",
        "2002",
    ]
    assert urls("{year:%Y}", "1990-01-01", "1991-01-01") == []


def test_growing_dataset_ends_today() -> None:
    today = dt.datetime.now(dt.UTC).date()
    found = granules_of(entry("{day:%Y%m%d}", start=str(today)), Request(variables=("tas",)))
    assert [granule.url for granule in found] == [f"{today:%Y%m%d}"]


def test_variable_stands_for_the_names_in_the_files() -> None:
    both = Request(variables=("pr", "tas"))
    found = granules_of(entry("{variable}/{year:%Y}", end="2000-12-31"), both)
    assert [granule.url for granule in found] == ["RAIN/2000", "T2/2000"]


def test_mirrors_and_preliminary_expand_alike() -> None:
    made = entry(
        "a/{year:%Y}", end="2000-12-31", mirrors=["b/{year:%Y}"],
    )  # fmt: skip
    early = Preliminary(rule="first days", url="early/{year:%Y}")
    made = made.model_copy(update={"preliminary": early})
    (granule,) = granules_of(made, Request(variables=("tas",)))
    assert granule.mirrors == ("b/2000",)
    assert granule.fallback is not None
    assert (granule.fallback.url, granule.fallback.status) == ("early/2000", "preliminary")


@pytest.mark.parametrize(
    "pattern",
    [
        "{0.__class__}", "{day.__class__:%Y}", "{day!r:%Y}", "{days:%Y}", "{day}", "{day:%Q}", "{",
        "{day:{year}}", "{}", "{day[0]:%Y}",
    ],
)  # fmt: skip
def test_only_named_fields(pattern: str) -> None:
    with pytest.raises(CatalogError, match="'demo'"):
        urls(pattern, "2000-01-01", "2000-01-02")


def test_too_many_files_are_refused() -> None:
    with pytest.raises(CatalogError, match="ask for a shorter period"):
        urls("{hour:%Y%m%d%H}", "1000-01-01", "2000-01-01", start="1000-01-01")
