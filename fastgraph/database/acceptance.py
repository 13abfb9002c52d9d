"""Accepting a run: accepted means durable, and twice the same request is one run.

The run, its body, its tags, its idempotency key and its event 1 are one transaction; its thread is older or is made in
that transaction too. An interrupted run of the thread ends here (superseded), because its person has moved on.
"""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import BindParameter, Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from fastgraph import fault_points
from fastgraph.database.endings import supersede
from fastgraph.database.heads import HEAD_COLUMNS, RunHead
from fastgraph.database.ranks import rank_of
from fastgraph.database.records import Accepted, AcceptRun
from fastgraph.database.tables import idempotency, runs, threads
from fastgraph.database.times import to_micros
from fastgraph.database.transaction import IdempotentRun, Thread, Transaction
from fastgraph.errors import ConflictError
from fastgraph.events import EventKind
from fastgraph.status import ENDED, RunStatus

__all__ = [
    "accept_run",
    "find_active_runs",
    "find_idempotent_runs",
    "find_threads",
    "make_threads",
    "take_run_keys",
]

_IDEMPOTENT = (
    select(idempotency.c.idempotency_key, idempotency.c.run_key, runs.c.run_id, idempotency.c.request_hash)
    .join(runs, runs.c.key == idempotency.c.run_key)
    .where(idempotency.c.idempotency_key.in_(bindparam("idempotency_keys", expanding=True)))
)
_THREADS = (
    select(threads.c.key, threads.c.thread_id, threads.c.turn)
    .where(threads.c.thread_id.in_(bindparam("thread_ids", expanding=True)))
    .order_by(threads.c.key)
)
_THREAD_ROW: dict[str, BindParameter[Any]] = {
    "thread_id": bindparam("thread_id"),
    "created_at": bindparam("created_at"),
}
_MAKE_THREAD = {
    "sqlite": sqlite.insert(threads).values(_THREAD_ROW).on_conflict_do_nothing(index_elements=["thread_id"]),
    "postgresql": postgresql.insert(threads)
    .values(_THREAD_ROW)
    .on_conflict_do_nothing(index_elements=["thread_id"]),
}
_ACTIVE_STATUSES = sorted(str(status) for status in RunStatus if status not in ENDED)
_ACTIVE = (
    select(runs.c.key, runs.c.thread_key, runs.c.status, runs.c.rank)
    .where(
        runs.c.thread_key.in_(bindparam("thread_keys", expanding=True)), runs.c.status.in_(_ACTIVE_STATUSES)
    )
    .order_by(runs.c.key)
)


def find_idempotent_runs(connection: Connection, *, keys: list[str]) -> dict[str, IdempotentRun]:
    """Return the runs that these idempotency keys stand for already; a new key is left out."""
    rows = connection.execute(_IDEMPOTENT, {"idempotency_keys": keys})
    return {row[0]: IdempotentRun(run_key=row[1], run_id=row[2], request_hash=row[3]) for row in rows}


def find_threads(connection: Connection, *, thread_ids: list[str]) -> list[Thread]:
    """Return the threads of these names, by the unique index; an unknown one is left out."""
    rows = connection.execute(_THREADS, {"thread_ids": thread_ids})
    return [Thread(key=row[0], thread_id=row[1], turn=row[2], active={}) for row in rows]


def make_threads(connection: Connection, *, thread_ids: list[str], created_at: int) -> list[Thread]:
    """Make threads, in order of name so that two writers can't wait for each other, and return them.

    One that somebody else has made meanwhile is returned as it is.
    """
    rows = [{"thread_id": thread_id, "created_at": created_at} for thread_id in sorted(thread_ids)]
    connection.execute(_MAKE_THREAD[connection.dialect.name], rows)
    return find_threads(connection, thread_ids=thread_ids)


def find_active_runs(connection: Connection, *, thread_keys: list[int]) -> list[tuple[int, int, str, int]]:
    """Return (run key, thread key, status, rank) of the runs that have not ended, oldest first, by the index on
    (thread, status)."""
    return [
        (row[0], row[1], row[2], row[3]) for row in connection.execute(_ACTIVE, {"thread_keys": thread_keys})
    ]


