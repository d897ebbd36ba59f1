"""Units: spellings of the archives, temperatures, rates and amounts; answers by hand."""

from __future__ import annotations

import pytest

from sco_pipeline.errors import HarmonisationError
from sco_pipeline.harmonise.units import conversion, normalise


@pytest.mark.parametrize(
    ("found", "wanted", "factor", "offset", "per_second"),
    [
        ("K", "degC", 1, -273.15, 0),
        ("degF", "degC", 5 / 9, -160 / 9, 0),
        ("C", "degC", 1, 0, 0),
        ("degrees Celcius", "degC", 1, 0, 0),
        ("kg m-2 s-1", "mm d-1", 86400, 0, 0),
        ("mm s-1", "mm d-1", 86400, 0, 0),
        ("m d-1", "mm d-1", 1000, 0, 0),
        ("m s-1", "mm d-1", 86_400_000, 0, 0),
        ("mm", "mm d-1", 86400, 0, -1),  # an amount, divided by the seconds of its step
        ("kg m-2", "mm d-1", 86400, 0, -1),
        ("m", "mm d-1", 86_400_000, 0, -1),
        ("mm month-1", "mm d-1", 86400, 0, -1),
        ("mm/month", "mm d-1", 86400, 0, -1),
        ("mm d-1", "mm", 1 / 86400, 0, 1),
        ("J m-2", "W m-2", 1, 0, -1),
        ("fraction", "%", 100, 0, 0),
        ("percent", "1", 0.01, 0, 0),
        ("m3 m-3", "1", 1, 0, 0),
        ("MB", "hPa", 1, 0, 0),
        ("G/KG", "g kg-1", 1, 0, 0),
        ("M/S", "m s-1", 1, 0, 0),
        ("mg m^-3", "mg m-3", 1, 0, 0),
        ("kg m**-2", "kg m-2", 1, 0, 0),
        ("cm", "m", 0.01, 0, 0),
    ],
)
def test_conversions(found, wanted, factor, offset, per_second):
    change = conversion(found, wanted)
    assert change.factor == pytest.approx(factor, rel=1e-13)
    assert change.offset == pytest.approx(offset, abs=1e-11)
    assert change.per_second == per_second


def test_differences_of_temperature_have_no_zero_point():
    assert conversion("K", "degC", difference=True).offset == 0
    assert conversion("degF", "K", difference=True).factor == pytest.approx(5 / 9)


@pytest.mark.parametrize(
    ("found", "wanted"), [("m", "degC"), ("K", "m"), ("furlongs per", "m"), ("m s-1", "hPa"),
                          ("n/a", "1"), ("kg", "mm d-1")]
)  # fmt: skip
def test_other_kinds_of_quantity_are_refused(found, wanted):
    with pytest.raises(HarmonisationError, match=r"unit .* (does not convert|is not known|cannot)"):
        conversion(found, wanted)


def test_c_is_a_temperature_only_where_one_is_wanted():
    assert normalise("C", "degC") == "degC" and normalise("C", "m") == "C"
