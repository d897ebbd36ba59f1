"""Units of sums over an area, and of areas."""

from __future__ import annotations

from typing import Any

import xarray as xr

from ..errors import RegionError


def converted(pattern: str, da: xr.DataArray, target: str | None) -> tuple[float, str | None]:
    """Return the factor and the units of a statistic.

    Parameters
    ----------
    pattern : str
        Units of the statistic: ``{units}`` for those of the data, ``{units} m2`` for a sum over
        an area, or fixed ones.
    da : DataArray
        The data, with their units.
    target : str, optional
        Units that are wanted.

    Returns
    -------
    factor : float
        Multiplies the statistic.
    units : str or None
        CF spelling; None where the data have none.

    Raises
    ------
    RegionError
        If the units are unknown, have no sum, or cannot become the wanted ones.
    """
    own = da.attrs.get("units")
    if pattern == "{units}" and target is None:
        return 1.0, own
    if target is None and pattern != "{units} m2":
        return 1.0, pattern
    if own is None and "{units}" in pattern:
        raise RegionError(f"{da.name!r} has no units; give it the attribute 'units'")
    from cf_xarray.units import units as registry

    try:
        amount = _amount(registry, pattern, own)
        wanted = amount.to_base_units() if target is None else amount.to(target)
    except Exception as error:
        raise RegionError(
            f"{da.name!r} has the units {own!r}, of which {pattern.format(units=own)!r} "
            f"{'cannot be made' if target is None else f'cannot become {target!r}'}: {error}"
        ) from error
    return float(wanted.magnitude), target or f"{wanted.units:cf}"


def _amount(registry: Any, pattern: str, own: str | None) -> Any:
    if pattern == "{units} m2":
        if registry.Quantity(0.0, own).to_base_units().magnitude != 0:
            raise ValueError("its zero is arbitrary; take the mean instead")
        return registry.Quantity(1.0, registry.parse_units(own)) * registry.Quantity(1.0, "m2")
    return registry.Quantity(1.0, pattern.format(units=own))
