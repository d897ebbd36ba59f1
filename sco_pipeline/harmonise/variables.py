"""How each wanted variable of a file is decoded: names, fill values, packing, ranges, units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from ..catalog import DatasetEntry, Source, Variable
from ..errors import HarmonisationError, unknown
from .decoding import Decoding
from .journal import Journal
from .units import conversion, normalise

# cell methods over dimensions that a harmonised Dataset has
_METHODS = re.compile(r"(?:(?:time|area): [a-z_]+(?: (?:within|over) [a-z]+)?\s*)+")
_NO_UNITS = ("", "n/a", "na", "unknown", "undefined")


def source_of(raw: xr.Dataset, name: str, entry: DatasetEntry, origin: str) -> Source:
    """Return where the variable `name` stands in a file.

    Raises
    ------
    HarmonisationError
        If the entry does not offer it, or the file does not hold it.
    """
    if name not in entry.variables:
        raise HarmonisationError(
            f"dataset {entry.id!r} has no variable {name!r}; found {list(entry.variables)}"
        )
    source = entry.variables[name]
    if source.name not in raw.variables:
        found = sorted(str(key) for key in raw.data_vars)
        raise HarmonisationError(
            f"{origin} of dataset {entry.id!r}: {unknown('variable', source.name, found)}; "
            f"it is to become {name!r}"
        )
    return source


def decoding(
    raw: xr.Variable,
    source: Source,
    variable: Variable,
    entry: DatasetEntry,
    origin: str,
    journal: Journal,
) -> Decoding:
    """Return how the stored numbers of a variable become canonical values.

    Parameters
    ----------
    raw : Variable
        Undecoded, with its attributes.
    source : Source
        What the catalog entry says of it.
    variable : Variable
        The quantity that it is.
    entry : DatasetEntry
        Its dataset.
    origin : str
        Name of the file.
    journal : Journal
        Takes note.

    Returns
    -------
    Decoding

    Raises
    ------
    HarmonisationError
        If it has no units, units of another kind, or does not hold numbers.
    """
    if raw.dtype.kind not in "iufb":
        raise HarmonisationError(
            f"{origin}: variable {source.name!r} holds {raw.dtype}, expected numbers"
        )
    attrs = raw.attrs
    stored = _reinterpreted(raw)
    packed = "scale_factor" in attrs or "add_offset" in attrs
    scale, offset = _number(attrs, "scale_factor", 1.0), _number(attrs, "add_offset", 0.0)
    if packed and (scale, offset) != (1.0, 0.0):
        journal.add(
            variable.id, f"packed as {raw.dtype}", f"{scale:g} x stored + {offset:g}", "CF packing"
        )
    valid = _stored_range(raw, scale, offset)
    scale, offset = scale * source.scale, offset * source.scale + source.offset
    change = _conversion(attrs, source, variable, entry, origin, journal)
    return Decoding(
        label=f"{entry.id}/{variable.id} of {origin}",
        units=variable.units,
        dtype=_result_type(raw.dtype),
        stored=stored,
        missing=_missing(raw, source, stored),
        stored_range=valid,
        factor=scale * change.factor,
        offset=offset * change.factor + change.offset,
        per_second=change.per_second,
        valid_range=variable.valid_range,
        out_of_range=source.out_of_range,
    )


def attributes(variable: Variable, raw: xr.Variable) -> dict[str, Any]:
    """Return the attributes of a harmonised variable."""
    attrs: dict[str, Any] = {"long_name": variable.long_name, "units": variable.units}
    if variable.standard_name:
        attrs["standard_name"] = variable.standard_name
    if variable.difference_units:
        attrs["units_metadata"] = "temperature: on_scale"
    methods = raw.attrs.get("cell_methods")
    if isinstance(methods, str) and _METHODS.fullmatch(methods.strip()):
        attrs["cell_methods"] = methods.strip()
    return attrs


def _conversion(
    attrs: Mapping[Any, Any],
    source: Source,
    variable: Variable,
    entry: DatasetEntry,
    origin: str,
    journal: Journal,
) -> Any:
    """Return the change of units; what the entry says comes before what the file says."""
    stated = str(attrs.get("units", "")).strip()
    found = source.units if source.units is not None else stated
    if source.units is None and stated.lower() in _NO_UNITS and stated != "1":
        raise HarmonisationError(
            f"{origin}: variable {source.name!r} has no units; give 'units:' for {variable.id!r} "
            f"in the entry of dataset {entry.id!r} (canonical is {variable.units!r})"
        )
    difference = variable.standard_name is not None and "anomaly" in variable.standard_name
    try:
        change = conversion(found, variable.units, difference=difference)
    except HarmonisationError as error:
        raise HarmonisationError(
            f"{origin}: {source.name!r} of dataset {entry.id!r}: {error}; "
            f"correct 'units:' for {variable.id!r} in its entry"
        ) from error
    if source.units is not None and normalise(stated, variable.units) != found:
        journal.add(variable.id, f"units {stated!r}", f"units {found!r}", "stated")
    if change.changes or normalise(found, variable.units) != found:
        journal.add(
            variable.id, f"units {found!r}", f"units {variable.units!r}", change.note or "canonical"
        )
    return change


def _reinterpreted(raw: xr.Variable) -> str:
    """Return the integer type that ``_Unsigned`` asks for, or empty."""
    flag = str(raw.attrs.get("_Unsigned", "")).lower()
    if flag == "true" and raw.dtype.kind == "i":
        return f"u{raw.dtype.itemsize}"
    if flag == "false" and raw.dtype.kind == "u":
        return f"i{raw.dtype.itemsize}"
    return ""


def _number(attrs: Mapping[Any, Any], key: str, default: float) -> float:
    if key not in attrs:
        return default
    return float(np.asarray(attrs[key]).reshape(-1)[0])


def _missing(raw: xr.Variable, source: Source, stored: str) -> tuple[float, ...]:
    """Return every stored number that means missing."""
    dtype = raw.dtype
    numbers: list[float] = []
    for key in ("_FillValue", "missing_value"):
        if key in raw.attrs and not isinstance(raw.attrs[key], str):
            numbers += [_as_stored(n, dtype, stored) for n in np.atleast_1d(raw.attrs[key])]
    numbers += [_as_stored(n, dtype, stored) for n in source.missing]
    return tuple(dict.fromkeys(n for n in numbers if _fits(n, dtype, stored)))


def _as_stored(number: Any, dtype: np.dtype[Any], stored: str) -> float:
    """Return a fill value in the type it is compared in."""
    if stored and float(number).is_integer():
        return float(np.array([int(number)]).astype(dtype).view(stored)[0])
    return float(np.asarray(number).astype(dtype)) if dtype.kind == "f" else float(number)


def _fits(number: float, dtype: np.dtype[Any], stored: str) -> bool:
    """Tell whether a number can occur in an integer type; any can in a floating-point one."""
    dtype = np.dtype(stored) if stored else dtype
    if dtype.kind not in "iu":
        return True
    limits = np.iinfo(dtype)
    return float(number).is_integer() and limits.min <= number <= limits.max


def _stored_range(raw: xr.Variable, scale: float, offset: float) -> tuple[float, float] | None:
    """Return the file's own valid range in stored numbers.

    By CF it is stated in the packed type; where packed integers come with a range in floating
    point, it is meant for the unpacked values.
    """
    attrs = raw.attrs
    if "valid_range" in attrs:
        ends = np.asarray(attrs["valid_range"]).reshape(-1)
        if ends.size != 2 or ends.dtype.kind not in "iuf":
            return None
        low, high = ends[0], ends[1]
    elif "valid_min" in attrs or "valid_max" in attrs:
        low, high = attrs.get("valid_min", -np.inf), attrs.get("valid_max", np.inf)
    else:
        return None
    try:
        low, high = float(np.asarray(low).item()), float(np.asarray(high).item())
    except (TypeError, ValueError):
        return None
    kinds = {np.asarray(attrs[k]).dtype.kind for k in _RANGE_KEYS if k in attrs}
    if raw.dtype.kind in "iu" and "f" in kinds and scale:
        low, high = sorted(((low - offset) / scale, (high - offset) / scale))
        low, high = low - 0.5, high + 0.5  # half a step, for the rounding of the division
    return (low, high) if low <= high else None


_RANGE_KEYS = ("valid_range", "valid_min", "valid_max")


def _result_type(dtype: np.dtype[Any]) -> str:
    small = 4 if dtype.kind == "f" else 2
    return "float32" if dtype.itemsize <= small else "float64"
