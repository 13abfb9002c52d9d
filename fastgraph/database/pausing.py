"""Pausing: what is paused starts nothing new, keeps all that comes for it, and goes on where it was.

A run's pause is its status. One with a living owner hears of it by its inbox; any other is paused here, by the epoch's
rise, so that it works also where no host is. No host claims a paused run: answers, signals and times wait with it. A
workflow's pause, and the server's, is a row that claims look at; the status of their runs stays what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.control_records import PauseRun, SetPause, UnpauseRun
from fastgraph.database.guard import require_live_run
from fastgraph.database.heads import RunHead
from fastgraph.database.inbox import has_living_owner
from fastgraph.database.records import Committed
from fastgraph.database.tables import inbox, pauses, run_bodies
from fastgraph.database.times import from_micros, to_micros
from fastgraph.database.transaction import Transaction
from fastgraph.events import EventKind
from fastgraph.status import RunStatus

__all__ = [
    "NOTHING_PAUSED",
    "PAUSE",
    "UNPAUSE",
    "VOID",
    "PauseView",
    "Pauses",
    "is_paused",
    "list_pauses",
    "pause_run",
    "read_pauses",
    "set_pause",
    "unpause_run",
    "unpaused",
]

PAUSE, UNPAUSE, VOID = "pause", "unpause", "void"
_LOST = "it was paused after its host was lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """What is paused beside single runs."""

    is_server_paused: bool = False
    workflows: frozenset[str] = frozenset()

    def covers(self, workflow: str) -> bool:
        """Say whether runs of a workflow start nothing now."""
        return self.is_server_paused or workflow in self.workflows

    def reason(self, workflow: str) -> str | None:
        """Say why runs of a workflow start nothing now; None where they may."""
        if self.is_server_paused:
            return "the server is paused"
        return f"workflow {workflow!r} is paused" if workflow in self.workflows else None


NOTHING_PAUSED = Pauses()


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseView:
    """A pause of a workflow, or of the server (no name)."""

    scope: str
    name: str
    who: str
    reason: str | None
    paused_at: datetime


def pause_run(tx: Transaction, operation: PauseRun) -> Committed:
    """Pause a run. Raises RunNotFoundError, and ConflictError where it has ended. May write to the inbox by itself."""
    head = require_live_run(tx.find_head(operation.run_id), operation.run_id, wanted="paused")
    at = to_micros(operation.now)
    if has_living_owner(tx, head):
        _send(tx, head, PAUSE, operation.reason, at)
    elif head.status != RunStatus.PAUSED:
        _void(tx, head)
        tx.rows.paused.append((str(head.status), head.wake_at, head.key))
        if head.owner is not None and head.status == RunStatus.RUNNING:
            head.lost_by, head.lost_reason = head.owner, _LOST
        _put(tx, head, RunStatus.PAUSED)
        tx.add_event(head, kind=EventKind.PAUSED, at=at, data=_said(operation.reason))
    return _committed(head)


def unpause_run(tx: Transaction, operation: UnpauseRun) -> Committed:
    """Let a paused run go on. Raises as `pause_run`. May write to the inbox by itself."""
    head = require_live_run(tx.find_head(operation.run_id), operation.run_id, wanted="unpaused")
    at = to_micros(operation.now)
    if has_living_owner(tx, head):
        _send(tx, head, UNPAUSE, operation.reason, at)
        return _committed(head)
    _void(tx, head)  # a pause that its owner died before could be obeyed
    if head.status == RunStatus.PAUSED:
        before, wake_at = _before(tx, head)
        _put(tx, head, before)
        head.wake_at = wake_at
        tx.add_event(head, kind=EventKind.UNPAUSED, at=at, data=_said(operation.reason))
    return _committed(head)


def set_pause(tx: Transaction, operation: SetPause) -> bool:
    """Pause or unpause a workflow or the server; it writes by itself. Answers whether that was news."""
    connection = tx.connection
    if not operation.is_paused:
        gone = delete(pauses).where(pauses.c.scope == operation.scope, pauses.c.name == operation.name)
        return connection.execute(gone).rowcount > 0
    insert = postgresql.insert if tx.dialect == "postgresql" else sqlite.insert
    row = insert(pauses).values(
        scope=operation.scope,
        name=operation.name,
        who=operation.who,
        reason=operation.reason,
        paused_at=to_micros(operation.now),
    )
    made = row.on_conflict_do_nothing(index_elements=["scope", "name"]).returning(pauses.c.name)
    return connection.execute(made).first() is not None


def unpaused(connection: Connection, workflows: Sequence[str]) -> tuple[str, ...]:
    """Return those of the workflows whose runs may start something."""
    found = _gather(connection.execute(_select()).all())
    return tuple(name for name in workflows if not found.covers(name))


def is_paused(workflow: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that the workflow of this column, or the server, is paused; by the primary key."""
    of_workflow = and_(pauses.c.scope == "workflow", pauses.c.name == workflow)
    return exists().where(or_(pauses.c.scope == "server", of_workflow))


