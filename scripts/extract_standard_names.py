"""Write the compact table of CF standard names from the full table of compliance-checker.

Run it from the top of the repository in the development environment::

    python scripts/extract_standard_names.py

The full table (4 MB of XML) is part of the installed package compliance-checker; kept are the
names, their canonical units, and the names that aliases stand for.
"""

from __future__ import annotations

import gzip
import sys
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

TARGET = Path(__file__).parent.parent / "sco_pipeline" / "catalog" / "cf-standard-names.txt.gz"


def main() -> int:
    """Read the table, write one line a name: name, tab, canonical units or ``=name``."""
    spec = find_spec("compliance_checker")
    if spec is None or spec.origin is None:
        print("compliance-checker is not installed; install the development group")
        return 1
    source = Path(spec.origin).parent / "data" / "cf-standard-name-table.xml"
    root = ElementTree.parse(source).getroot()
    lines = [f"# CF standard name table, version {root.findtext('version_number')}"]
    for entry in root.iter("entry"):
        lines.append(f"{entry.get('id')}\t{(entry.findtext('canonical_units') or '').strip()}")
    for alias in root.iter("alias"):
        lines.append(f"{alias.get('id')}\t={(alias.findtext('entry_id') or '').strip()}")
    content = ("\n".join(lines) + "\n").encode()
    TARGET.write_bytes(gzip.compress(content, 9, mtime=0))
    print(f"wrote {TARGET.name}: {len(lines) - 1} names, {TARGET.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
