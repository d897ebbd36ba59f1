"""Every error that the package raises on purpose.

A message names the thing by its id, says what was found and expected, and then what to do.
The command line prints it as one line; anything that is not a `ScoError` is a defect and keeps
its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LISTED = 8


class ScoError(Exception):
    """Base of all errors raised on purpose."""


class CatalogError(ScoError):
    """A catalog file or a request for a catalog entry is wrong."""


class AccessError(ScoError):
    """Bytes could not be had.

    Parameters
    ----------
    message : str
        What was found, what was expected, what to do.
    retryable : bool
        Whether waiting may help; flows retry only these.
    """

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable

    def __reduce__(self) -> tuple[object, ...]:
        """Keep `retryable` when the error crosses a process."""
        return (_rebuild_access_error, (type(self), self.args[0], self.retryable))


class ChecksumError(AccessError):
    """A file does not hold the bytes that were promised."""


class HarmonisationError(ScoError):
    """A file cannot be given the one meaning that indicators rely on."""


class IndicatorError(ScoError):
    """An indicator cannot be computed from what it was given."""


class RegionError(ScoError):
    """A region set cannot be read, or does not fit the data."""


class OutputError(ScoError):
    """A product could not be written whole."""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence for a name that is not known, with the nearest known name.

    Parameters
    ----------
    kind : str
        What the name stands for, for example ``"recipe"``.
    name : str
        The name that was asked for.
    known : iterable of str
        The names that exist.

    Returns
    -------
    str
        One sentence or two.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"unknown {kind} {name!r}. Did you mean {near[0]!r}?"
    if len(names) <= _LISTED:
        return f"unknown {kind} {name!r}; known are {', '.join(names) or 'none'}"
    (nearest,) = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
    return f"unknown {kind} {name!r}; of the {len(names)} known ones {nearest!r} is the nearest"


def _rebuild_access_error(kind: type[AccessError], message: str, retryable: bool) -> AccessError:
    return kind(message, retryable=retryable)
