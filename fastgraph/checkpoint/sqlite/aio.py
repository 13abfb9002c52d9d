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
from threading import Lock
from types import TracebackType
from typing import Any, Self

import aiosqlite

from fastgraph.checkpoint.sqlite.file import SaverFile
from fastgraph.checkpoint.sqlite.saver import FileSaver

__all__ = ["AsyncSqliteSaver"]


class AsyncSqliteSaver(FileSaver):
    """Keep threads in the SQLite file of an `aiosqlite` connection. `serde` is accepted and not used, as in `SqliteSaver`.

    Its sync methods work, too, from any thread. `aclose` it, or use it in `async with`, when done.
    """

    def __init__(self, conn: aiosqlite.Connection, *, serde: Any = None) -> None:
        super().__init__(serde=serde)
        self.conn = conn
        self._opened: SaverFile | None = None
        self._opening = Lock()

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

    @property
    def _file(self) -> SaverFile:
        if self._opened is None:
            # the path is asked for on a loop of another thread, so that this one may wait for it
            with ThreadPoolExecutor(1) as thread:
                path = thread.submit(asyncio.run, _find_path(self.conn)).result()
            return self._open(path)
        return self._opened

    async def aclose(self) -> None:
        """Write what is not written yet and close the saver's own connection."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await asyncio.to_thread(opened.close)
            opened.connection.close()

    def _open(self, path: str) -> SaverFile:
        with self._opening:
            if self._opened is None:
                self._opened = SaverFile(sqlite3.connect(path or ":memory:", check_same_thread=False))
                self._opened.prepare()
            return self._opened


async def _find_path(connection: aiosqlite.Connection) -> str:
    """Return the file of a connection; "" for one in memory."""
    async with connection.execute("PRAGMA database_list") as rows:
        async for _, name, path in rows:
            if name == "main":
                return str(path or "")
    return ""
