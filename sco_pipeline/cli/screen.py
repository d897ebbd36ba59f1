"""Tables and JSON on the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

PIPE_WIDTH = 240


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows under column names; text of the catalog is shown as it is, never as markup."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for i, column in enumerate(columns):
        table.add_column(column, no_wrap=i == 0, overflow="fold")
    count = 0
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
        count += 1
    console = _console()
    console.print(table if count else f"{title}: none")


def print_fields(title: str, fields: Iterable[tuple[str, Any]]) -> None:
    """Print name and value, one below the other; empty values are left out."""
    shown = [(name, value) for name, value in fields if value not in (None, "", (), {})]
    print_table(title, ("", ""), shown)


def print_json(content: Any) -> None:
    """Print content as JSON."""
    print(json.dumps(content, indent=2, ensure_ascii=False, default=str))


def _console() -> Any:
    from rich.console import Console

    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(width=width, highlight=False, soft_wrap=False)
