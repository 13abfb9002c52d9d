"""Operators and hosts talk by rows: commands that a host consumes, watches that it answers with reports.

So it works whoever is on which machine, and a host pays one indexed look a second while nobody watches. A watch has an
expiry in the database's time; a command whose host ended first is `lost`, which is found at reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.operator_records import AskHost, FinishHostCommand, ReportActors, WatchActors
from fastgraph.database.tables import actor_watches, host_commands, hosts
from fastgraph.database.times import (
    MICROS_A_SECOND,
    database_now,
    from_micros,
    optional_from_micros,
    read_database_now,
    to_micros,
)
from fastgraph.database.transaction import Transaction
from fastgraph.errors import ConflictError, NotFoundError

__all__ = [
    "ActorWatch",
    "HostCommandView",
    "ask_host",
    "carry_out_of_operators",
    "find_command",
    "find_reports",
    "forget_commands",
    "list_commands",
    "list_open_commands",
    "list_watches",
]

OPEN_COMMANDS = 100  # a beat
COMMANDS_SHOWN = 50
COMMAND_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCommandView:
    """A command as it is shown; `outcome` is pending, done, refused or lost."""

    command_id: str
    boot_id: str
    kind: str
    subject: str
    reason: str | None
    requested_by: str
    created_at: datetime
    done_at: datetime | None
    outcome: str
    answer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorWatch:
    """A part of a host's actors that somebody looks at, and the host's last report of it, if it gave one."""

    boot_id: str
    subtree: str
    first: int
    report: bytes | None
    reported_at: datetime | None


def carry_out_of_operators(
    tx: Transaction, operation: AskHost | FinishHostCommand | WatchActors | ReportActors
) -> bool | str:
    """Carry out one of the operations of operators."""
    match operation:
        case AskHost():
            return ask_host(tx, operation)
        case FinishHostCommand():
            return _finish(tx, operation)
        case WatchActors():
            return _watch(tx, operation)
        case ReportActors():
            return _report(tx, operation)


def ask_host(tx: Transaction, operation: AskHost) -> str:
    """Write a command for a living boot. Raises NotFoundError and ConflictError."""
    is_alive = tx.hosts.get(operation.boot_id)
    if is_alive is None:
        raise NotFoundError(
            f"There is no host {operation.boot_id}. `fastgraph hosts` lists those that there are."
        )
    if not is_alive:
        raise ConflictError(
            f"Host {operation.boot_id} has ended; nobody is there to {operation.kind} anything."
        )
    tx.connection.execute(
        insert(host_commands).values(
            command_id=operation.command_id,
            boot_id=operation.boot_id,
            kind=operation.kind,
            subject=operation.subject,
            reason=operation.reason,
            requested_by=operation.requested_by,
            created_at=to_micros(operation.now),
        )
    )
    return operation.command_id


def forget_commands(connection: Connection, *, now: datetime) -> None:
    """Delete commands that are long over, with their answers: a dump of stacks is large. There are never many."""
    before = to_micros(now - timedelta(days=COMMAND_DAYS))
    connection.execute(delete(host_commands).where(host_commands.c.created_at <= before))


def _finish(tx: Transaction, operation: FinishHostCommand) -> bool:
    finished = tx.connection.execute(
        update(host_commands)
        .where(host_commands.c.command_id == operation.command_id, host_commands.c.done_at.is_(None))
        .values(done_at=to_micros(operation.now), outcome=operation.outcome, answer=operation.answer)
    )
    return finished.rowcount == 1


def _watch(tx: Transaction, operation: WatchActors) -> bool:
    connection = tx.connection
    now = read_database_now(connection)
    connection.execute(delete(actor_watches).where(actor_watches.c.expires_at <= now))
    expires_at = now + round(operation.watch_seconds * MICROS_A_SECOND)
    place = {"subtree": operation.subtree, "first": operation.first}
    for boot_id in sorted(operation.boot_ids):
        if not tx.hosts.get(boot_id):
            continue
        row = {"boot_id": boot_id, **place}
        known = update(actor_watches).where(*(actor_watches.c[name] == value for name, value in row.items()))
        if connection.execute(known.values(expires_at=expires_at)).rowcount == 0:
            connection.execute(insert(actor_watches).values(**row, expires_at=expires_at))
    return True


def _report(tx: Transaction, operation: ReportActors) -> bool:
    reported = tx.connection.execute(
        update(actor_watches)
        .where(
            actor_watches.c.boot_id == operation.boot_id,
            actor_watches.c.subtree == operation.subtree,
            actor_watches.c.first == operation.first,
        )
        .values(report=operation.report, reported_at=read_database_now(tx.connection))
    )
    return reported.rowcount == 1


async def list_open_commands(connection: AsyncConnection, *, boot_id: str) -> list[HostCommandView]:
    """Return what a host was asked and has not answered, in order, by ix_host_commands_open."""
    query = select(host_commands).where(host_commands.c.boot_id == boot_id, host_commands.c.done_at.is_(None))
    rows = await connection.execute(query.order_by(host_commands.c.key).limit(OPEN_COMMANDS))
    return [_command(row, has_ended=False) for row in rows]


async def list_watches(connection: AsyncConnection, *, boot_id: str) -> list[ActorWatch]:
    """Return which parts of a host's actors somebody looks at now, by the primary key."""
    query = select(actor_watches.c.subtree, actor_watches.c.first).where(
        actor_watches.c.boot_id == boot_id,
        actor_watches.c.expires_at > database_now(connection.dialect.name),
    )
    return [
        ActorWatch(boot_id=boot_id, subtree=row[0], first=row[1], report=None, reported_at=None)
        for row in await connection.execute(query)
    ]


