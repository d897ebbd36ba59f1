"""Grids that a recipe asks for by name: ``latlon-1deg``, ``latlon-0p25deg``, ``latlon-30min``."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import HarmonisationError

_NAME = re.compile(r"latlon-(?P<whole>\d+)(?:p(?P<part>\d+))?(?P<unit>deg|min)$")


@dataclass(frozen=True)
class Target:
    """A global regular grid.

    Attributes
    ----------
    name : str
        As a recipe says it.
    lat_edges : array (rows + 1,), degrees
        From -90 to 90.
    lon_edges : array (columns + 1,), degrees
        From -180 to 180.
    """

    name: str
    lat_edges: NDArray[np.float64]
    lon_edges: NDArray[np.float64]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.lat_edges.size - 1, self.lon_edges.size - 1


def target_grid(name: str) -> Target:
    """Return a grid by name.

    Parameters
    ----------
    name : str
        ``latlon-<step>deg`` or ``latlon-<step>min`` (minutes of arc), ``p`` for the point.

    Returns
    -------
    Target
        Global, cell edges on -180 and -90 degrees.

    Raises
    ------
    HarmonisationError
        If the name does not read so, or the step does not divide 180 degrees.

    Examples
    --------
    >>> target_grid("latlon-0p25deg").shape
    (720, 1440)
    """
    match = _NAME.match(name)
    if match is None:
        raise HarmonisationError(
            f"grid {name!r} is not known; write latlon-<step>deg or latlon-<step>min, such as "
            "latlon-1deg, latlon-0p25deg or latlon-30min"
        )
    step = float(f"{match['whole']}.{match['part'] or 0}")
    step = step / 60 if match["unit"] == "min" else step
    rows = round(180 / step) if step > 0 else 0
    if rows < 2 or rows > 21_600 or abs(rows * step - 180) > 1e-9 * rows:
        raise HarmonisationError(f"grid {name!r}: its step does not divide 180 degrees evenly")
    lat = np.linspace(-90, 90, rows + 1)
    lon = np.linspace(-180, 180, 2 * rows + 1)
    return Target(name, lat, lon)
