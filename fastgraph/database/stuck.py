"""What does not go on by itself: runs without a living owner, without a host that has their workflow, without a turn.

For operators only: these queries read by the indexes on status, but for as many rows as there are stuck runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Exists, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.pausing import is_paused
from fastgraph.database.tables import host_workflows, hosts, run_bodies, runs
from fastgraph.database.times import database_now, from_micros, to_micros
from fastgraph.status import RunStatus

__all__ = [
    "StuckRun",
    "StuckWorkflow",
    "list_long_queued",
    "list_quarantined",
    "list_stranded",
    "list_unserved",
]

LIMIT = 100

# The host that had a run last, beside the living ones that are looked for in the same query.
_last = hosts.alias("last_host")


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckRun:
    """A run that does not go on, and since when."""

    run_id: str
    workflow: str
    owner: str | None
    since: datetime
    error: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckWorkflow:
    """A workflow that runs wait for and no living host has."""

    workflow: str
    waiting: int
    oldest_run_id: str
    since: datetime


def _living(moment: ColumnElement[int], owner: ColumnElement[Any]) -> Exists:
    return exists().where(hosts.c.boot_id == owner, hosts.c.ended_at.is_(None), hosts.c.lease_until > moment)


def _served(moment: ColumnElement[int]) -> Exists:
    return exists().where(
        host_workflows.c.name == runs.c.workflow,
        hosts.c.boot_id == host_workflows.c.boot_id,
        hosts.c.ended_at.is_(None),
        hosts.c.lease_until > moment,
    )


async def list_stranded(connection: AsyncConnection) -> list[StuckRun]:
    """Return runs that are running by their rows and have no living owner, but for those that are held while paused;
    `since` is their host's last sign."""
    moment = database_now(connection.dialect.name)
    query = (
        select(
            runs.c.run_id,
            runs.c.workflow,
            func.coalesce(runs.c.owner, runs.c.lost_by).label("owner"),
            func.coalesce(_last.c.ended_at, _last.c.renewed_at, run_bodies.c.created_at).label("since"),
        )
        .join(run_bodies, run_bodies.c.run_key == runs.c.key)
        .outerjoin(_last, _last.c.boot_id == func.coalesce(runs.c.owner, runs.c.lost_by))
        .where(
            runs.c.status == RunStatus.RUNNING,
            ~_living(moment, runs.c.owner),
            ~and_(runs.c.owner.is_(None), is_paused(runs.c.workflow)),
        )
        .order_by(runs.c.key)
        .limit(LIMIT)
    )
    return [_run(row) for row in await connection.execute(query)]


async def list_unserved(connection: AsyncConnection) -> list[StuckWorkflow]:
    """Return the workflows that queued or ownerless running runs wait for and that no living host has."""
    moment = database_now(connection.dialect.name)
    query = (
        select(
            runs.c.workflow,
            func.count().label("waiting"),
            func.min(runs.c.key).label("oldest"),
        )
        .where(
            runs.c.status.in_([str(RunStatus.QUEUED), str(RunStatus.RUNNING)]),
            runs.c.owner.is_(None),
            ~_served(moment),
            ~is_paused(runs.c.workflow),
        )
        .group_by(runs.c.workflow)
        .order_by(runs.c.workflow)
        .limit(LIMIT)
    )
    found = (await connection.execute(query)).all()
    heads = select(runs.c.key, runs.c.run_id, run_bodies.c.created_at).join(
        run_bodies, run_bodies.c.run_key == runs.c.key
    )
    oldest = {
        row.key: row
        for row in await connection.execute(heads.where(runs.c.key.in_([row.oldest for row in found])))
    }
    return [
        StuckWorkflow(
            workflow=row.workflow,
            waiting=row.waiting,
            oldest_run_id=oldest[row.oldest].run_id,
            since=from_micros(oldest[row.oldest].created_at),
        )
        for row in found
        if row.oldest in oldest
    ]


async def list_long_queued(
    connection: AsyncConnection, *, now: datetime, longer_than_seconds: float
) -> list[StuckRun]:
    """Return runs that have been queued for long although a living host has their workflow, the oldest first."""
    before = to_micros(now - timedelta(seconds=longer_than_seconds))
    query = (
        select(runs.c.run_id, runs.c.workflow, runs.c.owner, run_bodies.c.created_at.label("since"))
        .join(run_bodies, run_bodies.c.run_key == runs.c.key)
        .where(
            runs.c.status == RunStatus.QUEUED,
            run_bodies.c.created_at < before,
            ~is_paused(runs.c.workflow),
            _served(database_now(connection.dialect.name)),
        )
        .order_by(runs.c.key)
        .limit(LIMIT)
    )
    return [_run(row) for row in await connection.execute(query)]


async def list_quarantined(connection: AsyncConnection) -> list[StuckRun]:
    """Return quarantined runs that nobody has settled, the newest first, with their errors."""
    query = (
        select(
            runs.c.run_id,
            runs.c.workflow,
            runs.c.owner,
            run_bodies.c.error,
            func.coalesce(run_bodies.c.finished_at, run_bodies.c.created_at).label("since"),
        )
        .join(run_bodies, run_bodies.c.run_key == runs.c.key)
        .where(runs.c.status == RunStatus.QUARANTINED, run_bodies.c.settled_at.is_(None))
        .order_by(runs.c.key.desc())
        .limit(LIMIT)
    )
    return [_run(row) for row in await connection.execute(query)]


def _run(row: Any) -> StuckRun:
    found = row._mapping  # noqa: SLF001 - SQLAlchemy's public way to a row's columns by name
    return StuckRun(
        run_id=row.run_id,
        workflow=row.workflow,
        owner=row.owner,
        since=from_micros(row.since),
        error=found.get("error"),
    )
