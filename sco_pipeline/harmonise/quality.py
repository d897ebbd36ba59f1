"""Checks of harmonised values: flags with counts, never removing anything.

Checked are values out of range, jumps in time, runs of one constant value, spikes in space, and
steps with far fewer valid cells than usual. Jumps and spikes are looked for in states only: rain
falls in jumps. Spread is measured robustly, so that what is flagged does not hide itself.

`quality_flags` says where, `quality_counts` only how many, but in the same reading of the data as
whatever else is computed of them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..catalog import Variable
from ..packed import Packed
from .missing import as_bits
from .regrid import is_conserved

if TYPE_CHECKING:
    import dask.array as da

CHECKS = ("out_of_range", "jump", "constant_run", "spike", "low_coverage")
"""Meanings of the bits, the lowest first."""
COUNTED = ("valid", "missing", *CHECKS)
"""What is counted, in order."""
COUNT = "_quality_count"
"""End of the names of counts."""

Flags = NDArray[np.uint8]
_BIT = {name: np.uint8(1 << index) for index, name in enumerate(CHECKS)}


@dataclass(frozen=True)
class Limits:
    """How far values may go before they are flagged.

    Attributes
    ----------
    jump : float
        Change from step to step, in robust standard deviations of the cell's own changes.
    run : int
        Steps with one and the same value; zero and the ends of the valid range may last.
    spike : float
        Departure from the median of the eight neighbours, in robust standard deviations of the
        field's departures.
    coverage : float
        Part of the usual number of valid cells.
    """

    jump: float = 12.0
    run: int = 10
    spike: float = 12.0
    coverage: float = 0.5


@dataclass(frozen=True)
class _Rule:
    """What is checked of one variable."""

    valid: tuple[float, float]
    in_state: bool
    limits: Limits

    def numbers(self, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return least and greatest value, what may last, and jump, for the compiled check."""
        slack = 1e-6 * (self.valid[1] - self.valid[0]) if np.isfinite(self.valid).all() else 0.0
        jump = self.limits.jump if self.in_state else np.inf
        ends = (self.valid[0] - slack, self.valid[1] + slack)
        return np.array([*ends, 0.0, *self.valid, jump], dtype=dtype)


@dataclass(frozen=True)
class QualityCounter:
    """The checks of one variable, block by block in the order of time; a `packed.Counter`.

    Attributes
    ----------
    name : str
        Of the counts.
    rule : object
        What is checked.
    """

    name: str
    rule: _Rule
    dim = "quality_check"
    size = len(COUNTED)

    def passed(self, known: _Passed | None, piece: Packed) -> _Passed:
        """Check the next steps of some cells and hand on their state."""
        return _pass(known, piece.unpacked(), self.rule)

    def total(self, known: Sequence[_Passed], cells: int) -> NDArray[np.int64]:
        """Return the counts of all parts of the grid."""
        return _total(known, cells, self.rule.limits.coverage)


def quality_flags(
    ds: xr.Dataset, variables: Mapping[str, Variable], limits: Limits | None = None
) -> xr.Dataset:
    """Return a bit field of flags for every variable.

    Parameters
    ----------
    ds : Dataset (time, ...)
        Harmonised.
    variables : mapping
        Catalog id -> quantity, for the valid ranges.
    limits : Limits, optional
        How far values may go.

    Returns
    -------
    Dataset
        ``<id>_flags`` (time, ...), uint8, lazy, with `flag_masks` and `flag_meanings`; 0 is good
        or missing.
    """
    flags = {}
    for name, da in ds.data_vars.items():
        attrs = {
            "long_name": f"quality flags of {da.attrs.get('long_name', name)}",
            "standard_name": "quality_flag",
            "flag_masks": np.array(list(_BIT.values()), dtype=np.uint8),
            "flag_meanings": " ".join(CHECKS),
        }
        found = _flags(da, _rule(da, variables.get(str(name)), limits or Limits()))
        flags[f"{name}_flags"] = xr.Variable(da.dims, found, attrs)
    return xr.Dataset(flags, coords=ds.coords, attrs={"dataset": ds.attrs.get("dataset")})


