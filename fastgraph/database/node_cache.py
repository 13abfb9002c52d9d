"""Reading what nodes with a cache policy returned before, and forgetting it.

It is written by the commit of the result itself (`commits.py`), so whatever is here was durable as a result.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.tables import node_cache

__all__ = ["clear_cache", "find_cached", "namespace_text", "prune_cache"]


def namespace_text(namespace: Sequence[str]) -> str:
    """Return a namespace as its column holds it."""
    return orjson.dumps(list(namespace)).decode()


async def find_cached(
    connection: AsyncConnection, *, namespace: Sequence[str], key: str, now_micros: int
) -> bytes | None:
    """Return a result by the primary key; None where there is none that is still good."""
    query = select(node_cache.c.value).where(
        node_cache.c.namespace == namespace_text(namespace),
        node_cache.c.key == key,
        or_(node_cache.c.expires_at.is_(None), node_cache.c.expires_at > now_micros),
    )
    row = (await connection.execute(query)).first()
    return None if row is None else bytes(row.value)


def prune_cache(connection: Connection, *, now_micros: int) -> int:
    """Delete what is too old, by the index of ends; answers how many rows."""
    return connection.execute(delete(node_cache).where(node_cache.c.expires_at <= now_micros)).rowcount


def clear_cache(connection: Connection, *, namespace: Sequence[str] | None = None) -> int:
    """Delete a node's results, or all; answers how many rows."""
    statement = delete(node_cache)
    if namespace is not None:
        statement = statement.where(node_cache.c.namespace == namespace_text(namespace))
    return connection.execute(statement).rowcount
