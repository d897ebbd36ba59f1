"""What a fix is: a function that mends one kind of trouble of an undecoded file.

A fix looks for its trouble first. Where the trouble is not there, the fix is an error and not a
no-op: the archive has mended its files, and the entry must lose the fix.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import xarray as xr

from ...catalog import DatasetEntry
from ...errors import HarmonisationError
from ...registry import Registry
from ..journal import Journal

Fix = Callable[[xr.Dataset, DatasetEntry, Path], "tuple[xr.Dataset, str] | None"]

FIXES: Registry[Fix] = Registry("fix", HarmonisationError, __package__)


def fix(name: str) -> Callable[[Fix], Fix]:
    """Register a function as the fix `name`.

    The function takes the undecoded Dataset, the entry and the path, and returns the mended
    Dataset and what it found in words, or None if the trouble is not there.
    """

    def register(function: Fix) -> Fix:
        FIXES.add(name, function)
        return function

    return register


def apply_fixes(raw: xr.Dataset, entry: DatasetEntry, path: Path, journal: Journal) -> xr.Dataset:
    """Apply the fixes that an entry names, in its order.

    Raises
    ------
    HarmonisationError
        If a fix is unknown, or no longer applies to the file.
    """
    for name in entry.fixes:
        mended = FIXES[name](raw, entry, path)
        if mended is None:
            raise HarmonisationError(
                f"{path.name}: fix {name!r} of dataset {entry.id!r} finds nothing to mend; the "
                "files have changed, take the fix out of the entry"
            )
        raw, found = mended
        journal.add("file", found, "mended", f"fix {name}")
    return raw
