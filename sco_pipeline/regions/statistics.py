"""What can be asked of the values inside a region, each from partial sums that add up by blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import RegionError, unknown
from .weights import Weights

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Statistic:
    """How one statistic is computed.

    Attributes
    ----------
    name : str
        For the caller.
    method : str
        CF cell method.
    width : int
        Numbers kept for each row and region; the first is the area with valid values.
    block : function
        (values (row, cell), weights, out) fills `out` (row, region, width).
    join : function
        Combines partial results (..., block, region, width) over the blocks.
    value : function
        Result (..., region, width) to value (..., region) or (..., region, level).
    unit : str
        Units, made of those of the data.
    levels : tuple of float
        Levels of a quantile.
    whole : bool
        Whether the kernel must see all cells of a region at once.
    place : bool
        Whether the third number is the cell of the value.
    """

    name: str
    method: str
    width: int
    block: Callable[[NDArray[Any], Weights, Floats], None]
    join: Callable[[Floats], Floats]
    value: Callable[[Floats], Floats]
    unit: str = "{units}"
    levels: tuple[float, ...] = ()
    whole: bool = False
    place: bool = False

    @property
    def values(self) -> int:
        """Values for each region."""
        return len(self.levels) or 1


def statistic(name: str, **options: Any) -> Statistic:
    """Return a statistic by name.

    Parameters
    ----------
    name : str
        ``mean``, ``sum``, ``minimum``, ``maximum``, ``standard_deviation``, ``quantile``,
        ``area_above``, ``area_below``, ``count``.
    **options
        ``q`` (0 to 1, one or several) for a quantile; ``threshold`` for the areas.

    Returns
    -------
    Statistic

    Raises
    ------
    RegionError
        For an unknown name, or options that do not belong to it.
    """
    if name not in STATISTICS:
        raise RegionError(unknown("statistic", name, STATISTICS))
    make, wanted = STATISTICS[name]
    if set(options) != set(wanted):
        raise RegionError(
            f"statistic {name!r} takes the options {sorted(wanted)}; found {sorted(options)}"
        )
    return make(name, **options)


def _add(parts: Floats) -> Floats:
    total: Floats = parts.sum(axis=-3)
    return total


def _join_moments(parts: Floats) -> Floats:
    """Combine means and squared deviations of blocks (Chan et al. 1983)."""
    area = parts[..., 0]
    total = area.sum(axis=-2)
    safe = np.where(total > 0, total, 1.0)
    mean = (area * parts[..., 1]).sum(axis=-2) / safe
    gap = parts[..., 1] - mean[..., None, :]
    square = (parts[..., 2] + area * gap * gap).sum(axis=-2)
    return np.stack([total, mean, square, parts[..., 3].sum(axis=-2)], axis=-1)


def _join_extremes(parts: Floats) -> Floats:
    """Take the best block; of equal ones that with the first cell."""
    best = parts[..., 1].max(axis=-2)
    place = np.where(parts[..., 1] == best[..., None, :], parts[..., 2], np.inf).min(axis=-2)
    return np.stack([parts[..., 0].sum(axis=-2), best, place], axis=-1)


def _first(parts: Floats) -> Floats:
    return parts[..., 0, :, :]


def _ratio(sums: Floats) -> Floats:
    area = sums[..., 0]
    return sums[..., 1] / np.where(area > 0, area, np.nan)


def _deviation(sums: Floats) -> Floats:
    area = sums[..., 0]
    return np.sqrt(sums[..., 2] / np.where(area > 0, area, np.nan))


def _mean(name: str) -> Statistic:
    from .kernels import MEAN, mean_sums

    def block(values: NDArray[Any], weights: Weights, out: Floats) -> None:
        runs = weights.runs
        mean_sums(values, runs.starts, runs.cells, runs.lengths, runs.areas, out)

    if name == "sum":
        return Statistic(name, "area: sum", MEAN, block, _add, lambda s: s[..., 1], "{units} m2")
    return Statistic(name, "area: mean", MEAN, block, _add, _ratio)


def _moment(name: str) -> Statistic:
    from .kernels import MOMENTS, moments

    def block(values: NDArray[Any], weights: Weights, out: Floats) -> None:
        moments(values, weights.starts, weights.cells, weights.areas, weights.least, out)

    if name == "count":
        return Statistic(
            name, "area: count", MOMENTS, block, _join_moments, lambda s: s[..., 3], "1"
        )
    return Statistic(name, "area: standard_deviation", MOMENTS, block, _join_moments, _deviation)


def _extreme(name: str) -> Statistic:
    from .kernels import EXTREMES, extremes

    sign = 1.0 if name == "maximum" else -1.0

    def block(values: NDArray[Any], weights: Weights, out: Floats) -> None:
        extremes(values, weights.starts, weights.cells, weights.areas, weights.least, sign, out)
        y, x = np.divmod(out[..., 2], weights.shape[1])
        out[..., 2] = (y + weights.origin[0]) * weights.full_width + x + weights.origin[1]

    return Statistic(
        name,
        f"area: {name}",
        EXTREMES,
        block,
        _join_extremes,
        lambda s: sign * s[..., 1],
        place=True,
    )


def _beyond(name: str, threshold: float) -> Statistic:
    from .kernels import ABOVE, beyond

    sign = 1.0 if name == "area_above" else -1.0

    def block(values: NDArray[Any], weights: Weights, out: Floats) -> None:
        beyond(values, weights.starts, weights.cells, weights.areas, sign, float(threshold), out)

    return Statistic(name, "area: sum", ABOVE, block, _add, lambda s: s[..., 1], "m2")


def _quantile(name: str, q: float | list[float]) -> Statistic:
    from .kernels import quantiles

    levels = np.atleast_1d(np.asarray(q, dtype=np.float64))
    if not ((levels >= 0) & (levels <= 1)).all():
        raise RegionError(f"quantile levels are {levels.tolist()}; expected 0 to 1")

    def block(values: NDArray[Any], weights: Weights, out: Floats) -> None:
        quantiles(values, weights.starts, weights.cells, weights.areas, levels, out)

    scalar = np.ndim(q) == 0
    return Statistic(
        name,
        f"area: quantile ({', '.join(f'{level:g}' for level in levels)})",
        1 + len(levels),
        block,
        _first,
        (lambda s: s[..., 1]) if scalar else (lambda s: s[..., 1:]),
        levels=() if scalar else tuple(levels.tolist()),
        whole=True,
    )


def uncertainty() -> Statistic:
    """Return the statistic of a field of standard uncertainties: two values for a region."""
    from .kernels import UNCERTAINTY, uncertainty_sums

    def block(values: NDArray[Any], weights: Weights, out: Floats) -> None:
        uncertainty_sums(values, weights.starts, weights.cells, weights.areas, out)

    def value(sums: Floats) -> Floats:
        area = np.where(sums[..., 0] > 0, sums[..., 0], np.nan)
        return np.stack([np.sqrt(sums[..., 2]) / area, sums[..., 1] / area], axis=-1)

    return Statistic("uncertainty", "area: mean", UNCERTAINTY, block, _add, value, levels=(0, 1))


STATISTICS: dict[str, tuple[Callable[..., Statistic], tuple[str, ...]]] = {
    "mean": (_mean, ()),
    "sum": (_mean, ()),
    "standard_deviation": (_moment, ()),
    "count": (_moment, ()),
    "minimum": (_extreme, ()),
    "maximum": (_extreme, ()),
    "area_above": (_beyond, ("threshold",)),
    "area_below": (_beyond, ("threshold",)),
    "quantile": (_quantile, ("q",)),
}
"""Name of a statistic -> what makes it, and the options that it takes."""
