"""What a computation may use, and the limits that hold while results are put together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from ..settings import Settings


@dataclass(frozen=True)
class Limits:
    """What a computation may use.

    Attributes
    ----------
    memory : int
        Bytes of the whole process.
    scratch : Path
        Directory for scratch files.
    """

    memory: int
    scratch: Path


_HOLDING: ContextVar[Limits | None] = ContextVar("limits", default=None)


def limits_of(settings: Settings) -> Limits:
    """Return the limits of this machine."""
    return Limits(settings.memory_limit, settings.cache_dir / "scratch")


@contextmanager
def within(limits: Limits) -> Iterator[None]:
    """Hold limits, for kernels that are given no settings."""
    token = _HOLDING.set(limits)
    try:
        yield
    finally:
        _HOLDING.reset(token)


def limits_held() -> Limits | None:
    """Return the limits that hold; None outside of `within`."""
    return _HOLDING.get()
