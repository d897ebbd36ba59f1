"""Cell areas on the sphere.

One radius for the whole package: 6 371 007.181 m, the sphere with the surface of the WGS 84
ellipsoid, also the sphere of the MODIS sinusoidal grid.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS = 6_371_007.181
"""Authalic radius of the WGS 84 ellipsoid, m."""


def cell_area(lat_bnds: NDArray[np.float64], lon_bnds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the areas of the cells of a regular grid.

    Parameters
    ----------
    lat_bnds : array (lat, 2), degrees
        Lower and upper bound of each row.
    lon_bnds : array (lon, 2), degrees
        Western and eastern bound of each column, west below east.

    Returns
    -------
    array (lat, lon), m2
        Exact on the sphere of radius `EARTH_RADIUS`.
    """
    south, north = np.deg2rad(lat_bnds[:, 0]), np.deg2rad(lat_bnds[:, 1])
    # sin b - sin a as a product, which keeps all digits of thin rows
    height = 2.0 * np.cos((north + south) / 2) * np.sin((north - south) / 2)
    width = np.deg2rad(lon_bnds[:, 1] - lon_bnds[:, 0])
    return np.asarray(EARTH_RADIUS**2 * height[:, None] * width[None, :], dtype=np.float64)
