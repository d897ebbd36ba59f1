"""Series as long tables: one row for each region and step, with all that is known of the value."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from .series_table import BESIDE, FRACTION, Series
from .standing import Standing, standing_of
from .text import clean
from .time_axes import holds_dates, iso_day, iso_stamp, one_tick_before

LABELS = {
    FRACTION: "share of the region's area with valid values",
    **BESIDE,
    "rank_highest": "rank from the highest among the same parts of all years; ties share it",
    "rank_lowest": "rank from the lowest among the same parts of all years; ties share it",
    "ranked": "number of values that were ranked",
    "tied": "number of other values that are equal",
    "normal": "mean of the same part of the years of the base period",
    "low": "10 % quantile of the same part of the years of the base period",
    "high": "90 % quantile of the same part of the years of the base period",
    "least": "least value of the same part of the years of the base period",
    "greatest": "greatest value of the same part of the years of the base period",
    "anomaly": "difference from the normal",
    "to_date": "mean, of amounts sum, from the beginning of the year to the end of the step",
    "to_date_anomaly": "difference from the same part of the years of the base period",
    "to_date_rank_highest": "rank from the highest of the year to date among the same parts",
    "to_date_ranked": "number of years to date that were ranked",
}
COUNTS = ("rank_highest", "rank_lowest", "ranked", "tied", "to_date_rank_highest", "to_date_ranked")


def numbers_of(series: Series, product: xr.Dataset) -> dict[str, np.ndarray]:
    """Return the values of a series and all columns beside them, each (row, column)."""
    found = {"value": series.values}
    found |= {key: other.values for key, other in series.beside(product).items()}
    standing = standing_of(series, str(product.attrs.get("baseline", "")))
    if standing is not None:
        found |= {column.name: getattr(standing, column.name) for column in fields(Standing)}
    return found


def long_table(series: Series, product: xr.Dataset) -> pd.DataFrame:
    """Return one row for each region and step.

    Parameters
    ----------
    series : Series
        Along time, a climatological dimension or neither.
    product : Dataset
        For what stands beside the series, its base period and the ends of its steps.

    Returns
    -------
    DataFrame
        ``region``, ``region_name`` (not of a station), ``start`` and ``end`` (ISO dates, the last
        day included) or ``month`` and the like, ``value``, and the columns of `LABELS` that apply.
    """
    numbers = numbers_of(series, product)
    rows, columns = series.values.shape
    table: dict[str, Any] = {}
    if series.regions:
        table["region"] = np.repeat(series.regions, rows)
        table["region_name"] = np.repeat(series.titles, rows)
    for name, labels in _steps(series, product).items():
        table[name] = np.tile(labels, columns)
    for name, values in numbers.items():
        flat = values.T.ravel()
        table[name] = pd.array(flat, dtype="Int64") if name in COUNTS else flat
    return pd.DataFrame(table)


def _steps(series: Series, product: xr.Dataset) -> dict[str, np.ndarray]:
    """Return the columns that say when."""
    if series.axis is None:
        covered = {k: str(product.attrs.get(f"time_coverage_{k}", "")) for k in ("start", "end")}
        return {key: np.array([stamp[:10]]) for key, stamp in covered.items()}
    coordinate = series.da[series.axis]
    if not holds_dates(coordinate):
        return {series.axis: np.array([clean(label) for label in coordinate.values.tolist()])}
    bounds = product.get(coordinate.attrs.get("bounds", f"{series.axis}_bnds"))
    stamps = coordinate.values
    ends = stamps if bounds is None else bounds.values[:, 1]
    pairs = zip(stamps, ends, strict=True)
    return {
        "start": np.array([iso_stamp(stamp) for stamp in stamps]),
        "end": np.array([iso_day(one_tick_before(b) if b > a else b) for a, b in pairs]),
    }
