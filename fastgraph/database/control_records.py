"""The words of control: pausing, retrying, migrating, discarding, and the note that goes into the audit log with a command.

`Audited` wraps any other operation of the Writer. With a request id the wrapped one is carried out once: the same request
is answered the same again, another one under that id is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from fastgraph.database.records import AcceptRun

__all__ = [
    "AuditNote",
    "Audited",
    "DiscardRun",
    "MigrateRun",
    "PauseRun",
    "PauseScope",
    "RetryRun",
    "SetPause",
    "UnpauseRun",
]

PauseScope = Literal["server", "workflow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditNote:
    """Who does what to whom. `subject` is `run ID`, `workflow NAME` or `server`. `request_hash` says what was asked, for a
    request id that comes again; both or none are given where the command is to be carried out once."""

    who: str
    action: str
    subject: str
    reason: str | None = None
    request_id: str | None = None
    request_hash: str | None = None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """An operation with its row in the audit log, which is written also where the operation is refused. Answers what the
    operation answers; for a request id that was seen before, what was answered then. Raises ConflictError where the id
    stands for another request."""

    note: AuditNote
    operation: Any

    @property
    def run_keys(self) -> tuple[int, ...]:
        keys: tuple[int, ...] = self.operation.run_keys
        return keys

    @property
    def size_bytes(self) -> int:
        size: int = self.operation.size_bytes
        return size + 300


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRun:
    """Let a run start nothing more. One with a living owner hears of it by its inbox and finishes the tasks that run;
    any other is paused at once. Answers Committed, also where it is paused already. Refused by ConflictError where it
    has ended, by RunNotFoundError where it does not exist."""

    run_id: str
    reason: str | None = None
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpauseRun:
    """Let a paused run go on where it was. Answers Committed, also where it is not paused. Refused as PauseRun."""

    run_id: str
    reason: str | None = None
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRun:
    """Accept a new run on the thread of one that ended badly (failed, cancelled, quarantined), which is settled by that.
    Answers Accepted. Refused by ConflictError where `run_id` has no such end, and as AcceptRun."""

    run_id: str
    accept: AcceptRun
    run_keys: tuple[int, ...] = ()

    @property
    def size_bytes(self) -> int:
        return self.accept.size_bytes + 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardRun:
    """Take note of a bad end (failed, quarantined): nobody need look at the run any more. Answers Committed, also where
    that was noted before. Refused by ConflictError where the run has no such end."""

    run_id: str
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrateRun:
    """Let a run that nobody executes go on with another version of its workflow, and wake it. `relocation` is
    `{"nodes": {old: new or null}, "keys": {old: new or null}}`. Refused by ConflictError where it has ended or has an
    owner. Answers Committed."""

    run_id: str
    graph_hash: str
    relocation: Mapping[str, Any]
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPause:
    """Pause or unpause a workflow by its name, or the whole server (no name): hosts claim nothing of it, and give back what
    they have when its tasks in flight have ended. Answers whether that changed anything."""

    scope: PauseScope
    name: str = ""
    is_paused: bool
    who: str
    reason: str | None = None
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300
