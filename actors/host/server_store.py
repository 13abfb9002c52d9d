"""The store that nodes find on the server: LangGraph's interface over the rows that all runs and hosts share.

Writes go through the process's Writer and are durable when they are answered; reads go to its readers. Both live on the
actors' loop, and whoever calls may be any user thread or user loop. It is not part of a step: a put stays although its
task fails or is executed again, as in LangGraph, so choose keys that a second execution writes over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.clock import Clock
from fastgraph.database.item_records import ItemRow, ItemWrite, RefreshItems, WriteItems
from fastgraph.database.store import Store
from fastgraph.database.store_items import find_item, list_item_namespaces, list_items, walk_items
from fastgraph.database.times import from_micros, to_micros
from fastgraph.errors import LoopRunningError, UnstorableValueError
from fastgraph.state import plain
from fastgraph.store.base import BaseStore, validate_op_namespace
from fastgraph.store.items import (
    GetOp,
    Item,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    TTLConfig,
)
from fastgraph.store.matching import check_filter, meets_as_sql, pick_namespaces

__all__ = ["ServerStore", "WritesOperations"]

MICROS_A_MINUTE = 60_000_000
WAIT_SECONDS = 60.0


class WritesOperations(Protocol):
    """The Writer, as far as it is needed here."""

    async def write(self, operation: Any) -> Any: ...


class ServerStore(BaseStore):
    """One a process. `loop` is that of the readers, `decode` makes a value of its stored bytes. Items with a time to live
    begin it anew when they are read."""

    __slots__ = ("_clock", "_decode", "_loop", "_max_value_bytes", "_store", "_writer", "ttl_config")

    supports_ttl = True

    def __init__(
        self,
        *,
        store: Store,
        writer: WritesOperations,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        max_value_bytes: int,
        decode: Callable[[bytes], dict[str, Any]] = plain.decode,
    ) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._loop = loop
        self._max_value_bytes = max_value_bytes
        self._decode = decode
        self.ttl_config: TTLConfig = {"refresh_on_read": True, "omit_expired": True}

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Carry out operations; blocks the calling thread, at most a minute.

        Raises InvalidNamespaceError, InvalidFilterError, UnstorableValueError, StoreError, and TimeoutError where the store
        does not answer.
        """
        ops = self._checked(ops)
        if _running_loop() is self._loop:
            raise LoopRunningError("the sync methods of the server's store")
        return asyncio.run_coroutine_threadsafe(self._carry_out(ops), self._loop).result(WAIT_SECONDS)

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Carry out operations from any loop; raises as `batch` does."""
        ops = self._checked(ops)
        if asyncio.get_running_loop() is self._loop:
            return await self._carry_out(ops)
        running = asyncio.run_coroutine_threadsafe(self._carry_out(ops), self._loop)
        return await asyncio.wait_for(asyncio.wrap_future(running), WAIT_SECONDS)

    @staticmethod
    def _checked(ops: Iterable[Op]) -> list[Op]:
        checked = list(ops)
        for op in checked:
            validate_op_namespace(op)
            if isinstance(op, SearchOp):
                check_filter(op.filter)
        return checked

    async def _carry_out(self, ops: Sequence[Op]) -> list[Result]:
        """Read what is to be read, begin the time of it anew, then write. On the actors' loop."""
        writes = [
            self._write(op)
            for op in {(op.namespace, op.key): op for op in ops if isinstance(op, PutOp)}.values()
        ]
        results: list[Result] = [None] * len(ops)
        read: dict[tuple[str, str], None] = {}
        if len(writes) < len(ops):
            async with self._store.readers.connect() as connection:
                for number, op in enumerate(ops):
                    results[number] = await self._read(connection, op, read)
        if read:
            await self._writer.write(RefreshItems(places=tuple(read), now=self._clock.now()))
        if writes:
            await self._writer.write(WriteItems(items=tuple(writes), now=self._clock.now()))
        return results

    async def _read(self, connection: AsyncConnection, op: Op, read: dict[tuple[str, str], None]) -> Result:
        now = to_micros(self._clock.now())
        match op:
            case GetOp():
                row = await find_item(connection, namespace=".".join(op.namespace), key=op.key, now=now)
                rows = [row] if row is not None else []
                result: Result = Item(**self._facts(rows[0])) if rows else None
            case SearchOp():
                rows = await self._search(connection, op, now)
                result = [SearchItem(**self._facts(row)) for row in rows]
            case ListNamespacesOp():
                found = await list_item_namespaces(connection, now=now)
                return pick_namespaces(op, (tuple(name.split(".")) for name in found))
            case PutOp():
                return None
        if op.refresh_ttl:
            read.update(((row.namespace, row.key), None) for row in rows if row.lives_shortly)
        return result

    async def _search(self, connection: AsyncConnection, op: SearchOp, now: int) -> list[ItemRow]:
        """Find a page of items. A filter is met here and not in SQL, until the page is full."""
        prefix = ".".join(op.namespace_prefix)
        if not op.filter:
            return await list_items(connection, prefix=prefix, now=now, limit=op.limit, offset=op.offset)
        found: list[ItemRow] = []
        async for row in walk_items(connection, prefix=prefix, now=now):
            if len(found) == op.offset + op.limit:
                break
            if meets_as_sql(self._decode(row.value), op.filter):
                found.append(row)
        return found[op.offset :]

    def _write(self, op: PutOp) -> ItemWrite:
        namespace = ".".join(op.namespace)
        if op.value is None:
            return ItemWrite(namespace=namespace, key=op.key, value=None)
        return ItemWrite(
            namespace=namespace,
            key=op.key,
            value=self._encode(op),
            lifetime_micros=None if op.ttl is None else round(op.ttl * MICROS_A_MINUTE),
        )

    def _encode(self, op: PutOp) -> bytes:
        where = f"item {op.key!r} of namespace {op.namespace!r}"
        if not isinstance(op.value, Mapping):
            raise UnstorableValueError(where, type(op.value).__name__, "A value is a dict with text keys.")
        data = plain.encode(dict(op.value), where=where)
        if len(data) > self._max_value_bytes:
            raise UnstorableValueError(
                where,
                f"{len(data)} bytes",
                f"A value may have {self._max_value_bytes}. Save an artifact and keep its id.",
            )
        return data

    def _facts(self, row: ItemRow) -> dict[str, Any]:
        return {
            "namespace": tuple(row.namespace.split(".")),
            "key": row.key,
            "value": self._decode(row.value),
            "created_at": from_micros(row.created_at),
            "updated_at": from_micros(row.updated_at),
        }


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
