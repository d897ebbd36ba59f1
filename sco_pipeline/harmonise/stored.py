"""Small stored arrays read whole: coordinates and their companions."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray


def unpacked(variable: xr.Variable) -> NDArray[Any]:
    """Return the values of a coordinate with fill values as NaN and packing undone."""
    values = np.atleast_1d(variable.values)
    attrs = variable.attrs
    fills = [
        fill
        for key in ("_FillValue", "missing_value")
        if key in attrs
        for fill in np.atleast_1d(attrs[key])
        if not isinstance(fill, str) and fill == fill
    ]
    absent = np.isin(values, fills) if fills else None
    scale, offset = attrs.get("scale_factor"), attrs.get("add_offset")
    if scale is not None or offset is not None:
        values = values * np.float64(1 if scale is None else scale)
        values = values + np.float64(0 if offset is None else offset)
    if absent is not None and absent.any():
        values = np.where(absent, np.nan, values)
    return values
