"""Foreign text is shown as it is and cannot do anything."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sco_pipeline.outputs.periods import days_text, period_text
from sco_pipeline.outputs.text import clean, number, units_text, width_of, wrap


@given(st.text(max_size=300), st.floats(0.3, 6), st.integers(1, 4))
def test_wrapped_lines_fit(text, width, lines):
    made = wrap(text, width, 8.0, lines=lines)
    assert len(made) <= lines
    assert all(width_of(line, 8.0) <= max(width, 0.25) for line in made)


@given(st.text(max_size=300))
def test_clean_text_is_one_printable_line(text):
    cleaned = clean(text)
    assert cleaned == clean(cleaned)
    assert all(c.isprintable() for c in cleaned)


def test_clean_removes_direction_and_control_characters():
    assert clean("a\x00b\u202ec\td") == "abc d"
    assert clean("Niño $3.4$ 中") == "Niño $3.4$ ?"


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ("degC", "°C"),
        ("mm d-1", "mm d⁻¹"),
        ("W m-2", "W m⁻²"),
        ("kg m**-2", "kg m⁻²"),
        ("1", ""),
        ("d", "days"),
        ("percent", "%"),
        ("degC (10 years)-1", "°C per decade"),
        ("1 (10 years)-1", "per decade"),
        ("10^3 $x$", "103 $x$"),
    ],
)
def test_units(units, expected):
    assert units_text(units) == expected


def test_numbers():
    assert [number(v, [-0.5, -0.25, 0.0]) for v in (-0.5, -0.25, 0.0)] == ["−0.50", "−0.25", "0.00"]
    assert number(20.0, [20.0, 22.0]) == "20"
    assert number(42000.5, [0.0, 0.5]) == "42,000.5"
    assert number(1999.0, [0.0, 1.0]) == "1999"
    assert number(2e6, [0.0, 1e6, 2e6]) == "2×10⁶"


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2007-12-01", "2007-12-31", "December 2007"),
        ("2007-12-01", "2008-02-29", "December 2007 to February 2008"),
        ("2009-01-01", "2009-12-31", "2009"),
        ("1961-01-01", "1990-12-31", "1961 to 1990"),
        ("2005-04-01", "2005-06-30", "April to June 2005"),
        ("2005-06-30", "2005-06-30", "30 June 2005"),
        ("2005-06-02", "2005-06-09", "2 June 2005 to 9 June 2005"),
    ],
)
def test_periods(first, last, expected):
    assert period_text(date.fromisoformat(first), date.fromisoformat(last)) == expected
    assert days_text(f"{first} to {last}") == expected


def test_a_period_that_is_not_one_stays():
    assert days_text("soon") == "soon"
