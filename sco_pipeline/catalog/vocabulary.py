"""Words with a fixed meaning: Essential Climate Variables, CF standard names, units."""

from __future__ import annotations

import difflib
import functools
import gzip
import logging
from importlib import resources
from typing import Any

from ..errors import unknown

GCOS_ECVS: tuple[str, ...] = (
    # atmosphere: surface, upper air, composition
    "Near-surface air temperature",
    "Near-surface water vapour",
    "Precipitation",
    "Surface pressure",
    "Surface radiation budget",
    "Surface wind speed and direction",
    "Clouds",
    "Earth radiation budget",
    "Lightning",
    "Upper-air temperature",
    "Upper-air water vapour",
    "Upper-air wind speed and direction",
    "Aerosols",
    "Carbon dioxide, methane and other greenhouse gases",
    "Ozone",
    "Precursors for aerosols and ozone",
    # ocean: physics, biogeochemistry, life
    "Ocean surface heat flux",
    "Sea ice",
    "Sea level",
    "Sea state",
    "Sea surface salinity",
    "Sea surface temperature",
    "Subsurface currents",
    "Subsurface salinity",
    "Subsurface temperature",
    "Surface currents",
    "Surface stress",
    "Inorganic carbon",
    "Nitrous oxide",
    "Nutrients",
    "Ocean colour",
    "Oxygen",
    "Transient tracers",
    "Marine habitats",
    "Plankton",
    # land: water, ice, life, people
    "Evaporation from land",
    "Groundwater",
    "Lakes",
    "River discharge",
    "Soil moisture",
    "Terrestrial water storage",
    "Glaciers",
    "Ice sheets and ice shelves",
    "Permafrost",
    "Snow",
    "Above-ground biomass",
    "Albedo",
    "FAPAR",
    "Fire",
    "Land cover",
    "Land surface temperature",
    "Leaf area index",
    "Soil carbon",
    "Anthropogenic greenhouse gas fluxes",
    "Anthropogenic water use",
)
"""GCOS Essential Climate Variables (plan of 2022), in the spelling of the catalog."""

_MODIFIERS = ("detection_minimum", "number_of_observations", "standard_error", "status_flag")

Dimensions = dict[str, float]


def standard_names() -> dict[str, str]:
    """Return canonical units by CF standard name; an alias has ``=`` and the name it stands for.

    Returns
    -------
    dict
        About 5,600 names of the table that is shipped with the package.
    """
    return _table()[1]


def standard_name_version() -> str:
    """Return the version of the shipped CF standard name table."""
    return _table()[0]


def standard_name_fault(name: str, units: str) -> str | None:
    """Return what is wrong with a CF standard name for a quantity in `units`; None if nothing.

    Parameters
    ----------
    name : str
        Standard name, with a modifier (``sea_surface_temperature standard_error``) or without.
    units : str
        Units that the quantity has.
    """
    base, *modifiers = name.split()
    if len(modifiers) > 1 or not set(modifiers) <= set(_MODIFIERS):
        known = ", ".join(_MODIFIERS)
        return f"standard name {name!r} has an unknown modifier; known are {known}"
    table = standard_names()
    if base not in table:
        near = difflib.get_close_matches(base, table, n=1, cutoff=0.6)
        hint = f". Did you mean {near[0]!r}?" if near else f" (table {standard_name_version()})"
        return f"unknown CF standard name {base!r}{hint}"
    if table[base].startswith("="):
        return f"standard name {base!r} is an old alias; write {table[base][1:]!r}"
    if modifiers and modifiers[0] in ("number_of_observations", "status_flag"):
        return None
    canonical = table[base]
    if canonical and not convertible(units, canonical, through_water=False):
        return f"units {units!r} do not convert to {canonical!r}, those of {base!r}"
    return None


def ecv_fault(name: str) -> str | None:
    """Return what is wrong with the name of an Essential Climate Variable; None if nothing."""
    return None if name in GCOS_ECVS else unknown("Essential Climate Variable", name, GCOS_ECVS)


def dimensions(units: str) -> Dimensions:
    """Return the dimensions of a unit in CF spelling, such as ``{"[length]": 1, "[time]": -1}``.

    Raises
    ------
    ValueError
        If the unit cannot be read.
    """
    text = units.strip()
    try:
        if text == "1" or text.startswith("1e-"):
            float(text)
            return {}
        return dict(unit_registry().Unit(text).dimensionality)
    except Exception as error:  # pint raises what Python's tokeniser raises
        raise ValueError(f"unit {units!r} cannot be read") from error


def convertible(found: str, wanted: str, *, through_water: bool = True) -> bool:
    """Tell whether values in `found` units can become values in `wanted` units.

    Parameters
    ----------
    found, wanted : str
        Units in CF spelling.
    through_water : bool
        Whether 1 kg m-2 of water may stand for 1 mm, and the amount of a step for a rate.

    Raises
    ------
    ValueError
        If a unit cannot be read.
    """
    source, target = dimensions(found), dimensions(wanted)
    if source == target:
        return True
    if not through_water:
        return False
    for water in (0, 1, -1):
        for time in (0, 1, -1):
            if _shifted(source, water, time) == target:
                return True
    return False


def _shifted(source: Dimensions, water: int, time: int) -> Dimensions:
    """Multiply by the density of water and by the length of a step, or divide."""
    shifted = dict(source)
    for name, power in (("[mass]", water), ("[length]", -3 * water), ("[time]", time)):
        shifted[name] = shifted.get(name, 0) + power
    return {name: power for name, power in shifted.items() if power}


@functools.cache
def _table() -> tuple[str, dict[str, str]]:
    packed = resources.files(__package__).joinpath("cf-standard-names.txt.gz").read_bytes()
    head, *lines = gzip.decompress(packed).decode().splitlines()
    pairs = (line.split("\t", 1) for line in lines)
    return head.rsplit(maxsplit=1)[-1], {name: units for name, units in pairs}


@functools.cache
def unit_registry() -> Any:
    """Return the unit registry of cf-xarray, which reads UDUNITS spellings."""
    log = logging.getLogger("pint.util")
    level = log.level
    log.setLevel(logging.ERROR)  # it warns of every unit that cf-xarray defines anew
    try:
        from cf_xarray.units import units
    finally:
        log.setLevel(level)
    return units
