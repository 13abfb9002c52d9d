"""Runs that are given up at a time of their own, also while nobody owns them: queued ones and those that wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.tables import run_bodies, runs
from fastgraph.database.times import from_micros, to_micros
from fastgraph.status import ENDED

__all__ = ["OverdueRun", "list_overdue"]

_ENDED = sorted(str(status) for status in ENDED)
LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueRun:
    """A run that has not ended by its deadline."""

    run_id: str
    epoch: int
    created_at: datetime
    deadline_at: datetime


async def list_overdue(
    connection: AsyncConnection, *, now: datetime, owner_grace_seconds: float
) -> list[OverdueRun]:
    """Return runs past their deadline, by ix_run_bodies_deadline: without an owner at once; an owner has a grace to end
    its run itself."""
    late = to_micros(now - timedelta(seconds=owner_grace_seconds))
    query = (
        select(runs.c.run_id, runs.c.epoch, run_bodies.c.created_at, run_bodies.c.deadline_at)
        .join(runs, runs.c.key == run_bodies.c.run_key)
        .where(
            run_bodies.c.deadline_at <= to_micros(now),
            run_bodies.c.finished_at.is_(None),
            and_(runs.c.status.not_in(_ENDED), or_(runs.c.owner.is_(None), run_bodies.c.deadline_at <= late)),
        )
        .limit(LIMIT)
    )
    return [
        OverdueRun(
            run_id=row[0], epoch=row[1], created_at=from_micros(row[2]), deadline_at=from_micros(row[3])
        )
        for row in await connection.execute(query)
    ]