def count_flags(flags: xr.Dataset) -> dict[str, dict[str, int]]:
    """Return for each variable how many values each check has flagged.

    Parameters
    ----------
    flags : Dataset
        From `quality_flags`.

    Returns
    -------
    dict
        Catalog id -> check -> count.
    """
    loaded = flags.load()
    return {
        str(name).removesuffix("_flags"): {
            check: int(((da.values & bit) != 0).sum()) for check, bit in _BIT.items()
        }
        for name, da in loaded.data_vars.items()
    }


def quality_counts(
    ds: xr.Dataset, variables: Mapping[str, Variable | None], limits: Limits | None = None
) -> xr.Dataset:
    """Return how many values each check flags, block by block as the data pass.

    Computed together with anything else of `ds`, the data are read once for both. No more than
    one block and four numbers a cell are held.

    Parameters
    ----------
    ds : Dataset (time, ...)
        Harmonised.
    variables : mapping
        Id of what is checked -> quantity, for the valid range, or None.
    limits : Limits, optional
        How far values may go.

    Returns
    -------
    Dataset
        ``<id>_quality_count`` (quality_check), int64, lazy. Counts are those of `quality_flags`,
        but where blocks cut the grid: there a spike sees the neighbours of its block only.
    """
    coords = {"quality_check": ("quality_check", np.array(COUNTED, dtype=object))}
    counts = {}
    for name, da in ds.data_vars.items():
        if name not in variables:
            continue  # uncertainties and numbers of observations
        attrs = {
            "long_name": f"values in the quality checks of {da.attrs.get('long_name', name)}",
            "units": "1",
        }
        found = _counts(da, _rule(da, variables.get(str(name)), limits or Limits()))
        counts[f"{name}{COUNT}"] = xr.Variable("quality_check", found, attrs)
    return xr.Dataset(counts, coords=coords)


def quality_counters(
    ds: xr.Dataset, variables: Mapping[str, Variable | None], limits: Limits | None = None
) -> dict[str, QualityCounter]:
    """Return what counts as `quality_counts` does while something else reads the data.

    Parameters
    ----------
    ds, variables, limits
        As in `quality_counts`.

    Returns
    -------
    dict of str to QualityCounter
        By variable.
    """
    return {
        str(name): QualityCounter(
            f"{name}{COUNT}", _rule(da, variables.get(str(name)), limits or Limits())
        )
        for name, da in ds.data_vars.items()
        if name in variables
    }


def _rule(da: xr.DataArray, variable: Variable | None, limits: Limits) -> _Rule:
    ends = variable.valid_range if variable is not None else None
    valid = (-np.inf, np.inf) if ends is None else ends
    return _Rule(valid, not is_conserved(da), limits)


def _flags(da: xr.DataArray, rule: _Rule) -> Any:
    import dask.array as da_

    data = da_.asarray(da.data)
    whole = {0: -1, **{axis: "auto" for axis in range(1, data.ndim)}}
    series = data.rechunk(whole).map_blocks(
        functools.partial(_series_flags, rule=rule), dtype=np.uint8
    )
    fields = data.rechunk({axis: -1 for axis in range(1, data.ndim)})
    found = series.rechunk(fields.chunks)
    if data.ndim == 3 and rule.in_state:
        found = found | fields.map_blocks(
            functools.partial(_field_flags, limit=rule.limits.spike), dtype=np.uint8
        )
    if data.ndim > 1:
        axes = tuple(range(1, data.ndim))
        cells = da_.isfinite(fields).sum(axis=axes)
        # the usual number is that of all steps, so it is known only when they all are counted
        usual = da_.median(cells.rechunk(-1), axis=0)
        low = cells < rule.limits.coverage * usual
        found = found | da_.where(low[(slice(None), *(None,) * len(axes))], _BIT["low_coverage"], 0)
    return found.astype(np.uint8)


def _series_flags(values: NDArray[Any], *, rule: _Rule) -> Flags:
    """Return flags of whole series (time, ...): range, jumps and constant runs."""
    flags = np.zeros(values.shape, dtype=np.uint8)
    if values.size:
        cells = values.reshape(len(values), -1)
        _check(cells, rule, _beginning(cells, rule), flags.reshape(cells.shape))
    return flags


