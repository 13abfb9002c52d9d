"""Reading threads: the lineages of checkpoints that several runs continue."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.tables import checkpoints, runs, threads
from fastgraph.database.times import from_micros

__all__ = ["ThreadView", "find_thread", "name_runs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadView:
    """A thread; `turn_run_id` is the run that has its turn, `checkpoint_number` its last checkpoint (0: none).

    `run_key` is the run that has its turn, else its newest run; None for the lineage of a subgraph.
    """

    thread_key: int
    thread_id: str
    turn_run_id: str | None
    checkpoint_number: int
    created_at: datetime
    run_key: int | None = None


async def find_thread(
    connection: AsyncConnection, *, thread_id: str, namespace: str = ""
) -> ThreadView | None:
    """Return a thread by its id (unique index), or the lineage of a namespace in it; None where there is no such."""
    last = (
        select(func.max(checkpoints.c.number))
        .where(checkpoints.c.thread_key == threads.c.key)
        .scalar_subquery()
    )
    runs_of_it = runs.alias()
    newest = (
        select(func.max(runs_of_it.c.key)).where(runs_of_it.c.thread_key == threads.c.key).scalar_subquery()
    )
    query = (
        select(threads, runs.c.run_id, last.label("last"), newest.label("newest"))
        .select_from(threads.outerjoin(runs, runs.c.key == threads.c.turn))
        .where(threads.c.thread_id == thread_id, threads.c.parent_key.is_(None))
    )
    if namespace:
        parent = select(threads.c.key).where(threads.c.thread_id == thread_id).scalar_subquery()
        query = (
            select(threads, literal(None).label("run_id"), last.label("last"), literal(None).label("newest"))
            .select_from(threads)
            .where(threads.c.parent_key == parent, threads.c.namespace == namespace)
        )
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    return ThreadView(
        thread_key=row.key,
        thread_id=row.thread_id,
        turn_run_id=row.run_id,
        checkpoint_number=row.last or 0,
        created_at=from_micros(row.created_at),
        run_key=row.turn or row.newest,
    )


async def name_runs(connection: AsyncConnection, *, run_keys: Collection[int]) -> dict[int, str]:
    """Return the ids of runs by their keys."""
    rows = await connection.execute(select(runs.c.key, runs.c.run_id).where(runs.c.key.in_(sorted(run_keys))))
    return {row[0]: row[1] for row in rows}
