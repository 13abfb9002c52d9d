"""`SqliteCache`: results of nodes kept in a SQLite file, for every process that opens it.

A file of its own, not the server's store. One connection, used by one thread at a time; other processes wait up to five
seconds for each other.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Mapping, Sequence

import orjson

from fastgraph.cache.base import BaseCache, FullKey, Namespace, Serializer, ValueT
from fastgraph.clock import Clock, SystemClock

__all__ = ["SqliteCache"]

BUSY_SECONDS = 5.0
_TABLE = """
CREATE TABLE IF NOT EXISTS node_results (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    ends_at REAL,
    encoding TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (namespace, key)
) WITHOUT ROWID
"""


class SqliteCache(BaseCache[ValueT]):
    """Keeps values in the file at `path`, which is made where it is missing. Thread-safe. `close` it when done."""

    def __init__(
        self, *, path: str | os.PathLike[str], serde: Serializer | None = None, clock: Clock | None = None
    ) -> None:
        super().__init__(serde=serde)
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            os.fspath(path), timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(_TABLE)

    def close(self) -> None:
        """Close the file; the cache can't be used any more."""
        with self._lock:
            self._connection.close()

    def get(self, keys: Sequence[FullKey]) -> dict[FullKey, ValueT]:
        """Return the values of those keys that have one which is still good."""
        now = self._clock.now().timestamp()
        query = (
            "SELECT encoding, value FROM node_results "
            "WHERE namespace = ? AND key = ? AND (ends_at IS NULL OR ends_at > ?)"
        )
        found: dict[FullKey, ValueT] = {}
        with self._lock:
            for namespace, key in keys:
                row = self._connection.execute(query, (_name(namespace), key, now)).fetchone()
                if row is not None:
                    found[tuple(namespace), key] = self.serde.loads_typed((row[0], row[1]))
        return found

    async def aget(self, keys: Sequence[FullKey]) -> dict[FullKey, ValueT]:
        """Do what `get` does, in a thread."""
        return await asyncio.to_thread(self.get, keys)

    def set(self, pairs: Mapping[FullKey, tuple[ValueT, float | None]]) -> None:
        """Keep values, and drop those of the same namespaces that are too old."""
        now = self._clock.now().timestamp()
        rows = [
            (_name(namespace), key, None if ttl is None else now + ttl, *self.serde.dumps_typed(value))
            for (namespace, key), (value, ttl) in pairs.items()
        ]
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(
                    "DELETE FROM node_results WHERE namespace = ? AND ends_at <= ?",
                    [(name, now) for name in {row[0] for row in rows}],
                )
                self._connection.executemany(
                    "INSERT OR REPLACE INTO node_results (namespace, key, ends_at, encoding, value) "
                    "VALUES (?, ?, ?, ?, ?)",
                    rows,
                )
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    async def aset(self, pairs: Mapping[FullKey, tuple[ValueT, float | None]]) -> None:
        """Do what `set` does, in a thread."""
        await asyncio.to_thread(self.set, pairs)

    def clear(self, namespaces: Sequence[Namespace] | None = None) -> None:
        """Forget what is kept in these namespaces, or everything."""
        with self._lock:
            if namespaces is None:
                self._connection.execute("DELETE FROM node_results")
                return
            self._connection.executemany(
                "DELETE FROM node_results WHERE namespace = ?", [(_name(name),) for name in namespaces]
            )

    async def aclear(self, namespaces: Sequence[Namespace] | None = None) -> None:
        """Do what `clear` does, in a thread."""
        await asyncio.to_thread(self.clear, namespaces)


def _name(namespace: Sequence[str]) -> str:
    return orjson.dumps(list(namespace)).decode()
