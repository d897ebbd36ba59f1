"""Address patterns take named fields only."""

from __future__ import annotations

import datetime as dt

import pytest

from sco_pipeline.catalog.address import check_pattern, expand, fields_of

TIME = dt.datetime(2005, 3, 7, 9)


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("https://a/b.nc", "https://a/b.nc"),
        ("https://a/{day:%Y}/{day:%m}/x_{day:%Y%m%d}.nc", "https://a/2005/03/x_20050307.nc"),
        ("https://a/{day:%Y}/{day:%j}.nc", "https://a/2005/066.nc"),
        ("https://a/{month:%b%y}.nc", "https://a/mar05.nc"),
        ("https://a/{hour:%Y%m%d%H}", "https://a/2005030709"),
        ("https://a/{variable}/{variable:upper}/{variable:lower}", "https://a/Tas/TAS/tas"),
        ("https://a/{{literal}}", "https://a/{literal}"),
    ],
)
def test_expands(pattern: str, address: str) -> None:
    assert check_pattern(pattern) == pattern
    assert expand(pattern, TIME, "Tas") == address


@pytest.mark.parametrize(
    "pattern",
    [
        "{0}",
        "{}",
        "{0.__class__}",
        "{day.year}",
        "{day[0]}",
        "{day!r:%Y}",
        "{day}",
        "{day:Y}x{x:%Y}",
        "{day:%Q}",
        "{day:{day}}",
        "{variable:%Y}",
        "{variable:title}",
        "{",
        "}",
        "{day:%Y",
        "{week:%Y}",
    ],
)
def test_refuses(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"field|braces"):
        check_pattern(pattern)


def test_fields() -> None:
    assert fields_of("https://a/{day:%Y}/{variable}") == {"day", "variable"}
