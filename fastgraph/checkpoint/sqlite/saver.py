"""`SqliteSaver`: threads in a SQLite file.

The file grows by what changes, not by the state at each step, and one commit of the saver's thread takes whatever all
threads have handed in. Several programs may open the file; only one at a time may go on with a thread.
"""

from __future__ import annotations

import secrets
import sqlite3
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Self

from fastgraph.checkpoint.logs import SavedCheckpoint, ValueReader
from fastgraph.checkpoint.saver import LogSaver
from fastgraph.checkpoint.sqlite.file import Row, SaverFile
from fastgraph.checkpoint.sqlite.log import LineageRow, SqliteThread
from fastgraph.checkpoint.tuples import PlainReader

__all__ = ["FileSaver", "SqliteSaver"]

_KEY_BITS = 46
_FIND = "SELECT key, thread_id, namespace, name_key FROM saver_threads WHERE thread_id = ? AND namespace = ?"
_OF_THREAD = "SELECT key FROM saver_threads WHERE thread_id = ?"
_ROWS = "SELECT key, thread_id, namespace, name_key FROM saver_threads WHERE thread_id = ?"
_LINEAGES = "SELECT thread_id, namespace FROM saver_threads ORDER BY key"
_ADD_COPY = "INSERT INTO saver_threads (key, thread_id, namespace, name_key) VALUES (?, ?, ?, ?)"
_COPY = (
    (
        "INSERT INTO saver_checkpoints (thread_key, number, parent, step, source, run_id, created_at, metadata, machine, "
        "changes, is_snapshot) SELECT ?, number, parent, step, source, run_id, created_at, metadata, machine, changes, "
        "is_snapshot FROM saver_checkpoints WHERE thread_key = ?"
    ),
    (
        "INSERT INTO saver_results (thread_key, number, seq, task_id, kind, body) "
        "SELECT ?, number, seq, task_id, kind, body FROM saver_results WHERE thread_key = ?"
    ),
    (
        "INSERT INTO saver_records (thread_key, task_id, record_key, value) "
        "SELECT ?, task_id, record_key, value FROM saver_records WHERE thread_key = ?"
    ),
)
_TABLES = (
    ("saver_records", "thread_key"),
    ("saver_results", "thread_key"),
    ("saver_checkpoints", "thread_key"),
    ("saver_threads", "key"),
)


class FileSaver(LogSaver):
    """What savers over a `SaverFile` have in common. May be shared by graphs and threads of the program."""

    @property
    @abstractmethod
    def _file(self) -> SaverFile: ...

    def open_thread(self, thread_id: str, namespace: str = "", *, reader: ValueReader) -> SqliteThread:
        """Return the log of a thread's namespace; an unknown one is written with its first checkpoint."""
        return SqliteThread(self._file, self._find_row(thread_id, namespace, 0), reader)

    def open_named(self, thread_id: str, namespace: str, name_key: int) -> SqliteThread:
        """Return the log of a namespace for plain data; the ids of a new one have this key, for 0 one of its own."""
        return SqliteThread(self._file, self._find_row(thread_id, namespace, name_key), PlainReader())

    def list_lineages(self, thread_id: str | None = None) -> list[tuple[str, str]]:
        """Return the threads and namespaces that have checkpoints, of one thread or all."""
        rows = self._file.read(_LINEAGES)
        return [(found, namespace) for found, namespace in rows if thread_id in (None, found)]

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Forget the checkpoints of these runs; what stands on them is made to stand alone."""
        for thread_id, namespace in self.list_lineages():
            log = self.open_named(thread_id, namespace, 0)
            self._file.run(log.forget_statements(lambda saved: saved.run_id in run_ids))

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a thread with all its namespaces to another name; what that had is gone."""
        self.delete_thread(target_thread_id)
        statements: list[Row] = []
        for key, _, namespace, name_key in self._file.read(_ROWS, (source_thread_id,)):
            new = secrets.randbits(_KEY_BITS) + 1
            statements.append((_ADD_COPY, (new, target_thread_id, namespace, name_key)))
            statements += [(copying, (new, key)) for copying in _COPY]
        self._file.run(statements)

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Forget all checkpoints but the newest of each namespace, or with "delete" the threads."""
        for thread_id in thread_ids:
            if strategy == "delete":
                self.delete_thread(thread_id)
                continue
            for _, namespace in self.list_lineages(thread_id):
                log = self.open_named(thread_id, namespace, 0)
                self._file.run(log.forget_statements(partial(_is_older, log.find_latest_number())))

    def _find_row(self, thread_id: str, namespace: str, name_key: int) -> LineageRow:
        rows = self._file.read(_FIND, (thread_id, namespace))
        if rows:
            key, name, space, known = rows[0]
            return LineageRow(key, name, space, known, is_new=False)
        key = secrets.randbits(_KEY_BITS) + 1
        return LineageRow(key, thread_id, namespace, name_key or key, is_new=True)

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread with all its namespaces; nothing where it is unknown."""
        statements = []
        for (key,) in self._file.read(_OF_THREAD, (str(thread_id),)):
            statements += [(f"DELETE FROM {table} WHERE {column} = ?", (key,)) for table, column in _TABLES]  # noqa: S608 - our own names
        self._file.run(statements)


def _is_older(newest: int, saved: SavedCheckpoint) -> bool:
    return saved.checkpoint.number != newest


class SqliteSaver(FileSaver):
    """Keep threads in a SQLite file.

    `conn` should be opened with `check_same_thread=False`, so that a thread of the saver can commit while the graph goes
    on; else each step waits for its commit, and the graph must run in the connection's thread. `serde` is accepted and
    not used: values are stored under the types of the graph's state.
    """

    def __init__(self, conn: sqlite3.Connection, *, serde: Any = None) -> None:
        super().__init__(serde=serde)
        self.conn = conn
        self._opened = SaverFile(conn)

    @property
    def _file(self) -> SaverFile:
        return self._opened

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
