"""What an access method is: a function that says which files a request leads to.

A method only names the files (`Granule`) and how each is received; everything that must hold for
every file, whatever the protocol, is done around it: cache, locks, retries, mirrors, checks,
renaming, records. A new protocol is therefore one new module in this package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from ..catalog.models import DatasetEntry, Request
from ..errors import AccessError
from ..registry import Registry
from ..settings import Settings

if TYPE_CHECKING:
    from .client import Client
    from .granules import Granule


class AccessMethod(Protocol):
    """Name the files of `entry` that `request` needs, in the order of time."""

    def __call__(
        self, entry: DatasetEntry, request: Request, settings: Settings
    ) -> Sequence[Granule]:
        """Return the granules; may ask the archive for a listing, never for data."""
        ...


Door = Callable[["Client"], Sequence[str]]
"""Addresses of which at least one answers while the archive has the dataset, the best first."""

methods: Registry[AccessMethod] = Registry("access method", AccessError, "sco_pipeline.access")


doors: Registry[Door] = Registry("access method", AccessError, "sco_pipeline.access")


def access_method(name: str) -> Callable[[AccessMethod], AccessMethod]:
    """Register an access method under the name that catalog entries use.

    Parameters
    ----------
    name : str
        Value of ``access.method`` in the catalog, in kebab-case.

    Examples
    --------
    >>> @access_method("my-archive")  # doctest: +SKIP
    ... def my_archive(entry, request, settings):
    ...     return [Granule(url) for url in expand(entry, request)]
    """

    def register(function: AccessMethod) -> AccessMethod:
        methods.add(name, function)
        return function

    return register


def door(name: str) -> Callable[[Door], Door]:
    """Register what is asked, and costs the archive little, to see if a dataset is still there.

    Methods without one are asked for a file that their address patterns name.

    Parameters
    ----------
    name : str
        Name of the access method.
    """

    def register(function: Door) -> Door:
        doors.add(name, function)
        return function

    return register
