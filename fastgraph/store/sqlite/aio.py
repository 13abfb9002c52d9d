"""`AsyncSqliteStore`: the store in a SQLite file for async code, over `aiosqlite`.

Its sync methods work, too, from any thread but the one whose loop it lives on: they would wait for themselves there.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self

import aiosqlite

from fastgraph.clock import Clock, SystemClock
from fastgraph.errors import LoopRunningError
from fastgraph.store.base import BaseStore
from fastgraph.store.items import IndexConfig, Op, Result, TTLConfig
from fastgraph.store.sqlite.base import DEFAULT_SWEEP_MINUTES
from fastgraph.store.sqlite.program import TABLES, Embed, Query, begin_query, run_batch, sweep_query
from fastgraph.store.vectors import open_index

__all__ = ["AsyncSqliteStore"]

log = logging.getLogger("fastgraph.store")


class AsyncSqliteStore(BaseStore):
    """A store over a connection of `aiosqlite` with `isolation_level=None`; to be made and used on one loop."""

    __slots__ = (
        "_clock",
        "_embedder",
        "_is_set_up",
        "_lock",
        "_sweeper",
        "conn",
        "index_config",
        "loop",
        "ttl_config",
    )

    supports_ttl = True

    def __init__(
        self,
        conn: aiosqlite.Connection,
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.conn = conn
        self.index_config = index
        self.ttl_config = ttl
        self.loop = asyncio.get_running_loop()
        self._clock = clock or SystemClock()
        self._embedder = open_index(index)
        self._lock = asyncio.Lock()
        self._is_set_up = False
        self._sweeper: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def from_conn_string(
        cls, conn_string: str, *, index: IndexConfig | None = None, ttl: TTLConfig | None = None
    ) -> AsyncIterator[Self]:
        """Open a file (or ":memory:") for the block, and close it after that."""
        async with (
            aiosqlite.connect(conn_string, isolation_level=None) as conn,
            cls(conn, index=index, ttl=ttl) as store,
        ):
            yield store

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop_ttl_sweeper()

    async def setup(self) -> None:
        """Make the tables; done by itself before the first batch. A file of LangGraph's store is taken as it is."""
        async with self._lock:
            await self._set_up()

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Carry out operations in one transaction."""
        fields, ops = self._embedder.fields if self._embedder else None, list(ops)
        async with self._lock:
            await self._set_up()
            await self._execute(begin_query(ops, ttl=self.ttl_config))
            try:
                program = run_batch(ops, ttl=self.ttl_config, fields=fields, now=self._clock.now())
                results = await self._drive(program)
            except BaseException:
                await self.conn.execute("ROLLBACK")
                raise
            await self.conn.execute("COMMIT")
        return results

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Do what `abatch` does, from another thread. Raises LoopRunningError on the store's own loop."""
        try:
            is_own = asyncio.get_running_loop() is self.loop
        except RuntimeError:
            is_own = False
        if is_own:
            raise LoopRunningError("the sync methods of AsyncSqliteStore")
        return asyncio.run_coroutine_threadsafe(self.abatch(list(ops)), self.loop).result()

    async def sweep_ttl(self) -> int:
        """Delete what has expired and return how much that was."""
        async with self._lock:
            await self._set_up()
            return len(await self._execute(sweep_query(self._clock.now())))

    async def start_ttl_sweeper(self, sweep_interval_minutes: float | None = None) -> asyncio.Task[None]:
        """Sweep every so many minutes (those of the ttl options, else 5) in a task, until `stop_ttl_sweeper`.

        Without ttl options the task is over at once.
        """
        if self._sweeper is None or self._sweeper.done():
            minutes = sweep_interval_minutes or (self.ttl_config or {}).get("sweep_interval_minutes")
            seconds = float(minutes or DEFAULT_SWEEP_MINUTES) * 60 if self.ttl_config else None
            self._sweeper = asyncio.create_task(self._sweep_on(seconds))
        return self._sweeper

    async def stop_ttl_sweeper(self, timeout: float | None = None) -> bool:  # noqa: ASYNC109 - LangGraph's name
        """Stop the sweeper and wait for it, at most `timeout` seconds; say whether it has ended."""
        sweeper, self._sweeper = self._sweeper, None
        if sweeper is None:
            return True
        sweeper.cancel()
        await asyncio.wait([sweeper], timeout=timeout)
        return sweeper.done()

    async def _sweep_on(self, interval_seconds: float | None) -> None:
        with suppress(asyncio.CancelledError):
            while interval_seconds is not None:
                await asyncio.sleep(interval_seconds)
                try:
                    await self.sweep_ttl()
                except sqlite3.Error:
                    log.exception("A sweep of the store failed; the next one tries again.")

    async def _set_up(self) -> None:
        if not self._is_set_up:
            for statement in TABLES:
                await self.conn.execute(statement)
            self._is_set_up = True

    async def _drive(self, program: Any) -> list[Result]:
        answer: Any = None
        while True:
            try:
                step = program.send(answer)
            except StopIteration as end:
                results: list[Result] = end.value
                return results
            if isinstance(step, Embed):
                assert self._embedder is not None, "only a store with an index asks for vectors"
                answer = await self._embedder.aembed(step.texts)
            else:
                answer = await self._execute(step)

    async def _execute(self, query: Query) -> list[Any]:
        if query.rows is not None:
            await self.conn.executemany(query.sql, query.rows)
            return []
        return list(await self.conn.execute_fetchall(query.sql, query.values))
