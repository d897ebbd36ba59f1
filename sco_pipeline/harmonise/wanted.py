"""What is taken from a file: the wanted variables, and the uncertainty that belongs to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from ..catalog import Quality, Source, Variable
from ..errors import HarmonisationError, unknown
from .decoding import Decoding
from .field import Mask
from .opened_dataset import Opening
from .variables import attributes, decoding

UNCERTAINTY = "_uncertainty"


@dataclass(frozen=True)
class Wanted:
    """A variable that a file is asked for.

    Attributes
    ----------
    id : str
        Name in the harmonised Dataset.
    name : str
        Name in the file.
    source : Source
        What the entry says of it.
    variable : Variable
        The quantity.
    mask : Mask or None
        Flags that mask values.
    linked : str or None
        Name of the ancillary variable that belongs to it.
    is_uncertainty : bool
        Whether it is the standard uncertainty of `variable`.
    """

    id: str
    name: str
    source: Source
    variable: Variable
    mask: Mask | None = None
    linked: str | None = None
    is_uncertainty: bool = False

    def decoding(self, raw: xr.Variable, opening: Opening, origin: str) -> Decoding:
        """Return how its stored numbers become values; an uncertainty is a difference."""
        if not self.is_uncertainty:
            return decoding(raw, self.source, self.variable, opening.entry, origin, opening.journal)
        difference = self.variable.model_copy(
            update={
                "id": self.id,
                "standard_name": f"{self.variable.standard_name or 'value'} anomaly",
                "valid_range": None,
            }
        )
        source = self.source.model_copy(update={"offset": 0.0, "name": self.name})
        made = decoding(raw, source, difference, opening.entry, origin, opening.journal)
        return replace(made, valid_range=(0.0, float("inf")), out_of_range="mask")

    def attributes(self, raw: xr.Variable) -> dict[str, Any]:
        """Return its attributes in the harmonised Dataset."""
        attrs = attributes(self.variable, raw)
        if self.linked:
            attrs["ancillary_variables"] = self.linked
        if self.is_uncertainty:
            attrs["long_name"] = f"Standard uncertainty of {self.variable.long_name}"
            if self.variable.standard_name:
                attrs["standard_name"] = f"{self.variable.standard_name} standard_error"
            if self.variable.difference_units:
                attrs["units_metadata"] = "temperature: difference"
        return attrs


def wanted_fields(
    raw: xr.Dataset, sources: Mapping[str, Source], opening: Opening, origin: str
) -> Iterator[Wanted]:
    """Yield the variables to take from a file, each with its uncertainty behind it.

    Raises
    ------
    HarmonisationError
        If a flag or uncertainty variable that the entry names is not there.
    """
    for name, source in sources.items():
        variable = opening.variables[name]
        mask = None if source.quality is None else _mask(raw, source.quality, name, opening, origin)
        extra = source.uncertainty
        linked = None if extra is None else name + UNCERTAINTY
        yield Wanted(name, source.name, source, variable, mask, linked)
        if extra is not None and linked is not None:
            _present(raw, extra, origin)
            yield Wanted(linked, extra, source, variable, mask, is_uncertainty=True)


def _mask(raw: xr.Dataset, quality: Quality, name: str, opening: Opening, origin: str) -> Mask:
    """Return the mask that the entry describes, its meanings turned into numbers."""
    _present(raw, quality.variable, origin)
    flags = raw.variables[quality.variable]
    if flags.dtype.kind not in "iu":
        raise HarmonisationError(
            f"{origin}: flags {quality.variable!r} are {flags.dtype}, expected whole numbers"
        )
    meanings = str(flags.attrs.get("flag_meanings", "")).split()
    if quality.keep:
        values = np.atleast_1d(flags.attrs.get("flag_values", [])).tolist()
        table = dict(zip(meanings, values, strict=False))
        keep = tuple(_number(item, table, origin, quality) for item in quality.keep)
        opening.journal.add(
            name, f"flags {quality.variable!r}", f"only {list(quality.keep)} kept", "catalog entry"
        )
        return Mask(flags, keep, 0)
    masks = np.atleast_1d(flags.attrs.get("flag_masks", [])).tolist()
    table = dict(zip(meanings, masks, strict=False))
    bits = 0
    for item in quality.reject_bits:
        bits |= 1 << item if isinstance(item, int) else _number(item, table, origin, quality)
    opening.journal.add(
        name, f"flags {quality.variable!r}", f"{list(quality.reject_bits)} masked", "catalog entry"
    )
    return Mask(flags, (), bits)


def _number(item: int | str, table: Mapping[str, int], origin: str, quality: Quality) -> int:
    if isinstance(item, int):
        return item
    if item not in table:
        raise HarmonisationError(
            f"{origin}, {quality.variable!r}: {unknown('flag meaning', item, table)}"
        )
    return int(table[item])


def _present(raw: xr.Dataset, name: str, origin: str) -> None:
    if name not in raw.variables:
        found = sorted(str(key) for key in raw.variables)
        raise HarmonisationError(f"{origin}: {unknown('variable', name, found)}")
