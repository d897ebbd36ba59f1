"""What a recipe's computation will take, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import xarray as xr

from . import access, indicators
from .catalog import Recipe
from .settings import Settings


def estimate(recipe: Recipe, inputs: xr.Dataset, settings: Settings) -> indicators.Estimate | None:
    """Say what `compute` will read, how long it will take and in how much memory.

    Parameters
    ----------
    recipe : Recipe
        What is wanted.
    inputs : Dataset (time, ...)
        Harmonised inputs; a sample of them is read and computed.
    settings : Settings
        Of this machine.

    Returns
    -------
    Estimate or None
        None if the recipe has no daily index.

    Raises
    ------
    IndicatorError
        If an indicator does not fit the data.
    """
    return indicators.estimate(
        inputs, recipe.indicators, recipe.baseline, recipe.frequency, settings
    )


@contextmanager
def told(recipe: Recipe, progress: Callable[[access.Progress], None] | None) -> Iterator[None]:
    """Tell of the blocks that are computed inside."""
    if progress is None:
        yield
        return

    def tell(done: int, total: int, read: int) -> None:
        progress(access.Progress(f"{recipe.id} computed", done, total, read, unit="blocks"))

    with indicators.watched(tell):
        yield