async def read_pauses(connection: AsyncConnection) -> Pauses:
    """Return what is paused; a row each, so it costs next to nothing."""
    return _gather((await connection.execute(_select())).all())


async def list_pauses(connection: AsyncConnection) -> list[PauseView]:
    """List the pauses of workflows and of the server, with who and why."""
    rows = await connection.execute(select(pauses).order_by(pauses.c.scope, pauses.c.name))
    return [
        PauseView(
            scope=row.scope,
            name=row.name,
            who=row.who,
            reason=row.reason,
            paused_at=from_micros(row.paused_at),
        )
        for row in rows
    ]


def _select() -> Select[Any]:
    return select(pauses.c.scope, pauses.c.name)


def _gather(rows: Sequence[Any]) -> Pauses:
    if not rows:
        return NOTHING_PAUSED
    return Pauses(
        is_server_paused=any(row[0] == "server" for row in rows),
        workflows=frozenset(row[1] for row in rows if row[0] == "workflow"),
    )


def _send(tx: Transaction, head: RunHead, kind: str, reason: str | None, at: int) -> None:
    head.inbox += 1
    head.is_cold = True
    tx.rows.inbox.append((head.key, head.inbox, kind, _said(reason), at))


def _void(tx: Transaction, head: RunHead) -> None:
    """Let pauses and unpauses that nobody has obeyed mean nothing: what is said now counts. The rows stay, since an owner
    counts them."""
    if head.inbox == head.consumed:
        return
    tx.connection.execute(
        update(inbox)
        .where(
            inbox.c.run_key == head.key,
            inbox.c.number > head.consumed,
            inbox.c.kind.in_([PAUSE, UNPAUSE]),
        )
        .values(kind=VOID)
    )
    tx.rows.inbox = [
        (*row[:2], VOID, *row[3:]) if row[0] == head.key and row[2] in {PAUSE, UNPAUSE} else row
        for row in tx.rows.inbox
    ]


def _put(tx: Transaction, head: RunHead, status: RunStatus) -> None:
    """Give an ownerless run, or one whose owner is dead, another status."""
    head.status = status
    head.owner = None
    head.wake_at = None
    head.epoch += 1
    head.is_cold = True
    thread = tx.threads.get(head.thread_key)
    if thread is not None and head.key in thread.active:
        thread.active[head.key] = status


def _before(tx: Transaction, head: RunHead) -> tuple[RunStatus, int | None]:
    """Return what the run was before its pause, and when it was to wake."""
    for status, wake_at, key in reversed(tx.rows.paused):
        if key == head.key:
            return RunStatus(status), wake_at
    row = tx.connection.execute(
        select(run_bodies.c.paused_from, run_bodies.c.paused_wake_at).where(run_bodies.c.run_key == head.key)
    ).one()
    return RunStatus(row[0] or RunStatus.RUNNING), row[1]


def _said(reason: str | None) -> bytes:
    return orjson.dumps({"reason": reason})


def _committed(head: RunHead) -> Committed:
    return Committed(run_key=head.key, run_id=head.run_id, seq=head.seq, inbox=head.inbox)
