"""`SqliteStore`: a store in a SQLite file, for programs of their own. On the server nodes get the server's store.

The async methods do the same in a thread, so one store serves both; `AsyncSqliteStore` is the one for code that is
async throughout.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Self

from fastgraph.clock import Clock, SystemClock
from fastgraph.store.base import BaseStore
from fastgraph.store.items import IndexConfig, Op, Result, TTLConfig
from fastgraph.store.sqlite.program import TABLES, Embed, Query, begin_query, run_batch, sweep_query
from fastgraph.store.vectors import open_index

__all__ = ["DEFAULT_SWEEP_MINUTES", "SqliteStore"]

DEFAULT_SWEEP_MINUTES = 5.0

log = logging.getLogger("fastgraph.store")


class SqliteStore(BaseStore):
    """A store over a connection of `sqlite3` with `isolation_level=None` and `check_same_thread=False`. Thread-safe."""

    __slots__ = (
        "_clock",
        "_embedder",
        "_is_set_up",
        "_lock",
        "_stop",
        "_sweeper",
        "conn",
        "index_config",
        "ttl_config",
    )

    supports_ttl = True

    def __init__(
        self,
        conn: sqlite3.Connection,
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.conn = conn
        self.index_config = index
        self.ttl_config = ttl
        self._clock = clock or SystemClock()
        self._embedder = open_index(index)
        self._lock = threading.RLock()
        self._is_set_up = False
        self._sweeper: threading.Thread | None = None
        self._stop = threading.Event()

    @classmethod
    @contextmanager
    def from_conn_string(
        cls, conn_string: str, *, index: IndexConfig | None = None, ttl: TTLConfig | None = None
    ) -> Iterator[Self]:
        """Open a file (or ":memory:") for the block, and close it after that."""
        conn = sqlite3.connect(conn_string, check_same_thread=False, isolation_level=None)
        store = cls(conn, index=index, ttl=ttl)
        try:
            yield store
        finally:
            store.stop_ttl_sweeper()
            conn.close()

    def setup(self) -> None:
        """Make the tables; done by itself before the first batch. A file of LangGraph's store is taken as it is."""
        with self._lock:
            if not self._is_set_up:
                for statement in TABLES:
                    self.conn.execute(statement)
                self._is_set_up = True

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Carry out operations in one transaction. Blocks; any thread."""
        fields, ops = self._embedder.fields if self._embedder else None, list(ops)
        with self._lock:
            self.setup()
            self._execute(begin_query(ops, ttl=self.ttl_config))
            try:
                results = self._drive(
                    run_batch(ops, ttl=self.ttl_config, fields=fields, now=self._clock.now())
                )
            except BaseException:
                self.conn.execute("ROLLBACK")
                raise
            self.conn.execute("COMMIT")
        return results

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Do what `batch` does, in a thread."""
        return await asyncio.to_thread(self.batch, list(ops))

    def sweep_ttl(self) -> int:
        """Delete what has expired and return how much that was."""
        with self._lock:
            self.setup()
            return len(self._execute(sweep_query(self._clock.now())))

    def start_ttl_sweeper(self, sweep_interval_minutes: float | None = None) -> Future[None]:
        """Sweep every so many minutes (those of the ttl options, else 5) in a thread, until `stop_ttl_sweeper`.

        The future is done when the thread is; cancelling it stops the thread. Without ttl options nothing is started.
        """
        done: Future[None] = Future()
        if not self.ttl_config:
            done.set_result(None)
            return done
        done.add_done_callback(lambda future: self._stop.set() if future.cancelled() else None)
        if self._sweeper is not None and self._sweeper.is_alive():
            return done
        minutes = (
            sweep_interval_minutes or self.ttl_config.get("sweep_interval_minutes") or DEFAULT_SWEEP_MINUTES
        )
        self._stop.clear()
        self._sweeper = threading.Thread(
            target=self._sweep_on, args=(minutes * 60, done), daemon=True, name="fastgraph-store-sweeper"
        )
        self._sweeper.start()
        return done

    def stop_ttl_sweeper(self, timeout: float | None = None) -> bool:
        """Stop the sweeper and wait for it, at most `timeout` seconds; say whether it has ended."""
        sweeper = self._sweeper
        if sweeper is None:
            return True
        self._stop.set()
        sweeper.join(timeout)
        if sweeper.is_alive():
            return False
        self._sweeper = None
        return True

    def _sweep_on(self, interval_seconds: float, done: Future[None]) -> None:
        while not self._stop.wait(interval_seconds):
            try:
                self.sweep_ttl()
            except sqlite3.Error:
                log.exception("A sweep of the store failed; the next one tries again.")
        if not done.cancelled():
            done.set_result(None)

    def _drive(self, program: Any) -> list[Result]:
        answer: Any = None
        try:
            while True:
                step = program.send(answer)
                if isinstance(step, Embed):
                    assert self._embedder is not None, "only a store with an index asks for vectors"
                    answer = self._embedder.embed(step.texts)
                else:
                    answer = self._execute(step)
        except StopIteration as end:
            results: list[Result] = end.value
            return results

    def _execute(self, query: Query) -> list[Any]:
        if query.rows is not None:
            self.conn.executemany(query.sql, query.rows)
            return []
        return self.conn.execute(query.sql, query.values).fetchall()
