"""What a writer is: a function under `@writer` that turns a product into files.

``write(product, recipe, directory) -> list[Path]``: `product` is described (CF, ACDD) and in
memory, every file is written through `atomic`, the paths written are returned. A recipe asks for
a writer by its name in ``formats:``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import xarray as xr

from ..catalog import Recipe
from ..errors import OutputError
from ..registry import Registry

Write = Callable[[xr.Dataset, Recipe, Path], list[Path]]
Function = TypeVar("Function", bound=Write)

writers: Registry[Write] = Registry("output format", OutputError, "sco_pipeline.outputs")


def writer(name: str) -> Callable[[Function], Function]:
    """Register a function as the writer of a format.

    Parameters
    ----------
    name : str
        What recipes list under ``formats:``.

    Returns
    -------
    callable
        A decorator that returns the function unchanged.
    """

    def register(function: Function) -> Function:
        writers.add(name, function)
        return function

    return register
