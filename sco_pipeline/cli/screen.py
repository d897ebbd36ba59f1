"""Tables and JSON on the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

PIPE_WIDTH = 240


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows under column names; text of the catalog is shown as it is, never as markup."""
    _print(title, columns, list(rows))


def print_fields(title: str, fields: Iterable[tuple[str, Any]]) -> None:
    """Print name and value, one below the other; empty values are left out."""
    _print(title, None, [field for field in fields if field[1] not in (None, "", (), {})])


def _print(title: str, columns: Sequence[str] | None, rows: Sequence[Sequence[Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    console.print(Text(title, style="bold"))
    table = Table(box=None, pad_edge=False, show_header=columns is not None, header_style="dim")
    for i in range(max(map(len, [columns or (), *rows]), default=0)):
        # ids are what a reader copies: they stay on one line
        table.add_column(columns[i] if columns else "", no_wrap=i == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console.print(table)


def print_json(content: Any) -> None:
    """Print content as JSON."""
    print(json.dumps(content, indent=2, ensure_ascii=False, default=str))
