"""Reading the failed attempts of tasks that are to be repeated; they end with the run."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.records import AttemptRow
from fastgraph.database.tables import attempts
from fastgraph.database.times import from_micros

__all__ = ["read_attempts"]


async def read_attempts(connection: AsyncConnection, *, run_key: int) -> list[AttemptRow]:
    """Return the last failed attempt of each task of a run that has one, by the primary key."""
    query = select(attempts).where(attempts.c.run_key == run_key).order_by(attempts.c.task_id)
    return [
        AttemptRow(
            task_id=row.task_id,
            node=row.node,
            attempt=row.attempt,
            next_at=from_micros(row.next_at),
            error=row.error,
        )
        for row in await connection.execute(query)
    ]
