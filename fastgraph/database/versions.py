"""Versions of workflows: what hosts have published under one name, and which runs stand on which.

A run keeps the hash of the version that it began with, and only hosts with that version take it while such a host lives.
`migrate_run` lets it go on with another one, and says what takes the place of what is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.control_records import MigrateRun
from fastgraph.database.guard import require_live_run
from fastgraph.database.host_records import PublishedWorkflow
from fastgraph.database.records import Committed
from fastgraph.database.tables import (
    attempts,
    host_workflows,
    hosts,
    interrupts,
    run_bodies,
    runs,
    workflow_versions,
)
from fastgraph.database.times import database_now, from_micros, to_micros
from fastgraph.database.transaction import Transaction
from fastgraph.errors import ConflictError
from fastgraph.status import ENDED

__all__ = [
    "BegunRun",
    "VersionView",
    "find_outputs",
    "find_version",
    "is_pinned_elsewhere",
    "list_begun_runs",
    "list_versions",
    "migrate_run",
    "save_versions",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """One version of a workflow; `keys` maps each key of its state to its type as text. `hosts` are the living boots that
    have it."""

    name: str
    graph_hash: str
    graph: bytes
    keys: Mapping[str, str]
    published_at: datetime
    hosts: tuple[str, ...]

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of its nodes."""
        return tuple(node["id"] for node in orjson.loads(self.graph)["nodes"])


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunRun:
    """A run that has begun and not ended, with the version that it stands on."""

    run_key: int
    run_id: str
    thread_key: int
    status: str
    checkpoint: int
    graph_hash: str | None
    waiting_for: str | None


def save_versions(connection: Connection, published: Sequence[PublishedWorkflow], *, at: int) -> None:
    """Remember what a host has published; a version that is known already becomes the newest again."""
    upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for workflow in sorted(published, key=lambda workflow: workflow.name):
        values = {
            "graph": workflow.graph,
            "keys": workflow.keys,
            "outputs": workflow.outputs,
            "published_at": at,
        }
        row = upsert(workflow_versions).values(name=workflow.name, graph_hash=workflow.graph_hash, **values)
        connection.execute(row.on_conflict_do_update(index_elements=["name", "graph_hash"], set_=values))


async def find_outputs(
    connection: AsyncConnection, *, name: str, graph_hash: str | None
) -> str | list[str] | None:
    """Return the keys that make the result of a version's runs, or the one whose bare value is it; None where that was
    not published."""
    query = select(workflow_versions.c.outputs).where(
        workflow_versions.c.name == name, workflow_versions.c.graph_hash == graph_hash
    )
    outputs = (await connection.execute(query)).scalar()
    found: str | list[str] | None = orjson.loads(outputs) if outputs else None
    return found


def is_pinned_elsewhere(boot_id: ColumnElement[Any], dialect: str) -> ColumnElement[bool]:
    """Return the condition under which a run is left to another living host: that one has the version which the run began
    with, and the boot itself has not."""
    has_it = and_(
        host_workflows.c.name == runs.c.workflow,
        host_workflows.c.graph_hash == runs.c.graph_hash,
    )
    mine = exists().where(has_it, host_workflows.c.boot_id == boot_id)
    theirs = (
        select(host_workflows.c.boot_id)
        .join(hosts, hosts.c.boot_id == host_workflows.c.boot_id)
        .where(has_it, hosts.c.ended_at.is_(None), hosts.c.lease_until > database_now(dialect))
        .correlate(runs)
        .exists()
    )
    return and_(runs.c.graph_hash.is_not(None), ~mine.correlate(runs), theirs)


