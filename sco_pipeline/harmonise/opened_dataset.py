"""What the files of one dataset share while they are opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..catalog import DatasetEntry, Request, Variable
from .grid import Grid
from .journal import Journal


@dataclass
class Opening:
    """What the files of one dataset share while they are opened."""

    entry: DatasetEntry
    variables: Mapping[str, Variable]
    request: Request
    journal: Journal = field(default_factory=Journal)
    grids: dict[Any, Grid] = field(default_factory=dict)
