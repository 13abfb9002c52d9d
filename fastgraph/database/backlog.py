"""The backlog: how many runs wait for a host, by workflow."""

from __future__ import annotations

from sqlalchemy import func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.tables import runs

__all__ = ["count_backlog"]

_WAITING = (
    select(runs.c.workflow, func.count())
    # Literal words: with bound values the partial index ix_runs_claimable could not be used.
    .where(runs.c.owner.is_(None), literal_column("runs.status IN ('queued', 'running')"))
    .group_by(runs.c.workflow)
)


async def count_backlog(connection: AsyncConnection) -> dict[str, int]:
    """Count the runs that no host has and that wait for nothing else; by ix_runs_claimable alone. A hundred thousand take
    some milliseconds."""
    return {row[0]: row[1] for row in await connection.execute(_WAITING)}
