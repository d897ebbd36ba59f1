"""The trend that a product gives for one of its series, in words for its plot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from .series_table import Series
from .text import units_text


@dataclass(frozen=True)
class Trend:
    """Change per decade in the units of the series, and what the key of a plot says."""

    per_decade: float
    text: str


def is_trend(da: xr.DataArray) -> bool:
    """Tell whether a variable is the change over its record, which no base period decides."""
    return "trend" in f"{da.name} {da.attrs.get('indicator', '')}"


def trend_of(series: Series, product: xr.Dataset) -> Trend | None:
    """Return the trend of a station's series or of its anomaly, if the product holds it."""
    indicator = str(series.da.attrs.get("indicator", ""))
    base = series.name.removesuffix("_anomaly") if indicator == "anomaly" else series.name
    name = f"{base}_trend"
    if name not in product or product[name].ndim or not np.isfinite(product[name].item()):
        return None
    units = units_text(str(product[name].attrs.get("units", "")))
    parts = [f"trend {_signed(product[name].item())} {units}"]
    if {f"{name}_lower", f"{name}_upper"} <= set(product):
        ends = (_signed(product[f"{name}_{end}"].item()) for end in ("lower", "upper"))
        parts.append("{} to {}".format(*ends))
    if f"{name}_pvalue" in product:
        parts.append(f"p = {product[f'{name}_pvalue'].item():.2g}")
    details = f" ({', '.join(parts[1:])})" if parts[1:] else ""
    return Trend(product[name].item(), " ".join(parts[0].split()) + details)


def _signed(value: float) -> str:
    return f"{value:+.2g}".replace("-", "−")
