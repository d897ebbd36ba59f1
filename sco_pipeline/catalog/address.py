"""Address patterns as catalog files may write them: named fields only.

``{day:%Y%m%d}`` stands for a day (likewise year, month, dekad, hour), ``{variable}`` for the name
of a variable in the files, ``{variable:upper}`` and ``{variable:lower}`` for the same in one case.
"""

from __future__ import annotations

import datetime as dt
import re
from string import Formatter

TIME_FIELDS = ("year", "month", "dekad", "day", "hour")
DIRECTIVES = "YymdjHb"
_CASES = ("", "upper", "lower")


def check_pattern(pattern: str) -> str:
    """Return an address pattern, or say what is wrong with it.

    Parameters
    ----------
    pattern : str
        Address with fields in braces.

    Returns
    -------
    str
        The pattern.

    Raises
    ------
    ValueError
        If a field is not known, reaches into an object (``{0.__class__}``), or has a format that
        a date does not know.
    """
    for _, name, form, conversion in _parts(pattern):
        if name is None:
            continue
        if conversion or name not in (*TIME_FIELDS, "variable"):
            known = ", ".join((*TIME_FIELDS, "variable"))
            raise ValueError(f"field {{{name}}} is not allowed; fields are {known}")
        if name == "variable":
            if form not in _CASES:
                raise ValueError("field {variable} takes 'upper' or 'lower' after the colon")
        elif not form or re.sub(rf"%[{DIRECTIVES}]", "", form).count("%") or "{" in form:
            raise ValueError(
                f"field {{{name}}} needs a date format after the colon, such as "
                f"{{{name}:%Y%m%d}}, made of {' '.join('%' + d for d in DIRECTIVES)}"
            )
    return pattern


def expand(pattern: str, time: dt.datetime, variable: str = "variable") -> str:
    """Return the address of one time and one name.

    Parameters
    ----------
    pattern : str
        A pattern that `check_pattern` accepts.
    time : datetime
        Put into the time fields.
    variable : str
        Put into ``{variable}``.

    Returns
    -------
    str
        An address without braces.
    """
    filled = []
    for text, name, form, _ in _parts(pattern):
        filled.append(text)
        if name == "variable":
            filled.append(getattr(variable, form)() if form else variable)
        elif name is not None:
            # %b follows the language of the machine, which an address must not.
            month = f"{time:%m}"
            short = "jan feb mar apr may jun jul aug sep oct nov dec".split()[int(month) - 1]
            filled.append(time.strftime((form or "").replace("%b", short)))
    return "".join(filled)


def fields_of(pattern: str) -> set[str]:
    """Return the names of the fields of a pattern."""
    return {name for _, name, _, _ in _parts(pattern) if name is not None}


def _parts(pattern: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(pattern))
    except ValueError as error:
        raise ValueError(f"braces do not match: {error}") from error
