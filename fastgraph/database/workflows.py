"""The registry of workflows: what hosts have published, which is all that the API knows of them.

`workflows` keeps the newest publication of each name, also when no host lives; `host_workflows` says which living boot
has which version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.host_records import PublishedWorkflow
from fastgraph.database.pausing import Pauses, read_pauses
from fastgraph.database.tables import host_workflows, hosts, workflows
from fastgraph.database.times import database_now, from_micros

__all__ = ["WorkflowView", "find_workflow", "list_workflows", "publish_workflows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowView:
    """A workflow as it was published last; `hosts` are the living boots that have it, in any version."""

    name: str
    description: str
    graph_hash: str
    input_schema: bytes
    graph: bytes
    mermaid: str
    is_default: bool
    published_at: datetime
    hosts: tuple[str, ...]
    is_paused: bool = False


def publish_workflows(
    connection: Connection, *, boot_id: str, published: Sequence[PublishedWorkflow], at: int
) -> None:
    """Write the workflows of a boot; the newest publication of a name wins, and so does the newest default."""
    connection.execute(delete(host_workflows).where(host_workflows.c.boot_id == boot_id))
    if any(workflow.is_default for workflow in published):
        connection.execute(update(workflows).where(workflows.c.is_default).values(is_default=False))
    upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for workflow in sorted(published, key=lambda workflow: workflow.name):
        values = {
            "description": workflow.description,
            "graph_hash": workflow.graph_hash,
            "input_schema": workflow.input_schema,
            "graph": workflow.graph,
            "mermaid": workflow.mermaid,
            "is_default": workflow.is_default,
            "published_at": at,
        }
        row = upsert(workflows).values(name=workflow.name, **values)
        connection.execute(row.on_conflict_do_update(index_elements=["name"], set_=values))
        connection.execute(
            insert(host_workflows).values(
                boot_id=boot_id,
                name=workflow.name,
                graph_hash=workflow.graph_hash,
                max_active=workflow.max_active,
            )
        )


async def list_workflows(connection: AsyncConnection) -> list[WorkflowView]:
    """List all workflows by name."""
    living = await _read_living(connection)
    pauses = await read_pauses(connection)
    rows = await connection.execute(_select().order_by(workflows.c.name))
    return [_view(row, living, pauses) for row in rows]


async def find_workflow(connection: AsyncConnection, *, name: str | None = None) -> WorkflowView | None:
    """Return the workflow of that name, or the default one for None; None where there is no such workflow."""
    condition = workflows.c.is_default if name is None else workflows.c.name == name
    row = (await connection.execute(_select().where(condition).limit(1))).first()
    if row is None:
        return None
    return _view(row, await _read_living(connection), await read_pauses(connection))


def _select() -> Select[Any]:
    return select(workflows)


def _view(row: Row[Any], living: dict[str, list[str]], pauses: Pauses) -> WorkflowView:
    return WorkflowView(
        name=row.name,
        description=row.description,
        graph_hash=row.graph_hash,
        input_schema=row.input_schema,
        graph=row.graph,
        mermaid=row.mermaid,
        is_default=row.is_default,
        published_at=from_micros(row.published_at),
        hosts=tuple(living.get(row.name, ())),
        is_paused=row.name in pauses.workflows,
    )


async def _read_living(connection: AsyncConnection) -> dict[str, list[str]]:
    """Return the living boots of each workflow, by the database's time."""
    query = (
        select(host_workflows.c.name, host_workflows.c.boot_id)
        .join(hosts, hosts.c.boot_id == host_workflows.c.boot_id)
        .where(hosts.c.ended_at.is_(None), hosts.c.lease_until > database_now(connection.dialect.name))
        .order_by(host_workflows.c.boot_id)
    )
    found: dict[str, list[str]] = {}
    for name, boot_id in await connection.execute(query):
        found.setdefault(name, []).append(boot_id)
    return found
