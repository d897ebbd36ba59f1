"""What flows have in common when they are started by hand."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

from sco_pipeline.catalog.models import Cadence
from sco_pipeline.errors import ScoError


def parse(description: str | None) -> argparse.Namespace:
    """Return `recipe` or `cadence`, and `force`, from the arguments of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m flows.indicators",
        description=description,
        epilog="Example: python -m flows.indicators equatorial-sst",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("recipe", nargs="?", help="id of a recipe; sco recipes lists them")
    which.add_argument("--cadence", choices=get_args(Cadence), help="all recipes of this cadence")
    parser.add_argument("--force", action="store_true", help="make even what is up to date")
    return parser.parse_args()


@contextmanager
def clean_end() -> Iterator[None]:
    """End with one line on a `ScoError`, and in good order on SIGTERM.

    Prefect marks a terminated run as crashed and sends the signal once more; without a handler
    that kills the process before its embedded server is stopped.
    """
    signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    except ScoError as error:
        sys.exit(f"sco: {error}")


def _exit(number: int, frame: object) -> None:
    sys.exit(128 + number)
