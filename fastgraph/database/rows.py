"""The rows that one transaction is about to write, gathered by table.

Operations only append here, so an operation that is refused has written nothing and costs no rollback. `flush` sends
each table's rows with one statement, in the one order that foreign keys and locks allow; the events come last of all,
because nothing that can wait may follow them (DESIGN section 5, "The feed of all runs").
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, null, update

from fastgraph.database.hot import HotInsert, HotStatement, HotUpdate
from fastgraph.database.tables import (
    artifacts,
    attempts,
    checkpoints,
    events,
    idempotency,
    inbox,
    interrupts,
    results,
    run_bodies,
    run_tags,
    spilled_values,
    threads,
)

__all__ = ["FEED_LOCK", "Rows"]

FEED_LOCK = (
    0x46475F46454544  # "FG_FEED": the PostgreSQL advisory lock that puts all writers' events in one order
)

_BODIES = HotInsert(run_bodies, ("run_key", "name", "payload", "tags", "context", "config", "created_at"))
_TAGS = HotInsert(run_tags, ("tag", "run_key"), ignoring=("tag", "run_key"))
_IDEMPOTENCY = HotInsert(idempotency, ("idempotency_key", "run_key", "request_hash", "created_at"))
_INBOX = HotInsert(inbox, ("run_key", "number", "kind", "body", "created_at"))
_RESULTS = HotInsert(
    results,
    ("run_key", "seq", "checkpoint_number", "task_id", "node", "path", "namespace", "update", "routing"),
)
_CHECKPOINTS = HotInsert(
    checkpoints,
    (
        *("thread_key", "number", "run_key", "seq", "parent", "step"),
        *("is_snapshot", "state_bytes", "created_at", "namespace", "changes", "machine"),
    ),
)
_SPILLED = HotInsert(spilled_values, ("sha256", "thread_key"), ignoring=("sha256", "thread_key"))
_INTERRUPTS = HotInsert(
    interrupts,
    ("run_key", "interrupt_id", "task_id", "node", "position", "value", "response_schema", "created_at"),
    ignoring=("run_key", "interrupt_id"),
)
_ANSWERS = HotUpdate(interrupts, ("answer",), keys=("run_key", "interrupt_id"))
_ATTEMPTS = HotInsert(
    attempts, ("run_key", "task_id", "node", "attempt", "next_at", "error"), replacing=("run_key", "task_id")
)
_ARTIFACTS = HotInsert(
    artifacts, ("artifact_id", "run_key", "name", "media_type", "size", "sha256", "node", "created_at")
)
_STARTED = HotStatement(
    update(run_bodies)
    .where(run_bodies.c.run_key == bindparam("b_run_key"))
    .values(started_at=func.coalesce(run_bodies.c.started_at, bindparam("b_at"))),
    ("b_run_key", "b_at"),
)
_WAITING = HotUpdate(run_bodies, ("waiting_for",), keys=("run_key",))
_FINISHED = HotUpdate(run_bodies, ("result", "error", "finished_at", "waiting_for"), keys=("run_key",))
_END_INTERRUPTS = HotStatement(
    delete(interrupts).where(interrupts.c.run_key == bindparam("b_run_key")), ("b_run_key",)
)
_END_ATTEMPTS = HotStatement(
    delete(attempts).where(attempts.c.run_key == bindparam("b_run_key")), ("b_run_key",)
)
_TURNS_GIVEN = HotStatement(
    update(threads)
    .where(threads.c.key == bindparam("b_key"), threads.c.turn == bindparam("b_run_key"))
    .values(turn=null()),
    ("b_key", "b_run_key"),
)
_TURNS_TAKEN = HotUpdate(threads, ("turn",), keys=("key",))
_EVENTS = HotInsert(events, ("run_key", "seq", "seq_from", "kind", "at", "node", "data"))

_Row = tuple[Any, ...]


class Rows:
    """What will be written; each list holds tuples in the order of the statement of its name above."""

    __slots__ = (
        "answers", "artifacts", "attempts", "bodies", "checkpoints", "ended", "events", "finished", "idempotency",
        "inbox", "interrupts", "results", "spilled", "started", "tags", "turns_given", "turns_taken", "waiting",
    )  # fmt: skip

    def __init__(self) -> None:
        self.bodies: list[_Row] = []
        self.tags: list[_Row] = []
        self.idempotency: list[_Row] = []
        self.inbox: list[_Row] = []
        self.results: list[_Row] = []
        self.checkpoints: list[_Row] = []
        self.spilled: list[_Row] = []
        self.interrupts: list[_Row] = []
        self.answers: list[_Row] = []
        self.attempts: list[_Row] = []
        self.artifacts: list[_Row] = []
        self.started: list[_Row] = []
        self.waiting: list[_Row] = []
        self.finished: list[_Row] = []
        self.ended: list[_Row] = []
        self.turns_given: list[_Row] = []
        self.turns_taken: list[_Row] = []
        self.events: list[_Row] = []

    def flush(self, connection: Connection) -> None:
        """Send everything but the events."""
        _BODIES.run(connection, self.bodies)
        _TAGS.run(connection, self.tags)
        _IDEMPOTENCY.run(connection, self.idempotency)
        _INBOX.run(connection, self.inbox)
        _RESULTS.run(connection, self.results)
        _CHECKPOINTS.run(connection, self.checkpoints)
        _SPILLED.run(connection, sorted(set(self.spilled)))
        _INTERRUPTS.run(connection, self.interrupts)
        _ANSWERS.run(connection, self.answers)
        _ATTEMPTS.run(connection, self.attempts)
        _ARTIFACTS.run(connection, self.artifacts)
        _STARTED.run(connection, self.started)
        _WAITING.run(connection, self.waiting)
        _FINISHED.run(connection, self.finished)
        _END_INTERRUPTS.run(connection, self.ended)
        _END_ATTEMPTS.run(connection, self.ended)
        _TURNS_GIVEN.run(connection, sorted(self.turns_given))
        _TURNS_TAKEN.run(connection, sorted(self.turns_taken, key=lambda row: row[1]))

    def flush_events(self, connection: Connection) -> None:
        """Send the events, as the transaction's last rows: PostgreSQL's feed lock is taken by then."""
        _EVENTS.run(connection, self.events)
