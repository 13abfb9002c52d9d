"""From a URL to the two engines of a process: one that writes and one that reads.

The writer is a sync engine of one connection, used by the Writer's thread alone (a sync engine beats the async one
twice over for a single run). Readers are async, in autocommit: a reader holds no snapshot while it waits for
somebody, so SQLite's log can be checkpointed and PostgreSQL sees no idle transaction. Readers of SQLite can't write
at all.

The engine sends BEGIN IMMEDIATE itself: Python's sqlite3 would begin late and lazily, and a late lock is a deadlock
that the busy handler does not wait for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from fastgraph.database.answer_limit import BoundedAsyncConnection, BoundedConnection
from fastgraph.errors import SettingsError

__all__ = ["create_reader_engine", "create_writer_engine", "is_sqlite", "parse_url", "sqlite_path"]

BUSY_TIMEOUT_MS = 5_000  # the net for writers that do not queue at the turnstile
PAGE_BYTES = 4096
CACHE_KIB = 16 * 1024
JOURNAL_LIMIT_BYTES = 8 * 1024 * 1024  # what the log may keep on disk after it was checkpointed
LOCK_TIMEOUT_MS = 2_000
IDLE_TRANSACTION_TIMEOUT_MS = 10_000
CONNECT_SECONDS = 5
READERS = 8
READERS_OVERFLOW = 8


def parse_url(url: str) -> URL:
    """Return the store's URL. Raises SettingsError unless it names a SQLite file or PostgreSQL by psycopg."""
    parsed = make_url(url)
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        if not parsed.database or parsed.database == ":memory:":
            raise SettingsError(
                f"The store {url!r} names no file. Several processes share it: use sqlite:///path.db"
            )
        return parsed.set(drivername="sqlite")
    if parsed.drivername in {"postgresql", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise SettingsError(
        f"FASTGRAPH_DATABASE_URL is of kind {parsed.drivername!r}; expected sqlite:///… or postgresql+psycopg://…"
    )


def is_sqlite(url: URL) -> bool:
    """Say whether the store is a SQLite file."""
    return url.drivername.startswith("sqlite")


def sqlite_path(url: URL) -> Path:
    """Return the file of a SQLite store."""
    assert url.database is not None
    return Path(url.database)


def create_writer_engine(url: URL, *, synchronous: str = "FULL") -> Engine:
    """Return the engine of the Writer: one connection that stays open, every transaction begun with the write lock."""
    if not is_sqlite(url):
        engine = create_engine(
            url,
            pool_size=1,
            max_overflow=1,
            pool_pre_ping=False,
            hide_parameters=True,  # an error's text goes to the log, and values are nobody's business there
            connect_args=_postgres_arguments(),
        )
        event.listen(engine, "do_connect", _connect_bounded)
        return engine
    engine = create_engine(
        url,
        poolclass=StaticPool,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    def configure(connection: Any, _record: object) -> None:
        _run_pragmas(
            connection,
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            f"page_size={PAGE_BYTES}",
            "auto_vacuum=INCREMENTAL",  # of a new file; it changes nothing in one that has tables
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            f"cache_size=-{CACHE_KIB}",
            f"journal_size_limit={JOURNAL_LIMIT_BYTES}",
        )

    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def create_reader_engine(url: URL) -> AsyncEngine:
    """Return the engine of the readers: several connections, autocommit, and on SQLite unable to write."""
    if not is_sqlite(url):
        return create_async_engine(
            url,
            pool_size=READERS,
            max_overflow=READERS_OVERFLOW,
            pool_pre_ping=True,
            hide_parameters=True,
            isolation_level="AUTOCOMMIT",
            connect_args=_postgres_arguments() | {"async_creator_fn": BoundedAsyncConnection.connect},
        )
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        pool_size=READERS,
        max_overflow=READERS_OVERFLOW,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
    )

    def configure(connection: Any, _record: object) -> None:
        _run_pragmas(connection, f"busy_timeout={BUSY_TIMEOUT_MS}", "query_only=ON")

    event.listen(engine.sync_engine, "connect", configure)
    return engine


def _run_pragmas(connection: Any, *pragmas: str) -> None:
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _connect_bounded(_dialect: object, _record: object, arguments: Any, options: Any) -> BoundedConnection:
    return BoundedConnection.connect(*arguments, **options)


def _postgres_arguments() -> dict[str, Any]:
    # No statement here takes as long as compiling it would: `jit` cost a claim a quarter of a second.
    options = (
        f"-c jit=off -c lock_timeout={LOCK_TIMEOUT_MS} -c timezone=UTC "
        f"-c idle_in_transaction_session_timeout={IDLE_TRANSACTION_TIMEOUT_MS}"
    )
    return {
        "options": options,
        "application_name": "fastgraph",
        "connect_timeout": CONNECT_SECONDS,
        # A server that vanished without a word is noticed in half a minute, and not after TCP's two hours.
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
