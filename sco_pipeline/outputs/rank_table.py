"""Where the latest values of a series stand, as rows of a table: rank with ties, normal, record."""

from __future__ import annotations

import numpy as np
import xarray as xr

from .findings import FEWEST, step_of
from .periods import cell_text
from .scales import is_diverging, units_of
from .series_table import Series
from .standing import standing_of
from .text import number

HEADER = ("Period", "Value", "Normal", "Rank", "Of", "Ties", "Highest", "Lowest")
_MOST = 60


def rank_rows(series: Series, product: xr.Dataset) -> list[tuple[str, ...]]:
    """Return a header and one row for each region, or for the station.

    Parameters
    ----------
    series : Series
        Along time.
    product : Dataset
        For the periods and the base period.

    Returns
    -------
    list of tuple of str
        Name, then what `HEADER` says: the latest value, the normal of its part of the year (that
        of anomalies is zero and left out), its rank from the highest among the same parts of all
        years (ties share it), number of values ranked, equal ones beside it, and the highest and
        lowest of them with their years. Empty for a series without ranks.
    """
    standing = standing_of(series, str(product.attrs.get("baseline", "")))
    if standing is None or series.axis is None:
        return []
    values, stamps = series.values, series.da[series.axis]
    years, months, days = (np.asarray(part) for part in _parts(stamps))
    steps = (0.0, step_of(values)) if np.isfinite(values).any() else (0.0, 1.0)
    rows = []
    for column, name in enumerate((series.titles or ["Station"])[:_MOST]):
        present = np.flatnonzero(np.isfinite(values[:, column]))
        if present.size == 0 or standing.ranked[row := int(present[-1]), column] < FEWEST:
            continue
        alike = present[(months[present] == months[row]) & (days[present] == days[row])]
        ordered = alike[np.argsort(values[alike, column], kind="stable")]
        ends = (
            f"{number(float(values[at, column]), steps)} ({years[at]})"
            for at in (ordered[-1], ordered[0])
        )
        normal = (
            "" if is_diverging(series.da) else number(float(standing.normal[row, column]), steps)
        )
        counts = (standing.rank_highest, standing.ranked, standing.tied)
        rows.append(
            (
                name,
                cell_text(product, series.axis, row),
                number(float(values[row, column]), steps),
                normal,
                *(f"{int(count[row, column]):,}" for count in counts),
                *ends,
            )
        )
    header = (f"Rank from the highest, {units_of(series.da)}", *HEADER)
    return [header, *rows] if rows else []


def _parts(stamps: xr.DataArray) -> tuple[xr.DataArray, ...]:
    return stamps.dt.year, stamps.dt.month, stamps.dt.day
