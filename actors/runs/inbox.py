"""Commands from outside, read from the rows of a run's inbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from fastgraph.database.children import CHILD_ENDED
from fastgraph.database.pausing import PAUSE, UNPAUSE, VOID
from fastgraph.database.records import InboxRow

__all__ = [
    "Cancel",
    "ChildEnded",
    "Command",
    "Migrated",
    "Pause",
    "Resume",
    "SignalCame",
    "Unknown",
    "Unpause",
    "Void",
    "read_commands",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """End the run; `reason` is the caller's word for why."""

    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Answer interrupts: `answers` by id, or `value` for the only pending one."""

    answers: Mapping[str, Any] | None
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalCame:
    """A signal was sent to the run; its body lies in the store under its number."""

    number: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """The run was moved to another version of its workflow; what that means for its state lies with the run."""

    graph_hash: str
    relocation: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildEnded:
    """A child run has ended."""

    run_id: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Start nothing more until an unpause."""

    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpause:
    """Go on."""

    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """A pause or unpause that was taken back before anybody obeyed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A command of a newer program. It is consumed and told of, since it may not hold up those behind it."""

    kind: str


Command = Cancel | Resume | SignalCame | Migrated | ChildEnded | Pause | Unpause | Void | Unknown


def read_commands(rows: Iterable[InboxRow]) -> list[Command]:
    """Read rows in order."""
    return [_read(row) for row in rows]


def _read(row: InboxRow) -> Command:
    body = orjson.loads(row.body)
    if row.kind == "cancel":
        return Cancel(reason=body.get("reason"))
    if row.kind == "resume":
        return Resume(answers=body.get("answers"), value=body.get("resume"))
    if row.kind == "signal" and "number" in body:
        return SignalCame(number=body["number"], name=body["name"])
    if row.kind == "migrate":
        return Migrated(
            graph_hash=body["graph_hash"], relocation={key: body[key] for key in ("nodes", "keys")}
        )
    if row.kind == PAUSE:
        return Pause(reason=body.get("reason"))
    if row.kind == UNPAUSE:
        return Unpause(reason=body.get("reason"))
    if row.kind == VOID:
        return Void()
    if row.kind == CHILD_ENDED:
        return ChildEnded(run_id=body["run_id"], status=body["status"])
    return Unknown(kind=row.kind)
