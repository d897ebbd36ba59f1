"""What stands for the placeholders in the attributes of indicators of any variable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr

_DAILY = {"tasmax": "maximum", "tasmin": "minimum"}


def about_field(field: xr.DataArray) -> dict[str, str]:
    """Return what a field puts in the place of each placeholder.

    ``{daily}`` is how its values come of those within a day, by its cell methods or its name.
    """
    keys = ("units", "long_name", "standard_name")
    about = {key: str(field.attrs.get(key) or field.name) for key in keys}
    name = about["long_name"]
    if name[1:2].islower() and not name.partition(" ")[2][:1].isupper():  # no acronym, no name
        about["long_name"] = name[0].lower() + name[1:]
    methods = str(field.attrs.get("cell_methods", "")).split()
    known = _DAILY.get(str(field.name), "mean")
    about["daily"] = methods[1] if methods[:1] == ["time:"] and len(methods) > 1 else known
    return about


def filled(attributes: Mapping[str, Any], field: xr.DataArray) -> dict[str, Any]:
    """Return attributes with their placeholders filled."""
    about = about_field(field)
    return {
        key: value.format_map(about) if isinstance(value, str) else value
        for key, value in attributes.items()
    }
