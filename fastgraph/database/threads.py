"""Reading threads: the lineages of checkpoints that several runs continue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.tables import checkpoints, runs, threads
from fastgraph.database.times import from_micros

__all__ = ["ThreadView", "find_thread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadView:
    """A thread; `turn_run_id` is the run that has its turn, `checkpoint_number` its last checkpoint (0: none)."""

    thread_key: int
    thread_id: str
    turn_run_id: str | None
    checkpoint_number: int
    created_at: datetime


async def find_thread(connection: AsyncConnection, *, thread_id: str) -> ThreadView | None:
    """Return a thread by its id (unique index), or None."""
    last = (
        select(func.max(checkpoints.c.number))
        .where(checkpoints.c.thread_key == threads.c.key)
        .scalar_subquery()
    )
    query = (
        select(threads, runs.c.run_id, last.label("last"))
        .select_from(threads.outerjoin(runs, runs.c.key == threads.c.turn))
        .where(threads.c.thread_id == thread_id)
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
    )
