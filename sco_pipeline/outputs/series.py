"""Series of regions and stations: two CSV files and one plot for each variable.

``<variable>.csv`` has a row for each step and a column for each region, ``<variable>_table.csv`` a
row for each region and step with rank, normal, band and what else is known of the value. Both
open in a spreadsheet and in pandas as they are: one header line, ISO dates, a full stop as decimal
sign, empty where missing. ``variables.csv`` tells names and units, ``columns.csv`` the columns of
the tables, ``regions.csv`` the regions behind the column names and the hash of their geometry.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from ..catalog import Recipe
from .atomic import write_bytes, write_text
from .long_table import LABELS, long_table
from .page import to_png
from .series_figure import draw_series
from .series_table import Series, counts_observations, series_of
from .text import clean
from .time_axes import holds_dates, iso_stamp
from .writer import writer
from .year_figure import draw_year

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIRECTORY = "series"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MOST_ROWS = 1_048_575
"""Rows of a spreadsheet, less the header; a longer table is left to the format ``parquet``."""


@writer("series")
def write_series(product: xr.Dataset, recipe: Recipe, directory: Path) -> list[Path]:
    """Write the series of a product as ``series/<variable>.csv``, ``_table.csv`` and ``.png``.

    Parameters
    ----------
    product : Dataset
        Described product.
    recipe : Recipe
        Not read; part of what every writer takes.
    directory : Path
        Of the product.

    Returns
    -------
    list of Path
        CSV files and pictures, none of counts of observations; no files for a product that is only
        on a grid.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    found = series_of(product)
    place = directory / DIRECTORY
    paths = []
    numbers = _numbers(product)
    if numbers:
        header = ["variable", "value", "units", "long_name"]
        paths.append(_written(place / "values.csv", _text(header, numbers)))
    if not found:
        return paths
    for series in found:
        text = _text(_header(series), _rows(series, product))
        paths.append(_written(place / f"{series.name}.csv", text))
        if series.values.size <= MOST_ROWS:
            text = _long(long_table(series, product))
            paths.append(_written(place / f"{series.name}_table.csv", text, spreadsheet=True))
    paths.append(_written(place / "variables.csv", _variables(found)))
    columns = [["value", "the value, in the units of variables.csv"], *LABELS.items()]
    paths.append(_written(place / "columns.csv", _text(["column", "what it is"], columns)))
    if any(series.regions for series in found):
        paths.append(_written(place / "regions.csv", _regions(found), spreadsheet=True))
    for series in found:
        if counts_observations(series.da):
            continue
        paths.append(_picture(draw_series(series, product), place / f"{series.name}.png"))
        year = draw_year(series, product)
        if year is not None:
            paths.append(_picture(year, place / f"{series.name}_year.png"))
    return paths


def _numbers(product: xr.Dataset) -> list[list[Any]]:
    """Return the single numbers of a product, such as the trend at a station."""
    return [
        [
            str(name),
            _number(float(da)),
            *(_cell(str(da.attrs.get(key, ""))) for key in ("units", "long_name")),
        ]
        for name, da in product.data_vars.items()
        if da.ndim == 0 and da.dtype.kind in "fiu"
    ]


def _header(series: Series) -> list[str]:
    return [series.axis or "period", *(series.regions or [series.name])]


def _rows(series: Series, product: xr.Dataset) -> Iterable[list[Any]]:
    labels = _labels(series, product)
    for label, values in zip(labels, series.values, strict=True):
        yield [label, *(_number(value) for value in values)]


def _labels(series: Series, product: xr.Dataset) -> list[Any]:
    if series.axis is None:
        first, last = (
            str(product.attrs.get(f"time_coverage_{end}", ""))[:10] for end in ("start", "end")
        )
        return [f"{first}/{last}"]
    coordinate = series.da[series.axis]
    if holds_dates(coordinate):
        return [iso_stamp(stamp) for stamp in coordinate.values]
    return [_cell(label) for label in coordinate.values.tolist()]


def _number(value: float) -> str:
    return f"{value:.9g}" if np.isfinite(value) else ""


def _cell(value: Any) -> Any:
    """Return text that a spreadsheet does not run as a formula; numbers as they are."""
    if isinstance(value, str):
        value = clean(value)
        return f"'{value}" if value.startswith(_FORMULA) else value
    return value


def _text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow([_cell(name) for name in header])
    table.writerows(rows)
    return buffer.getvalue()


def _long(table: pd.DataFrame) -> str:
    """Return a long table as CSV."""
    texts = {name: table[name].map(_cell) for name in table if name in ("region", "region_name")}
    text: str = table.assign(**texts).to_csv(index=False, float_format="%.9g", lineterminator="\n")
    return text


def _variables(found: Iterable[Series]) -> str:
    rows = [
        [
            f"{series.name}.csv",
            *(_cell(str(series.da.attrs.get(key, ""))) for key in ("long_name", "units")),
        ]
        for series in found
    ]
    return _text(["file", "long_name", "units"], rows)


def _regions(found: Iterable[Series]) -> str:
    rows: dict[str, list[str]] = {}
    for series in found:
        sets = [""] * len(series.regions)
        if "region_set" in series.da.coords:
            sets = np.broadcast_to(series.da["region_set"].values, len(sets)).astype(str).tolist()
        geometry = str(series.da["region"].attrs.get("geometry_sha256", "")) if sets else ""
        for region, name, origin in zip(series.regions, series.titles, sets, strict=True):
            rows.setdefault(region, [*map(_cell, (region, name, origin)), geometry])
    return _text(["region", "name", "region_set", "geometry_sha256"], rows.values())


def _written(path: Path, text: str, *, spreadsheet: bool = False) -> Path:
    """Write a table; with a byte order mark where names have accents that Excel must read."""
    write_text(path, "\ufeff" + text if spreadsheet else text)
    return path


def _picture(drawn: tuple[Figure, list[tuple[str, str]]], path: Path) -> Path:
    write_bytes(path, to_png(*drawn))
    return path
