"""Hosts and their leases: one row a boot, never reused.

The lease is in the database's own time, so that no two machines' clocks are compared. It says who is alive; what is
safe is the guard's business. A boot that is over (`ended_at`) is so for ever: it can't renew, and it can't claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Dialect, Row, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph import fault_points
from fastgraph.database.host_records import PublishHost, RenewLease
from fastgraph.database.tables import host_workflows, hosts, runs
from fastgraph.database.times import (
    MICROS_A_SECOND,
    database_now,
    from_micros,
    optional_from_micros,
    read_database_now,
    to_micros,
)
from fastgraph.database.transaction import Transaction
from fastgraph.database.versions import save_versions
from fastgraph.database.workflows import publish_workflows
from fastgraph.errors import ConflictError

__all__ = [
    "HostView",
    "find_host",
    "find_owned_runs",
    "list_hosts",
    "list_lapsed",
    "list_workflows_of",
    "lock_hosts",
    "publish_host",
    "renew_lease",
    "renewal_statement",
]

HOSTS_LISTED = 1_000

_LOCK = (
    select(hosts.c.boot_id, hosts.c.ended_at)
    .where(hosts.c.boot_id.in_(bindparam("boot_ids", expanding=True)))
    .order_by(hosts.c.boot_id)
    .with_for_update()
)
_OWNED = select(runs.c.key).where(runs.c.owner == bindparam("boot_id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """A boot as health shows it; `report` is the host's own small JSON object."""

    boot_id: str
    pid: int
    address: str
    version: str
    is_alive: bool
    lease_until: datetime
    started_at: datetime
    renewed_at: datetime
    ended_at: datetime | None
    ended_reason: str | None
    report: bytes | None
    parent: str | None = None
    lease_left_seconds: float | None = None


def lock_hosts(connection: Connection, *, boot_ids: Sequence[str]) -> dict[str, bool]:
    """Lock boots in order of id, before any run, and say of each whether it is still going; unknown ones are left
    out."""
    rows = connection.execute(_LOCK, {"boot_ids": sorted(set(boot_ids))})
    return {row[0]: row[1] is None for row in rows}


def find_owned_runs(connection: Connection, *, boot_id: str) -> list[int]:
    """Return the keys of the runs that a boot owns, by ix_runs_owner."""
    return [row[0] for row in connection.execute(_OWNED, {"boot_id": boot_id})]


def publish_host(tx: Transaction, operation: PublishHost) -> bool:
    """Write a boot's row, its first lease and its workflows, at once. A boot publishes again to change its workflows;
    ConflictError where it is over. Answers True."""
    fault_points.within(fault_points.HOST_PUBLISH)
    connection = tx.connection
    now = read_database_now(connection)
    values = {
        "pid": operation.pid,
        "address": operation.address,
        "version": operation.version,
        "lease_until": now + round(operation.lease_seconds * MICROS_A_SECOND),
        "renewed_at": now,
    }
    is_alive = tx.hosts.get(operation.boot_id)
    if is_alive is None:
        started = to_micros(operation.now)
        connection.execute(
            insert(hosts).values(
                boot_id=operation.boot_id, started_at=started, parent=operation.parent, **values
            )
        )
        tx.hosts[operation.boot_id] = True
    elif is_alive:
        connection.execute(update(hosts).where(hosts.c.boot_id == operation.boot_id).values(values))
    else:
        raise ConflictError(f"Host {operation.boot_id} has ended or was declared dead. Start a new process.")
    at = to_micros(operation.now)
    publish_workflows(connection, boot_id=operation.boot_id, published=operation.workflows, at=at)
    save_versions(connection, operation.workflows, at=at)
    return True


def renew_lease(tx: Transaction, operation: RenewLease) -> bool:
    """Lengthen a lease from the database's now, also one that has lapsed and that nobody took; False where the boot is
    over or unknown."""
    fault_points.within(fault_points.LEASE_RENEW)
    now = read_database_now(tx.connection)
    renewed = tx.connection.execute(
        update(hosts)
        .where(hosts.c.boot_id == operation.boot_id, hosts.c.ended_at.is_(None))
        .values(
            lease_until=now + round(operation.lease_seconds * MICROS_A_SECOND),
            renewed_at=now,
            report=operation.report,
        )
    )
    return renewed.rowcount == 1


def renewal_statement(dialect: Dialect, *, boot_id: str, lease_seconds: float) -> str:
    """Return the text of a statement that lengthens a lease, for a process that has a connection and nothing else of
    ours."""
    now = database_now(dialect.name)
    renewal = (
        update(hosts)
        .where(hosts.c.boot_id == boot_id, hosts.c.ended_at.is_(None))
        .values(lease_until=now + round(lease_seconds * MICROS_A_SECOND), renewed_at=now)
    )
    return str(renewal.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


async def list_hosts(
    connection: AsyncConnection, *, limit: int = HOSTS_LISTED, with_ended: bool = True
) -> list[HostView]:
    """List boots, those that are not over first and then the newest; without those that are over by their index."""
    now = database_now(connection.dialect.name).label("now")
    query = select(hosts, now).order_by(hosts.c.ended_at.is_not(None), hosts.c.started_at.desc()).limit(limit)
    if not with_ended:
        query = query.where(hosts.c.ended_at.is_(None))
    return [_view(row) for row in await connection.execute(query)]


async def find_host(connection: AsyncConnection, *, boot_id: str) -> HostView | None:
    """Return a boot, or None."""
    query = select(hosts, database_now(connection.dialect.name).label("now"))
    row = (await connection.execute(query.where(hosts.c.boot_id == boot_id))).first()
    return None if row is None else _view(row)


async def list_workflows_of(connection: AsyncConnection, *, boot_id: str) -> list[str]:
    """Return the names of the workflows that a boot has loaded; none once it is over."""
    query = select(host_workflows.c.name).where(host_workflows.c.boot_id == boot_id)
    return [row[0] for row in await connection.execute(query.order_by(host_workflows.c.name))]


def _view(row: Row[Any]) -> HostView:
    left = (row.lease_until - row.now) / MICROS_A_SECOND
    return HostView(
        boot_id=row.boot_id,
        pid=row.pid,
        address=row.address,
        version=row.version,
        is_alive=row.ended_at is None and row.lease_until > row.now,
        lease_until=from_micros(row.lease_until),
        started_at=from_micros(row.started_at),
        renewed_at=from_micros(row.renewed_at),
        ended_at=optional_from_micros(row.ended_at),
        ended_reason=row.ended_reason,
        parent=row.parent,
        report=row.report,
        lease_left_seconds=round(left, 3) if row.ended_at is None else None,
    )


async def list_lapsed(connection: AsyncConnection, *, now: datetime | None = None) -> list[str]:
    """List boots whose lease is over and that nobody has freed yet, by the database's time unless `now` is given."""
    moment = database_now(connection.dialect.name) if now is None else to_micros(now)
    query = select(hosts.c.boot_id).where(hosts.c.ended_at.is_(None), hosts.c.lease_until <= moment)
    return [row[0] for row in await connection.execute(query.order_by(hosts.c.boot_id))]
