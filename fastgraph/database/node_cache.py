"""Reading what nodes and tasks with a cache policy returned before, and forgetting it.

It is written by the commit of the result itself (`commits.py`), so whatever is here was durable as a result. Each workflow
has a cache of its own, so that it can be cleared for one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.item_records import ClearCache
from fastgraph.database.tables import node_cache

__all__ = ["clear_cache", "find_cached", "namespace_text", "prune_cache"]


def namespace_text(workflow: str, namespace: Sequence[str]) -> str:
    """Return a namespace of a workflow as its column holds it; the node's or task's name is the last part."""
    return orjson.dumps([workflow, *namespace]).decode()


async def find_cached(
    connection: AsyncConnection, *, workflow: str, namespace: Sequence[str], key: str, now_micros: int
) -> bytes | None:
    """Return a result by the primary key; None where there is none that is still good."""
    query = select(node_cache.c.value).where(
        node_cache.c.namespace == namespace_text(workflow, namespace),
        node_cache.c.key == key,
        or_(node_cache.c.expires_at.is_(None), node_cache.c.expires_at > now_micros),
    )
    row = (await connection.execute(query)).first()
    return None if row is None else bytes(row.value)


def prune_cache(connection: Connection, *, now_micros: int) -> int:
    """Delete what is too old, by the index of ends; answers how many rows."""
    return connection.execute(delete(node_cache).where(node_cache.c.expires_at <= now_micros)).rowcount


def clear_cache(connection: Connection, operation: ClearCache) -> int:
    """Delete what a workflow's nodes have, or those of one name; answers how many rows."""
    column = node_cache.c.namespace
    of_workflow = namespace_text(operation.workflow, ()).removesuffix("]") + ","
    statement = delete(node_cache).where(column.startswith(of_workflow, autoescape=True))
    if operation.node is not None:
        of_node = "," + namespace_text(operation.node, ()).removeprefix("[")
        statement = statement.where(column.endswith(of_node, autoescape=True))
    return connection.execute(statement).rowcount
