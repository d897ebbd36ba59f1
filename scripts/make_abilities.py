"""Write the table of what recipes may ask for, from the registries.

Run it from the top of the repository after an indicator, a statistic or a writer was changed::

    python scripts/make_abilities.py
"""

from __future__ import annotations

import json

from sco_pipeline.abilities import TABLE
from sco_pipeline.indicators import indicators
from sco_pipeline.outputs import writers
from sco_pipeline.regions.statistics import STATISTICS


def table() -> str:
    """Return the table as it stands in the file: one line for each thing."""
    # levels of a quantile have limits, which only the statistic itself knows
    statistics = {name: wanted for name, (_, wanted) in STATISTICS.items() if name != "quantile"}
    about = {
        name: {
            "inputs": entry.inputs,
            "options": sorted(entry.options),
            "needs_baseline": entry.needs_baseline,
        }
        for name, entry in indicators.items()
    }
    parts = {
        "formats": json.dumps(list(writers)),
        "statistics": _lines(statistics),
        "indicators": _lines(about),
    }
    return "{\n" + ",\n".join(f'"{name}": {text}' for name, text in parts.items()) + "\n}\n"


def _lines(things: dict[str, object]) -> str:
    lines = (f"  {json.dumps(name)}: {json.dumps(thing)}" for name, thing in things.items())
    return "{\n" + ",\n".join(lines) + "\n}"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
    print(f"wrote {TABLE.name}: {len(indicators)} indicators, {len(writers)} formats")
