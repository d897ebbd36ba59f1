"""Text series: CSV and white-space columns with a header and a column of dates."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ...errors import HarmonisationError
from .reader import reader

if TYPE_CHECKING:
    import pandas as pd

    from ...catalog import DatasetEntry

_DATE_COLUMNS = ("date", "time", "datetime", "day", "yyyymmdd")
_PARTS = (("year", "yr"), ("month", "mon", "mo"), ("day", "dy"))
_MAX_BYTES = 200 * 2**20


@reader("csv")
def read_csv(path: Path, entry: DatasetEntry | None) -> xr.Dataset:
    """Open a text table: numeric columns along ``time``, blank cells as NaN."""
    table = _table(path)
    layout = entry.layout if entry is not None else None
    stamps = _dates(table, layout.time if layout else None, layout.date_format if layout else None)
    if stamps is None:
        raise HarmonisationError(
            f"{path.name} has no column of dates; found {list(table.columns)}; name it with "
            "'time:' under 'layout:' of the dataset's entry"
        )
    days = (stamps.to_numpy().astype("datetime64[s]")).astype(np.int64)
    attrs = {"units": "seconds since 1970-01-01", "standard_name": "time"}
    ds = xr.Dataset(coords={"time": ("time", days, attrs)})
    for name in table.columns:
        column = table[name]
        if column.dtype.kind in "iuf" and not _is_date(str(name), layout.time if layout else None):
            ds[str(name)] = ("time", column.to_numpy(dtype=np.float64))
    return ds


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd

    if path.stat().st_size > _MAX_BYTES:
        raise HarmonisationError(f"{path.name} is larger than {_MAX_BYTES} bytes; split it")
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(lines) < 2:
        raise HarmonisationError(f"{path.name} has {len(lines)} lines; expected a header and rows")
    try:
        delimiter = csv.Sniffer().sniff("\n".join(lines[:20]), delimiters=",;\t").delimiter
    except csv.Error:
        delimiter = r"\s+"
    table = pd.read_csv(io.StringIO("\n".join(lines)), sep=delimiter, skipinitialspace=True)
    table.columns = [str(name).strip() for name in table.columns]
    return table


def _dates(table: pd.DataFrame, stated: str | None, form: str | None) -> pd.Series | None:
    """Return the dates of the rows from one column, or from columns of year, month and day."""
    import pandas as pd

    by_name = {str(name).lower(): name for name in table.columns}
    names = [stated.lower()] if stated else [n for n in _DATE_COLUMNS if n in by_name]
    parts = [next((by_name[n] for n in group if n in by_name), None) for group in _PARTS]
    if stated is None and parts[0] is not None and parts[1] is not None:
        day = table[parts[2]] if parts[2] is not None else 1
        frame = pd.DataFrame({"year": table[parts[0]], "month": table[parts[1]], "day": day})
        return pd.to_datetime(frame)
    if not names or names[0] not in by_name:
        return None
    column = table[by_name[names[0]]]
    compact = (
        column.dtype.kind in "iu"
        and column.astype(str).map(lambda text: bool(re.fullmatch(r"\d{8}", text))).all()
    )
    try:
        return pd.to_datetime(column.astype(str), format=form or ("%Y%m%d" if compact else None))
    except (ValueError, TypeError) as error:
        raise HarmonisationError(
            f"column {by_name[names[0]]!r} holds {str(column.iloc[0])!r}, which is no date by "
            f"{form or 'ISO 8601'}; give 'date_format:' under 'layout:' of the dataset's entry"
        ) from error


def _is_date(name: str, stated: str | None) -> bool:
    parts = [word for group in _PARTS for word in group]
    return name.lower() in (*_DATE_COLUMNS, *parts, (stated or "").lower())
