"""Runs whose hosts died of them, perhaps: those that only a child host of their own may claim."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.claims import is_claimable
from fastgraph.database.pausing import is_paused
from fastgraph.database.tables import runs
from fastgraph.database.times import database_now

__all__ = ["list_suspects"]


async def list_suspects(
    connection: AsyncConnection, *, workflows: Sequence[str], min_deaths: int, limit: int
) -> list[str]:
    """List ownerless runs of these workflows that could go on and whose count of deaths in a row is at least
    `min_deaths`, oldest first; by ix_runs_suspects."""
    query = (
        select(runs.c.run_id)
        .where(
            runs.c.owner.is_(None),
            is_claimable(database_now(connection.dialect.name)),
            literal_column("runs.deaths > 0"),  # the predicate of the index
            runs.c.workflow.in_(workflows),
            ~is_paused(runs.c.workflow),
            runs.c.deaths >= min_deaths,
        )
        .order_by(runs.c.key)
        .limit(limit)
    )
    return [row[0] for row in await connection.execute(query)]
