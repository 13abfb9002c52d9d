"""Cancels that nobody has obeyed, found by the runs that have unconsumed commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.tables import hosts, inbox, runs
from fastgraph.database.times import database_now, to_micros
from fastgraph.status import ENDED

__all__ = ["UnheededCancel", "list_unheeded_cancels"]

_ENDED = sorted(str(status) for status in ENDED)
LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class UnheededCancel:
    """A run that was to be cancelled and has not ended; `body` is the command's."""

    run_id: str
    epoch: int
    body: bytes


async def list_unheeded_cancels(
    connection: AsyncConnection, *, now: datetime, owner_grace_seconds: float
) -> list[UnheededCancel]:
    """Return runs with a cancel in their inbox and no living owner, or one that has had the cancel for so long; by
    ix_runs_woken and ix_runs_owner."""
    late = to_micros(now - timedelta(seconds=owner_grace_seconds))
    living = exists().where(
        hosts.c.boot_id == runs.c.owner,
        hosts.c.ended_at.is_(None),
        hosts.c.lease_until > database_now(connection.dialect.name),
    )
    waiting = and_(inbox.c.run_key == runs.c.key, inbox.c.number > runs.c.consumed, inbox.c.kind == "cancel")
    found: list[UnheededCancel] = []
    for owner in (runs.c.owner.is_(None), runs.c.owner.is_not(None)):  # one index each
        query = (
            select(runs.c.run_id, runs.c.epoch, inbox.c.body, inbox.c.created_at, living.label("is_living"))
            .join(inbox, waiting)
            .where(owner, runs.c.inbox > runs.c.consumed, runs.c.status.not_in(_ENDED))
            .order_by(runs.c.key, inbox.c.number)
            .limit(LIMIT)
        )
        found.extend(
            UnheededCancel(run_id=row.run_id, epoch=row.epoch, body=row.body)
            for row in await connection.execute(query)
            if not row.is_living or row.created_at <= late
        )
    return found
