"""Connections to PostgreSQL that do not wait for ever: a server that is silent for too long counts as lost.

A network that swallows what is sent (a firewall that forgot the connection, a machine that is gone) answers nothing and
breaks nothing: TCP waits two hours for it, or for ever where a proxy holds the other end. After an answer is overdue the
connection is closed, and who waited gets an OperationalError as for any other loss.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout
from sqlalchemy import Connection

__all__ = ["READ_SECONDS", "WRITE_SECONDS", "BoundedAsyncConnection", "BoundedConnection", "without_limit"]

WRITE_SECONDS = 20.0  # of one statement or commit of the Writer's: its own lock timeout is 2 s
READ_SECONDS = 60.0

RV = TypeVar("RV")


class BoundedConnection(psycopg.Connection[Any]):
    """A sync connection."""

    answer_seconds: float | None = WRITE_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for the server's answer. Raises OperationalError where it is overdue; the connection is closed then."""
        limit = self.answer_seconds if timeout is None else timeout
        try:
            return super().wait(gen, interval, limit)
        except _WaitTimeout:
            if timeout is not None:
                raise
            self.pgconn.finish()
            raise _overdue(limit) from None


class BoundedAsyncConnection(psycopg.AsyncConnection[Any]):
    """An async connection."""

    answer_seconds: float | None = READ_SECONDS

    async def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:  # noqa: ASYNC109 - psycopg's own signature
        """Wait for the server's answer. Raises OperationalError where it is overdue; the connection is closed then."""
        limit = self.answer_seconds if timeout is None else timeout
        try:
            return await super().wait(gen, interval, limit)
        except _WaitTimeout:
            if timeout is not None:
                raise
            self.pgconn.finish()
            raise _overdue(limit) from None


@contextmanager
def without_limit(connection: Connection) -> Iterator[None]:
    """Let the server take as long as it likes within a `with` block; nothing changes for SQLite."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, BoundedConnection):
        yield
        return
    driver.answer_seconds = None
    try:
        yield
    finally:
        del driver.answer_seconds  # the class has the ordinary one


def _overdue(seconds: float | None) -> psycopg.OperationalError:
    return psycopg.OperationalError(
        f"the database has not answered for {seconds:g} s; the connection is given up"
    )
