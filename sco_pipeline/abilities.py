"""What a recipe may ask for, known without importing what makes it.

Importing every indicator, statistic and writer takes a second and 100 MB that fetching has no use
for. So their names, inputs and options also stand in ``abilities.json``, which
``scripts/make_abilities.py`` writes and a test holds. Whatever is not found right there is left
to the registries: they have the last word, and the sentence for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .catalog import Recipe, RegionalRequest
from .catalog.requests import Signature, check_requests
from .errors import IndicatorError

TABLE = Path(__file__).parent / "abilities.json"


def refuse_what_cannot_be_made(recipe: Recipe) -> None:
    """Raise for what a recipe asks for and does not exist, before anything is fetched.

    Parameters
    ----------
    recipe : Recipe
        What is wanted.

    Raises
    ------
    IndicatorError, OutputError, RegionError
        For an indicator, option, format or statistic that does not exist.
    """
    if _is_in_table(recipe):
        return
    from .indicators import indicators
    from .outputs import writers
    from .regions import check_regional

    check_requests(recipe.indicators, recipe.baseline, indicators)
    check_regional(recipe)
    for kind in recipe.formats:
        writers[kind]


def _is_in_table(recipe: Recipe) -> bool:
    """Tell whether the table knows all that a recipe asks for."""
    table = _table()
    try:
        check_requests(recipe.indicators, recipe.baseline, table.indicators)
    except (IndicatorError, KeyError):
        return False
    return all(map(table.has, recipe.regional)) and table.formats.issuperset(recipe.formats)


@dataclass(frozen=True)
class _Table:
    """Indicators by name, options of statistics by name, names of output formats."""

    indicators: dict[str, Signature]
    statistics: dict[str, list[str]]
    formats: frozenset[str]

    def has(self, request: RegionalRequest) -> bool:
        """Tell whether a statistic exists and takes what it is given."""
        given = request.options
        numbers = all(type(value) in (int, float) for value in given.values())
        return numbers and self.statistics.get(request.statistic) == sorted(given)


@cache
def _table() -> _Table:
    content = json.loads(TABLE.read_text(encoding="utf-8"))
    indicators = {
        name: Signature(
            id=name,
            inputs=tuple(about["inputs"]),
            options=dict.fromkeys(about["options"]),
            needs_baseline=about["needs_baseline"],
        )
        for name, about in content["indicators"].items()
    }
    return _Table(indicators, content["statistics"], frozenset(content["formats"]))
