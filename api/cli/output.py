"""What commands print: JSON for programs, tables for people.

A table in a pipe has no colours, no frame and never cuts a cell; on a terminal rich draws it as wide as the
window.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from api.cli.lines import printable
from fastgraph.clock import SystemClock

__all__ = ["age", "bytes_text", "print_fields", "print_json", "print_table", "say"]

CELL_LETTERS = 200


def print_json(value: Any) -> None:
    """Print a value as JSON, indented on a terminal and on one line elsewhere."""
    print(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def say(text: str) -> None:
    """Tell the person something on stderr, so that stdout stays what a program reads."""
    print(text, file=sys.stderr)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, empty: str) -> None:
    """Print rows under their column names; `empty` is said (on stderr) where there are none."""
    if not rows:
        say(empty)
        return
    texts = [[printable("" if cell is None else str(cell), CELL_LETTERS) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        widths = [max(len(line[index]) for line in (columns, *texts)) for index in range(len(columns))]
        for line in (columns, *texts):
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, no_wrap=index == 0, overflow="fold")
    for line in texts:
        table.add_row(*(Text(cell) for cell in line))
    Console().print(table)


def print_fields(fields: Sequence[tuple[str, Any]]) -> None:
    """Print names and values below each other, without those that are empty."""
    shown = [(name, value) for name, value in fields if value not in (None, "", [], {})]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lines = [printable(line, 10_000) for line in text.splitlines()] or [""]
        print(f"{name:<{width}}  " + f"\n{'':<{width}}  ".join(lines))


def age(moment: str | None) -> str:
    """Return how long ago a time of the server is, in the largest unit that fits."""
    if moment is None:
        return ""
    seconds = max(0.0, (SystemClock().now() - datetime.fromisoformat(moment)).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def bytes_text(size: int) -> str:
    """Return a size with the unit that fits."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
