"""Agencies and datasets are chosen by what they are, where and when."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from sco_pipeline.catalog import BBox, Period, load_catalog, members, membership_summary, parse_bbox
from sco_pipeline.catalog.describe import (
    DATASET_COLUMNS,
    agency_record,
    dataset_record,
    dataset_rows,
    describe,
)
from sco_pipeline.catalog.select import meet, select
from sco_pipeline.errors import CatalogError

from .conftest import DATASET, Write


@pytest.fixture
def grown(directory: Path) -> Path:
    """A catalog with a supporting dataset that needs a login, and one that is only for people."""
    login = (
        DATASET.replace("agency: esa", "agency: noaa\nsupporting: true")
        .replace("method: http", "method: http\n  credential: archive")
        .replace("tos: {name: sst, file_units: K}", "pr: {name: rain}")
        .replace("ecv: [Sea surface temperature]", "ecv: []")
        .replace("end: 2009-12-31", "end: null")
        .replace("west: -10, south: 30, east: 40", "west: 170, south: 30, east: -170")
    )
    (directory / "datasets" / "rain.yaml").write_text(login)
    paper = DATASET.replace("method: http", "method: portal").replace(
        "address_status: seen", "not_fetchable: only on paper"
    )
    (directory / "datasets" / "paper.yaml").write_text(paper)
    return directory


def test_members_by_day(directory: Path, edit: Write) -> None:
    later = "noaa:\n  acronym: XSA\n  name: Later\n  country: X\n  membership: certain\n"
    later += "  member_by: 2021-04-20\n  evidence: [page]\nusgs:\n"
    edit("agencies.yaml", "noaa:\n", later)
    catalog = load_catalog(directory)
    assert [agency.id for agency in members(catalog)] == ["esa", "csa"]
    assert [a.id for a in members(catalog, dt.date(2021, 4, 20))] == ["esa", "csa", "noaa"]
    assert [a.id for a in members(catalog, dt.date(2020, 4, 30))] == ["csa"]
    assert len(members(catalog, None)) == 3
    assert membership_summary(catalog) == (
        "2 members on 31 January 2021: 1 named and 1 inferred (CSA)"
    )
    assert membership_summary(catalog, dt.date(2021, 5, 1)).startswith("3 members on 1 May 2021")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["paper", "rain", "sea-daily"]),
        ({"agency": "noaa"}, ["rain"]),
        ({"variable": "tos"}, ["paper", "sea-daily"]),
        ({"ecv": "sea-surface temperature"}, ["paper", "sea-daily"]),
        ({"ecv": "PRECIPITATION"}, ["rain"]),
        ({"login": True}, ["rain"]),
        ({"login": False}, ["sea-daily"]),
        ({"fetchable": False}, ["paper"]),
        ({"supporting": True}, ["rain"]),
        ({"period": Period(start=dt.date(2010, 1, 1))}, ["rain"]),
        ({"period": Period(end=dt.date(1999, 12, 31))}, []),
        ({"period": Period(start=dt.date(2009, 12, 31))}, ["paper", "rain", "sea-daily"]),
        ({"bbox": BBox(west=175, south=0, east=179, north=35)}, ["rain"]),
        ({"bbox": BBox(west=-30, south=0, east=-20, north=35)}, []),
        ({"bbox": BBox(west=0, south=51, east=10, north=60)}, []),
        ({"agency": "esa", "fetchable": True}, ["sea-daily"]),
    ],
)
def test_select(grown: Path, asked: dict[str, object], expected: list[str]) -> None:
    found = select(load_catalog(grown), **asked)  # type: ignore[arg-type]
    assert sorted(entry.id for entry in found) == expected


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"agency": "esaa"}, "Did you mean 'esa'"),
        ({"variable": "toss"}, "Did you mean 'tos'"),
        ({"ecv": "sea surface temp"}, "Did you mean 'Sea surface temperature'"),
    ],
)
def test_select_names_the_nearest(grown: Path, asked: dict[str, str], words: str) -> None:
    with pytest.raises(CatalogError, match=words):
        select(load_catalog(grown), **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((-10, 10), (5, 20), True),
        ((-10, 10), (11, 20), False),
        ((170, -170), (-175, -160), True),
        ((170, -170), (160, 175), True),
        ((170, -170), (-160, 160), False),
        ((350, 360), (-5, 5), True),
        ((0, 360), (-170, -160), True),
        ((-180, 180), (40, 50), True),
        ((340, 20), (-15, -12), True),
    ],
)
def test_boxes_meet(first: tuple[int, int], second: tuple[int, int], expected: bool) -> None:
    a, b = (BBox(west=w, south=0, east=e, north=1) for w, e in (first, second))
    assert meet(a, b) is expected
    assert meet(b, a) is expected


def test_parse_bbox() -> None:
    assert parse_bbox("-10, 35,40,70") == BBox(west=-10, south=35, east=40, north=70)
    for text in ("", "1,2,3", "a,b,c,d", "0,50,10,40", "0,0,900,1"):
        with pytest.raises(CatalogError, match="west,south,east,north"):
            parse_bbox(text)


def test_describe_holds_what_a_user_needs(grown: Path) -> None:
    catalog = load_catalog(grown)
    text = dict(describe(catalog, catalog.datasets["sea-daily"]))
    assert text["license"] == "CC-BY-4.0"
    assert text["citation"] == "Somebody (2020)"
    assert "sea_surface_temperature" in text["variables"]
    assert "'sst' in K" in text["variables"]
    assert text["coverage"].startswith("2000-01-01..2009-12-31; west -10, south 30")
    assert "standing" not in text
    assert "SCO_TOKENS__archive" in dict(describe(catalog, catalog.datasets["rain"]))["login"]
    paper = dict(describe(catalog, catalog.datasets["paper"]))
    assert paper["not fetchable"] == "only on paper"


def test_rows_and_records(grown: Path) -> None:
    catalog = load_catalog(grown)
    rows = dataset_rows(list(catalog.datasets.values()))
    assert {len(row) for row in rows} == {len(DATASET_COLUMNS)}
    assert {row[5] for row in rows} == {"http", "http, login", "by hand"}
    record = dataset_record(catalog, catalog.datasets["sea-daily"])
    assert record["variables"]["tos"]["canonical_units"] == "degC"
    assert record["fetchable"] is True
    agency = agency_record(catalog, catalog.agencies["esa"])
    assert agency["evidence"][0]["url"] == "https://example.org/members"
    assert agency["datasets"] == ["sea-daily", "paper"]