def take_run_keys(connection: Connection, *, count: int) -> list[int]:
    """Draw keys for new runs; none is ever drawn twice, also after a delete.

    SQLite: AUTOINCREMENT's counter, which the write lock protects and the INSERT moves on.
    """
    if connection.dialect.name == "postgresql":
        drawn = connection.exec_driver_sql(
            "SELECT nextval(pg_get_serial_sequence('runs', 'key')) FROM generate_series(1, %s)", (count,)
        )
        return [row[0] for row in drawn]
    last = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'runs'").scalar() or 0
    return list(range(last + 1, last + 1 + count))


def accept_run(tx: Transaction, operation: AcceptRun) -> Accepted:
    """Gather the rows of a new run, or answer the run that the same request made before. Raises ConflictError for a
    known key with another request, and for a busy thread where the caller wants that refused."""
    known = tx.idempotent.get(operation.idempotency_key) if operation.idempotency_key is not None else None
    if known is not None:
        return _answer_again(operation, known)
    thread = tx.threads_by_id[operation.thread_id]
    waiting = [tx.heads[key] for key in thread.active if _is_superseded(tx, key)]
    if operation.on_busy_thread == "reject" and len(waiting) < len(thread.active):
        raise ConflictError(
            f"Thread {operation.thread_id} is busy with a run that has not ended. Wait for it, cancel it, or send "
            'on_busy_thread="queue".'
        )
    fault_points.within(
        fault_points.RUN_ACCEPT if operation.parent_run_key is None else fault_points.CHILD_START
    )
    at = to_micros(operation.now)
    for head in waiting:
        supersede(tx, head, at=at)
    head = _add_rows(tx, operation, thread, at)
    if operation.idempotency_key is not None:
        tx.rows.idempotency.append((operation.idempotency_key, head.key, operation.request_hash, at))
        tx.idempotent[operation.idempotency_key] = IdempotentRun(
            head.key, head.run_id, operation.request_hash
        )
    return Accepted(
        run_id=head.run_id, run_key=head.key, is_new=True, superseded=tuple(ended.run_id for ended in waiting)
    )


def _answer_again(operation: AcceptRun, known: IdempotentRun) -> Accepted:
    if known.request_hash != operation.request_hash:
        raise ConflictError(
            f"Idempotency-Key {operation.idempotency_key!r} was sent before with another request (run {known.run_id}). "
            "Use a new key for a new request."
        )
    return Accepted(run_id=known.run_id, run_key=known.run_key, is_new=False)


def _is_superseded(tx: Transaction, key: int) -> bool:
    """An interrupted run gives way to a new input, unless an answer is on its way to it already."""
    head = tx.heads.get(key)
    return head is not None and head.status == RunStatus.INTERRUPTED and head.inbox == head.consumed


def _add_rows(tx: Transaction, operation: AcceptRun, thread: Thread, at: int) -> RunHead:
    key = tx.new_keys.pop(0)
    start = dict.fromkeys(HEAD_COLUMNS)
    values: dict[str, object] = start | {
        "key": key,
        "run_id": operation.run_id,
        "thread_key": thread.key,
        "workflow": operation.workflow,
        "status": str(RunStatus.QUEUED),
        "epoch": 0,
        "seq": 0,
        "inbox": 0,
        "consumed": 0,
        "deaths": 0,
        "early_losses": 0,
        "checkpoint": 0,
    }
    head = RunHead(tuple(values[name] for name in HEAD_COLUMNS))
    # Runs of one thread go in the order in which they came, whatever their priority and whatever the clocks say.
    head.rank = thread.last_rank = max(
        rank_of(accepted_at=at, priority=operation.priority), thread.last_rank + 1
    )
    tx.heads[key] = head
    tx.keys[head.run_id] = key
    tx.new_heads.append(head)
    thread.active[key] = head.status
    tx.rows.bodies.append(
        (
            key,
            operation.name,
            operation.payload,
            orjson.dumps(operation.tags),
            operation.context,
            operation.config,
            at,
            operation.parent_run_key,
            operation.parent_task_id,
            operation.parent_close_policy,
            None if operation.deadline_at is None else to_micros(operation.deadline_at),
            operation.priority,
        )
    )
    tx.rows.tags.extend((tag, key) for tag in dict.fromkeys(operation.tags))
    data = orjson.dumps(
        {"name": operation.name, "workflow": operation.workflow, "thread_id": operation.thread_id}
    )
    tx.add_event(head, kind=EventKind.QUEUED, at=at, data=data)
    return head