async def find_reports(
    connection: AsyncConnection, *, boot_ids: Sequence[str], subtree: str, first: int
) -> dict[str, ActorWatch]:
    """Return the hosts' last reports of one part of their actors, by boot; those that gave none are left out."""
    query = select(actor_watches).where(
        actor_watches.c.boot_id.in_(sorted(boot_ids)),
        actor_watches.c.subtree == subtree,
        actor_watches.c.first == first,
        actor_watches.c.expires_at > database_now(connection.dialect.name),
        actor_watches.c.report.is_not(None),
    )
    return {
        row.boot_id: ActorWatch(
            boot_id=row.boot_id,
            subtree=subtree,
            first=first,
            report=row.report,
            reported_at=optional_from_micros(row.reported_at),
        )
        for row in await connection.execute(query)
    }


async def find_command(connection: AsyncConnection, *, command_id: str) -> HostCommandView | None:
    """Return a command by its id, or None."""
    row = (await connection.execute(_commands().where(host_commands.c.command_id == command_id))).first()
    return None if row is None else _command(row, has_ended=row.ended_at is not None)


async def list_commands(connection: AsyncConnection, *, boot_id: str) -> list[HostCommandView]:
    """Return the newest commands to a host, the newest first."""
    query = _commands().where(host_commands.c.boot_id == boot_id)
    rows = await connection.execute(query.order_by(host_commands.c.key.desc()).limit(COMMANDS_SHOWN))
    return [_command(row, has_ended=row.ended_at is not None) for row in rows]


def _commands() -> Select[Any]:
    return select(host_commands, hosts.c.ended_at).outerjoin(
        hosts, hosts.c.boot_id == host_commands.c.boot_id
    )


def _command(row: Row[Any], *, has_ended: bool) -> HostCommandView:
    return HostCommandView(
        command_id=row.command_id,
        boot_id=row.boot_id,
        kind=row.kind,
        subject=row.subject,
        reason=row.reason,
        requested_by=row.requested_by,
        created_at=from_micros(row.created_at),
        done_at=optional_from_micros(row.done_at),
        outcome=row.outcome or ("lost" if has_ended else "pending"),
        answer=row.answer,
    )
