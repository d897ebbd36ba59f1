"""Print how far the ETCCDI indices agree with the reference implementation.

``python -m benchmarks.etccdi_agreement [--peers PYTHON] [--write FILE]`` compares every value of
the reference sets (``SCO_SHARED``, by default ``../shared``) with ours and, where the interpreter
of an environment with xclim is given, with xclim's on the same input.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from sco_pipeline.catalog import IndicatorRequest
from sco_pipeline.indicators import calculate, indicators
from tests.unit.indicators import referee

TOLERANCE = 1e-9
QUIRK = "base_before_record"
PEER_CASES = (
    "exemplar", "gaps", "ties", "ties_coarse", "base_1961_1990", "base_1971_2000",
)  # fmt: skip
NOT_IN_XCLIM = ("r95ptot", "r99ptot")
"""Xclim gives the share of the total, not the amount, from which it cannot be had back exactly."""

HEAD = """# Agreement of the ETCCDI indices with the reference

Made by `python -m benchmarks.etccdi_agreement --peers PYTHON --write PAGE`, where PYTHON has xclim
(`benchmarks/requirements-peers.txt`). The reference is climdex.pcic 1.2-0, run on a
station of 46 years and on variants of it and generated series with gaps, ties, spells over year
ends and other calendars ({cases} cases, annual, seasonal and monthly).

- **values**: periods in which the reference has a value, or we have one.
- **exact**: share of them that is equal to 1e-9, missing where it is missing.
- **largest**: largest difference where both have a value, in the unit of the index.

Left out are the in-base shares of one case, `base_before_record`, which the reference divides by
the wrong number (its documentation says so: shares exceed 100 %). We refuse such a base unless
`partial_baseline=True` is given, and then divide by the number of resamples.
"""
PEER = """
The columns of xclim {version} are of {cases} cases that use the default options, computed with its
options that come nearest (in-base bootstrap, type 8 quantiles, spells over year ends), over the
periods in which the reference has a value. It has R95p and R99p as shares only.
"""


def main() -> None:
    """Print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="python of an environment with xclim")
    parser.add_argument("--write", type=Path, help="write the page to this file")
    arguments = parser.parse_args()
    ours = {name: _ours(case, name) for name, case in referee.cases().items()}
    expected = {name: _expected(case) for name, case in referee.cases().items()}
    peer = _xclim(expected, arguments.peers) if arguments.peers else None
    page = _page(expected, ours, peer)
    print(page)
    if arguments.write:
        arguments.write.write_text(page, encoding="utf-8")


def _expected(case: dict[str, Any]) -> dict[tuple[str, str], np.ndarray]:
    """Return the reference's values by frequency and index; infinities stand for missing."""
    found = {}
    for frequency in referee.FREQUENCIES:
        for path in sorted(case["folder"].glob(f"*_{frequency}.csv")):
            index = path.name.removesuffix(f"_{frequency}.csv")
            if index != "valid":
                values = referee.read_values(path)
                found[frequency, index] = np.where(np.isinf(values), np.nan, values)
    return found


def _ours(case: dict[str, Any], name: str) -> dict[tuple[str, str], np.ndarray]:
    """Return our values by frequency and index."""
    ds = referee.read_input(case["path"], case["calendar"], tuple(case["variables"]))
    wanted = _expected(case)
    found = {}
    for frequency, period in referee.FREQUENCIES.items():
        requests = []
        for index in [index for key, index in wanted if key == frequency]:
            options = referee.options_of(index, case["options"])
            if name == QUIRK:
                options["partial_baseline"] = True
            known = indicators[index].options
            options = {key: value for key, value in options.items() if key in known}
            requests.append(IndicatorRequest(id=index, options=options))
        if requests:
            result = calculate(ds, requests, baseline=tuple(case["base"]), frequency=period)
            found |= {(frequency, one.id): result[one.id].values for one in requests}
    return found


def _xclim(expected: dict[str, Any], python: Path) -> dict[str, Any]:
    """Run xclim in its own environment on the cases with default options."""
    cases = {}
    for name in PEER_CASES:
        case, indices = referee.cases()[name], {}
        for frequency, index in expected[name]:
            if index in NOT_IN_XCLIM:
                continue
            indices.setdefault(frequency, []).append(index)
        cases[name] = {"path": str(case["path"]), "base": case["base"], "indices": indices}
    script = Path(__file__).with_name("etccdi_by_xclim.py")
    done = subprocess.run(
        [python, script], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _page(expected: dict[str, Any], ours: dict[str, Any], peer: dict[str, Any] | None) -> str:
    """Return the page with one row for each index and frequency."""
    rows: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}
    theirs: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}
    for name, wanted in expected.items():
        for key, values in wanted.items():
            if name == QUIRK and key[1] in ("tx90p", "tx10p", "tn90p", "tn10p"):
                continue
            rows.setdefault(key[::-1], []).append((values, ours[name][key]))
            if peer and name in PEER_CASES and key[1] not in NOT_IN_XCLIM:
                found = np.array(peer["cases"][name][key[0]][key[1]], dtype=float)
                given = np.isfinite(values)
                theirs.setdefault(key[::-1], []).append((values[given], found[given]))
    text = HEAD.format(cases=len(expected))
    if peer:
        text += PEER.format(version=peer["version"], cases=len(PEER_CASES))
    head = "| index | period | values | exact | largest |"
    text += f"\n{head}{' xclim values | exact | largest |' if peer else ''}\n"
    text += f"| --- | --- {'| ---: ' * (6 if peer else 3)}|\n"
    order = list(referee.FREQUENCIES)
    for index, frequency in sorted(rows, key=lambda key: (key[0], order.index(key[1]))):
        line = f"| {index} | {frequency} | {_cells(rows[index, frequency])} |"
        if peer:
            pairs = theirs.get((index, frequency))
            line += f" {_cells(pairs) if pairs else '- | - | -'} |"
        text += line + "\n"
    text += f"| **all** | | {_cells([pair for row in rows.values() for pair in row])} |"
    text += f" {_cells([pair for row in theirs.values() for pair in row])} |\n" if peer else "\n"
    return text


def _cells(pairs: list[tuple[np.ndarray, np.ndarray]]) -> str:
    """Return number of values, share of exact ones and largest difference."""
    expected = np.concatenate([pair[0] for pair in pairs])
    found = np.concatenate([pair[1] for pair in pairs])
    there = np.isfinite(expected) | np.isfinite(found)
    expected, found = expected[there], found[there]
    exact = np.isclose(found, expected, rtol=0, atol=TOLERANCE)
    both = np.abs(found - expected)[np.isfinite(found) & np.isfinite(expected)]
    share = 100 * exact.mean()
    shown = "100 %" if exact.all() else f"{min(share, 99.9):.1f} %"
    return f"{there.sum()} | {shown} | {both.max(initial=0):.2g}"


if __name__ == "__main__":
    main()
