"""Open the files of a dataset as one harmonised Dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..catalog import DatasetEntry, Request, Variable
from ..errors import HarmonisationError
from .contract import check_contract
from .granule import Granule, standardise
from .join import Axis, join_times, joined
from .one_variable_a_file import has_one_variable_a_file, open_apart
from .opened_dataset import Opening


def open_dataset(
    entry: DatasetEntry,
    variables: Mapping[str, Variable],
    paths: Sequence[Path],
    request: Request,
) -> xr.Dataset:
    """Open the files of a dataset as one harmonised, lazy Dataset.

    Each file is read, fixed, decoded and standardised alone; then all are joined along time.

    Parameters
    ----------
    entry : DatasetEntry
        What the catalog says of the files.
    variables : mapping of str to Variable
        Catalog id -> quantity, for at least the requested variables.
    paths : sequence of Path
        Fetched files, in any order.
    request : Request
        Variables, period and box that are wanted.

    Returns
    -------
    Dataset (time, lat, lon), (time, y, x), (time, station) or (time)
        As `check_contract` wants it. Values are read when they are computed; what was changed
        stands in the attribute ``harmonised``, one line a change.

    Raises
    ------
    HarmonisationError
        Naming dataset, file, what was found and what was expected.
    """
    missing = [name for name in request.variables if name not in variables]
    if missing or not request.variables:
        raise HarmonisationError(
            f"dataset {entry.id!r}: variables {missing or 'none'} asked for, known are "
            f"{list(variables)}; name at least one known variable"
        )
    if entry.layout.observations:
        raise HarmonisationError(
            f"dataset {entry.id!r} holds observations at positions of their own; name a 'grid:' in "
            "the recipe, on which they are gathered"
        )
    if has_one_variable_a_file(entry):
        return open_apart(entry, variables, paths, request, open_together)
    return open_together(entry, variables, paths, request)


def open_together(
    entry: DatasetEntry,
    variables: Mapping[str, Variable],
    paths: Sequence[Path],
    request: Request,
) -> xr.Dataset:
    """Open files that hold all wanted variables; see `open_dataset`."""
    if not paths:
        raise HarmonisationError(
            f"dataset {entry.id!r}: there is no file for {request.period}; fetch it first"
        )
    opening = Opening(entry, variables, request)
    found = [standardise(Path(path), opening) for path in sorted(paths, key=str)]
    granules = [granule for granule in found if granule is not None]
    if not granules:
        raise HarmonisationError(
            f"dataset {entry.id!r}: none of its {len(paths)} files holds a step of "
            f"{request.period}; ask for another period"
        )
    return assemble(granules, opening)


def assemble(granules: Sequence[Granule], opening: Opening) -> xr.Dataset:
    """Join standardised granules and check the result against the contract."""
    entry = opening.entry
    axis = join_times(granules, opening.journal)
    grid = granules[0].grid
    dims = ("time", *grid.dims)
    data = {
        name: xr.Variable(
            dims,
            joined(granules, axis, name, entry),
            dict(granules[0].attrs[name]),
        )
        for name in granules[0].fields
    }
    if "crs" in grid.coords:
        for variable in data.values():
            variable.attrs["grid_mapping"] = "crs"
    ds = xr.Dataset(data, coords={**time_coords(axis, opening), **grid.coords})
    ds.attrs = attributes(entry, opening)
    check_contract(ds)
    return ds


def time_coords(axis: Axis, opening: Opening) -> dict[str, xr.Variable]:
    """Return time and its bounds."""
    attrs: dict[str, Any] = {
        "standard_name": "time",
        "long_name": "start of the period",
        "axis": "T",
        "bounds": "time_bnds",
    }
    coords = {"time_bnds": xr.Variable(("time", "nv"), _pairs(axis.start, axis.end))}
    coverage = opening.entry.coverage
    if opening.entry.frequency == "climatology" and coverage.end is not None:
        attrs["climatological_period"] = f"{coverage.start}/{coverage.end}"
    return {"time": xr.Variable("time", axis.start, attrs), **coords}


def _pairs(start: NDArray[Any], end: NDArray[Any]) -> NDArray[Any]:
    return np.stack([start, end], axis=1)


def attributes(entry: DatasetEntry, opening: Opening) -> dict[str, Any]:
    """Return what a harmonised Dataset says of its source and of what was changed."""
    attrs: dict[str, Any] = {
        "dataset": entry.id,
        "title": entry.title,
        "license": entry.license,
        "citation": entry.citation,
        "frequency": entry.frequency,
        "harmonised": "\n".join(opening.journal.lines()),
    }
    if entry.credit:
        attrs["credit"] = entry.credit
    if entry.version:
        attrs["version"] = entry.version
    return attrs
