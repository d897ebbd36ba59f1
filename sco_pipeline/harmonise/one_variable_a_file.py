"""Datasets that keep each variable in files of its own: opened apart, then joined."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from ..catalog import DatasetEntry, Request, Variable
from ..catalog.address import fields_of
from ..errors import HarmonisationError
from .contract import check_contract

Open = Callable[[DatasetEntry, Mapping[str, Variable], Sequence[Path], Request], xr.Dataset]


def has_one_variable_a_file(entry: DatasetEntry) -> bool:
    """Tell whether the address of a dataset names the variable of a file."""
    return "variable" in fields_of(entry.access.url)


def open_apart(
    entry: DatasetEntry,
    variables: Mapping[str, Variable],
    paths: Sequence[Path],
    request: Request,
    opened: Open,
) -> xr.Dataset:
    """Open the files of each variable alone and join the variables.

    Parameters
    ----------
    entry : DatasetEntry
        A dataset with ``{variable}`` in its address.
    variables : mapping of str to Variable
        Catalog id -> quantity.
    paths : sequence of Path
        Files of all wanted variables; each file name holds the name of its variable.
    request : Request
        What is wanted.
    opened : callable
        Opens files of one variable.

    Returns
    -------
    Dataset
        With the steps of all variables; where one lacks a step, it is missing there.

    Raises
    ------
    HarmonisationError
        If a variable has no file, or the variables lie on different grids.
    """
    parts = []
    for name in request.variables:
        source = entry.variables[name]
        mine = [path for path in paths if source.name.casefold() in _words(path)]
        alone = entry.model_copy(update={"variables": {name: source}})
        parts.append(opened(alone, variables, mine, _only(request, name)))
    return _joined(parts, entry)


def _words(path: Path) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", path.name.casefold()))


def _only(request: Request, name: str) -> Request:
    return request.model_copy(update={"variables": (name,)})


def _joined(parts: Sequence[xr.Dataset], entry: DatasetEntry) -> xr.Dataset:
    """Join variables on one grid; a step that some of them lack is missing in these."""
    if len({part.sizes["time"] for part in parts}) > 1 or not _same_times(parts):
        parts = _on_all_times(parts)
    try:
        ds = xr.merge(parts, join="exact", compat="equals", combine_attrs="override")
    except (ValueError, xr.MergeError) as error:
        raise HarmonisationError(
            f"dataset {entry.id!r}: its variables {[*entry.variables]} lie on different grids; "
            "ask for them in two recipes"
        ) from error
    lines = [line for part in parts for line in part.attrs.get("harmonised", "").splitlines()]
    ds.attrs["harmonised"] = "\n".join(dict.fromkeys(lines))
    check_contract(ds)
    return ds


def _same_times(parts: Sequence[xr.Dataset]) -> bool:
    first = parts[0].indexes["time"]
    return all(part.indexes["time"].equals(first) for part in parts[1:])


def _on_all_times(parts: Sequence[xr.Dataset]) -> list[xr.Dataset]:
    """Return the parts on the union of their times, bounds included."""
    starts = np.concatenate([part["time"].values for part in parts])
    bounds = np.concatenate([part["time_bnds"].values for part in parts])
    times, first = np.unique(starts, return_index=True)
    kept = xr.Variable(("time", "nv"), bounds[first], parts[0]["time_bnds"].attrs)
    attrs = parts[0]["time"].attrs
    grown = []
    for part in parts:
        wider = part.drop_vars("time_bnds").reindex(time=times).assign_coords(time_bnds=kept)
        wider["time"].attrs.update(attrs)
        grown.append(wider)
    return grown
