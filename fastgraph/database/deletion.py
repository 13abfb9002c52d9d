"""Deleting a run that has ended, and all that hangs on it.

Checkpoints belong to the thread: while another run of the thread exists they stay, with the results that they refer to;
with the thread's last run they go. Files are left to the sweeper, which finds them unreferenced.
"""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select

from fastgraph import fault_points
from fastgraph.database.guard import require_run
from fastgraph.database.heads import RunHead, delete_head
from fastgraph.database.records import DeleteRun
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
    runs,
    signals,
    spilled_values,
    task_records,
    threads,
)
from fastgraph.database.transaction import Transaction
from fastgraph.errors import ConflictError
from fastgraph.status import ENDED

__all__ = ["delete_run"]

_OF_A_RUN = (
    events,
    run_tags,
    idempotency,
    inbox,
    interrupts,
    attempts,
    signals,
    task_records,
    artifacts,
    run_bodies,
)
_KEPT = select(run_bodies.c.kept_at).where(run_bodies.c.run_key == bindparam("run_key"))


def delete_run(tx: Transaction, operation: DeleteRun) -> tuple[str, ...]:
    """Delete an ended run at once and answer the hashes of its artifacts. Raises RunNotFoundError, and ConflictError
    where it has not ended or is kept. It writes by itself: nothing of the run may be gathered in this transaction, and an
    ended run takes no commit."""
    head = require_run(tx.find_head(operation.run_id), operation.run_id)
    if head.status not in ENDED or head.is_cold:
        raise ConflictError(
            f"Run {head.run_id} is {head.status}; only a run that has ended can be deleted. Cancel it first."
        )
    fault_points.within(fault_points.RETENTION_DELETE)
    connection = tx.connection
    if connection.execute(_KEPT, {"run_key": head.key}).scalar() is not None:
        raise ConflictError(
            f"Run {head.run_id} is kept. Take that back first: POST /api/runs/{head.run_id}/unkeep."
        )
    hashes = select(artifacts.c.sha256).where(artifacts.c.run_key == head.key).distinct()
    deleted = tuple(row[0] for row in connection.execute(hashes))
    for table in _OF_A_RUN:
        connection.execute(delete(table).where(table.c.run_key == head.key))
    delete_head(connection, head.key)
    _delete_lineage(tx, head)
    del tx.heads[head.key], tx.keys[head.run_id]
    return deleted


def _delete_lineage(tx: Transaction, head: RunHead) -> None:
    """Delete the thread with its last run; before that, only results that no checkpoint can refer to. A run that enters
    the thread in this very transaction has no row yet."""
    connection = tx.connection
    is_entered = any(thread.key == head.thread_key for thread in tx.threads_by_id.values())
    of_thread = checkpoints.c.thread_key == head.thread_key
    others = connection.execute(
        select(runs.c.key).where(runs.c.thread_key == head.thread_key).limit(1)
    ).first()
    if is_entered or others is not None:
        own = select(checkpoints.c.number).where(of_thread, checkpoints.c.run_key == head.key).limit(1)
        if connection.execute(own).first() is None:
            connection.execute(delete(results).where(results.c.run_key == head.key))
        return
    writers = select(checkpoints.c.run_key).where(of_thread).distinct()
    connection.execute(delete(results).where(results.c.run_key.in_(writers)))
    connection.execute(delete(results).where(results.c.run_key == head.key))
    below = select(threads.c.key).where(threads.c.parent_key == head.thread_key)
    connection.execute(delete(checkpoints).where(checkpoints.c.thread_key.in_(below)))
    connection.execute(delete(threads).where(threads.c.parent_key == head.thread_key))
    connection.execute(delete(checkpoints).where(of_thread))
    connection.execute(delete(spilled_values).where(spilled_values.c.thread_key == head.thread_key))
    connection.execute(delete(threads).where(threads.c.key == head.thread_key))
