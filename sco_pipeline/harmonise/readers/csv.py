"""Text tables: CSV and white-space columns with a header and a column of dates."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from ...errors import HarmonisationError
from .reader import reader

if TYPE_CHECKING:
    import pandas as pd

    from ...catalog import DatasetEntry

_MAX_BYTES = 200 * 2**20


@reader("csv")
def read_csv(path: Path, entry: DatasetEntry | None) -> xr.Dataset:
    """Open a text table: a series, stations or points; blank cells are NaN."""
    from ..tables import as_dataset

    return as_dataset(read_table(path), entry, path.name)


def read_table(path: Path, *, least: int = 1) -> pd.DataFrame:
    """Return a text file with a header as a table.

    Parameters
    ----------
    path : Path
        Comma, semicolon, tab or spaces between columns; lines that begin with ``#`` are comments.
    least : int
        Rows that are expected below the header.

    Raises
    ------
    HarmonisationError
        If the file is too large or has fewer rows.
    """
    import pandas as pd

    if path.stat().st_size > _MAX_BYTES:
        raise HarmonisationError(f"{path.name} is larger than {_MAX_BYTES} bytes; split it")
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(lines) < 1 + least:
        raise HarmonisationError(f"{path.name} has {len(lines)} lines; expected a header and rows")
    try:
        delimiter = csv.Sniffer().sniff("\n".join(lines[:20]), delimiters=",;\t").delimiter
    except csv.Error:
        delimiter = r"\s+"
    table = pd.read_csv(io.StringIO("\n".join(lines)), sep=delimiter, skipinitialspace=True)
    table.columns = [str(name).strip() for name in table.columns]
    return table
