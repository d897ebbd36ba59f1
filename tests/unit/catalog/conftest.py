"""A small catalog that tests may spoil."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

AGENCIES = """\
esa:
  acronym: ESA
  name: European Space Agency
  country: Europe
  membership: certain
  member_by: 2020-05-01
  evidence: [page]
csa:
  acronym: CSA
  name: Canadian Space Agency
  country: Canada
  membership: inferred
  uncertainty: not named in the list
noaa:
  acronym: NOAA
  name: National Oceanic and Atmospheric Administration
  country: United States of America
  membership: none
"""
SOURCES = """\
page:
  title: A page that names the members
  url: https://example.org/members
"""
VARIABLES = """\
tos:
  long_name: Sea surface temperature
  standard_name: sea_surface_temperature
  units: degC
  ecv: Sea surface temperature
  valid_range: [-5, 45]
pr:
  long_name: Precipitation
  standard_name: lwe_precipitation_rate
  units: mm d-1
  ecv: Precipitation
"""
DATASET = """\
agency: esa
role: producer
title: A record of the sea
license: CC-BY-4.0
citation: Somebody (2020)
ecv: [Sea surface temperature]
coverage:
  start: 2000-01-01
  end: 2009-12-31
  bbox: {west: -10, south: 30, east: 40, north: 50}
frequency: day
format: netcdf
access:
  method: http
  url: https://example.org/{day:%Y}/sst_{day:%Y%m%d}.nc
address_status: seen
variables:
  tos: {name: sst, file_units: K}
"""
RECIPE = """\
title: The sea
summary: How warm it is
inputs: {tos: sea-daily}
indicators:
- {id: anomaly, of: tos}
baseline: [2001, 2005]
cadence: once
"""

Write = Callable[..., Path]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A valid catalog directory."""
    for name, text in (
        ("agencies.yaml", AGENCIES),
        ("sources.yaml", SOURCES),
        ("variables.yaml", VARIABLES),
        ("datasets/esa/sea-daily.yaml", DATASET),
        ("recipes/sea.yaml", RECIPE),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def edit(directory: Path) -> Write:
    """Replace text in a file of the catalog, which must hold it."""

    def replace(name: str, old: str, new: str) -> Path:
        path = directory / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return replace
