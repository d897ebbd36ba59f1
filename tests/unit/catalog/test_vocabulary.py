"""Words and units with a fixed meaning."""

from __future__ import annotations

import pytest

from sco_pipeline.catalog.vocabulary import (
    GCOS_ECVS,
    convertible,
    dimensions,
    ecv_fault,
    standard_name_fault,
    standard_name_version,
    standard_names,
)


def test_table_of_standard_names() -> None:
    names = standard_names()
    assert int(standard_name_version()) >= 86
    assert len(names) > 4500
    assert names["sea_surface_temperature"] == "K"
    assert names["lwe_precipitation_rate"] == "m s-1"
    assert names["sea_ice_area_fraction"] == "1"
    aliases = {name: units for name, units in names.items() if units.startswith("=")}
    assert aliases
    assert all(target[1:] in names for target in aliases.values())


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("sea_surface_temperature", "degC"),
        ("sea_surface_temperature standard_error", "K"),
        ("sea_surface_temperature number_of_observations", "1"),
        ("lwe_precipitation_rate", "mm d-1"),
        ("sea_ice_area_fraction", "%"),
        ("sea_surface_salinity", "g kg-1"),
    ],
)
def test_right_standard_names(name: str, units: str) -> None:
    assert standard_name_fault(name, units) is None


@pytest.mark.parametrize(
    ("name", "units", "words"),
    [
        ("sea_surface_temprature", "K", "Did you mean 'sea_surface_temperature'"),
        ("zzz", "K", "unknown CF standard name 'zzz'"),
        ("sea_surface_temperature", "m", "do not convert to 'K'"),
        ("sea_surface_temperature error", "K", "unknown modifier"),
        ("lwe_precipitation_rate", "kg m-2 s-1", "do not convert to 'm s-1'"),
        ("surface_carbon_dioxide_mole_flux", "mol m-2 s-1", "old alias"),
    ],
)
def test_wrong_standard_names(name: str, units: str, words: str) -> None:
    assert words in (standard_name_fault(name, units) or "")


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ("1", {}),
        ("1e-9", {}),
        ("%", {}),
        ("mm d-1", {"[length]": 1, "[time]": -1}),
        ("degC", {"[temperature]": 1}),
        ("W m-2", {"[mass]": 1, "[time]": -3}),
    ],
)
def test_dimensions(units: str, expected: dict[str, float]) -> None:
    assert dimensions(units) == expected


@pytest.mark.parametrize("units", ["foo", "1e-", "mm day-", "[", "1e-x", "m**"])
def test_units_that_cannot_be_read(units: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        dimensions(units)


@pytest.mark.parametrize(
    ("found", "wanted", "through_water", "strict"),
    [
        ("K", "degC", True, True),
        ("kg m-2 s-1", "mm d-1", True, False),
        ("kg m-2", "mm d-1", True, False),
        ("mm", "kg m-2", True, False),
        ("m s-1", "kg m-2", True, False),
        ("Pa", "mm d-1", False, False),
        ("m", "degC", False, False),
        ("1", "m", False, False),
    ],
)
def test_convertible(found: str, wanted: str, through_water: bool, strict: bool) -> None:
    assert convertible(found, wanted) is through_water
    assert convertible(found, wanted, through_water=False) is strict


def test_essential_climate_variables() -> None:
    assert len(set(GCOS_ECVS)) == len(GCOS_ECVS) == 55
    assert ecv_fault("Sea ice") is None
    assert "Did you mean 'Sea ice'" in (ecv_fault("Sea-ice") or "")
