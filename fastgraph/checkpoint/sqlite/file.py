"""`SaverFile`: one connection of `sqlite3` that all logs of a saver write to, many steps in one transaction.

What logs hand in is gathered; a thread of the saver commits all that is there, while the graph goes on. So a slow disk
costs the steps nothing but the wait that their durability asks for. Readers first commit what was handed in before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock, RLock
from typing import Any, Protocol

from fastgraph.checkpoint.sqlite.schema import VERSION, find_version, upgrade
from fastgraph.errors import StoreUnavailableError

__all__ = ["Row", "SaverFile", "Writer"]

GATHER_SECONDS = 0.005

Row = tuple[str, tuple[Any, ...]]
"""A statement and its values."""
Rows = dict[str, list[tuple[Any, ...]]]
"""The values for each statement; statements of one writer are carried out in the order of their first values."""


class Writer(Protocol):
    """Who hands in rows: it is told where they were refused."""

    def fail(self, error: BaseException) -> None:
        """Take the error that its rows met; nothing of them is stored."""
        ...


class SaverFile:
    """Writes in the order of handing in. Any thread may use it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._use = RLock()
        self._gather = Lock()
        self._rows: dict[Writer, Rows] = {}
        self._waiting: list[Future[None]] = []
        self._is_committing = False
        self._is_awaited = Event()
        self._is_ready = False
        self._thread: ThreadPoolExecutor | None = None

    def prepare(self) -> None:
        """Make the tables where they are missing; once is enough."""
        with self._use:
            if self._is_ready:
                return
            self.connection.execute("PRAGMA journal_mode=WAL")
            if find_version(self.connection) != VERSION:
                upgrade(self.connection)
            self._is_ready = True
            self._thread = self._find_thread()

    def add(self, writer: Writer, statement: str, values: tuple[Any, ...]) -> None:
        """Hand in a row; it is written with the next commit."""
        with self._gather:
            self._rows.setdefault(writer, {}).setdefault(statement, []).append(values)

    def settle(self) -> Future[None] | None:
        """Return what is done when all that was handed in so far is durable; None where it is."""
        if self._thread is None:
            self.commit()
            return None
        with self._gather:
            if not self._rows and not self._is_committing:
                return None
            future: Future[None] = Future()
            self._waiting.append(future)
            self._is_awaited.set()
            is_idle, self._is_committing = not self._is_committing, True
        if is_idle:
            self._thread.submit(self._commit_all)
        return future

    def start(self) -> None:
        """Begin to commit what was handed in, and do not wait for it."""
        if self._thread is None:
            self.commit()
            return
        with self._gather:
            if self._is_committing or not self._rows:
                return
            self._is_committing = True
        self._thread.submit(self._commit_all)

    def commit(self) -> None:
        """Commit what was handed in, in this thread."""
        with self._use:
            with self._gather:
                rows, self._rows = self._rows, {}
            if rows:
                self._write(rows)

    def read(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a query, all that was handed in before among them."""
        self.prepare()
        with self._use:
            self.commit()
            return self.connection.execute(query, values).fetchall()

    def run(self, statements: Sequence[Row]) -> None:
        """Carry out statements in one transaction of their own, now."""
        self.prepare()
        with self._use:
            self.commit()
            self._begin()
            try:
                for statement, values in statements:
                    self.connection.execute(statement, values)
            except BaseException:
                self.connection.rollback()
                raise
            self.connection.commit()

    def close(self) -> None:
        """Commit what was handed in and end the thread; the connection stays open."""
        self.commit()
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _find_thread(self) -> ThreadPoolExecutor | None:
        """Return a thread that may use the connection; None where only the one that opened it may (`check_same_thread`)."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="fastgraph-saver")
        try:
            thread.submit(self.connection.execute, "SELECT 1").result()
        except sqlite3.ProgrammingError:
            thread.shutdown()
            return None
        return thread

    def _commit_all(self) -> None:
        """Commit until nothing is left; runs in the saver's thread."""
        while True:
            # a step that nobody waits for gives the next ones the time to come along
            self._is_awaited.wait(GATHER_SECONDS)
            with self._gather:
                self._is_awaited.clear()
                waiting, self._waiting = self._waiting, []
                if not waiting and not self._rows:
                    self._is_committing = False
                    return
            try:
                self.commit()
            except BaseException as error:  # noqa: BLE001 - it goes to whoever waits, and to the writers
                _finish(waiting, error)
            else:
                _finish(waiting, None)

    def _write(self, rows: dict[Writer, Rows]) -> None:
        """Write the rows of each writer; those of one that is refused do not hold up the others."""
        try:
            self._begin()
            for writer, written in rows.items():
                self._write_one(writer, written, is_alone=len(rows) == 1)
            self.connection.commit()
        except sqlite3.Error as error:
            self.connection.rollback()
            fault = StoreUnavailableError(f"The saver's file can't be written: {error}.")
            fault.__cause__ = error
            for writer in rows:
                writer.fail(fault)
            raise fault from error

    def _write_one(self, writer: Writer, rows: Rows, *, is_alone: bool) -> None:
        if not is_alone:
            self.connection.execute("SAVEPOINT one_writer")
        try:
            for statement, values in rows.items():
                self.connection.executemany(statement, values)
        except sqlite3.IntegrityError as error:
            if is_alone:
                self.connection.rollback()
            else:
                self.connection.execute("ROLLBACK TO one_writer")
            writer.fail(error)
        if not is_alone:
            self.connection.execute("RELEASE one_writer")

    def _begin(self) -> None:
        if not self.connection.in_transaction:
            self.connection.execute("BEGIN IMMEDIATE")


def _finish(waiting: list[Future[None]], error: BaseException | None) -> None:
    for future in waiting:
        if future.set_running_or_notify_cancel():
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)
