"""`SqliteSaver`: threads in a SQLite file.

The file grows by what changes, not by the state at each step, and one commit of the saver's thread takes whatever all
threads have handed in. Several programs may open the file; only one at a time may go on with a thread.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from fastgraph.checkpoint.base import ValueReader
from fastgraph.checkpoint.sqlite.file import SaverFile
from fastgraph.checkpoint.sqlite.log import LineageRow, SqliteThread

__all__ = ["FileSaver", "SqliteSaver"]

_KEY_BITS = 46
_FIND = "SELECT key, thread_id, namespace, name_key FROM saver_threads WHERE thread_id = ? AND namespace = ?"
_OF_THREAD = "SELECT key FROM saver_threads WHERE thread_id = ?"
_TABLES = (
    ("saver_records", "thread_key"),
    ("saver_results", "thread_key"),
    ("saver_checkpoints", "thread_key"),
    ("saver_threads", "key"),
)


class FileSaver:
    """What savers over a `SaverFile` have in common. May be shared by graphs and threads of the program."""

    _file: SaverFile

    def open_thread(self, thread_id: str, namespace: str = "", *, reader: ValueReader) -> SqliteThread:
        """Return the log of a thread's namespace; an unknown one is written with its first checkpoint."""
        rows = self._file.read(_FIND, (thread_id, namespace))
        if rows:
            key, name, space, name_key = rows[0]
            row = LineageRow(key, name, space, name_key, is_new=False)
        else:
            key = secrets.randbits(_KEY_BITS) + 1
            row = LineageRow(key, thread_id, namespace, key, is_new=True)
        return SqliteThread(self._file, row, reader)

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread with all its namespaces; nothing where it is unknown."""
        statements = []
        for (key,) in self._file.read(_OF_THREAD, (str(thread_id),)):
            statements += [(f"DELETE FROM {table} WHERE {column} = ?", (key,)) for table, column in _TABLES]  # noqa: S608 - our own names
        self._file.run(statements)


class SqliteSaver(FileSaver):
    """Keep threads in a SQLite file.

    `conn` should be opened with `check_same_thread=False`, so that a thread of the saver can commit while the graph goes
    on; else each step waits for its commit, and the graph must run in the connection's thread. `serde` is accepted and
    not used: values are stored under the types of the graph's state.
    """

    def __init__(self, conn: sqlite3.Connection, *, serde: Any = None) -> None:
        self.conn = conn
        self.serde = serde
        self._file = SaverFile(conn)

    @classmethod
    @contextmanager
    def from_conn_string(cls, conn_string: str) -> Iterator[Self]:
        """Open a file, or ":memory:", for as long as the `with` lasts."""
        connection = sqlite3.connect(conn_string, check_same_thread=False)
        saver = cls(connection)
        try:
            yield saver
        finally:
            saver.close()
            connection.close()

    def setup(self) -> None:
        """Make the saver's tables where they are missing. It is done at the first use, too."""
        self._file.prepare()

    def close(self) -> None:
        """Write what is not written yet and end the saver's thread; the connection stays open."""
        self._file.close()
