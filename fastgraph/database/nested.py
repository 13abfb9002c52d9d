"""Lineages inside a run: the checkpoints of subgraphs, and the small facts that tasks keep.

A nested lineage is a row of `threads` of its own, below the run's thread; its checkpoints are numbered from 1. What is
written to it goes through its run's fenced commits, so it has the run's one owner and no guard of its own. Only the row
itself is made beforehand: its key is part of the names of its tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.tables import checkpoints, results, task_records, threads
from fastgraph.database.times import to_micros
from fastgraph.database.transaction import Transaction

__all__ = [
    "NestedResult",
    "OpenLineage",
    "find_lineage",
    "list_lineages",
    "list_records",
    "open_lineage",
    "read_nested_results",
    "read_record",
]

_ROW: dict[str, BindParameter[Any]] = {
    name: bindparam(name) for name in ("thread_id", "created_at", "parent_key", "namespace")
}
_MAKE = {
    "sqlite": sqlite.insert(threads).values(_ROW).on_conflict_do_nothing(index_elements=["thread_id"]),
    "postgresql": postgresql.insert(threads)
    .values(_ROW)
    .on_conflict_do_nothing(index_elements=["thread_id"]),
}
_FIND = select(threads.c.key).where(
    threads.c.parent_key == bindparam("parent_key"), threads.c.namespace == bindparam("namespace")
)
_RECORD = select(task_records.c.value).where(
    task_records.c.run_key == bindparam("run_key"),
    task_records.c.task_id == bindparam("task_id"),
    task_records.c.record_key == bindparam("record_key"),
)
# Nested tasks belong to a task of the run's current step: their results came after the run's last checkpoint.
_FLOOR = (
    select(func.max(checkpoints.c.seq))
    .where(checkpoints.c.thread_key == bindparam("thread_key"), checkpoints.c.run_key == bindparam("run_key"))
    .scalar_subquery()
)
_RESULTS = (
    select(results)
    .where(
        results.c.run_key == bindparam("run_key"),
        results.c.seq > func.coalesce(_FLOOR, 0),
        results.c.namespace == bindparam("namespace"),
        results.c.checkpoint_number == bindparam("number"),
    )
    .order_by(results.c.seq)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLineage:
    """Make the row of a nested lineage, or find it; answers its key. `thread_id` is that of the run's thread."""

    parent_key: int
    thread_id: str
    namespace: str
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedResult:
    """What a nested task wrote, as it was committed; spilled values stand as references."""

    seq: int
    task_id: str
    node: str
    path: str
    update: bytes
    routing: bytes | None


def open_lineage(tx: Transaction, operation: OpenLineage) -> int:
    """Make a lineage's row at once and return its key. A `|` is in no thread's own id, so the names can't meet."""
    row = {
        "thread_id": f"{operation.thread_id}|{operation.namespace}",
        "created_at": to_micros(operation.now),
        "parent_key": operation.parent_key,
        "namespace": operation.namespace,
    }
    tx.connection.execute(_MAKE[tx.dialect], row)
    place = {"parent_key": operation.parent_key, "namespace": operation.namespace}
    key: int = tx.connection.execute(_FIND, place).scalar_one()
    return key


async def find_lineage(connection: AsyncConnection, *, parent_key: int, namespace: str) -> int | None:
    """Return the key of a nested lineage, by ix_threads_parent, or None."""
    place = {"parent_key": parent_key, "namespace": namespace}
    key: int | None = (await connection.execute(_FIND, place)).scalar()
    return key


async def list_lineages(connection: AsyncConnection, *, parent_key: int) -> dict[str, int]:
    """Return the nested lineages of a thread: namespace -> key, in order of key."""
    query = (
        select(threads.c.namespace, threads.c.key)
        .where(threads.c.parent_key == parent_key)
        .order_by(threads.c.key)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


async def read_nested_results(
    connection: AsyncConnection, *, run_key: int, thread_key: int, namespace: str, number: int
) -> list[NestedResult]:
    """Return what tasks of a nested step have written; `thread_key` is that of the run's own thread."""
    place = {"run_key": run_key, "thread_key": thread_key, "namespace": namespace, "number": number}
    return [
        NestedResult(
            seq=row.seq,
            task_id=row.task_id,
            node=row.node,
            path=row.path,
            update=row.update,
            routing=row.routing,
        )
        for row in await connection.execute(_RESULTS, place)
    ]


async def read_record(
    connection: AsyncConnection, *, run_key: int, task_id: str, record_key: str
) -> bytes | None:
    """Return what a task has kept under a key, by the primary key, or None."""
    place = {"run_key": run_key, "task_id": task_id, "record_key": record_key}
    value: bytes | None = (await connection.execute(_RECORD, place)).scalar()
    return value


async def list_records(
    connection: AsyncConnection, *, run_key: int, task_id: str, prefix: str
) -> dict[str, bytes]:
    """Return a task's records whose keys begin with `prefix`, in order of key."""
    query = (
        select(task_records.c.record_key, task_records.c.value)
        .where(
            task_records.c.run_key == run_key,
            task_records.c.task_id == task_id,
            task_records.c.record_key.startswith(prefix, autoescape=True),
        )
        .order_by(task_records.c.record_key)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}
