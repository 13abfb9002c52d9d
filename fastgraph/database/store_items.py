"""Rows of the store that nodes of all runs share: values by namespace and key.

A write is no part of a run's commit: it is durable when it is answered, whatever becomes of the step that made it. Filters
are not known here: a caller that has one goes through the pages itself. What has expired is not shown, swept or not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph import fault_points
from fastgraph.database.audit import forget_requests
from fastgraph.database.item_records import ClearCache, ItemRow, RefreshItems, SweepItems, WriteItems
from fastgraph.database.node_cache import clear_cache, prune_cache
from fastgraph.database.operators import forget_commands
from fastgraph.database.tables import store_items
from fastgraph.database.times import to_micros
from fastgraph.database.transaction import Transaction

__all__ = ["change_items", "find_item", "list_item_namespaces", "list_items", "walk_items"]

PAGE_ROWS = 500

_COLUMNS: tuple[ColumnElement[Any], ...] = (
    store_items.c.namespace,
    store_items.c.key,
    store_items.c.value,
    store_items.c.created_at,
    store_items.c.updated_at,
    store_items.c.ttl_micros,
)
_NEWEST_FIRST = (store_items.c.updated_at.desc(), store_items.c.namespace, store_items.c.key)


def change_items(tx: Transaction, operation: WriteItems | RefreshItems | SweepItems | ClearCache) -> int:
    """Carry out an operation on items and answer True."""
    match operation:
        case WriteItems():
            _write(tx, operation)
        case RefreshItems():
            _refresh(tx, operation)
        case ClearCache():
            return clear_cache(tx.connection, operation)
        case SweepItems():
            _sweep(tx, operation)
    return True


def _write(tx: Transaction, operation: WriteItems) -> None:
    """Gather the rows of new items, and the places of deleted ones."""
    fault_points.within(fault_points.ITEM_WRITE)
    at = to_micros(operation.now)
    for item in operation.items:
        place = (item.namespace, item.key)
        if item.value is None:
            tx.rows.items[place] = None
        else:
            ends = at + item.lifetime_micros if item.lifetime_micros is not None else None
            tx.rows.items[place] = (*place, item.value, at, at, ends, item.lifetime_micros)


def _refresh(tx: Transaction, operation: RefreshItems) -> None:
    """Gather the places of items whose time begins anew."""
    at = to_micros(operation.now)
    tx.rows.items_read.extend((*place, at) for place in operation.places)


def _sweep(tx: Transaction, operation: SweepItems) -> None:
    """Delete what has expired, by its partial index, and what else nobody will use again: results of nodes, answers of
    orders and of hosts. Writes at once: what the group puts is younger."""
    now = to_micros(operation.now)
    tx.connection.execute(delete(store_items).where(store_items.c.expires_at <= now))
    prune_cache(tx.connection, now_micros=now)
    forget_requests(tx.connection, now=operation.now)
    forget_commands(tx.connection, now=operation.now)


async def find_item(connection: AsyncConnection, *, namespace: str, key: str, now: int) -> ItemRow | None:
    """Return the item of a place, by the primary key, or None. `now` is in microseconds."""
    query = select(*_COLUMNS).where(
        store_items.c.namespace == namespace, store_items.c.key == key, _is_alive(now)
    )
    row = (await connection.execute(query)).first()
    return None if row is None else _view(row)


async def list_items(
    connection: AsyncConnection, *, prefix: str, now: int, limit: int, offset: int
) -> list[ItemRow]:
    """List the items in and below a namespace ("" is all), those changed last first."""
    query = select(*_COLUMNS).where(_is_below(prefix), _is_alive(now)).order_by(*_NEWEST_FIRST)
    return [_view(row) for row in await connection.execute(query.limit(limit).offset(offset))]


async def walk_items(connection: AsyncConnection, *, prefix: str, now: int) -> AsyncIterator[ItemRow]:
    """Go through all items in and below a namespace in the order of `list_items`, a page at a time."""
    place: ColumnElement[bool] | None = None
    while True:
        query = select(*_COLUMNS).where(_is_below(prefix), _is_alive(now)).order_by(*_NEWEST_FIRST)
        if place is not None:
            query = query.where(place)
        rows = (await connection.execute(query.limit(PAGE_ROWS))).all()
        for row in rows:
            yield _view(row)
        if len(rows) < PAGE_ROWS:
            return
        place = _comes_after(rows[-1])


async def list_item_namespaces(connection: AsyncConnection, *, now: int) -> list[str]:
    """List all namespaces that hold something."""
    query = select(store_items.c.namespace).where(_is_alive(now)).distinct().order_by(store_items.c.namespace)
    return list((await connection.execute(query)).scalars())


def _is_below(prefix: str) -> ColumnElement[bool]:
    """A range of the primary key: "/" is the character after "."."""
    if not prefix:
        return store_items.c.namespace != ""
    name = store_items.c.namespace
    return or_(name == prefix, and_(name >= f"{prefix}.", name < f"{prefix}/"))


def _is_alive(now: int) -> ColumnElement[bool]:
    return or_(store_items.c.expires_at.is_(None), store_items.c.expires_at > now)


def _comes_after(row: Row[Any]) -> ColumnElement[bool]:
    columns = store_items.c
    later_name = or_(
        columns.namespace > row.namespace, and_(columns.namespace == row.namespace, columns.key > row.key)
    )
    return or_(columns.updated_at < row.updated_at, and_(columns.updated_at == row.updated_at, later_name))


def _view(row: Row[Any]) -> ItemRow:
    return ItemRow(
        namespace=row.namespace,
        key=row.key,
        value=bytes(row.value),
        created_at=row.created_at,
        updated_at=row.updated_at,
        lives_shortly=row.ttl_micros is not None,
    )
