"""Global SnowPack: one byte of bits a cell becomes snow (100 %) or no snow (0 %)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .fix import fix

if TYPE_CHECKING:
    from ...catalog import DatasetEntry

NO_DATA = 0
SNOW = 64
"""Bit of the daily product that tells snow; lower bits tell how the cell was filled."""
MISSING = 255
_BLOCK = 2048


@fix("global-snowpack-bits")
def global_snowpack_bits(
    raw: xr.Dataset, entry: DatasetEntry, path: Path
) -> tuple[xr.Dataset, str] | None:
    """Turn the code of the daily product into per cent of snow, block by block.

    Parameters
    ----------
    raw : Dataset
        Undecoded; its data variables with rows and columns hold the code.
    entry : DatasetEntry
        Not used.
    path : Path
        Not used.

    Returns
    -------
    (Dataset, str) or None
        None if there is no such variable of one byte, so that there is nothing to mend.

    References
    ----------
    .. [1] https://download.geoservice.dlr.de/GSP/files/daily/GSPDAILY_README.txt
    """
    names = [
        str(name) for name, da in raw.data_vars.items() if da.ndim >= 2 and da.dtype == np.uint8
    ]
    if not names:
        return None
    mended = raw.copy()
    for name in names:
        coded = raw[name].variable
        # blocks keep a slab small; the whole globe is some gigabytes
        blocks = coded.chunk({dim: min(_BLOCK, size) for dim, size in coded.sizes.items()})
        mended[name] = blocks._replace(
            data=blocks.data.map_blocks(_percent, dtype=np.uint8),
            attrs={**coded.attrs, "units": "%", "_FillValue": np.uint8(MISSING)},
        )
    return mended, f"bits in {', '.join(names)}"


def _percent(coded: np.ndarray) -> np.ndarray:
    """Return 100 for snow, 0 for none, 255 for no data."""
    snow = np.where(coded >= SNOW, 100, 0)
    return np.where(coded == NO_DATA, MISSING, snow).astype(np.uint8)