def _field_flags(values: NDArray[Any], *, limit: float) -> Flags:
    """Return flags of whole fields (time, rows, columns): spikes."""
    from .quality_checks import check_fields

    flags = np.zeros(values.shape, dtype=np.uint8)
    if values.size:
        check_fields(np.ascontiguousarray(values), limit, flags)
    return flags


@dataclass(frozen=True)
class _Passed:
    """What is known after some blocks of a tile of cells: its state, counts, cells of each step."""

    state: tuple[NDArray[Any], ...]
    counts: NDArray[np.int64]
    cells: NDArray[np.int64]


def _counts(field: xr.DataArray, rule: _Rule) -> da.Array:
    """Return the counts of one variable, lazily: a chain of blocks along time for each tile.

    The chain is one layer of the graph above the data, so that dask sees that others use them
    too and reads them once.
    """
    import dask.array as da
    from dask.base import tokenize
    from dask.highlevelgraph import HighLevelGraph

    data = da.asarray(field.data)
    name = f"quality-{tokenize(data.name, rule)}"
    tasks: dict[Any, Any] = {}
    tiles = []
    for where in np.ndindex(data.numblocks[1:]):
        passed: Any = None
        for step in range(data.numblocks[0]):
            key = (f"pass-{name}", step, *where)
            tasks[key] = (_pass, passed, (data.name, step, *where), rule)
            passed = key
        tiles.append(passed)
    whole = int(np.prod(field.shape[1:], dtype=np.int64))
    tasks[(name, 0)] = (_total, tiles, whole, rule.limits.coverage)
    graph = HighLevelGraph.from_collections(name, tasks, dependencies=[data])
    return da.Array(graph, name, ((len(COUNTED),),), np.int64)


def _pass(passed: _Passed | None, values: NDArray[Any], rule: _Rule) -> _Passed:
    """Check one block and hand on the state of its cells."""
    from .quality_checks import SPIKE, check_fields

    cells = np.ascontiguousarray(values).reshape(len(values), -1)
    known = passed or _Passed(
        _beginning(cells, rule), np.zeros(len(COUNTED), np.int64), np.zeros(0, np.int64)
    )
    state = tuple(part.copy() for part in known.state)
    counts, valid = _check(cells, rule, state, np.empty((0, 0), np.uint8))
    if values.ndim == 3 and rule.in_state:
        block = cells.reshape(values.shape)
        counts[SPIKE] = check_fields(block, rule.limits.spike, np.empty((0, 0, 0), np.uint8))
    return _Passed(state, known.counts + counts, np.concatenate([known.cells, valid]))


def _check(
    cells: NDArray[Any], rule: _Rule, state: tuple[NDArray[Any], ...], flags: Flags
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Check series (time, cell) and move their state on; return counts and valid cells a step."""
    from .quality_checks import check_series

    bits, masked = as_bits(cells)
    numbers = rule.numbers(cells.dtype)
    last, usual, known, length = state
    counts, valid = check_series(cells, bits, masked, numbers, last, usual, known, length, flags)
    return counts, valid


def _beginning(cells: NDArray[Any], rule: _Rule) -> tuple[NDArray[Any], ...]:
    """Return the state before the first step: no last value, no usual change, no run."""
    count = cells.shape[1]
    length = np.zeros(count + 1, np.int32)
    length[-1] = rule.limits.run
    usual, known = np.zeros(count, np.float32), np.zeros(count, np.float32)
    return np.full(count, np.nan, cells.dtype), usual, known, length


def _total(tiles: Sequence[_Passed], whole: int, least: float) -> NDArray[np.int64]:
    """Add up the tiles, and count the cells of steps with too few valid ones."""
    from .quality_checks import LOW_COVERAGE

    counts = np.stack([tile.counts for tile in tiles]).sum(axis=0)
    if whole > 1:
        cells = np.sum([tile.cells for tile in tiles], axis=0)
        counts[LOW_COVERAGE] = whole * int((cells < least * np.median(cells)).sum())
    return np.asarray(counts)