def migrate_run(tx: Transaction, operation: MigrateRun) -> Committed:
    """Let a run go on with another version of its workflow, and wake it. Raises RunNotFoundError, and ConflictError where
    the run has ended or is being executed."""
    head = require_live_run(tx.find_head(operation.run_id), operation.run_id, wanted="migrated")
    if head.owner is not None:
        raise ConflictError(
            f"Run {head.run_id} is being executed with the version that it began with. Migrate it when it waits."
        )
    body = orjson.dumps({"checkpoint": head.checkpoint, **operation.relocation})
    tx.connection.execute(
        update(run_bodies).where(run_bodies.c.run_key == head.key).values(migration=body, waiting_for=None)
    )
    _forget_tasks(
        tx, head.key, [node for node, place in operation.relocation["nodes"].items() if place != node]
    )
    head.graph_hash = operation.graph_hash
    head.inbox += 1
    head.is_cold = True
    command = orjson.dumps({"graph_hash": operation.graph_hash, **operation.relocation})
    tx.rows.inbox.append((head.key, head.inbox, "migrate", command, to_micros(operation.now)))
    return Committed(run_key=head.key, run_id=head.run_id, seq=head.seq, inbox=head.inbox)


def _forget_tasks(tx: Transaction, run_key: int, moved: Sequence[str]) -> None:
    """A node that is moved or dropped begins anew: what its task asked and what its attempts had come to is over."""
    if moved:
        for table in (interrupts, attempts):
            tx.connection.execute(delete(table).where(table.c.run_key == run_key, table.c.node.in_(moved)))


async def list_versions(connection: AsyncConnection, *, name: str) -> list[VersionView]:
    """List the versions of a workflow, the newest first."""
    living = await _read_living(connection, name)
    query = select(workflow_versions).where(workflow_versions.c.name == name)
    rows = await connection.execute(query.order_by(workflow_versions.c.published_at.desc()))
    return [_view(row, living) for row in rows]


async def find_version(connection: AsyncConnection, *, name: str, graph_hash: str) -> VersionView | None:
    """Return one version, or None."""
    query = select(workflow_versions).where(
        workflow_versions.c.name == name, workflow_versions.c.graph_hash == graph_hash
    )
    row = (await connection.execute(query)).first()
    return None if row is None else _view(row, await _read_living(connection, name))


async def list_begun_runs(
    connection: AsyncConnection, *, workflow: str, limit: int, run_id: str | None = None
) -> list[BegunRun]:
    """List the runs of a workflow that have begun and not ended, oldest first, by ix_runs_workflow_key."""
    query = (
        select(
            runs.c.key,
            runs.c.run_id,
            runs.c.thread_key,
            runs.c.status,
            runs.c.checkpoint,
            runs.c.graph_hash,
            run_bodies.c.waiting_for,
        )
        .join(run_bodies, run_bodies.c.run_key == runs.c.key)
        .where(
            runs.c.workflow == workflow,
            runs.c.status.not_in(sorted(ENDED)),
            runs.c.checkpoint > 0,
            or_(bindparam("run_id", run_id).is_(None), runs.c.run_id == bindparam("run_id", run_id)),
        )
        .order_by(runs.c.key)
        .limit(limit)
    )
    return [
        BegunRun(
            run_key=row.key,
            run_id=row.run_id,
            thread_key=row.thread_key,
            status=row.status,
            checkpoint=row.checkpoint,
            graph_hash=row.graph_hash,
            waiting_for=row.waiting_for,
        )
        for row in await connection.execute(query)
    ]


def _view(row: Row[Any], living: Mapping[str, tuple[str, ...]]) -> VersionView:
    return VersionView(
        name=row.name,
        graph_hash=row.graph_hash,
        graph=row.graph,
        keys=orjson.loads(row.keys),
        published_at=from_micros(row.published_at),
        hosts=living.get(row.graph_hash, ()),
    )


async def _read_living(connection: AsyncConnection, name: str) -> dict[str, tuple[str, ...]]:
    query = (
        select(host_workflows.c.graph_hash, host_workflows.c.boot_id)
        .join(hosts, hosts.c.boot_id == host_workflows.c.boot_id)
        .where(
            host_workflows.c.name == name,
            hosts.c.ended_at.is_(None),
            hosts.c.lease_until > database_now(connection.dialect.name),
        )
        .order_by(host_workflows.c.boot_id)
    )
    found: dict[str, tuple[str, ...]] = {}
    for graph_hash, boot_id in await connection.execute(query):
        found[graph_hash] = (*found.get(graph_hash, ()), boot_id)
    return found
