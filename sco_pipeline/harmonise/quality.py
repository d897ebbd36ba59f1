"""Checks of harmonised values: flags with counts, never removing anything.

Each variable gets a bit field of the same shape: values out of range, jumps in time, runs of one
constant value, spikes in space, and steps with far fewer valid cells than usual. Spread is measured
robustly (median absolute deviation), so that what is flagged does not hide itself.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ..catalog import Variable

CHECKS = ("out_of_range", "jump", "constant_run", "spike", "low_coverage")
"""Meanings of the bits, the lowest first."""

Flags = NDArray[np.uint8]
_BIT = {name: np.uint8(1 << index) for index, name in enumerate(CHECKS)}
_TO_SIGMA = 1.4826


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
    limits = limits or Limits()
    flags = {}
    for name, da in ds.data_vars.items():
        valid = variables[str(name)].valid_range if str(name) in variables else None
        masks = np.array(list(_BIT.values()), dtype=np.uint8)
        attrs = {
            "long_name": f"quality flags of {da.attrs.get('long_name', name)}",
            "standard_name": "quality_flag",
            "flag_masks": masks,
            "flag_meanings": " ".join(CHECKS),
        }
        flags[f"{name}_flags"] = xr.Variable(da.dims, _flags(da, valid, limits), attrs)
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


def _flags(da: xr.DataArray, valid: tuple[float, float] | None, limits: Limits) -> Any:
    import dask.array as da_

    data = da_.asarray(da.data)
    whole = {0: -1, **{axis: "auto" for axis in range(1, data.ndim)}}
    series = data.rechunk(whole).map_blocks(
        functools.partial(in_time, valid=valid, limits=limits), dtype=np.uint8
    )
    fields = data.rechunk({axis: -1 for axis in range(1, data.ndim)})
    found = series.rechunk(fields.chunks)
    if data.ndim == 3:
        found = found | fields.map_blocks(
            functools.partial(in_space, limits=limits), dtype=np.uint8
        )
    if data.ndim > 1:
        axes = tuple(range(1, data.ndim))
        cells = da_.isfinite(fields).sum(axis=axes)
        # the usual number is that of all steps, so it is known only when they all are counted
        usual = da_.median(cells.rechunk(-1), axis=0)
        low = cells < limits.coverage * usual
        found = found | da_.where(low[(slice(None), *(None,) * len(axes))], _BIT["low_coverage"], 0)
    return found.astype(np.uint8)


def in_time(values: NDArray[Any], *, valid: tuple[float, float] | None, limits: Limits) -> Flags:
    """Return flags of whole series (time, ...): range, jumps and constant runs."""
    flags = np.zeros(values.shape, dtype=np.uint8)
    if not values.size:
        return flags
    with np.errstate(invalid="ignore"):
        if valid is not None:
            slack = 1e-6 * (valid[1] - valid[0])
            outside = (values < valid[0] - slack) | (values > valid[1] + slack)
            flags[outside] |= _BIT["out_of_range"]
        if len(values) > 3:
            flags[_jumps(values, limits.jump)] |= _BIT["jump"]
        flags[_runs(values, limits.run, valid)] |= _BIT["constant_run"]
    return flags


def in_space(values: NDArray[Any], *, limits: Limits) -> Flags:
    """Return flags of whole fields (time, rows, columns): spikes."""
    flags = np.zeros(values.shape, dtype=np.uint8)
    if min(values.shape[1:], default=0) < 3:
        return flags
    for step, field in enumerate(values):
        if np.isfinite(field).sum() > 20:
            flags[step][_spikes(field, limits.spike)] |= _BIT["spike"]
    return flags


def _median(values: NDArray[Any], axis: int | None = None) -> Any:
    """Return medians of the valid values; NaN, without a warning, where there is none."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmedian(values, axis=axis)


def _jumps(values: NDArray[Any], limit: float) -> NDArray[np.bool_]:
    """Return where a value differs from the one before by far more than is usual in its cell."""
    change = np.diff(values.astype(np.float64), axis=0)
    centre = _median(change, axis=0)
    spread = _TO_SIGMA * _median(np.abs(change - centre), axis=0)
    jump = np.zeros(values.shape, dtype=bool)
    jump[1:] = (np.abs(change - centre) > limit * spread) & (spread > 0)
    return jump


def _runs(values: NDArray[Any], least: int, valid: tuple[float, float] | None) -> NDArray[np.bool_]:
    """Return where a value is one of at least `least` equal ones in a row."""
    lasting = (0.0, *(valid or ()))
    length = np.where(np.isfinite(values) & ~np.isin(values, lasting), 1, 0)
    for step in range(1, len(values)):
        same = (values[step] == values[step - 1]) & (length[step] > 0)
        length[step] = np.where(same, length[step - 1] + 1, length[step])
    whole = length.copy()
    for step in range(len(values) - 2, -1, -1):  # give each run its full length
        goes_on = (length[step + 1] == length[step] + 1) & (length[step] > 0)
        whole[step] = np.where(goes_on, whole[step + 1], whole[step])
    return np.asarray(whole >= least)


def _spikes(field: NDArray[Any], limit: float) -> NDArray[np.bool_]:
    """Return where a value departs from its neighbours by far more than is usual in the field."""
    padded = np.pad(field.astype(np.float64), 1, constant_values=np.nan)
    rows, columns = field.shape
    around = [
        padded[1 + i : 1 + i + rows, 1 + j : 1 + j + columns]
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
        if (i, j) != (0, 0)
    ]
    departure = np.abs(field - _median(np.stack(around), axis=0))
    spread = _TO_SIGMA * _median(departure)
    return np.asarray((departure > limit * spread) & (spread > 0))
