"""What daily indices will take, told before they are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import xarray as xr

from ..catalog import IndicatorRequest
from ..catalog.requests import Baseline
from ..settings import Settings
from .calculate import as_period
from .definition import is_daily_index


@dataclass(frozen=True)
class Estimate:
    """What a computation will take.

    Attributes
    ----------
    read_bytes : int
        What is read, packed.
    blocks : int
        Parts in which that is done.
    seconds : float
        From the rate at which a sample was read and computed; within a factor of two.
    memory_bytes : int
        Most that the process takes.
    scratch_bytes : int
        On disk while it runs, where memory does not hold what is needed at a time.
    """

    read_bytes: int
    blocks: int
    seconds: float
    memory_bytes: int
    scratch_bytes: int

    def __str__(self) -> str:
        """Return one line for people."""
        scratch = f", {self.scratch_bytes / 1e6:.0f} MB of scratch" if self.scratch_bytes else ""
        return (
            f"reads {self.read_bytes / 1e6:.1f} MB in {self.blocks} blocks, about "
            f"{self.seconds:.2g} s, up to {self.memory_bytes / 1e6:.0f} MB of memory{scratch}"
        )


def estimate(
    ds: xr.Dataset,
    requests: Sequence[IndicatorRequest],
    baseline: Baseline,
    frequency: str,
    settings: Settings,
) -> Estimate | None:
    """Say what the daily indices of a recipe will take on this machine.

    Parameters
    ----------
    ds : Dataset (time, ...)
        Harmonised inputs.
    requests : sequence of IndicatorRequest
        Those that are no daily indices are left out.
    baseline : Period or (first year, last year), optional
        Base period.
    frequency : str
        Of the results.
    settings : Settings
        Of this machine.

    Returns
    -------
    Estimate or None
        None if nothing of it is a daily index of files.

    Raises
    ------
    IndicatorError
        As `compute_daily` does.
    """
    # compiled kernels: only when they are used
    from .engine import Request, prepare
    from .sampling import measured

    daily = [
        Request(one.output, one.id, one.options, one.of)
        for one in requests
        if is_daily_index(one.id)
    ]
    found = []
    for one in prepare(ds, daily, as_period(baseline), frequency):
        expected = measured(one.job, one.frame, one.fields, settings)
        if expected is not None:
            found.append(Estimate(**expected))
    if not found:
        return None
    return Estimate(
        sum(one.read_bytes for one in found),
        sum(one.blocks for one in found),
        sum(one.seconds for one in found),
        max(one.memory_bytes for one in found),
        max(one.scratch_bytes for one in found),
    )
