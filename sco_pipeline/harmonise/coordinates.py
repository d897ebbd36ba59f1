"""Which variable of a file plays which part: time, latitude, longitude, projection, feature.

Looked for in this order: CF attributes (`standard_name`, `axis`, `cf_role`), then units, then
names. Two candidates of one rank are an error, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field

import xarray as xr

from ..errors import HarmonisationError

ROLES = ("time", "lat", "lon", "y", "x")

_STANDARD_NAMES = {
    "time": ("time",),
    "lat": ("latitude",),
    "lon": ("longitude",),
    "y": ("projection_y_coordinate", "grid_latitude", "projection_y_angular_coordinate"),
    "x": ("projection_x_coordinate", "grid_longitude", "projection_x_angular_coordinate"),
}
_AXIS_LETTERS = {"T": "time"}
_UNITS = {
    "lat": re.compile(r"degrees?_?(north|N)$", re.I),
    "lon": re.compile(r"degrees?_?(east|E)$", re.I),
    "time": re.compile(r"\w+ (since|as) ", re.I),
}
_NAMES = {
    "time": ("time", "t", "date", "valid_time", "times"),
    "lat": ("lat", "latitude", "lats", "nav_lat", "latitudes", "xlat"),
    "lon": ("lon", "longitude", "lons", "nav_lon", "longitudes", "long", "xlong"),
    "y": ("y", "yc", "northing", "rlat"),
    "x": ("x", "xc", "easting", "rlon"),
}


@dataclass(frozen=True)
class Axes:
    """Names of the variables of a file that locate one data variable.

    Attributes
    ----------
    time, lat, lon, y, x : str or None
        Name of the coordinate variable in the file.
    reasons : dict
        Role -> why this variable was taken.
    """

    time: str | None = None
    lat: str | None = None
    lon: str | None = None
    y: str | None = None
    x: str | None = None
    reasons: dict[str, str] = field(default_factory=dict, compare=False)


def find_axes(
    ds: xr.Dataset, name: str, origin: str, stated: Mapping[str, str] | None = None
) -> Axes:
    """Return the coordinates of the variable `name` of an undecoded Dataset.

    Parameters
    ----------
    ds : Dataset
        As a reader returns it.
    name : str
        A data variable of `ds`.
    origin : str
        What to call the file in messages.
    stated : mapping, optional
        Role -> name, where the catalog entry tells.

    Returns
    -------
    Axes
        A role that no variable plays is None.

    Raises
    ------
    HarmonisationError
        If two variables could play one role.
    """
    candidates = dict(_candidates(ds, name))
    found: dict[str, str] = dict(stated or {})
    reasons: dict[str, str] = {role: "catalog entry" for role in found}
    for role in ROLES:
        if role in found:
            continue
        for reason, plays in _tests(role):
            names = [key for key, var in candidates.items() if plays(key, var)]
            if names:
                found[role] = _only(names, candidates, role, origin)
                reasons[role] = reason
                break
    return Axes(**found, reasons=reasons)


def _candidates(ds: xr.Dataset, name: str) -> Iterator[tuple[str, xr.Variable]]:
    """Yield the variables that could locate `name`: their dimensions are among its own."""
    dims = set(ds[name].dims)
    bounds = {str(var.attrs.get(key)) for var in ds.variables.values() for key in _BOUNDS}
    for key, var in ds.variables.items():
        if key != name and str(key) not in bounds and set(var.dims) <= dims:
            yield str(key), var


_BOUNDS = ("bounds", "climatology")


def _tests(role: str) -> Iterator[tuple[str, Callable[[str, xr.Variable], bool]]]:
    """Yield reason and test, the strongest first."""

    def by_standard_name(key: str, var: xr.Variable) -> bool:
        return _text(var, "standard_name") in _STANDARD_NAMES[role]

    def by_axis(key: str, var: xr.Variable) -> bool:
        return _AXIS_LETTERS.get(_text(var, "axis").upper()) == role

    def by_units(key: str, var: xr.Variable) -> bool:
        if role == "time" and var.ndim != 1 and var.size != 1:
            return False
        other = _text(var, "standard_name")
        if role == "time" and other and other != "time":
            return False
        return role in _UNITS and bool(_UNITS[role].match(_text(var, "units")))

    def by_name(key: str, var: xr.Variable) -> bool:
        return key.rsplit("/", 1)[-1].lower() in _NAMES[role]

    yield "standard_name", by_standard_name
    yield "axis", by_axis
    yield "units", by_units
    yield "name", by_name


def _text(var: xr.Variable, key: Hashable) -> str:
    value = var.attrs.get(key, "")
    return value.strip() if isinstance(value, str) else ""


def _only(names: list[str], candidates: dict[str, xr.Variable], role: str, origin: str) -> str:
    """Return the one candidate; a variable named like its dimension comes before others."""
    if len(names) > 1:
        names = [n for n in names if candidates[n].dims == (n,)] or names
    if len(names) > 1:
        names = [n for n in names if candidates[n].ndim > 0] or names
    if len(names) > 1:
        raise HarmonisationError(
            f"{origin}: {names} could each be the {role} coordinate; "
            "name one under 'layout:' of the dataset's entry"
        )
    return names[0]
