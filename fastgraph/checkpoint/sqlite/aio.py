"""`AsyncSqliteSaver`: threads in a SQLite file for async graphs, over a connection of `aiosqlite`.

The file is what counts: the saver opens it once more for itself, since a log is also read between two awaits. A database
in memory can't be opened twice, so such a saver keeps its threads in a database of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import aiosqlite

from fastgraph.checkpoint.base import ValueReader
from fastgraph.checkpoint.sqlite.file import SaverFile
from fastgraph.checkpoint.sqlite.log import SqliteThread
from fastgraph.checkpoint.sqlite.saver import FileSaver

__all__ = ["AsyncSqliteSaver"]


class AsyncSqliteSaver(FileSaver):
    """Keep threads in the SQLite file of an `aiosqlite` connection. `serde` is accepted and not used, as in `SqliteSaver`.

    Its sync methods work, too, from any thread. `aclose` it, or use it in `async with`, when done.
    """

    def __init__(self, conn: aiosqlite.Connection, *, serde: Any = None) -> None:
        self.conn = conn
        self.serde = serde
        self._own: sqlite3.Connection | None = None

    @classmethod
    @asynccontextmanager
    async def from_conn_string(cls, conn_string: str) -> AsyncIterator[Self]:
        """Open a file, or ":memory:", for as long as the `async with` lasts."""
        async with aiosqlite.connect(conn_string) as connection:
            saver = cls(connection)
            try:
                yield saver
            finally:
                await saver.aclose()

    async def __aenter__(self) -> Self:
        await self.setup()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def setup(self) -> None:
        """Make the saver's tables where they are missing. It is done at the first use, too."""
        path = await _find_path(self.conn)
        await asyncio.to_thread(self._open, path)

    def open_thread(self, thread_id: str, namespace: str = "", *, reader: ValueReader) -> SqliteThread:
        """Return the log of a thread's namespace; an unknown one is written with its first checkpoint."""
        self._require_open()
        return super().open_thread(thread_id, namespace, reader=reader)

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread with all its namespaces; nothing where it is unknown."""
        self._require_open()
        super().delete_thread(thread_id)

    async def aclose(self) -> None:
        """Write what is not written yet and close the saver's own connection."""
        own, self._own = self._own, None
        if own is not None:
            await asyncio.to_thread(self._file.close)
            own.close()

    def _require_open(self) -> None:
        if self._own is None:
            # the path is asked for on a loop of another thread, so that this one may wait for it
            with ThreadPoolExecutor(1) as thread:
                path = thread.submit(asyncio.run, _find_path(self.conn)).result()
            self._open(path)

    def _open(self, path: str) -> None:
        if self._own is None:
            self._own = sqlite3.connect(path or ":memory:", check_same_thread=False)
            self._file = SaverFile(self._own)
            self._file.prepare()


async def _find_path(connection: aiosqlite.Connection) -> str:
    """Return the file of a connection; "" for one in memory."""
    async with connection.execute("PRAGMA database_list") as rows:
        async for _, name, path in rows:
            if name == "main":
                return str(path or "")
    return ""
