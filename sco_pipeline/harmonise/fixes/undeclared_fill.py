"""Fill values that stand in the data without being declared: 9.96921e36, 1e20, -9999 and kin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from ...catalog import DatasetEntry
from .fix import fix

_KNOWN = (9.969209968386869e36, 1e20, 1e30, -1e34, -9999.0, -999.0, -32768.0, -32767.0)


@fix("undeclared-fill")
def undeclared_fill(
    raw: xr.Dataset, entry: DatasetEntry, path: Path
) -> tuple[xr.Dataset, str] | None:
    """Declare the fill value that the data hold at their extremes."""
    mended, found = raw, []
    for source in entry.variables.values():
        if source.name not in raw.variables or "_FillValue" in raw[source.name].attrs:
            continue
        variable = raw.variables[source.name]
        values = np.asarray(variable.values)
        ends = {float(values.min()), float(values.max())} if values.size else set()
        fills = [
            fill for fill in _KNOWN
            if any(np.isclose(end, fill, rtol=1e-6) for end in ends)
            and (abs(fill) > 1e10 or (values == fill).mean() > 0.001)
        ]  # fmt: skip
        if fills:
            exact = min(ends, key=lambda end: abs(end - fills[0]))
            changed = xr.Variable(
                variable.dims, variable._data, {**variable.attrs, "missing_value": exact}
            )
            changed.encoding = variable.encoding
            mended = mended.assign({source.name: changed})
            found.append(f"{source.name} holds {exact:g} undeclared")
    return (mended, ", ".join(found)) if found else None
