"""The tree of actors on a terminal: a line an actor, what it does, how deep its mailbox is, how often it died.

Draws from the API's answer only. What a workflow wrote (an error's text) is shown as text, never as markup.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from api.cli.lines import printable

__all__ = ["COLUMNS", "actor_rows", "picture"]

COLUMNS = (
    "actor",
    "state",
    "mailbox",
    "oldest",
    "handling",
    "done",
    "per s",
    "p95",
    "restarts",
    "last error",
)
ERROR_LETTERS = 60

_STYLES = {"busy": "cyan", "idle": "dim", "waiting": "yellow", "given_up": "bold red", "stopped": "red"}

Actor = dict[str, Any]


def picture(tree: Actor, *, notice: str = "") -> Group:
    """Return what the screen shows of a tree."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in COLUMNS:
        table.add_column(
            name, no_wrap=name in {"actor", "state"}, justify="right" if name in _NUMBERS else "left"
        )
    for row in actor_rows(tree):
        table.add_row(*(Text(cell, _STYLES.get(cell, "")) for cell in row))
    parts: list[RenderableType] = [table]
    if notice:
        parts.append(Text(notice, "yellow"))
    return Group(*parts)


_NUMBERS = {"mailbox", "oldest", "done", "per s", "p95", "restarts"}


def actor_rows(tree: Actor) -> list[tuple[str, ...]]:
    """Return a row for each actor, indented by its depth; where a page was cut, a row says how many are left out."""
    return list(_rows(tree, 0))


def _rows(actor: Actor, depth: int) -> Iterator[tuple[str, ...]]:
    yield (
        "  " * depth + _name(actor),
        str(actor["state"]),
        str(actor["mailbox_depth"]),
        _seconds(actor.get("oldest_seconds")),
        _handling(actor),
        _number(actor.get("processed")),
        _number(actor.get("rate_per_second")),
        _milliseconds(actor.get("p95_ms")),
        str(actor["restarts"] or ""),
        printable(actor.get("last_error") or "", ERROR_LETTERS),
    )
    for child in actor["children"]:
        yield from _rows(child, depth + 1)
    left = actor.get("child_count", 0) - len(actor["children"])
    if left > 0:
        yield ("  " * (depth + 1) + f"… {left} more", *("" for _ in COLUMNS[1:]))


def _name(actor: Actor) -> str:
    kind, key = str(actor["kind"]), str(actor["key"])
    return key if key.lower() == kind.lower() else f"{kind} {key}"


def _handling(actor: Actor) -> str:
    message = actor.get("current_message")
    return f"{message} {_seconds(actor.get('current_seconds'))}" if message else ""


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3g} ms"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
