"""Slots: how many more runs of a workflow may get an owner.

A slot is nothing that is kept: it is a row of `runs` with an owner. So it is free at the moment in which the run ends, waits
or loses its owner, and a host that is killed leaves no slot behind once its claims are freed. On PostgreSQL the claims of
one limited workflow queue behind a lock, since two hosts that count at once would both take the last slot; SQLite's
writers queue anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.tables import host_workflows, hosts, runs
from fastgraph.database.times import database_now

__all__ = ["find_free_slots", "find_full_workflows"]

SLOT_LOCK = 0x46475F534C4F54  # "FG_SLOT": the seed of the lock of each workflow

_OWNED = (
    select(runs.c.workflow, func.count())
    .where(runs.c.owner.is_not(None), runs.c.workflow.in_(bindparam("workflows", expanding=True)))
    .group_by(runs.c.workflow)
)


def find_free_slots(connection: Connection, max_active: Mapping[str, int]) -> dict[str, int]:
    """Return how many runs of each limited workflow may be claimed in this transaction; never less than 0.

    By ix_runs_owner, which holds nothing but the runs that have an owner.
    """
    if not max_active:
        return {}
    if connection.dialect.name == "postgresql":
        for name in sorted(max_active):
            connection.exec_driver_sql(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", (name, SLOT_LOCK)
            )
    owned = {row[0]: row[1] for row in connection.execute(_OWNED, {"workflows": sorted(max_active)})}
    return {name: max(0, limit - owned.get(name, 0)) for name, limit in max_active.items()}


async def find_full_workflows(connection: AsyncConnection, workflows: Sequence[str]) -> dict[str, int]:
    """Return the limits of those of these workflows that have no slot free, as their living hosts were told."""
    query = (
        select(host_workflows.c.name, func.max(host_workflows.c.max_active))
        .join(hosts, hosts.c.boot_id == host_workflows.c.boot_id)
        .where(
            host_workflows.c.name.in_(workflows),
            host_workflows.c.max_active.is_not(None),
            hosts.c.ended_at.is_(None),
            hosts.c.lease_until > database_now(connection.dialect.name),
        )
        .group_by(host_workflows.c.name)
    )
    limits = {row[0]: row[1] for row in await connection.execute(query)}
    if not limits:
        return {}
    owned = {row[0]: row[1] for row in await connection.execute(_OWNED, {"workflows": sorted(limits)})}
    return {name: limit for name, limit in limits.items() if owned.get(name, 0) >= limit}
