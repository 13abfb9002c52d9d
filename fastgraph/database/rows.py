"""The rows that one transaction is about to write, gathered by table.

Operations only append here, so an operation that is refused has written nothing and costs no rollback. `flush` sends
each table's rows with one statement, in the one order that foreign keys and locks allow; the events come last of all,
because nothing that can wait may follow them (DESIGN section 5, "The feed of all runs").
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, null, update

from fastgraph import fault_points
from fastgraph.database.hot import HotInsert, HotStatement, HotUpdate
from fastgraph.database.tables import (
    artifacts,
    attempts,
    audit,
    checkpoints,
    control_requests,
    events,
    idempotency,
    inbox,
    interrupts,
    node_cache,
    results,
    run_bodies,
    run_tags,
    signals,
    spilled_values,
    store_items,
    task_records,
    threads,
)

__all__ = ["FEED_LOCK", "Rows"]

FEED_LOCK = (
    0x46475F46454544  # "FG_FEED": the PostgreSQL advisory lock that puts all writers' events in one order
)

_BODIES = HotInsert(
    run_bodies,
    (
        *("run_key", "name", "payload", "tags", "context", "config", "created_at"),
        *("parent_run_key", "parent_task_id", "parent_close_policy", "deadline_at"),
        "priority",
    ),
)
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
    (
        *("run_key", "interrupt_id", "task_id", "node", "position", "value", "response_schema", "created_at"),
        *("kind", "name", "due_at", "namespace", "asked_by"),
    ),
    ignoring=("run_key", "interrupt_id"),
)
_ANSWERS = HotUpdate(interrupts, ("answer",), keys=("run_key", "interrupt_id"))
_ATTEMPTS = HotInsert(
    attempts, ("run_key", "task_id", "node", "attempt", "next_at", "error"), replacing=("run_key", "task_id")
)
_SIGNALS = HotInsert(signals, ("run_key", "number", "name", "body", "dedup_id", "created_at"))
_SIGNALS_TAKEN = HotUpdate(signals, ("taken_by", "body"), keys=("run_key", "number"))
_RECORDS = HotInsert(
    task_records,
    ("run_key", "task_id", "record_key", "value", "created_at"),
    replacing=("run_key", "task_id", "record_key"),
)
_CACHED = HotInsert(
    node_cache,
    ("namespace", "key", "value", "created_at", "expires_at"),
    replacing=("namespace", "key"),
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
_END_SIGNALS = HotStatement(
    delete(signals).where(signals.c.run_key == bindparam("b_run_key")), ("b_run_key",)
)
_END_RECORDS = HotStatement(
    delete(task_records).where(task_records.c.run_key == bindparam("b_run_key")), ("b_run_key",)
)
_TURNS_GIVEN = HotStatement(
    update(threads)
    .where(threads.c.key == bindparam("b_key"), threads.c.turn == bindparam("b_run_key"))
    .values(turn=null()),
    ("b_key", "b_run_key"),
)
_TURNS_TAKEN = HotUpdate(threads, ("turn",), keys=("key",))
_ITEMS = HotInsert(
    store_items,
    ("namespace", "key", "value", "created_at", "updated_at", "expires_at", "ttl_micros"),
    replacing=("namespace", "key"),
    keeping=("created_at",),
)
_ITEMS_GONE = HotStatement(
    delete(store_items).where(
        store_items.c.namespace == bindparam("b_namespace"), store_items.c.key == bindparam("b_key")
    ),
    ("b_namespace", "b_key"),
)
_ITEMS_READ = HotStatement(
    update(store_items)
    .where(
        store_items.c.namespace == bindparam("b_namespace"),
        store_items.c.key == bindparam("b_key"),
        store_items.c.ttl_micros.is_not(None),
    )
    .values(expires_at=bindparam("b_now", type_=BigInteger) + store_items.c.ttl_micros),
    ("b_namespace", "b_key", "b_now"),
)
_PAUSED = HotUpdate(run_bodies, ("paused_from", "paused_wake_at"), keys=("run_key",))
_RETRIED = HotUpdate(run_bodies, ("retried_from",), keys=("run_key",))
_SETTLED = HotUpdate(run_bodies, ("settled_at",), keys=("run_key",))
_REQUESTS = HotInsert(control_requests, ("request_id", "request_hash", "answer", "created_at"))
_AUDIT = HotInsert(audit, ("at", "who", "action", "subject", "request_id", "reason", "outcome"))
_EVENTS = HotInsert(events, ("run_key", "seq", "seq_from", "kind", "at", "node", "data"))

_Row = tuple[Any, ...]


class Rows:
    """What will be written; each list holds tuples in the order of the statement of its name above."""

    __slots__ = (
        "answers", "artifacts", "attempts", "audit", "bodies", "cached", "checkpoints", "ended", "events", "finished",
        "idempotency", "inbox", "interrupts", "items", "items_read", "paused", "records", "requests", "results",
        "retried", "settled", "signals", "signals_taken", "spilled", "started", "tags", "turns_given", "turns_taken",
        "waiting",
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
        # by place, None where one is deleted: of several writes to a place in a group the last one counts
        self.items: dict[tuple[str, str], _Row | None] = {}
        self.items_read: list[_Row] = []
        self.attempts: list[_Row] = []
        # of several results for one input in a group the last one counts
        self.cached: dict[tuple[str, str], _Row] = {}
        self.signals: list[_Row] = []
        self.signals_taken: list[_Row] = []
        self.records: list[_Row] = []
        self.artifacts: list[_Row] = []
        self.started: list[_Row] = []
        self.waiting: list[_Row] = []
        self.finished: list[_Row] = []
        self.ended: list[_Row] = []
        self.paused: list[_Row] = []
        self.retried: list[_Row] = []
        self.settled: list[_Row] = []
        self.requests: list[_Row] = []
        self.audit: list[_Row] = []
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
        _SIGNALS.run(connection, self.signals)
        _SIGNALS_TAKEN.run(connection, self.signals_taken)
        _RECORDS.run(connection, self.records)
        if self.cached:  # in one order: two hosts that cache the same results must not wait for each other
            _CACHED.run(connection, [(*place, *self.cached[place]) for place in sorted(self.cached)])
        _ARTIFACTS.run(connection, self.artifacts)
        _STARTED.run(connection, self.started)
        _WAITING.run(connection, self.waiting)
        _FINISHED.run(connection, self.finished)
        if self.paused or self.audit or self.requests or self.settled or self.retried:
            self._flush_control(connection)
        _END_INTERRUPTS.run(connection, self.ended)
        _END_ATTEMPTS.run(connection, self.ended)
        _END_SIGNALS.run(connection, self.ended)
        _END_RECORDS.run(connection, self.ended)
        if self.items or self.items_read:
            self._flush_items(connection)
        _TURNS_GIVEN.run(connection, sorted(self.turns_given))
        _TURNS_TAKEN.run(connection, sorted(self.turns_taken, key=lambda row: row[1]))

    def _flush_control(self, connection: Connection) -> None:
        """Write what commands leave behind; of several pauses of a run the last one counts."""
        _PAUSED.run(connection, list({row[-1]: row for row in self.paused}.values()))
        _RETRIED.run(connection, self.retried)
        _SETTLED.run(connection, list({row[-1]: row for row in self.settled}.values()))
        _REQUESTS.run(connection, self.requests)
        _AUDIT.run(connection, self.audit)

    def _flush_items(self, connection: Connection) -> None:
        """Write the store's items by place: two hosts that write the same ones then wait for each other in one order."""
        places = sorted(self.items)
        _ITEMS_GONE.run(connection, [place for place in places if self.items[place] is None])
        _ITEMS.run(connection, [row for place in places if (row := self.items[place]) is not None])
        _ITEMS_READ.run(connection, sorted(set(self.items_read)))

    def flush_events(self, connection: Connection) -> None:
        """Send the events, as the transaction's last rows: PostgreSQL's feed lock is taken by then."""
        if self.events:
            fault_points.within(fault_points.EVENT_APPEND)
        _EVENTS.run(connection, self.events)
