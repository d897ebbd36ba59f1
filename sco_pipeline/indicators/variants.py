"""Other tools' choices for the daily indices, by the name of the tool.

ETCCDI's are the defaults of the options. A variant changes those that another tool chooses
otherwise; an option that is given counts before the variant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .definition import BASELINE, COMMON, HEMISPHERE, Definition, one_of

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "ETCCDI": {},
    # Klein Tank and Konnen (2003); limits of the R package climind of ECA&D
    "ECA&D": {"max_missing_days": {"year": 15, "season": 8, "month": 3}},
    # Bourgault et al. (2023), defaults of xclim 0.62
    "xclim": {
        "missing": "percent:0",
        "spells_can_span_years": False,
        "center_on_last_day": True,
        "bootstrap": False,
        "windows": "rolling",
        "min_base_fraction": 0.0,
    },
}

_MISSING = {"missing", "max_missing_days"}


def resolved(definition: Definition, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return all options of an index: what is given, else the variant's choice, else the default.

    Raises
    ------
    IndicatorError
        If the variant is unknown.
    """
    chosen = one_of("variant", options.get("variant", COMMON["variant"]), VARIANTS)
    own = {name: value for name, value in chosen.items() if name in definition.options}
    if not _MISSING.isdisjoint(options):  # a rule and its limits are one choice
        own = {name: value for name, value in own.items() if name not in _MISSING}
    return {**definition.options, **own, **options}


def variant_of(definition: Definition, options: Mapping[str, Any]) -> str:
    """Return the name of the variant that options are, and which of them differ from it."""
    name = str(options.get("variant", COMMON["variant"]))
    of_the_data = {*BASELINE, *HEMISPHERE}
    plain = resolved(definition, {"variant": name})
    changed = [
        key
        for key, value in sorted(plain.items())
        if key not in of_the_data and options.get(key, value) != value
    ]
    return name if not changed else f"{name}, modified: {', '.join(changed)}"
