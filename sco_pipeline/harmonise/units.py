"""Units of archives to canonical units: spelling, scale, temperature, rates and amounts.

Every conversion is linear: ``canonical = factor * value + offset``, and for amounts per step also
divided (or multiplied) by the length of the step.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..catalog.vocabulary import unit_registry
from ..errors import HarmonisationError

# spellings that UDUNITS does not know but that archives write; compared without case and spaces
_SPELLINGS = {
    "degc": "degC",
    "deg_c": "degC",
    "degreec": "degC",
    "degree_c": "degC",
    "degrees_c": "degC",
    "celsius": "degC",
    "degreescelsius": "degC",
    "degreecelsius": "degC",
    "degrees_celsius": "degC",
    "degree_celsius": "degC",
    "degreescelcius": "degC",
    "degreecelcius": "degC",
    "celcius": "degC",
    "°c": "degC",
    "kelvin": "K",
    "degk": "K",
    "deg_k": "K",
    "degrees_k": "K",
    "degk.": "K",
    "m/s": "m s-1",
    "m/sec": "m s-1",
    "g/kg": "g kg-1",
    "mb": "hPa",
    "mbar": "hPa",
    "millibar": "hPa",
    "millibars": "hPa",
    "percent": "%",
    "percentage": "%",
    "fraction": "1",
    "unitless": "1",
    "dimensionless": "1",
    "none": "1",
    "-": "1",
    "mm/day": "mm d-1",
    "mm/d": "mm d-1",
    "mm/hr": "mm h-1",
    "mm/h": "mm h-1",
    "ppmv": "ppm",
    "ppbv": "1e-9",
    "ppb": "1e-9",
    "mofwaterequivalent": "m",
    "mmofwaterequivalent": "mm",
    "meters": "m",
    "metres": "m",
}
# what the same letters mean for a temperature; UDUNITS reads C as coulomb and F as farad
_TEMPERATURES = {"c": "degC", "f": "degF", "k": "K"}
_MONTHLY = re.compile(r"^(?P<amount>.+?)\s*(?:/\s*month|month\s*(?:-1|\^-1|\*\*-1))$", re.I)
_SECONDS_A_DAY = 86400.0


@dataclass(frozen=True)
class Conversion:
    """A linear change of units.

    Attributes
    ----------
    factor, offset : float
        ``canonical = factor * value + offset``.
    per_second : int
        -1 if the value is an amount to be divided by the length of its step in seconds,
        +1 if it is a rate to be multiplied by it, else 0.
    note : str
        What was assumed, or empty.
    """

    factor: float = 1.0
    offset: float = 0.0
    per_second: int = 0
    note: str = ""

    @property
    def changes(self) -> bool:
        """Whether values change."""
        return (self.factor, self.offset, self.per_second) != (1.0, 0.0, 0)


@functools.lru_cache(maxsize=512)
def conversion(found: str, wanted: str, *, difference: bool = False) -> Conversion:
    """Return how values in `found` units become values in `wanted` units.

    Parameters
    ----------
    found, wanted : str
        Units as in CF; common misspellings are read too.
    difference : bool
        Whether the quantity is a difference of temperatures, which has no zero point to shift.

    Returns
    -------
    Conversion

    Raises
    ------
    HarmonisationError
        If a unit is unknown, or the two do not measure the same kind of thing.

    Examples
    --------
    >>> conversion("K", "degC").offset
    -273.15
    >>> conversion("kg m-2 s-1", "mm d-1").factor
    86400.0
    """
    month = _MONTHLY.match(found.strip())
    if not month and normalise(found, wanted) == normalise(wanted, wanted):
        return Conversion(note=_spelling_note(found, wanted))  # the registry takes time to load
    target = _parse(wanted, wanted)
    if month:
        source, monthly = _parse(month["amount"], wanted), True
    else:
        source, monthly = _parse(found, wanted), False
    if source == target and not monthly:
        return Conversion(note=_spelling_note(found, wanted))
    if _is_temperature(target) and _is_temperature(source):
        return _temperature(source, target, difference)
    if _is_temperature(target) or _is_temperature(source):
        raise HarmonisationError(f"unit {found!r} does not convert to {wanted!r}")
    return _by_dimension(source, target, found, wanted)


def normalise(units: str, wanted: str = "") -> str:
    """Return the CF spelling of a unit; `wanted` tells whether ``C`` is a temperature."""
    key = re.sub(r"[\s]+", "", units.strip()).lower()
    if wanted and _names_temperature(wanted) and key in _TEMPERATURES:
        return _TEMPERATURES[key]
    return _SPELLINGS.get(key, units.strip())


def _spelling_note(found: str, wanted: str) -> str:
    return (
        "" if normalise(found, wanted) == found.strip() else f"read as {normalise(found, wanted)}"
    )


def _names_temperature(units: str) -> bool:
    return units in ("degC", "K", "degF")


def _parse(units: str, wanted: str) -> Any:
    """Return a unit as a pint quantity of one."""
    import pint

    text = normalise(units, wanted)
    number = re.fullmatch(r"1e(-?\d+)", text)
    if number:
        return unit_registry().Quantity(10.0 ** int(number[1]), "dimensionless")
    try:
        return unit_registry().Quantity(1.0, unit_registry().Unit(text if text != "1" else ""))
    except (pint.errors.PintError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise HarmonisationError(
            f"unit {units!r} is not known; expected one that converts to {wanted!r}"
        ) from error
    except Exception as error:  # pint's tokeniser raises what Python's tokeniser raises
        if type(error).__name__ not in ("TokenError", "SyntaxError", "UndefinedUnitError"):
            raise
        raise HarmonisationError(
            f"unit {units!r} cannot be read; expected one that converts to {wanted!r}"
        ) from error


def _is_temperature(quantity: Any) -> bool:
    return bool(dict(quantity.dimensionality) == {"[temperature]": 1})


def _temperature(source: Any, target: Any, difference: bool) -> Conversion:
    zero = float(unit_registry().Quantity(0.0, source.units).to(target.units).magnitude)
    one = float(unit_registry().Quantity(1.0, source.units).to(target.units).magnitude)
    # through kelvin the last digits are lost; scales of temperature are simple fractions
    factor = float(Fraction(one - zero).limit_denominator(1000))
    return Conversion(factor, 0.0 if difference else round(zero, 12))


def _by_dimension(source: Any, target: Any, found: str, wanted: str) -> Conversion:
    """Convert directly, through the density of water, or through the length of the step."""
    density = unit_registry().Quantity(1000.0, "kg m-3")
    second = unit_registry().Quantity(1.0, "s")
    for water in (1, 1 / density, density):
        assumed = [] if isinstance(water, int) else ["1 kg m-2 of water is 1 mm"]
        for time, sign in ((1, 0), (1 / second, -1), (second, 1)):
            changed = source * water * time
            if changed.dimensionality == target.dimensionality:
                if sign:
                    assumed.append("an amount" if sign < 0 else "a rate")
                factor = float((changed / target).to("dimensionless").magnitude)
                return Conversion(_clean(factor), 0.0, sign, "; ".join(assumed))
    raise HarmonisationError(f"unit {found!r} does not convert to {wanted!r}")


def _clean(factor: float) -> float:
    """Return the factor without the rounding of a chain of products: 86400, not 86399.99..."""
    return float(f"{factor:.14g}")
