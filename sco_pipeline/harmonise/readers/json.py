"""JSON that holds a list of records: each becomes a row of a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from ...errors import HarmonisationError
from .reader import reader

if TYPE_CHECKING:
    from ...catalog import DatasetEntry

_MAX_BYTES = 200 * 2**20


@reader("json")
def read_json(path: Path, entry: DatasetEntry | None) -> xr.Dataset:
    """Open a list of records, which stands alone or under one key of an object."""
    from ..tables import as_dataset

    content = load(path)
    lists = [content] if isinstance(content, list) else []
    if isinstance(content, Mapping):
        lists = [value for value in content.values() if isinstance(value, list)]
    records = [found for found in lists if found and all(isinstance(r, Mapping) for r in found)]
    if len(records) != 1:
        raise HarmonisationError(
            f"{path.name} holds {len(records)} lists of records, expected one; ask the archive for "
            "another form of the data"
        )
    return as_dataset(as_table(records[0]), entry, path.name)


def load(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises
    ------
    HarmonisationError
        If it is too large or is no JSON.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise HarmonisationError(f"{path.name} is larger than {_MAX_BYTES} bytes; split it")
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, RecursionError) as error:
        raise HarmonisationError(f"{path.name} is no JSON ({error}); fetch it again") from error


def as_table(records: Sequence[Mapping[str, Any]]) -> Any:
    """Return records as a table; numbers written as text become numbers, lists are left out."""
    import pandas as pd

    simple = [
        {k: v for k, v in record.items() if not isinstance(v, list | Mapping)} for record in records
    ]
    table = pd.DataFrame.from_records(simple)
    for name in table.columns:
        if table[name].dtype.kind == "O":
            numbers = pd.to_numeric(table[name], errors="coerce")
            if numbers.notna().sum() == table[name].notna().sum():
                table[name] = numbers
    return table
